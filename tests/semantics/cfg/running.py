"""Runs a program of :mod:`generating` as a schedule says, and writes down what happens in it.

What happens is a list of :class:`Event`. Most are written by what the program calls; lines in which nothing can be
called (``pass``, ``x1 = 1``) by ``sys.settrace``. Exceptions are raised by what is called, cancellations thrown into
what waits, and generators closed, at random.
"""

from __future__ import annotations

import asyncio
import builtins
import sys
from collections import deque
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from poolint.semantics.cfg import UNWINDING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from random import Random
    from types import CodeType, FrameType

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


class Run:
    """One execution: by chance, but for the labels and outcomes of its plan as far as they come by in that order."""

    def __init__(self, random: Random, plan: Sequence[tuple[Label, str]] = ()) -> None:
        self.random = random
        self.plan = deque(plan)
        self.events: list[Event] = []
        self.fault = random.choice((0.0, 0.02, 0.05, 0.15))
        self.quiet_lines: set[int] = set()
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

    # What the program sees.

    def names(self) -> dict[str, object]:
        def t(number: int, *_: object, **__: object) -> Value:
            self.happen("call", number)
            return Value(self, number)

        def v(number: int) -> int:
            self.happen("call", number)
            return self.random.randrange(4)

        def stop(number: int) -> Value:
            self.happen("call", number)
            return Value(self, number, at_last=True)

        def base(number: int) -> type:
            self.happen("call", number)
            return object

        def maker(cls: type) -> Any:
            def make(number: int, *_: object) -> object:
                self.happen("call", number)
                return cls(self, number)

            return make

        def load(name: str, *_: object) -> Any:
            self.happen("import", int(name[1:]))
            return SimpleNamespace(y=1)

        return {
            "t": t,
            "v": v,
            "stop": stop,
            "base": base,
            **{name: maker(cls) for name, cls in MADE.items()},
            "o": Target(self),
            "Boom": Boom,
            "Other": Other,
            "asyncio": asyncio,
            "__builtins__": {**vars(builtins), "__import__": load},
            "__name__": "random_program",
        }

    # Running it.

    def run(self, code: CodeType, flavour: str, quiet_lines: set[int]) -> str:
        """What became of it: the way by which it left; "" where that was not seen."""
        names = self.names()
        exec(code, names)
        function: Any = names["f"]
        self.quiet_lines = quiet_lines
        before, hooks = sys.gettrace(), sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=lambda _: None)
        sys.settrace(lambda frame, *_: self.trace if frame.f_code is function.__code__ else None)
        try:
            drive = {"function": _call, "generator": _generate, "coroutine": _await}.get(flavour, _generate_async)
            end = drive(self, function)
        except (Boom, Other, Unnamed, AssertionError, RuntimeError, asyncio.CancelledError, KeyboardInterrupt) as error:
            end = kind_of(error)
        except GeneratorExit:
            end = "generator-exit"
        finally:
            sys.settrace(before)
            sys.set_asyncgen_hooks(*hooks)
        return "" if self.is_over else end

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "line" and frame.f_lineno in self.quiet_lines:
            self.note("line", frame.f_lineno, "normal")
        return self.trace


def _call(_: Run, function: Any) -> str:
    function()
    return "normal"


def _await(run: Run, function: Any) -> str:
    _drive(run, function())
    return "normal"


def _drive(run: Run, coroutine: Any) -> Any:
    """Run something awaitable to its end, throwing in what the schedule says; gives its result."""
    error = None
    while True:
        try:
            coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        error = run.thrown(run.waiting, asyncio.CancelledError)


def _generate(run: Run, function: Any) -> str:
    generator = function()
    resume = generator.__next__
    while True:
        try:
            value = resume()
        except StopIteration:
            return "normal"
        event = run.note("yield", value) if isinstance(value, int) else None
        error = run.thrown(event or run.waiting, GeneratorExit)
        if event is not None and isinstance(error, GeneratorExit) and run.chance(0.3):
            return _close(run, event, generator.close)
        if event is not None:
            event.outcome = kind_of(error)
        resume = partial(generator.send, Value(run, None)) if error is None else partial(generator.throw, error)


def _generate_async(run: Run, function: Any) -> str:
    generator = function()
    step = generator.__anext__()
    while True:
        try:
            value = _drive(run, step)
        except StopAsyncIteration:
            return "normal"
        event = run.note("yield", value)
        error = run.thrown(event, GeneratorExit)
        if isinstance(error, GeneratorExit) and run.chance(0.3):
            return _close(run, event, lambda: _drive(run, generator.aclose()))
        event.outcome = kind_of(error)
        step = generator.asend(Value(run, None)) if error is None else generator.athrow(error)


