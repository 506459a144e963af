"""A worker: it checks the files that it is asked for, one after the other."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

from poolint import recording
from poolint.config import Resolver
from poolint.outcome import Options, Outcome
from poolint.process import memory
from poolint.runner import Runner
from poolint.workers.plain import dumped, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from poolint.config import Overrides

_WORTH = 150
"""Bytes of memory for each byte of source that has been checked, up to which it is worth to begin anew: where every file
needs most of the others, what is let go of is soon taken again."""


def load() -> None:
    """Load the models for all workers, before the first is forked. The engines are loaded by each: all at the same time."""
    from poolint.models.loader import load as load_models

    load_models()
    if not gc.isenabled():
        gc.freeze()  # what all processes share need not be looked through, and so copied, by each of them


def forked(
    connection: Connection,
    others: Sequence[Connection],
    own: Sequence[str],
    runner: Runner,
    files: Sequence[str],
    number: int,
    most: int,
) -> None:
    """The life of a worker that was forked. It ends when it has taken more memory than ``most``, in bytes, and has done
    enough for that; 0 stands for any."""
    for other in others:
        other.close()  # or nobody would notice the end of the parent
    _work(connection, runner, files, number, own, most)


def spawned(
    connection: Connection,
    _: Sequence[Connection],
    own: Sequence[str],
    cwd: str,
    isolated: bool,
    overrides: Overrides | None,
    coverage: bool,
    is_recorded: bool,
    files: Sequence[str],
    number: int,
) -> None:
    """The life of a worker that was started anew."""
    from poolint.process import make_own

    recording.active = recording.Recorder() if is_recorded else None
    make_own()
    runner = Runner(Resolver(cwd, isolated, overrides), Options(coverage=coverage))
    _work(connection, runner, files, number, own)


def _work(
    connection: Connection, runner: Runner, files: Sequence[str], number: int, own: Sequence[str], most: int = 0
) -> None:
    """Check the files that are asked for, one after the other, until there are no more or nobody asks any more, or until it
    has taken so much memory. A process that ends lets go of what it knows at once; the garbage collector, which goes
    through all that there is, took two fifths of the time of a tree of 850,000 lines.
    """
    _ignore_interrupts()
    if recording.active is not None:
        recording.active = recording.Recorder()  # the parent knows what it has put down itself
    runner.divide(number, files, own)
    nothing = Outcome()
    before, done = memory(), 0
    try:
        connection.send_bytes(dumped(["ready", None]))
        while (path := json.loads(connection.recv_bytes())) is not None:
            result = plain(runner.checked(path))
            done += os.path.getsize(path) if os.path.isfile(path) else 0
            taken = memory() - before if most else 0
            is_last = bool(most) and most < taken <= done * _WORTH
            connection.send_bytes(dumped(["last" if is_last else "result", result]))
            if is_last:
                break
            if not most:
                runner.rest(nothing)
        if recording.active is not None:
            connection.send_bytes(dumped(["recorded", recording.active.plain()]))
        connection.send_bytes(dumped(["told", runner.told()]))
    except (EOFError, ConnectionError):
        pass
    sys.stderr.flush()
    os._exit(0)


def _ignore_interrupts() -> None:
    """Ctrl-C at a terminal goes to all processes: the parent hears it and ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
