"""What a call works by: a cursor, and the connection that it is of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.transactions import root_of, source_of
from poolint.types.following import origin
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_WITH: frozenset[Passage] = frozenset(("with",))


def worked_by(ev: Evaluator, call: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """The connection, session or cursor at the beginning of a chain of calls; of a cursor also what made it."""
    yield from working(ev, source_of(ev, call, scope), scope)


def working(ev: Evaluator, root: ast.expr | None, scope: Scope) -> Iterator[ast.expr]:
    """A connection, session or cursor, and of a cursor also what made it."""
    met: set[ast.expr] = set()
    while root is not None and root not in met:
        yield root
        met.add(root)
        value = origin(ev, root, scope, _WITH).node if _is_cursor(ev, root, scope) else None
        root = root_of(value) if isinstance(value, ast.Call) else None


def _is_cursor(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    return any(
        isinstance(one, Instance) and one.base is not None and one.base.kind == "cursor"
        for one in alternatives(ev.type_of(node, scope))
    )
