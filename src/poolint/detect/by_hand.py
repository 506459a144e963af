"""Whether a block could stand in the place of a release by hand."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import Site, checkout
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of, statement_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def may_be_lent(ev: Evaluator, site: Site, scope: Scope) -> bool:
    """Whether the name may hold something else as well, so that no block could be the lifetime of both."""
    for binding in scope.bindings.get(site.name, ()):
        value = binding.value
        call = without_await(value)
        is_none = isinstance(value, ast.Constant) and value.value is None and binding.kind != "parameter"
        if not is_none and not (isinstance(call, ast.Call) and checkout(ev, call, value or call, scope) is not None):
            return True
    return False


def outlives_branch(site: Site, scope: Scope) -> bool:
    """Whether the name is still read behind the ``if`` in which the checkout stands: no block reaches that far."""
    loads = scope.loads.get(site.name, ())
    node = parent_of(statement_of(site.call))
    while node is not None and node is not scope.node:
        if isinstance(node, (ast.If, ast.Match)) and any(load.lineno > (node.end_lineno or 0) for load in loads):
            return True
        node = parent_of(node)
    return False
