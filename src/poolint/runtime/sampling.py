"""What is awaited while a connection is held: somebody looks every few milliseconds. For test runs, which may have a
thread for that; a service has none."""

from __future__ import annotations

import os
import threading
from time import perf_counter

from poolint.runtime import frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.runtime.frames import Step
    from poolint.runtime.holds import Book, Hold

EVERY = 0.02
"""Seconds between two looks while what was taken last is held. What is shorter is no wait that anybody asks about."""

IDLE = 0.05
"""The same while that has not been held for so long: each look stops the tests for a moment."""


class Sampler:
    """Looks at what a book says is out, and adds to its ``waits``. :meth:`close` ends it."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poolint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        last = perf_counter()
        pause = IDLE
        while not self._end.wait(pause):
            now = perf_counter()
            try:
                held = self._book.held()
                for hold in held:
                    if now - hold.since > EVERY:
                        self._look(hold, now - max(last, hold.since))
                # What has been held for long is looked at less often: it is a share of the whole that is told.
                age = now - held[-1].since if held else 0.0
                pause = min(max(EVERY, age / 10), 10 * EVERY) if age > EVERY else IDLE
            except Exception:
                return  # what is watched changes under our eyes; a summary is not worth more than that
            last = now

    def _look(self, hold: Hold, seconds: float) -> None:
        place = self._place(hold)
        if place:
            key = (place[0].code, place[0].row)
            hold.waits[key] = hold.waits.get(key, 0.0) + seconds

    def _place(self, hold: Hold) -> tuple[Step, ...]:
        if hold.task is None:
            return frames.running(hold.thread)
        task = hold.task()
        if task is None or task.done():
            return ()
        is_running = getattr(task.get_coro(), "cr_running", False)
        return frames.running(hold.thread) if is_running else frames.waiting(task)


def shown(file: str, root: str) -> str:
    """A path as people write it."""
    relative = os.path.relpath(file, root) if os.path.splitdrive(file)[0] == os.path.splitdrive(root)[0] else file
    return (file if relative.startswith("..") else relative).replace(os.sep, "/")
