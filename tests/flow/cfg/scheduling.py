"""What a run makes happen, by chance or as planned, and what it writes down of it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from poolint.flow.cfg import UNWINDING

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from random import Random

    from walking import Label

PLENTY = 50
"""Events after which everything is made to end."""

ENDLESS = 2_000


class Boom(Exception):
    pass


class Other(Exception):
    pass


class Unnamed(Exception):
    """Which no handler of its own takes."""


class Event:
    """Something that happened at the place of a label, and how it went on (see :mod:`walking`); "" if never seen."""

    __slots__ = ("label", "outcome", "planned", "way")

    def __init__(self, label: Label, outcome: str = "", way: str = "") -> None:
        self.label = label
        self.planned = ""
        self.outcome = outcome
        self.way = way

    def __repr__(self) -> str:
        return f"{self.label[0]} {self.label[1]} {self.way} {self.outcome}"


def kind_of(error: BaseException | None) -> str:
    if error is None:
        return "normal"
    if isinstance(error, GeneratorExit):
        return "generator-exit"
    if isinstance(error, asyncio.CancelledError):
        return "cancel"
    return "exception" if isinstance(error, Exception) else "interrupt"


class Schedule:
    """One execution: by chance, but for the labels and outcomes of its plan as far as they come by in that order."""

    def __init__(self, random: Random, plan: Sequence[tuple[Label, str]] = ()) -> None:
        self.random = random
        self.plan = deque(plan)
        self.events: list[Event] = []
        self.fault = random.choice((0.0, 0.02, 0.05, 0.15))
        self.is_over = False
        self.waiting: Event | None = None

    @property
    def is_ending(self) -> bool:
        return len(self.events) > PLENTY

    def chance(self, share: float) -> bool:
        return not self.is_ending and self.random.random() < share

    def note(self, kind: str, number: object, outcome: str = "", way: str = "") -> Event:
        assert len(self.events) < ENDLESS, "the program does not end"
        event = Event((kind, number), outcome, way)
        if not self.is_over:
            self.events.append(event)
        if self.plan and self.plan[0][0] == event.label:
            event.planned = self.plan.popleft()[1]
        return event

    def happen(self, kind: str, number: object, way: str = "") -> Event:
        """Something that may raise does, or goes on normally."""
        event = self.note(kind, number, way=way)
        if self.decide(event, "exception", self.fault):
            event.outcome = "exception"
            raise self.error()
        event.outcome = "normal"
        return event

    def error(self) -> Exception:
        return self.random.choice((Boom, Other, Unnamed))()

    def wait(self, kind: str, number: object, way: str = "") -> Generator[None, None, Event]:
        """The same, after a suspension in which something may be thrown."""
        event = self.note(kind, number, way=way)
        try:
            self.waiting = event
            if event.planned in UNWINDING or self.chance(0.8):
                yield
            if self.decide(event, "exception", self.fault):
                raise self.error()
        except BaseException as error:
            event.outcome = kind_of(error)
            raise
        event.outcome = "normal"
        return event

    def decide(self, event: Event, outcome: str, share: float) -> bool:
        """Whether an event has an outcome that it has in a share of runs."""
        if not event.planned:
            return self.chance(share)
        # What a plan says of the exit for some way is that this goes on, and not that the exit itself raises.
        return event.planned == outcome != event.way

    def thrown(self, event: Event | None, kind: type[BaseException]) -> BaseException | None:
        """What to throw into something suspended, if anything."""
        if event is not None and event.planned == "cancel" != event.way:
            return asyncio.CancelledError()
        for error in (self.error(), kind()):
            if event is not None and self.decide(event, kind_of(error), max(self.fault, 0.1)):
                return error
        return None
