"""The parent of the workers: gives out files, takes in results, and puts up with workers that end before their time."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NamedTuple

from poolint import recording
from poolint.workers.plain import dumped, restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from poolint.outcome import FileResult
    from poolint.runner import Runner

    Result = FileResult | Exception


class Start(NamedTuple):
    """How a worker is started: by which method of multiprocessing, with which function, and its arguments after the pipe
    and the pipes of others that it has to close."""

    method: str
    target: Callable[..., None]
    arguments: tuple[object, ...]


class _Worker:
    __slots__ = ("connection", "current", "is_ready", "process", "queue")

    def __init__(self, process: BaseProcess, connection: Connection, queue: list[int]) -> None:
        self.process = process
        self.connection = connection
        self.queue = queue
        """What it will be given next, unless another is done before."""
        self.current: int | None = None
        self.is_ready = False


class Crew:
    """The workers of one run, and what is left for them to do. Files go by their index in ``files``."""

    def __init__(self, runner: Runner, files: Sequence[str], weights: dict[int, int], start: Start) -> None:
        self._runner = runner
        self._files = files
        self._weights = weights
        self._start = start
        self._workers: list[_Worker] = []
        self._queues: list[list[int]] = []
        self._again: list[int] = []
        """Files at which a process has ended."""
        self._ends: dict[int, str] = {}
        """How it has ended there."""

    def results(self, number: int) -> Iterator[tuple[int, Result]]:
        """What comes of each file, as it comes. All processes have ended afterwards, whatever happens."""
        try:
            for part in parts(self._weights, number):
                self._hire(part)
            yield from self._served()
            while left := [*self._again, *(index for queue in self._queues for index in queue)]:
                self._again, self._queues = [], []
                if self._hire(left):
                    yield from self._served()
                    continue
                self._queues.clear()
                for index in left:
                    yield index, self._runner.checked(self._files[index])
        finally:
            self._dismiss()

    def _hire(self, part: list[int]) -> bool:
        """Start a worker; False, and what it was to do is left over, where the system has no process for us."""
        context = get_context(self._start.method)
        ours, theirs = context.Pipe()
        others = [ours, *(one.connection for one in self._workers)] if self._start.method == "fork" else []
        self._queues.append(part)
        own = [self._files[index] for index in part]
        process = context.Process(  # type: ignore[attr-defined]
            target=self._start.target, args=(theirs, others, own, *self._start.arguments), daemon=True
        )
        try:
            with _uninterrupted():
                process.start()
                self._workers.append(_Worker(process, ours, part))
        except OSError:
            ours.close()
            return False
        finally:
            theirs.close()
        return True

    def _served(self) -> Iterator[tuple[int, Result]]:
        """Answer the workers until the last has gone."""
        while self._workers:
            ready = wait([one.connection for one in self._workers])
            for worker in [one for one in self._workers if one.connection in ready]:
                try:
                    kind, value = json.loads(worker.connection.recv_bytes())
                except (EOFError, OSError):
                    yield from self._lost(worker)
                    continue
                if kind == "recorded":
                    if recording.active is not None:
                        recording.active.take(value)
                    continue
                if kind == "told":
                    self._runner.tell(value)
                    self._retire(worker)
                    continue
                index, worker.current, worker.is_ready = worker.current, None, True
                if kind == "last":
                    self._replace(worker)
                else:
                    self._give(worker)
                if index is not None:
                    yield index, restored(self._files[index], value)

    def _replace(self, worker: _Worker) -> None:
        """A worker is about to end, since it knows too much: another one does what it has left."""
        self._queues = [one for one in self._queues if one is not worker.queue]
        if worker.queue or any(self._queues):
            self._hire(worker.queue)

    def _give(self, worker: _Worker) -> None:
        if not worker.queue:
            self._take_over(worker)
        worker.current = worker.queue.pop(0) if worker.queue else None
        try:
            worker.connection.send_bytes(dumped(None if worker.current is None else self._files[worker.current]))
        except OSError:
            pass  # it has ended, as its next answer will show

    def _take_over(self, worker: _Worker) -> None:
        """Give a worker that is done the second half of what has most left in it."""
        most = max(self._queues, key=lambda queue: sum(self._weights[index] for index in queue))
        half = len(most) // 2
        worker.queue[:], most[half:] = most[half:], []

    def _lost(self, worker: _Worker) -> Iterator[tuple[int, Result]]:
        """A worker has ended before its time, and what its answers rest on is lost with it."""
        if recording.active is not None:
            recording.active.is_torn = True
        self._retire(worker)
        index = worker.current
        if index is None:
            return
        path, how = self._files[index], _how(worker.process)
        if index not in self._ends:
            self._ends[index] = how
            self._again.append(index)
            self._runner.tell([[], [f"{path}: a process {how} while it checked this file, which was checked again"]])
            return
        yield index, self._runner.crashed(path, f"a process {self._ends[index]} over this file, and another {how}")

    def _retire(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join()

    def _dismiss(self) -> None:
        with _uninterrupted():
            for worker in self._workers:
                worker.process.kill()
            for worker in list(self._workers):
                self._retire(worker)


def parts(weights: dict[int, int], number: int) -> list[list[int]]:
    """The files in ``number`` stretches of about the same weight: files of a package stay together, as they need the same
    modules."""
    whole, before = sum(weights.values()), 0
    found: list[list[int]] = [[] for _ in range(number)]
    for index, weight in weights.items():
        found[min(number - 1, (before + weight // 2) * number // whole)].append(index)
        before += weight
    return found


def _how(process: BaseProcess) -> str:
    """How a process has ended, in words."""
    code = process.exitcode or 0
    try:
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with the code {code}"
    except ValueError:
        return f"was ended by the signal {-code}"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """No interrupt reaches a process that has only just begun."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