def _close(run: Run, event: Event, close: Any) -> str:
    """Close a generator. It does not say whether it returned or let the ``GeneratorExit`` go."""
    event.outcome = "generator-exit"
    while True:
        try:
            # A generator that returns after something was thrown into an `await` of its own still says so.
            with suppress(StopAsyncIteration):
                close()
            return "closed"
        except RuntimeError as error:
            if "ignored GeneratorExit" not in str(error):
                raise
            # It has come to another `yield`, where nobody looks any more.
            run.is_over = True


# The objects.


class Value:
    """What a call gave: true or false as it pleases."""

    def __init__(self, run: Run, number: object, *, at_last: bool = False) -> None:
        self.run = run
        self.number = number
        self.at_last = at_last
        self.truth: bool | None = None

    def __bool__(self) -> bool:
        # Asked again, as some Pythons do in `(a or b) and c`, it is no new event and has the same answer.
        if self.truth is None:
            event = self.run.note("test", self.number) if self.number is not None else Event(("", None))
            self.truth = self.at_last if self.run.is_ending else self.run.decide(event, "true", 0.5)
            event.outcome = "true" if self.truth else "false"
        return self.truth

    def __lt__(self, other: object) -> Value:
        return Value(self.run, None)

    def __add__(self, other: object) -> Value:
        return Value(self.run, None)

    __getitem__ = __iadd__ = __radd__ = __add__

    def __call__(self, _: object) -> Value:
        self.run.happen("decorate", self.number)
        return self

    def __format__(self, specification: object) -> str:
        return ""

    def __repr__(self) -> str:
        return ""


class Target:
    """Writes down which of its attributes are bound or deleted."""

    def __init__(self, run: Run) -> None:
        self.__dict__["run"] = run

    def __setattr__(self, name: str, value: object) -> None:
        self.__dict__["run"].note("store", name, "normal")

    def __delattr__(self, name: str) -> None:
        self.__dict__["run"].note("store", name, "normal")

    def __getattr__(self, name: str) -> Value:
        return Value(self.__dict__["run"], None)

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __bool__(self) -> bool:
        return False


class Numbered:
    def __init__(self, run: Run, number: int) -> None:
        self.run = run
        self.number = number


class Awaited(Numbered):
    def __await__(self) -> Generator[None, None, Value]:
        yield from self.run.wait("await", self.number)
        return Value(self.run, None)


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
        event = self.run.happen("iterate", self.number)
        event.outcome = "item" if self.run.decide(event, "item", 0.6) else "exhausted"
        if event.outcome == "exhausted":
            raise StopIteration
        return 1


class AsyncItems(Numbered):
    def __aiter__(self) -> AsyncItems:
        return self

    async def __anext__(self) -> int:
        event = await Waiting(self.run.wait("iterate", self.number))
        event.outcome = "item" if self.run.decide(event, "item", 0.6) else "exhausted"
        if event.outcome == "exhausted":
            raise StopAsyncIteration
        return 1


class Source(Numbered):
    """For ``yield from``: one event, however often it yields."""

    def __iter__(self) -> Generator[str, None, Value]:
        event = self.run.waiting = self.run.note("yield", self.number)
        try:
            while event.planned in UNWINDING or self.run.chance(0.6):
                yield "more"
        except BaseException as error:
            event.outcome = kind_of(error)
            raise
        event.outcome = "normal"
        return Value(self.run, None)


class Manager(Numbered):
    may_suppress = False

    def __enter__(self) -> int:
        self.run.happen("enter", self.number)
        return 1

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return self.decide(self.run.happen("exit", self.number, kind_of(error)))

    def decide(self, event: Event) -> bool:
        """An exit that is through without raising itself: what was raised goes on, or is suppressed."""
        if event.way == "normal" or (self.may_suppress and self.run.decide(event, "normal", 0.5)):
            return True
        event.outcome = event.way
        return False


class Quiet(Manager):
    may_suppress = True


class AsyncManager(Manager):
    async def __aenter__(self) -> int:
        await Waiting(self.run.wait("enter", self.number))
        return 1

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return self.decide(await Waiting(self.run.wait("exit", self.number, kind_of(error))))


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
