"""What a test wants to fail: nothing is taken by it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, statement_of
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
    headers = [one.context_expr for one in block.items if isinstance(one.context_expr, ast.Call)]
    kinds = [ev.type_of(one.func, scope) for one in headers]
    return any(isinstance(one, LibraryName) and ev.models.ends("expects-error", one.name) for one in kinds)
