"""Observations: what detectors see in a function, before any rule has judged it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.waypoints import Waypoint
from poolint.types.call_sites import CallText, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.observation import Observation
    from poolint.dev.dump.function import Subject
    from poolint.syntax.scopes import Scope


def lines(subject: Subject) -> Iterator[str]:
    """Each observation with its place, and below it its fields."""
    _, _, observed, crashes = subject.checker.observed(subject.module.source)
    inner = {_key(one) for one in subject.scopes}
    for scope, one in observed:
        if _key(scope) in inner:
            yield from _observation(one, scope)
    yield from crashes.messages()


def _key(scope: Scope) -> tuple[str, int]:
    """A scope by its name and row: where a detector has crashed, others were asked of the file parsed anew."""
    return scope.qualified_name, getattr(scope.node, "lineno", 1)


def _observation(one: Observation, scope: Scope) -> Iterator[str]:
    node = one.node
    place = f"line {getattr(node, 'lineno', 1)}:{getattr(node, 'col_offset', 0) + 1}"
    yield f"{type(one).__name__} at {place} `{_text(node, scope)}`"
    for name in one.__struct_fields__:
        if name not in ("node", "function"):
            yield f"  {name} = {_value(getattr(one, name), scope)}"


def _value(value: object, scope: Scope) -> str:
    if isinstance(value, Waypoint):
        return " ".join([value.what, *(f"`{one}`" for one in value.about), f"(line {value.range.start.row})"])
    if isinstance(value, CallText):
        return f"`{value.as_written}`, which is {value.api}"
    if isinstance(value, ast.AST):
        return f"line {getattr(value, 'lineno', 1)} `{_text(value, scope)}`"
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return f"({', '.join(_value(one, scope) for one in value)})"
    name = getattr(value, "name", None)
    return repr(value) if value is None or isinstance(value, (str, int)) or not isinstance(name, str) else name


def _text(node: ast.AST, scope: Scope) -> str:
    """An expression as it is written; of a statement, what it is."""
    return text_of(node, scope) if isinstance(node, ast.expr) else type(node).__name__
