"""What is put into a queue, from which another task or thread takes it when it comes to that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import Method
from poolint.syntax.surroundings import start_of
from poolint.types.call_sites import call_site
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield)
"""Where a coroutine lets others have their turn."""


def queued(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """What a call puts into a queue, or the parts of that, where its function does nothing afterwards that might wait until
    somebody has done with it."""
    putting = ev.models.derived(_putting)
    if last_name(node.func) not in putting or not node.args or _may_wait_after(node, scope):
        return
    fact = call_site(ev, node, scope, use_evidence=False)
    row = fact.row if fact is not None else None
    if isinstance(row, Method) and row.keeps and fact is not None and fact.name in putting[last_name(node.func)]:
        item = node.args[0]
        yield from item.elts if isinstance(item, (ast.Tuple, ast.List)) else [item]


def _putting(models: Models) -> dict[str, frozenset[str]]:
    """The methods that put something into a queue of a library, by their last names: of what may be full, and is kept."""
    found: dict[str, set[str]] = {}
    for cls in models.classes.values():
        family = models.lineage(cls)
        if any(row.fills for one in family for row in one.methods):
            for name in (each for one in family for row in one.methods if row.keeps for each in row.names):
                found.setdefault(name, set()).update(f"{one}.{name}" for one in (cls.name, *cls.aliases))
    return {name: frozenset(full) for name, full in found.items()}


def _may_wait_after(node: ast.Call, scope: Scope) -> bool:
    """Whether a function may wait for something after a call: a coroutine where it awaits, any other where it calls."""
    waiting = _WAITING if scope.is_async else (ast.Call,)
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    return any(isinstance(one, waiting) and start_of(one) > end for one in ast.walk(scope.node))
