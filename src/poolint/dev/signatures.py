"""What the signature of a real function or class says of a call, in the words of the models' schema.

The drafts of models are made from it, and the test that holds the models to the installed libraries asks it too.
"""

from __future__ import annotations

import inspect
import re
import sys
from typing import TYPE_CHECKING, Any, get_args, get_origin

if TYPE_CHECKING:
    from poolint.models.schema import Call


def nature(function: Any) -> Call:
    """The kind of call, as far as `inspect` shows it without annotations."""
    function = unwrapped(function)
    kind = manager(function)
    if kind:
        return kind
    if inspect.iscoroutinefunction(function):
        return "coroutine"
    if inspect.isasyncgenfunction(function):
        return "async-generator"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "sync"


def given(kind: type) -> Call:
    """The kind of call that gives values of a class."""
    if hasattr(kind, "__await__"):
        return "awaitable-cm" if hasattr(kind, "__aenter__") else "awaitable"
    if hasattr(kind, "__aenter__"):
        return "async-cm"
    return "cm" if hasattr(kind, "__enter__") else "sync"


def manager(function: Any) -> Call | None:
    """``cm`` or ``async-cm`` for a generator function under contextlib's decorators or one of their like."""
    if getattr(getattr(function, "__code__", None), "co_name", "helper") != "helper":
        return None  # under some other decorator it stays a generator
    if inspect.isasyncgenfunction(getattr(function, "__wrapped__", None)):
        return "async-cm"
    return "cm" if inspect.isgeneratorfunction(getattr(function, "__wrapped__", None)) else None


def unwrapped(function: Any) -> Any:
    """The function under its decorators, but not under those that make a context manager of it."""
    while hasattr(function, "__wrapped__") and not inspect.iscoroutinefunction(function) and not manager(function):
        function = function.__wrapped__
    return function


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


def _annotation(function: Any) -> Any:
    function = inspect.unwrap(function)
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF).get("return", "")
    return getattr(function, "__annotations__", {}).get("return", "")
