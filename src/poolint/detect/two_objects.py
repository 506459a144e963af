"""Whether two checkouts are from the pools of two objects of one class, each of which makes its own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.distinct import are_different
from poolint.analyses.ownership import by_parameter
from poolint.analyses.pools_of_calls import owner_of_each
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import is_parameter
from poolint.types.call_sites import callees_of
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.analyses.edges import Link
    from poolint.analyses.pools import Pool
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def are_of_two_objects(
    ev: Evaluator, pool: Pool, held: ast.expr, node: ast.expr, scope: Scope, links: Sequence[Link]
) -> bool:
    """Whether what is ``held`` is of another object than what the call at ``node`` takes, itself or by the functions that
    ``links`` lead through, where the objects of a class make the pool."""
    owner, taken = owner_of_each(ev, pool), without_await(held)
    if owner is None or not isinstance(taken, ast.Call):
        return False
    first = _receiver(ev, taken, scope, owner)
    second = _of_chain(ev, node, scope, links, owner)
    return first is not None and second is not None and are_different(ev, first, second, scope, _makes(ev, owner))


def _makes(ev: Evaluator, owner: Scope) -> Callable[[ast.Call, Scope], bool]:
    return lambda call, at: any(isinstance(one, ClassObject) and one.cls is owner for one in callees_of(ev, call, at))


def _of_chain(ev: Evaluator, node: ast.expr, scope: Scope, links: Sequence[Link], owner: Scope) -> ast.expr | None:
    """The object of the class by which a chain of calls comes to its pool, as the first function of it has that."""
    calls = [(one.node, one.scope) for one in links] or [(node, scope)]
    for index, (call, inner) in enumerate(calls):
        found = _receiver(ev, call, inner, owner) if isinstance(call, ast.Call) else None
        if found is not None:
            return _as_passed(ev, found, calls[:index], inner)
    return None


def _as_passed(ev: Evaluator, node: ast.expr, above: list[tuple[ast.expr, Scope]], scope: Scope) -> ast.expr | None:
    """What the first of several functions that call one another passes down for a parameter of the last."""
    for call, outer in reversed(above):
        if not (isinstance(node, ast.Name) and is_parameter(node.id, scope) and isinstance(call, ast.Call)):
            return None
        callees = (one for one in callees_of(ev, call, outer) if isinstance(one, Function) and one.scope is scope)
        passed = next((by_parameter(one, call) for one in callees), {})
        if node.id not in passed:
            return None
        node, scope = passed[node.id], outer
    return node


def _receiver(ev: Evaluator, call: ast.Call, scope: Scope, owner: Scope) -> ast.expr | None:
    """The object that a method of a class is called on."""
    found = [one for one in callees_of(ev, call, scope) if isinstance(one, Function)]
    is_own = bool(found) and all(one.scope.enclosing_class is owner for one in found)
    return call.func.value if is_own and isinstance(call.func, ast.Attribute) else None
