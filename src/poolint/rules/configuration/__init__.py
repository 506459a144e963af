"""Pools and engines: the wrong driver or pool class, pools that are too small, unbounded, or too large for the server."""
