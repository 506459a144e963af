"""What a run has found, kept for the next one: findings with the digests of all that they rest on.

``folder`` is the directory on the disk, ``keys`` says which runs may share what is kept, ``store`` is its format, ``fresh``
tells what of it still holds, and ``session`` is what the runner asks. What an answer rests on is put down by
:mod:`poolint.recording` while it is found.
"""

NAME = ".poolint_cache"
"""What the directory is called where nothing else is said."""

NO_CACHE = "POOLINT_NO_CACHE"
DIRECTORY = "POOLINT_CACHE_DIR"
"""What the environment says of it: that there be none, or where."""
