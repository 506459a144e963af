"""What the programs of :mod:`generating` call, await, iterate, enter and bind: all of it does as a schedule says."""

from __future__ import annotations

import asyncio
import builtins
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from scheduling import Boom, Event, Other, Schedule, kind_of

from poolint.flow.cfg import UNWINDING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


def names(schedule: Schedule) -> dict[str, object]:
    """The global names of a program."""

    def t(number: int, *_: object, **__: object) -> Value:
        schedule.happen("call", number)
        return Value(schedule, number)

    def v(number: int) -> int:
        schedule.happen("call", number)
        return schedule.random.randrange(4)

    def stop(number: int) -> Value:
        schedule.happen("call", number)
        return Value(schedule, number, at_last=True)

    def base(number: int) -> type:
        schedule.happen("call", number)
        return object

    def maker(cls: type) -> Any:
        def make(number: int, *_: object) -> object:
            schedule.happen("call", number)
            return cls(schedule, number)

        return make

    def load(name: str, *_: object) -> Any:
        schedule.happen("import", int(name[1:]))
        return SimpleNamespace(y=1)

    return {
        "t": t,
        "v": v,
        "stop": stop,
        "base": base,
        **{name: maker(cls) for name, cls in MADE.items()},
        "o": Target(schedule),
        "Boom": Boom,
        "Other": Other,
        "asyncio": asyncio,
        "__builtins__": {**vars(builtins), "__import__": load},
        "__name__": "random_program",
    }


class Value:
    """What a call gave: true or false as it pleases."""

    def __init__(self, schedule: Schedule, number: object, *, at_last: bool = False) -> None:
        self.schedule = schedule
        self.number = number
        self.at_last = at_last
        self.truth: bool | None = None

    def __bool__(self) -> bool:
        # Asked again, as some Pythons do in `(a or b) and c`, it is no new event and has the same answer.
        if self.truth is None:
            event = self.schedule.note("test", self.number) if self.number is not None else Event(("", None))
            self.truth = self.at_last if self.schedule.is_ending else self.schedule.decide(event, "true", 0.5)
            event.outcome = "true" if self.truth else "false"
        return self.truth

    def __lt__(self, other: object) -> Value:
        return Value(self.schedule, None)

    def __add__(self, other: object) -> Value:
        return Value(self.schedule, None)

    __getitem__ = __iadd__ = __radd__ = __add__

    def __call__(self, _: object) -> Value:
        self.schedule.happen("decorate", self.number)
        return self

    def __format__(self, specification: object) -> str:
        return ""

    def __repr__(self) -> str:
        return ""


class Target:
    """Writes down which of its attributes are bound or deleted."""

    def __init__(self, schedule: Schedule) -> None:
        self.__dict__["schedule"] = schedule

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__["schedule"].note("store", name, "normal")

    def __delattr__(self, name: str) -> None:
        self.__dict__["schedule"].note("store", name, "normal")

    def __getattr__(self, name: str) -> Value:
        return Value(self.__dict__["schedule"], None)

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __bool__(self) -> bool:
        return False


class Numbered:
    def __init__(self, schedule: Schedule, number: int) -> None:
        self.schedule = schedule
        self.number = number


class Awaited(Numbered):
    def __await__(self) -> Generator[None, None, Value]:
        yield from self.schedule.wait("await", self.number)
        return Value(self.schedule, None)


class Waiting:
    """Awaits what a generator waits for."""

    def __init__(self, steps: Generator[None, None, Any]) -> None:
        self.steps = steps

    def __await__(self) -> Generator[None, None, Any]:
        return self.steps


class Items(Numbered):
    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        event = self.schedule.happen("iterate", self.number)
        event.outcome = "item" if self.schedule.decide(event, "item", 0.6) else "exhausted"
        if event.outcome == "exhausted":
            raise StopIteration
        return 1


class AsyncItems(Numbered):
    def __aiter__(self) -> AsyncItems:
        return self

    async def __anext__(self) -> int:
        event = await Waiting(self.schedule.wait("iterate", self.number))
        event.outcome = "item" if self.schedule.decide(event, "item", 0.6) else "exhausted"
        if event.outcome == "exhausted":
            raise StopAsyncIteration
        return 1


class Source(Numbered):
    """For ``yield from``: one event, however often it yields."""

    def __iter__(self) -> Generator[str, None, Value]:
        event = self.schedule.waiting = self.schedule.note("yield", self.number)
        try:
            while event.planned in UNWINDING or self.schedule.chance(0.6):
                yield "more"
        except BaseException as error:
            event.outcome = kind_of(error)
            raise
        event.outcome = "normal"
        return Value(self.schedule, None)


class Manager(Numbered):
    may_suppress = False

    def __enter__(self) -> int:
        self.schedule.happen("enter", self.number)
        return 1

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return self.decide(self.schedule.happen("exit", self.number, kind_of(error)))

    def decide(self, event: Event) -> bool:
        """An exit that is through without raising itself: what was raised goes on, or is suppressed."""
        if event.way == "normal" or (self.may_suppress and self.schedule.decide(event, "normal", 0.5)):
            return True
        event.outcome = event.way
        return False


class Quiet(Manager):
    may_suppress = True


class AsyncManager(Manager):
    async def __aenter__(self) -> int:
        await Waiting(self.schedule.wait("enter", self.number))
        return 1

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return self.decide(await Waiting(self.schedule.wait("exit", self.number, kind_of(error))))


class AsyncQuiet(AsyncManager):
    may_suppress = True


MADE: dict[str, type] = {
    "p": Awaited,
    "it": Items,
    "ait": AsyncItems,
    "source": Source,
    "cm": Manager,
    "quiet": Quiet,
    "acm": AsyncManager,
    "aquiet": AsyncQuiet,
}
