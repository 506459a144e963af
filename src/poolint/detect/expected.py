"""What a test wants to fail: nothing is taken by it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import is_inside
from poolint.types.values import LibraryName

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_to_fail(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call is the last thing in a block that wants an error: the one before it may have gone well."""
    statement = statement_of(call)
    block = parent_of(statement)
    if not isinstance(block, (ast.With, ast.AsyncWith)) or block.body[-1] is not statement:
        return False
    return _wants_error(ev, block, scope)


def may_be_to_fail(ev: Evaluator, node: ast.AST, scope: Scope) -> bool:
    """Whether a statement stands in a block that wants an error, or in a function inside one which has such a block: that is
    called there."""
    if any(is_inside(node, one) and _wants_error(ev, one, scope) for one in scope.withs):
        return True
    around = scope.parent
    while around is not None and around.kind in ("function", "lambda"):
        if any(_wants_error(ev, one, around) for one in around.withs):
            return True
        around = around.parent
    return False


def _wants_error(ev: Evaluator, block: ast.With | ast.AsyncWith, scope: Scope) -> bool:
    headers = [one.context_expr for one in block.items if isinstance(one.context_expr, ast.Call)]
    kinds = [ev.type_of(one.func, scope) for one in headers]
    return any(isinstance(one, LibraryName) and ev.models.ends("expects-error", one.name) for one in kinds)
