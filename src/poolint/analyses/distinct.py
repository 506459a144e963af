"""Whether two expressions stand for different objects."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import bound
from poolint.types.following import origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Origin
    from poolint.types.following import Passage

    Makes: TypeAlias = Callable[[ast.Call, Scope], bool]

_THROUGH: frozenset[Passage] = frozenset(("attribute",))


def are_different(ev: Evaluator, one: ast.expr, other: ast.expr, scope: Scope, makes: Makes) -> bool:
    """Whether two expressions in ``scope`` surely stand for different objects: two parameters, or what two calls have
    made, as ``makes`` says of a call; what cannot be known may be the same."""
    first, second = (_object(ev, origin(ev, node, scope, _THROUGH), makes) for node in (one, other))
    return None not in (first, second) and first is not second


def _object(ev: Evaluator, end: Origin, makes: Makes) -> ast.AST | None:
    if isinstance(end.node, ast.Name):
        found = bound.of_name(ev, end.node, end.scope, narrowed=False)
        return found[0][0].node if len(found) == 1 and found[0][0].kind == "parameter" else None
    return end.node if isinstance(end.node, ast.Call) and makes(end.node, end.scope) else None
