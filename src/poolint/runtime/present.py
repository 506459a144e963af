"""What is out at present, for a service that is at work: no more is done for a checkout than has to be done then.

What is told of a connection is put together when it is told, and its place is mostly known already.
"""

from __future__ import annotations

import logging
import weakref
from time import perf_counter

from poolint.runtime.tasks import current_task, is_abandoned, thread, thread_name
from poolint.runtime.trails import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from poolint.runtime.frames import Step

    Reference = Callable[[], object]
    Entry = tuple[float, Step | None, str, bool, Reference | None, "Entry | None"]

log = logging.getLogger("poolint.runtime")


class Out:
    """A connection that is out, or was until now."""

    def __init__(self, entry: Entry, seconds: float) -> None:
        self.seconds = seconds
        self.place = entry[1]
        self.by = f"{'task' if entry[3] else 'thread'} {entry[2]!r}"
        """The task that took it, or the thread."""


class Present:
    """The connections of some pools that are out.

    ``told`` is called with each that was held for ``limit`` seconds or more, or that nobody gave back, and with these two;
    ``said`` about every ``every`` seconds. The first time that something fails, the log gets a line, and nothing is watched any
    more.
    """

    def __init__(
        self, limit: float, every: float, told: Callable[[Out, bool, bool], object], said: Callable[[], object]
    ) -> None:
        self._limit = limit
        self._every = every
        self._next = perf_counter() + every
        self._told = told
        self._said = said
        self._entries: dict[int, Entry] = {}
        """By slot what is out. What several threads do here at once are single steps of a dictionary, without a lock."""
        self._gone = self._collected
        self.is_open = True
        self.waits = 0
        self.waited = 0.0

    def begin(self, key: object, reference: Reference | None = None) -> None:
        """A connection was checked out. ``key`` stands for its slot in the pool until it is given back; ``reference`` gives
        what whoever asked for it has in hand, as long as that is there."""
        if not self.is_open:
            return
        try:
            task = current_task()
            slot = id(key)
            entries = self._entries
            since = perf_counter()
            entries[slot] = (
                since,
                nearest(),
                task.get_name() if task is not None else thread.name or thread_name(),
                task is not None,
                reference,
                entries.get(slot),
            )
            if since >= self._next:
                self._say(since)
        except Exception:
            self.fail()

    def end(self, key: object) -> None:
        """The connection in a slot was given back. Of several in one, as a static pool has, it is the one whose reference is
        spent: which one that is will be seen when it is asked for."""
        try:
            entry = self._entries.pop(id(key), None)
            if entry is None:
                return
            since, step, _, is_task, reference, below = entry
            if below is not None and self._is_unclear(id(key), entry, below):
                return
            is_lost = reference is not None and reference() is None
            if is_task and step is not None and step.generates:
                is_lost = is_lost or is_abandoned((step.code,))
            now = perf_counter()
            if is_lost or now - since >= self._limit:
                self._tell(entry, now, is_lost)
            if now >= self._next:
                self._say(now)
        except Exception:
            self.fail()

    def _is_unclear(self, slot: int, entry: Entry, below: Entry) -> bool:
        """Whether which one of several it is that was given back will be seen when it is asked for."""
        self._entries[slot] = entry if entry[4] is not None else below
        return entry[4] is not None

    def reference(self, connection: object) -> Reference:
        """A reference to what somebody has in hand, where the library has none of its own and says nothing when it goes."""
        return weakref.ref(connection, self._gone)

    def _collected(self, reference: Any) -> None:
        try:
            for slot, entry in list(self._entries.items()):
                if entry[4] is reference and self._entries.pop(slot, None) is not None:
                    self._tell(entry, perf_counter(), is_lost=True)
        except Exception:
            self.fail()

    def held(self) -> list[Out]:
        """What is out at present, in the order in which it was checked out."""
        found = []
        for slot, top in list(self._entries.items()):
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
            if self._entries.get(slot) is top:
                self._entries.pop(slot, None)
                if left is not None:
                    self._entries[slot] = left
        now = perf_counter()
        return [Out(one, now - one[0]) for one in sorted(found, key=lambda one: one[0])]

    def wait(self, seconds: float) -> None:
        """Somebody had to wait for a connection, since all were out."""
        self.waits += 1
        self.waited = max(self.waited, seconds)

    def _tell(self, entry: Entry, now: float, is_lost: bool) -> None:
        seconds = now - entry[0]
        self._told(Out(entry, seconds), seconds >= self._limit, is_lost)

    def _say(self, now: float) -> None:
        self._next = now + self._every
        self._said()

    def fail(self) -> None:
        """Something has failed, and is being handled."""
        if self.is_open:
            self.is_open = False
            log.warning("poolint no longer watches, since it has failed", exc_info=True)

    def close(self) -> None:
        """Nothing new is put down any more."""
        self.is_open = False
