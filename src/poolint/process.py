"""What a process of poolint's own sets for itself; a host that runs poolint would not thank us for it."""

from __future__ import annotations


def make_own() -> None:
    """Turn the garbage collector and warnings off in this process."""
    import gc
    import warnings

    # Nothing of ours is worth collecting before the process ends, and trees of syntax make the collector run often.
    gc.disable()
    # What Python has to say about the literals of the analysed code is not ours to tell.
    warnings.simplefilter("ignore")


def memory() -> int:
    """The bytes of memory that this process has at present, those that it shares included; 0 where the system does not
    say so as Linux does."""
    import os

    from poolint.files import read_unseen

    try:
        return int(read_unseen("/proc/self/statm", 1000).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
