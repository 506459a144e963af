"""What following a value has found: where it comes from, how it came there, and what is one step back.

Alternatives are put together here: of several ways, of ``a or b``, and of what somebody outside may say otherwise.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.syntax.scopes import Scope

MAX_SOURCES = 8
"""Alternatives of one value."""


class Frame(msgspec.Struct, frozen=True, eq=False):
    """A call of a function of the project that is being followed, with what it passes, by parameter.

    ``is_open``: it may pass more than can be seen. ``outer`` is the call in which it stands.
    """

    function: Scope
    arguments: dict[str, tuple[ast.expr, Scope]]
    is_open: bool
    outer: Frame | None


class Source(msgspec.Struct, frozen=True):
    """An expression that a value comes from, and the scope it stands in.

    ``given`` is false for what holds only until something from outside says otherwise: the environment, a settings
    file, a caller. ``name`` is the name by which that is said, or that of a constant. ``frame`` is the call by which a
    function was reached, where it was.
    """

    node: ast.expr
    scope: Scope
    given: bool = True
    name: str = ""
    frame: Frame | None = None


class Sources(msgspec.Struct, frozen=True):
    """All that are known; ``complete`` says that there are no others."""

    found: tuple[Source, ...] = ()
    complete: bool = False


NOWHERE = Sources()
NOTHING = Sources((), True)


class Origin(NamedTuple):
    """The expression that a value has its origin in, and the scope it stands in."""

    node: ast.expr
    scope: Scope


class Step(NamedTuple):
    """An expression that is one step back. ``name`` is what it was bound to; ``setting`` is by what somebody outside may
    say otherwise, None where nobody can."""

    node: ast.expr
    scope: Scope
    frame: Frame | None = None
    name: str = ""
    setting: str | None = None


class Steps(NamedTuple):
    """All that are one step back; ``complete`` says that there are no others. ``in_turn``: each holds where those before
    it give nothing (``a or b``)."""

    found: tuple[Step, ...] = ()
    complete: bool = False
    in_turn: bool = False


def one_step(node: ast.expr, scope: Scope, frame: Frame | None = None) -> Steps:
    """A single step back."""
    return Steps((Step(node, scope, frame),), True)


def joined(parts: Iterable[Steps]) -> Steps:
    """Steps by several ways."""
    parts = list(parts)
    return Steps(tuple(step for part in parts for step in part.found), bool(parts) and all(p.complete for p in parts))


def union(parts: list[Sources]) -> Sources:
    """Several alternatives."""
    found = tuple(dict.fromkeys(source for part in parts for source in part.found))
    complete = bool(parts) and all(part.complete for part in parts)
    return Sources(found[:MAX_SOURCES], complete and len(found) <= MAX_SOURCES)


def in_turn(parts: list[Sources]) -> Sources:
    """``a or b``: what ``a`` may be is not known to be true, so ``b`` holds where nobody has set it."""
    last = parts[-1]
    if any(not part.found or not part.complete for part in parts[:-1]):
        last = replace(last, found=tuple(replace(source, given=False) for source in last.found))
    return union([*parts[:-1], last])


def marked(step: Step, found: Sources) -> Sources:
    """What a step has led to, with what the step says of it."""
    if step.name:
        found = replace(found, found=tuple(replace(source, name=source.name or step.name) for source in found.found))
    if step.setting is None:
        return found
    return Sources(tuple(replace(source, given=False, name=step.setting or source.name) for source in found.found))
