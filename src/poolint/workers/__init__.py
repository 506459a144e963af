"""Many processes: the files of a run are checked by several, and their results are those of one, in the same order.

The process that was started screens all files. Those of interest are given to workers one at a time: each worker has a
stretch of the tree of its own, since files of a package need the same modules, and takes half of another's when it is
done. Workers answer in plain values, never with trees. One that ends before its time is put up with: the file that it
was at is checked once more in a process of its own, all others by those that are left.

A worker is forked where that is safe, and shares what its parent has loaded and screened; elsewhere it is a new process.
"""

# What takes long to import waits until it is known to pay.

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from poolint import recording
from poolint.bounds import MOST_LOADED, SLACK
from poolint.files import read_beginning
from poolint.process import memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.config import Overrides
    from poolint.outcome import FileResult, Outcome
    from poolint.runner import Runner
    from poolint.workers.crew import Start

PAYS = 500_000
"""Bytes of files of interest for which one more process pays. Two take as long as one for 1.0 MB of them, with what both
have to load and parse; a fifth less for 1.8 MB, and a quarter less for 2.3 MB and more."""

MOST = 500_000_000
LEAST = 150_000_000
"""Bytes of memory that all workers together, and each of them, may take in large trees before they are followed by others."""


class Sharing:
    """What a :class:`Runner` is given to share its files with other processes; ``jobs`` of them at most.

    The rest is what the runner was made of, for processes that cannot be forked: see :class:`Resolver`, :class:`Options`.
    """

    def __init__(
        self,
        jobs: int,
        cwd: str,
        isolated: bool = False,
        overrides: Overrides | None = None,
        coverage: bool = False,
    ) -> None:
        self.jobs = jobs
        self._made_of = (cwd, isolated, overrides, coverage)

    def __call__(self, runner: Runner, files: Sequence[str], outcome: Outcome) -> bool:
        """Check ``files``, fill ``outcome`` with what comes of them, as if one after the other; False, and nothing has
        been done, where so few are not worth it. More than can be kept parsed are worth a process even for one job: one that
        ends when it knows too much, and that another one follows."""
        sizes = list(map(_size, files))
        is_large = can_fork() and bool(memory()) and _is_large(sizes)
        if number_of(self.jobs, sizes) < 2 and not is_large:
            return False
        found: dict[int, FileResult | Exception] = {}
        waiting: dict[int, int] = {}
        for index, path in enumerate(files):
            weight = runner.weight(path)
            if weight:
                waiting[index] = weight
            else:
                found[index] = runner.checked(path)
                runner.done()
        number = number_of(self.jobs, waiting.values())
        if number > 1 or (is_large and waiting):
            from poolint.workers.crew import Crew

            crew = Crew(runner, files, waiting, self._start(runner, files, number, is_large=is_large))
            for index, result in crew.results(number):
                found[index] = result
                runner.done()
        for index, path in enumerate(files):
            if index in found:
                outcome.take(path, found.pop(index))
            else:
                outcome.take(path, runner.checked(path))
                runner.rest(outcome)
                runner.done()
        return True

    def _start(self, runner: Runner, files: Sequence[str], number: int, *, is_large: bool) -> Start:
        """How a worker is started; ``number`` of them share what may be kept parsed, or the memory for ``is_large`` trees."""
        from poolint.workers.crew import Start
        from poolint.workers.work import forked, load, spawned

        if can_fork():
            load()
            most = max(LEAST, MOST // number) if is_large else 0
            return Start("fork", forked, (runner, files, number, most))
        return Start("spawn", spawned, (*self._made_of, recording.active is not None, list(files), number))


def number_of(jobs: int, sizes: Iterable[int]) -> int:
    """How many processes pay for files of these sizes in bytes; ``jobs`` at most, and one at least."""
    found = list(sizes)
    return max(1, min(jobs, len(found), sum(found) // PAYS))


def _is_large(sizes: Iterable[int]) -> bool:
    """Whether what is known of files of these sizes would have to be let go of on the way."""
    return sum(sizes) > MOST_LOADED * SLACK


def cores() -> int:
    """The processor cores that this process may use: as the system schedules it, and as its control group is bounded."""
    affinity = getattr(os, "sched_getaffinity", None)
    found = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, min(found, _quota() or found))


def _quota() -> int:
    """The cores that a container is given, rounded up; 0 where it has no bound (Linux, control groups of version 2)."""
    try:
        quota, period = read_beginning("/sys/fs/cgroup/cpu.max", 100).split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return 0


def can_fork() -> bool:
    """Whether a fork is safe: system libraries of macOS start threads of their own, and locks of threads are lost."""
    return sys.platform.startswith(("linux", "freebsd")) and threading.active_count() == 1


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
