"""A watcher for staging: what people are told to log and to export when a pool runs dry, with the places of the code.

It has no thread of its own: it looks when a connection is taken or given back, and when a gauge is read. It never makes a
checkout fail, and costs some microseconds for each: see `docs/runtime.md`.
"""

from __future__ import annotations

import logging
import os
from typing import NamedTuple

from poolint.runtime.eyes import glances
from poolint.runtime.present import Present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from poolint.runtime.present import Out


class State(NamedTuple):
    """What a gauge shows: connections that are out, the longest hold in seconds with its place and task, and how often, and
    for how many seconds at most, somebody had to wait since all were out."""

    out: int
    longest: float
    place: str
    by: str
    waits: int
    waited: float


log = logging.getLogger("poolint.runtime")

METER = "poolint"


class Watch:
    """Watches the pools of some engines until it is closed; see :func:`watch`."""

    def __init__(self, owners: tuple[object, ...], every: float, longest: float, metrics: bool) -> None:
        self._present = Present(longest, every, _told, self._say)
        self._eyes = glances(self._present, tuple(getattr(one, "sync_engine", one) for one in owners))
        self._eyes.look()
        self._gauges = _gauges(self) if metrics else []

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Watch no longer."""
        self._present.close()
        self._eyes.close()
        for one in self._gauges:
            one.close()
        self._gauges.clear()

    def state(self) -> State:
        """What there is to see at present."""
        held = self._present.held()
        first = held[0] if held else None
        return State(
            len(held),
            first.seconds if first is not None else 0.0,
            place_of(first) if first is not None else "",
            first.by if first is not None else "",
            self._present.waits,
            self._present.waited,
        )

    def _say(self) -> None:
        log.info("%s", str(self))

    def __str__(self) -> str:
        now = self.state()
        text = f"connections out: {now.out}"
        if now.out:
            text += f"; longest: {now.longest:.1f} s, by {now.by}, from {now.place}"
        if now.waits:
            text += f"; waits for the pool: {now.waits}, up to {now.waited:.2f} s"
        return text


def watch(*engines: object, every: float = 60.0, longest: float = 30.0, metrics: bool = True) -> Watch:
    """Watch the pools of engines of SQLAlchemy, synchronous or not, and pools of asyncpg and psycopg_pool.

    The logger ``poolint.runtime`` gets a line at INFO about every ``every`` seconds, when a connection is taken or given
    back, and a WARNING for each connection that was held for ``longest`` seconds or more, or that nobody gave back. With
    ``metrics``, OpenTelemetry and Prometheus get gauges where they are installed. Whatever goes wrong in here is logged, and
    nothing else. Close what this returns to stop.
    """
    return Watch(engines, every, longest, metrics)


def place_of(one: Out) -> str:
    """Where a connection was checked out, in the innermost function of the project."""
    if one.place is None:
        return "an unknown place"
    return f"{os.path.relpath(one.place.file)}:{one.place.row} ({one.place.function})"


def _told(one: Out, is_long: bool, is_lost: bool) -> None:
    if is_long:
        how = "taken back by the garbage collector" if is_lost else "given back"
        log.warning("a connection was held for %.1f s, by %s, from %s; %s now", one.seconds, one.by, place_of(one), how)
    else:
        log.warning("nobody gave back the connection that %s took at %s: it was collected", one.by, place_of(one))


def _gauges(watched: Watch) -> list[Any]:
    from poolint.runtime import gauges

    found: list[Any] = []
    for make in (gauges.OpenTelemetry, gauges.Prometheus):
        try:
            found.append(make(watched))
        except ImportError:
            continue
        except Exception:
            log.warning("no gauges of %s", make.__name__, exc_info=True)
    return found
