"""Runs a program of :mod:`generating` as a schedule says.

What happens is written down by what the program calls, and lines in which nothing can be called (``pass``, ``x1 = 1``)
by ``sys.settrace``. Here cancellations and exceptions are thrown into what waits, and generators are closed.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from acting import Value, names
from scheduling import Boom, Event, Other, Schedule, Unnamed, kind_of

if TYPE_CHECKING:
    from types import CodeType, FrameType


def run(schedule: Schedule, code: CodeType, flavour: str, quiet_lines: set[int]) -> str:
    """Run ``f`` of a program. Gives the way by which it left, or "" where that was not seen."""
    scope = names(schedule)
    exec(code, scope)
    function: Any = scope["f"]

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if event == "line" and frame.f_lineno in quiet_lines:
            schedule.note("line", frame.f_lineno, "normal")
        return trace

    before, hooks = sys.gettrace(), sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(finalizer=lambda _: None)
    sys.settrace(lambda frame, *_: trace if frame.f_code is function.__code__ else None)
    try:
        drive = {"function": _call, "generator": _generate, "coroutine": _await}.get(flavour, _generate_async)
        end = drive(schedule, function)
    except (Boom, Other, Unnamed, AssertionError, RuntimeError, asyncio.CancelledError, KeyboardInterrupt) as error:
        end = kind_of(error)
    except GeneratorExit:
        end = "generator-exit"
    finally:
        sys.settrace(before)
        sys.set_asyncgen_hooks(*hooks)
    return "" if schedule.is_over else end


def _call(_: Schedule, function: Any) -> str:
    function()
    return "normal"


def _await(schedule: Schedule, function: Any) -> str:
    _drive(schedule, function())
    return "normal"


def _drive(schedule: Schedule, coroutine: Any) -> Any:
    """Run something awaitable to its end, throwing in what the schedule says; gives its result."""
    error = None
    while True:
        try:
            coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        error = schedule.thrown(schedule.waiting, asyncio.CancelledError)


def _generate(schedule: Schedule, function: Any) -> str:
    generator = function()
    resume = generator.__next__
    while True:
        try:
            value = resume()
        except StopIteration:
            return "normal"
        event = schedule.note("yield", value) if isinstance(value, int) else None
        error = schedule.thrown(event or schedule.waiting, GeneratorExit)
        if event is not None and isinstance(error, GeneratorExit) and schedule.chance(0.3):
            return _close(schedule, event, generator.close)
        if event is not None:
            event.outcome = kind_of(error)
        resume = partial(generator.send, Value(schedule, None)) if error is None else partial(generator.throw, error)


def _generate_async(schedule: Schedule, function: Any) -> str:
    generator = function()
    step = generator.__anext__()
    while True:
        try:
            value = _drive(schedule, step)
        except StopAsyncIteration:
            return "normal"
        event = schedule.note("yield", value)
        error = schedule.thrown(event, GeneratorExit)
        if isinstance(error, GeneratorExit) and schedule.chance(0.3):
            return _close(schedule, event, lambda: _drive(schedule, generator.aclose()))
        event.outcome = kind_of(error)
        step = generator.asend(Value(schedule, None)) if error is None else generator.athrow(error)


def _close(schedule: Schedule, event: Event, close: Any) -> str:
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
            schedule.is_over = True
