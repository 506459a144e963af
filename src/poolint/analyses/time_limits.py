"""What gives up on a place after a time: a call that is passed what is awaited, or a block around it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import last_name
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def limits_around(ev: Evaluator, node: ast.AST, scope: Scope) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    """The calls that limit how long the function waits at a place, the innermost first, each with its time, if that is given:
    ``asyncio.wait_for(…, 2)``, ``async with asyncio.timeout(2):``."""
    waits, blocks = ev.models.words("limits-awaited"), ev.models.words("limits-block")
    child, current = node, parent_of(node)
    while current is not None and child is not scope.node:
        is_given = isinstance(current, ast.Call) and (child in current.args[:1] or child in current.keywords)
        if isinstance(current, ast.Call) and is_given and last_name(current.func) in waits:
            yield current, _time_of(current, 1)
        elif isinstance(current, (ast.AsyncWith, ast.With)):
            place = current.items.index(child) if child in current.items else len(current.items)
            for one in reversed(current.items[:place]):  # what follows begins later
                if isinstance(one.context_expr, ast.Call) and last_name(one.context_expr.func) in blocks:
                    yield one.context_expr, _time_of(one.context_expr, 0)
        child, current = current, parent_of(current)


def _time_of(call: ast.Call, place: int) -> ast.expr | None:
    named = next((one.value for one in call.keywords if one.arg in ("timeout", "delay")), None)
    return named or (call.args[place] if len(call.args) > place else None)
