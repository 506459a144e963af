"""What is out at present, for a service that is at work: no more is done for a checkout than has to be done then.

What is told of a connection is put together when it is told, and its place is mostly known already.
"""

from __future__ import annotations

import logging
import weakref
from math import inf
from sys import _getframe
from time import perf_counter
from typing import Any

from poolint.runtime import tasks, trails
from poolint.runtime.tasks import current_task, is_abandoned, thread, thread_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.runtime.trails import Trail

    Reference = Callable[[], object]
    Entry = tuple[float, Trail, str, bool, Reference, "Entry | None"]

log = logging.getLogger("poolint.runtime")

PATIENCE = 0.001
"""Seconds from which on somebody is said to have waited for a pool that has nothing left."""


class _Reference(weakref.ref[Any]):
    """What somebody has in hand, by the slot that it stands for."""

    __slots__ = ("slot",)
    slot: int


class Out:
    """A connection that is out, or was until now."""

    def __init__(self, entry: Entry, seconds: float) -> None:
        self.seconds = seconds
        self.place = entry[1].step
        self.by = f"{'task' if entry[3] else 'thread'} {entry[2]!r}"
        """The task that took it, or the thread."""


class Present:
    """The connections of some pools that are out.

    ``told`` is called with each that was held for ``limit`` seconds or more, or that nobody gave back, and with these two;
    ``said`` about every ``every`` seconds. The first time that something fails, the log gets a line, and nothing is watched any
    more.

    What takes part in every checkout is written out in one piece and asks for as little as can be: between two queries all of it
    has left the processor's caches, and each call takes a multiple of what it takes in a loop.
    """

    def __init__(
        self, limit: float, every: float, told: Callable[[Out, bool, bool], object], said: Callable[[], object]
    ) -> None:
        self._limit = limit
        self._every = every
        self._next = perf_counter() + every
        self._told = told
        self._said = said
        self.entries: dict[object, Entry] = {}
        """By slot what is out. What several threads do here at once are single steps of a dictionary, without a lock."""
        self.alarm = perf_counter() + min(limit, every)
        """Until then there is nothing to say, and nothing that is given back was out for long."""
        self._gone = self._collected
        self.references: dict[int, Reference] = {}
        """What :meth:`reference` has made, by slot, as long as the connections are there: they outlast many checkouts."""
        self.is_open = True
        self.waits = 0
        self.waited = 0.0

    def taking(self, is_async: bool = False, loop: object = None) -> Callable[[object, Reference], None]:
        """What is called when a connection was checked out. It is passed what stands for it in the pool until it is given back,
        its slot, and a reference to what whoever asked for it has in hand. ``is_async`` says that only a task can ask for it,
        ``loop`` that it is one of this."""
        entries = self.entries
        clock = perf_counter
        found, beyond = trails.found, trails.beyond
        last = trails.NOWHERE

        def begin(slot: object, reference: Reference) -> None:
            nonlocal last
            try:
                trail = last
                try:
                    frame = _getframe(trail.depth)
                    if (
                        frame.f_lasti != trail.at
                        or frame.f_code is not trail.code
                        or _getframe(trail.near).f_code is not trail.next
                        or not trail.is_first
                    ):
                        trail = last = found()
                    elif trail.is_inner and frame.f_back is not None:
                        trail = found()
                except ValueError:  # there are not that many frames
                    trail = last = found()
                if trail.is_inner:
                    trail = beyond()
                task = None
                running = tasks.running
                if running:
                    if loop is not None:
                        task = running.get(loop)
                    elif is_async and len(running) == 1:  # then it is ours: to ask which loop runs here takes longer
                        for task in running.values():  # noqa: B007
                            break
                    else:
                        task = current_task()
                elif running is None:
                    task = current_task()
                since = clock()
                if task is None:
                    entries[slot] = (since, trail, thread.name or thread_name(), False, reference, None)
                else:
                    entries[slot] = (since, trail, task.get_name(), True, reference, None)
                if since >= self.alarm:
                    self._look(since)
            except Exception:
                self.fail()

        return begin

    def giving(self, then: Callable[[Any], object] | None = None) -> Callable[[Any], None]:
        """What is called when the connection in a slot was given back; ``then`` is called after that, whatever happens. Of
        several in one slot, as a static pool has, it is the one whose reference is spent: which one that is will be seen when it
        is asked for."""
        take_out = self.entries.pop
        clock = perf_counter

        def end(slot: Any) -> None:
            try:
                entry = take_out(slot, None)
                if entry is not None:
                    now = clock()
                    if now >= self.alarm or entry[4]() is None or entry[1].generates or entry[5] is not None:
                        self._end(slot, entry, now)
            except Exception:
                self.fail()
            if then is not None:
                then(slot)

        return end

    def stack(self, slot: object, below: Entry | None) -> None:
        """What was checked out last is out of a slot of which something was out before."""
        entry = self.entries.get(slot)
        if entry is not None and below is not None:
            self.entries[slot] = (*entry[:5], below)

    def _end(self, slot: object, entry: Entry, now: float) -> None:
        """The same where there may be something to say."""
        if not self.is_open:
            return
        since, trail, _, is_task, reference, below = entry
        if below is not None:
            self.entries[slot] = entry  # whose reference is spent is not known before it is asked for
            return
        is_lost = reference() is None
        step = trail.step
        if is_task and step is not None and step.generates:
            is_lost = is_lost or is_abandoned((step.code,))
        if is_lost or now - since >= self._limit:
            self._tell(entry, now, is_lost)
        if now >= self.alarm:
            self._look(now)

    def _look(self, now: float) -> None:
        """Say what is to be said by now, and find out when there may be something again."""
        if not self.is_open:
            self.entries.clear()
            return
        if now >= self._next:
            self._next = now + self._every
            self._said()
        first = min((_oldest(one) for one in list(self.entries.values())), default=now)
        self.alarm = min(self._next, first + self._limit)

    def reference(self, connection: object) -> Reference:
        """A reference to what somebody has in hand, where the library has none of its own and says nothing when it goes. Its
        slot is the id of the connection."""
        found = _Reference(connection, self._gone)
        found.slot = id(connection)
        self.references[found.slot] = found
        return found

    def _collected(self, reference: Any) -> None:
        try:
            slot = reference.slot
            if self.references.get(slot) is reference:
                del self.references[slot]
            entry = self.entries.get(slot)
            if entry is not None and entry[4] is reference and self.entries.pop(slot, None) is not None:
                self._tell(entry, perf_counter(), is_lost=True)
        except Exception:
            self.fail()

    def held(self) -> list[Out]:
        """What is out at present, in the order in which it was checked out."""
        found = []
        for slot, top in list(self.entries.items()):
            if top[5] is None:
                found.append(top)
                continue
            entry: Entry | None = top
            valid = []
            while entry is not None:
                has = entry[4]()
                if has is not None and getattr(has, "is_valid", True):
                    valid.append(entry)
                entry = entry[5]
            found += valid
            left: Entry | None = None
            for one in reversed(valid):
                left = (*one[:5], left)
            if self.entries.get(slot) is top:
                self.entries.pop(slot, None)
                if left is not None:
                    self.entries[slot] = left
        now = perf_counter()
        return [Out(one, now - one[0]) for one in sorted(found, key=lambda one: one[0])]

    def wait(self, seconds: float) -> None:
        """Somebody had to wait for a connection, since all were out."""
        if seconds > PATIENCE:
            self.waits += 1
            self.waited = max(self.waited, seconds)

    def _tell(self, entry: Entry, now: float, is_lost: bool) -> None:
        seconds = now - entry[0]
        self._told(Out(entry, seconds), seconds >= self._limit, is_lost)

    def fail(self) -> None:
        """Something has failed, and is being handled."""
        if self.is_open:
            self._shut()
            log.warning("poolint no longer watches, since it has failed", exc_info=True)

    def close(self) -> None:
        """Nothing new is put down any more."""
        self._shut()
        self.entries.clear()
        self.references.clear()

    def _shut(self) -> None:
        self.is_open = False
        self.alarm = -inf  # so that whoever is still called comes to where that is asked


ALWAYS: Reference = weakref.ref(Present)
"""A reference for what says itself when it goes."""


def _oldest(entry: Entry) -> float:
    """Since when something has been out of a slot."""
    while entry[5] is not None:
        entry = entry[5]
    return entry[0]
