"""Where generators run: nothing of one happens where it is made, all of it where something goes over it.

It may be made there, ``for row in rows(session)``, ``list(rows(session))``; or be kept under a local name before, ``stream =
rows(session)`` and later ``next(stream)``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import EAGER, PAIRING, READING, STEPPING
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import loops_around

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope

_READS = EAGER | STEPPING
_TAKES = _READS | READING | PAIRING


def is_gone_over(node: ast.expr) -> bool:
    """Whether something goes over the generator that stands here, or takes its next item."""
    parent = parent_of(node)
    while isinstance(parent, ast.Call) and node is not parent.func and _name(parent) in PAIRING:
        node, parent = parent, parent_of(parent)
    if isinstance(parent, (ast.For, ast.AsyncFor)):
        return parent.iter is node
    if isinstance(parent, ast.comprehension):
        around = parent_of(parent)  # a generator itself, perhaps
        return parent.iter is node and (not isinstance(around, ast.GeneratorExp) or is_gone_over(around))
    if isinstance(parent, ast.Call) and node in parent.args:
        is_method = isinstance(parent.func, ast.Attribute) and parent.func.attr in READING
        return is_method or _name(parent) in _READS
    return isinstance(parent, (ast.YieldFrom, ast.Starred))


def is_run_at_once(node: ast.expr) -> bool:
    """Whether what goes over the generator that stands here does nothing else meanwhile: ``any(...)``, ``[*...]``; not a loop,
    whose rounds alternate with those of the generator."""
    parent = parent_of(node)
    while isinstance(parent, ast.Call) and node is not parent.func and _name(parent) in PAIRING:
        node, parent = parent, parent_of(parent)
    return isinstance(parent, (ast.Call, ast.Starred)) and is_gone_over(node)


def is_gone_over_by_yields(name: str, scope: Scope) -> bool:
    """Whether a generator yields while it goes over what a name stands for: ``for row in rows: yield row``."""
    return any(
        any(name in _iterated(loop.iter) for loop in loops_around(one) if isinstance(loop, (ast.For, ast.AsyncFor)))
        or (isinstance(one, ast.YieldFrom) and name in _iterated(one.value))
        for one in scope.yields
    )


def _iterated(node: ast.expr) -> Iterator[str]:
    """The names of what is gone over, item by item."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Call) and _name(node) in PAIRING:
        for one in node.args:
            yield from _iterated(one)


def named_runs(scope: Scope) -> Iterator[tuple[ast.expr, ast.Call]]:
    """Where something goes over what a local name stands for, with each call that may have made that."""
    for load in _gone_over(scope):
        bindings = scope.bindings.get(load.id, ())
        made = [one.value for one in bindings if one.kind == "assign" and isinstance(one.value, ast.Call)]
        if made and len(made) == len(bindings):
            yield from ((load, one) for one in made)


def _gone_over(scope: Scope) -> Iterator[ast.Name]:
    """The names that something in a function goes over."""
    found: dict[ast.expr, None] = {}
    for bindings in scope.bindings.values():
        for binding in bindings:
            if binding.kind == "for" and binding.value is not None:
                found[binding.value] = None
    for call in scope.calls_named(_TAKES):
        found.update((one.value if isinstance(one, ast.Starred) else one, None) for one in call.args)
    found.update((one.value, None) for one in scope.yields if isinstance(one, ast.YieldFrom))
    for node in found:
        if isinstance(node, ast.Name) and is_gone_over(node):
            yield node


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
