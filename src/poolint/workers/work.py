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
from poolint.runner import Runner
from poolint.workers.plain import dumped, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from poolint.config import Overrides


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
) -> None:
    """The life of a worker that was forked."""
    for other in others:
        other.close()  # or nobody would notice the end of the parent
    _work(connection, runner, files, number, own)


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


def _work(connection: Connection, runner: Runner, files: Sequence[str], number: int, own: Sequence[str]) -> None:
    """Check the files that are asked for, one after the other, until there are no more or nobody asks any more."""
    _ignore_interrupts()
    if recording.active is not None:
        recording.active = recording.Recorder()  # the parent knows what it has put down itself
    runner.divide(number, files, own)
    nothing = Outcome()
    try:
        connection.send_bytes(dumped(["ready", None]))
        while (path := json.loads(connection.recv_bytes())) is not None:
            connection.send_bytes(dumped(["result", plain(runner.checked(path))]))
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
