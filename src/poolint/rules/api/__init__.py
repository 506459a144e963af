"""Misused APIs: names, events and exceptions a library does not have, swallowed cancellations, retries without a pause."""
