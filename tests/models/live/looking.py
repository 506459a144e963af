"""How the live test looks at real libraries: by name, by `inspect`, and by what a call was seen to give."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Seen:
    """What a call was seen to give."""

    value: Any
    awaited: Any = None
    entered: Any = None


class Record(dict[str, Seen]):
    """The calls that were made, by qualified name."""

    async def __call__(self, name: str, make: Callable[[], Any], *, use: bool = True) -> Any:
        """Make the call; where the result may be used here, await one and enter another. Gives what the call gave."""
        one = self[name] = Seen(make())
        kind = type(one.value)
        if not use:
            # A coroutine, or an object around one, that nobody awaits would warn.
            inner = one.value if isinstance(one.value, Coroutine) else getattr(one.value, "_coro", None)
            if isinstance(inner, Coroutine):
                inner.close()
            return one.value
        if hasattr(kind, "__await__"):
            one.awaited = await one.value
            for end in ("close", "rollback"):
                if hasattr(one.awaited, end):
                    closing = getattr(one.awaited, end)()
                    if inspect.isawaitable(closing):
                        await closing
                    break
        if hasattr(kind, "__aenter__"):
            async with make() if hasattr(kind, "__await__") else one.value as one.entered:
                pass
        if hasattr(kind, "__enter__"):
            with one.value as one.entered:
                pass
        return one.value

    def note(self, name: str, value: Any) -> Any:
        """Keep what a call gave that needs no more looking at."""
        self[name] = Seen(value)
        return value


def resolve(path: str) -> Any:
    """The object at a qualified name; an attribute comes before a submodule of its name.

    Raises:
        AttributeError: there is none.
    """
    first, *rest = path.split(".")
    return _below(importlib.import_module(first), first, rest)


def _below(found: Any, dotted: str, rest: list[str]) -> Any:
    if not rest:
        return found
    part, *rest = rest
    inner = f"{dotted}.{part}"
    try:
        return _below(getattr(found, part), inner, rest)
    except AttributeError as error:
        if not isinstance(found, ModuleType):
            raise
        try:
            module = importlib.import_module(inner)
        except ModuleNotFoundError:
            raise error from None
        return _below(module, inner, rest)


def exists(name: str) -> bool:
    """Whether the installed libraries have something of this name."""
    try:
        resolve(name)
    except AttributeError:
        return False
    return True


def given(kind: type) -> str:
    """The kind of call that gives values of a class, in the words of the schema."""
    if hasattr(kind, "__await__"):
        return "awaitable-cm" if hasattr(kind, "__aenter__") else "awaitable"
    if hasattr(kind, "__aenter__"):
        return "async-cm"
    return "cm" if hasattr(kind, "__enter__") else "sync"


def unwrapped(function: Any) -> Any:
    """The function under its decorators, but not under those that make a context manager of it."""
    while hasattr(function, "__wrapped__") and not inspect.iscoroutinefunction(function) and not manager(function):
        function = function.__wrapped__
    return function


def manager(function: Any) -> str:
    """``cm`` or ``async-cm`` for a generator function under contextlib's decorators or one of their like."""
    if getattr(getattr(function, "__code__", None), "co_name", "helper") != "helper":
        return ""  # under some other decorator it stays a generator
    if inspect.isasyncgenfunction(getattr(function, "__wrapped__", None)):
        return "async-cm"
    return "cm" if inspect.isgeneratorfunction(getattr(function, "__wrapped__", None)) else ""


def _annotation(function: Any) -> Any:
    function = inspect.unwrap(function)
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF).get("return", "")
    return getattr(function, "__annotations__", {}).get("return", "")


def returned(function: Any) -> str:
    """The annotation of what a function returns, as text; empty where it has none."""
    annotation = _annotation(function)
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)


def annotated_class(function: Any) -> type | None:
    """The class that a return annotation names, where it names just one and the function's module knows it."""
    found = _annotation(function)
    if isinstance(found, str):
        names = re.sub(r"\[.*", "", found.strip("'\" ")).split(".")
        found = getattr(inspect.unwrap(function), "__globals__", {}).get(names[0])
        for part in names[1:]:
            found = getattr(found, part, None)
    found = get_origin(found) or found
    return found if isinstance(found, type) else None


def nature(function: Any) -> str:
    """The kind of call, as far as `inspect` tells it, in the words of the schema."""
    function = unwrapped(function)
    if manager(function):
        return manager(function)
    if inspect.iscoroutinefunction(function):
        return "coroutine"
    if inspect.isasyncgenfunction(function):
        return "async-generator"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "sync"
