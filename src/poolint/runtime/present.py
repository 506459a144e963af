"""What is out at present, for a service that is at work: no more is done for a checkout than has to be done then.

What is told of a connection is put together when it is told, and its place is mostly known already.
"""

from __future__ import annotations

import logging
import weakref
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
    Entry = tuple[float, Trail, str, bool, Reference | None, "Entry | None"]

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

    def begin(
        self, slot: object, reference: Reference | None = None, is_async: bool = False, below: Entry | None = None
    ) -> None:
        """A connection was checked out. ``slot`` stands for it in the pool until it is given back; ``reference`` gives what
        whoever asked for it has in hand, as long as that is there. ``is_async`` says that only a task can ask for it. ``below``
        is what is out of the same slot already."""
        if not self.is_open:
            return
        try:
            try:
                for depth, known in trails.known:
                    frame = _getframe(depth)
                    code = frame.f_code
                    trail = known.get(id(code) + frame.f_lasti)
                    if trail is not None and trail.code is code and _getframe(depth - 2).f_code is trail.next:
                        if not trail.is_inner:
                            break
                        if frame.f_back is None:
                            trail = trails.beyond()
                            break
                else:
                    trail = trails.walked()
            except ValueError:  # there are not that many frames
                trail = trails.walked()
            running = tasks.running
            if running:
                task = None
                if is_async and len(running) == 1:  # then it is ours: which loop runs here takes longer to ask
                    for one in running.values():
                        task = one
                        break
                else:
                    task = current_task()
            else:
                task = current_task() if running is None else None
            since = perf_counter()
            self.entries[slot] = (
                since,
                trail,
                task.get_name() if task is not None else thread.name or thread_name(),
                task is not None,
                reference,
                below,
            )
            if since >= self.alarm:
                self._look(since)
        except Exception:
            self.fail()

    def begin_again(self, slot: object, reference: Reference) -> None:
        """The same for a slot that may be out several times, as that of a static pool."""
        self.begin(slot, reference, False, self.entries.get(slot))

    def end(self, slot: object) -> None:
        """The connection in a slot was given back. Of several in one, as a static pool has, it is the one whose reference is
        spent: which one that is will be seen when it is asked for."""
        try:
            entry = self.entries.pop(slot, None)
            if entry is None:
                return
            now = perf_counter()
            _, trail, _, _, reference, below = entry
            if (
                now >= self.alarm
                or trail.generates
                or below is not None
                or (reference is not None and reference() is None)
            ):
                self._end(slot, entry, now)
        except Exception:
            self.fail()

    def _end(self, slot: object, entry: Entry, now: float) -> None:
        """The same where there may be something to say."""
        since, trail, _, is_task, reference, below = entry
        if below is not None and self._is_unclear(slot, entry, below):
            return
        is_lost = reference is not None and reference() is None
        step = trail.step
        if is_task and step is not None and step.generates:
            is_lost = is_lost or is_abandoned((step.code,))
        if is_lost or now - since >= self._limit:
            self._tell(entry, now, is_lost)
        if now >= self.alarm:
            self._look(now)

    def _look(self, now: float) -> None:
        """Say what is to be said by now, and find out when there may be something again."""
        if now >= self._next:
            self._next = now + self._every
            self._said()
        first = min((_oldest(one) for one in list(self.entries.values())), default=now)
        self.alarm = min(self._next, first + self._limit)

    def _is_unclear(self, slot: object, entry: Entry, below: Entry) -> bool:
        """Whether which one of several it is that was given back will be seen when it is asked for."""
        self.entries[slot] = entry if entry[4] is not None else below
        return entry[4] is not None

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
                has = entry[4]() if entry[4] is not None else None
                if entry[4] is None or (has is not None and getattr(has, "is_valid", True)):
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
            self.is_open = False
            log.warning("poolint no longer watches, since it has failed", exc_info=True)

    def close(self) -> None:
        """Nothing new is put down any more."""
        self.is_open = False
        self.entries.clear()
        self.references.clear()


def _oldest(entry: Entry) -> float:
    """Since when something has been out of a slot."""
    while entry[5] is not None:
        entry = entry[5]
    return entry[0]
