"""Leaks: a connection or session that is never released, or not released when an exception or a cancellation intervenes."""
