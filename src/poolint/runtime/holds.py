"""Connections that are checked out, as they are seen while a program runs, and the book in which they are put down."""

from __future__ import annotations

import threading
import weakref
from time import perf_counter
from typing import Any

from poolint.runtime import frames
from poolint.runtime.tasks import current_task, is_abandoned, thread_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from poolint.runtime.frames import Step

LONGEST = 10
"""Holds that are kept for a summary once they have ended."""


_ident = threading.get_ident


class Hold:
    """A connection from its checkout to its return.

    ``pool`` names the pool it is from, where all are watched; ``place`` is where it was checked out, ``by`` the task or
    thread. ``owner`` is whatever the book was told to be going on then. ``how`` it ended: empty while it is still out,
    else ``released``,
    ``collected`` where nobody gave it back and the garbage collector did, ``closed`` where its pool was closed before.
    ``shared`` is where another task has used it while a query of the first was under way. ``waits``: seconds by the places
    seen while it was held.
    """

    __slots__ = (
        "__weakref__", "_name", "_waits", "below", "busy", "ended", "how", "is_told", "owner", "place", "pool", "proxy", "shared",
        "since", "slot", "task", "thread",
    )  # fmt: skip

    def __init__(self, pool: str, place: tuple[Step, ...], owner: object, slot: int = 0) -> None:
        self.pool = pool
        self.place = place
        self.owner = owner
        self.slot = slot
        self.ended = 0.0
        self.how = ""
        self.proxy: Proxy | None = None
        self.below: Hold | None = None
        """What was checked out from the same slot before, and is still out."""
        self.busy: Any = None
        self.shared: tuple[tuple[Step, ...], str] | None = None
        self._waits: dict[tuple[CodeType, int], float] | None = None
        self.is_told = False
        self.thread = _ident()
        current = current_task()
        if current is None:
            self.task = None
            self._name: str = thread_name()
        else:
            self.task = weakref.ref(current)
            self._name = current.get_name()
        self.since = perf_counter()

    def tell(self) -> None:
        """It is told now, whatever becomes of it later."""
        self.is_told = True
        self.ended = self.ended or perf_counter()

    @property
    def by(self) -> str:
        """The task that took it, or the thread."""
        return f"{'task' if self.task is not None else 'thread'} {self._name!r}"

    @property
    def waits(self) -> dict[tuple[CodeType, int], float]:
        if self._waits is None:
            self._waits = {}
        return self._waits

    @property
    def seconds(self) -> float:
        """How long it was held, or has been held until now."""
        return (self.ended or perf_counter()) - self.since


class Proxy(weakref.ref[Any]):
    """What somebody who has a connection has in hand, and the hold that it stands for."""

    __slots__ = ("hold",)
    hold: Hold


class Book:
    """All holds that the eyes of one watcher see.

    ``frames`` is how many frames of a place are kept. ``owner`` may be set to what is going on at present. ``reading``
    is shown the frames of the project at each checkout; ``ended`` each hold that is over.
    """

    def __init__(self, most_frames: int = frames.MOST) -> None:
        self.owner: object = None
        self.reading: frames.Reading | None = None
        self.ended: Callable[[Hold], object] | None = None
        self.longest: list[Hold] = []
        self.lost: list[Hold] = []
        """Those that the collector or the pool took back, and those that several tasks have used at once, since they were last
        asked for."""
        self.is_closed = False
        """Nothing new is put down any more."""
        self._frames = most_frames
        self._open: dict[int, Hold] = {}
        """By slot what is out. What several threads do here at once are single steps of a dictionary, without a lock."""
        self._lock = threading.RLock()  # the collector may run, and call us, while we hold it

    def begin(self, key: object, pool: str, proxy: object = None) -> None:
        """A connection was checked out. ``key`` stands for its slot in the pool until it is given back; ``proxy`` is what
        whoever asked for it has in hand."""
        if self.is_closed:
            return
        slot = id(key)
        hold = Hold(pool, frames.here(self._frames, self.reading), self.owner, slot)
        if proxy is not None:
            hold.proxy = Proxy(proxy, self._collected)
            hold.proxy.hold = hold
        if slot in self._open:
            hold.below = self._open[slot]
        self._open[slot] = hold

    def end(self, key: object, how: str = "") -> None:
        """The connection in a slot was given back. Of several in one, as a static pool has, it is the one whose proxy is
        spent: which one that is will be seen when it is asked for."""
        hold = self._open.get(id(key))
        if hold is not None and (hold.below is None or hold.proxy is None):
            self._close(hold, how or _how(hold))

    def is_stranded(self, key: object) -> bool:
        """Whether nobody is left who could give back the connection in a slot before the current task goes on: who has it is
        this task, or one that has ended."""
        hold = self._open.get(id(key))
        if hold is None or hold.task is None:
            return False
        task = hold.task()
        return task is None or task.done() or task is current_task()

    def _collected(self, proxy: Proxy) -> None:
        if not proxy.hold.how:
            self._close(proxy.hold, "collected")

    def _close(self, hold: Hold, how: str) -> None:
        hold.how, hold.ended = how, hold.ended or perf_counter()
        hold.proxy = None  # which has the hold: the two would wait for the collector
        self._take_out(hold)
        if how in ("collected", "closed") and hold not in self.lost:
            self.lost.append(hold)
        with self._lock:
            if len(self.longest) < LONGEST or hold.seconds > self.longest[-1].seconds:
                self.longest.append(hold)
                self.longest.sort(key=lambda one: -one.seconds)
                del self.longest[LONGEST:]
        if self.ended is not None:
            self.ended(hold)

    def _take_out(self, hold: Hold) -> None:
        top = self._open.get(hold.slot)
        if top is hold:
            if hold.below is None:
                del self._open[hold.slot]
            else:
                self._open[hold.slot] = hold.below
            return
        while top is not None and top.below is not hold:
            top = top.below
        if top is not None:
            top.below = hold.below

    def held(self) -> list[Hold]:
        """What is out at present, in the order in which it was checked out."""
        found = []
        for top in list(self._open.values()):
            is_one = top.below is None
            hold: Hold | None = top
            while hold is not None:
                proxy = hold.proxy() if hold.proxy is not None else None
                if is_one or proxy is None or getattr(proxy, "is_valid", True):
                    found.append(hold)
                else:
                    self._close(hold, "released")
                hold = hold.below
        return sorted(found, key=lambda one: one.since)

    def take_lost(self) -> list[Hold]:
        """What has come to ``lost`` since it was last asked for."""
        found, self.lost = self.lost, []
        return found

    def using(self, key: object, proxy: object = None) -> Hold | None:
        """A query begins on the connection in a slot: the hold, if a task has it that is not in a query already. Where several
        are out of one slot it is the one of ``proxy``."""
        task = current_task()
        if task is None and self.reading is None:
            return None
        hold = self._open.get(id(key))
        while hold is not None and hold.proxy is not None and hold.proxy() is not proxy:
            hold = hold.below
        if hold is None:
            return None
        if self.reading is not None:
            frames.here(self._frames, self.reading)
        if task is None:
            return None
        if hold.busy is None or hold.busy.done():
            hold.busy = task
            return hold
        if hold.busy is not task and hold.shared is None:
            hold.shared = (frames.here(self._frames), f"task {task.get_name()!r}")
            self.lost.append(hold)
        return None


def _how(hold: Hold) -> str:
    """How a hold ends that is given back now: ``collected`` where the event loop closes a generator that took the
    connection and that nobody has used to its end."""
    codes = [one.code for one in hold.place if one.generates] if hold.task else None
    return "collected" if codes and is_abandoned(codes) else "released"
