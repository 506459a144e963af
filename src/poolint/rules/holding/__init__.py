"""Held too long: HTTP calls, queues, sleeps, locks and second checkouts while a connection or a transaction is held."""
