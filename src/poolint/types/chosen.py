"""What a function gives for the constants that a call passes: ``make_store("async")`` gives none of what other modes do."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import tells_all
from poolint.syntax.nodes import with_defaults
from poolint.types.narrowing import conditions
from poolint.types.values import NOTHING, UNKNOWN, Either, Function, Pending, Type, union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.types.evaluator import Evaluator

_NOTHING_KNOWN: Mapping[str, ast.Constant] = {}


def of_call(ev: Evaluator, callee: Function, call: ast.Call, found: Type) -> Type:
    """The type of a call of a function that gives one thing or another, ``found``, without what its tests of parameters rule
    out for the constants that they have; the same where they rule out nothing."""
    awaited = found.awaited if isinstance(found, Pending) and found.call == "coroutine" else found
    scope = callee.scope
    if not isinstance(awaited, Either) or len(scope.returns) < 2:
        return found
    given = _constants(callee, call)
    left = [one for one in scope.returns if not _is_ruled_out(one, given)] if given else scope.returns
    if not left or len(left) == len(scope.returns):
        return found
    types = [one for one in (ev.type_of(value, scope) for value in left) if one is not NOTHING]
    if not types or UNKNOWN in types:
        return found
    value = union(types)
    return value if awaited is found else Pending("coroutine", awaited=value)


def _constants(callee: Function, call: ast.Call) -> Mapping[str, ast.Constant]:
    """The parameters of a function that have constants in a call, by default or as they are passed; none where it is not seen
    what is passed, and none that the function binds again."""
    from poolint.types.arguments import positional  # which asks what methods a class has, and so what calls give

    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    if not tells_all(call):
        return _NOTHING_KNOWN
    taken, in_order = node.args, positional(callee)
    values = {one.arg: default for one, default in with_defaults(taken)}
    values |= {one.arg: value for one, value in zip(in_order, call.args, strict=False)}
    values |= {one.arg: one.value for one in call.keywords if one.arg}
    bound = callee.scope.bindings
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, ast.Constant) and len(bound.get(name, ())) == 1
    }


def _is_ruled_out(value: ast.expr, given: Mapping[str, ast.Constant]) -> bool:
    """Whether the tests in front of what is returned, and around it, do not all end as they must."""
    return any(_truth(test, given) is (not wanted) for wanted, test in conditions(value))


def _truth(test: ast.expr | ast.pattern, given: Mapping[str, ast.Constant]) -> bool | None:
    """How a test of parameters ends; None where that depends on anything else."""
    if isinstance(test, ast.Name):
        return bool(given[test.id].value) if test.id in given else None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(test.operand, given)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        truths, decides = [_truth(one, given) for one in test.values], isinstance(test.op, ast.Or)
        return decides if decides in truths else None if None in truths else not decides
    if not isinstance(test, ast.Compare) or len(test.ops) > 1 or not isinstance(test.left, ast.Name):
        return None
    known, operator, right = given.get(test.left.id), test.ops[0], test.comparators[0]
    if known is None:
        return None
    if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(right, (ast.Tuple, ast.List, ast.Set)):
        items = [one.value for one in right.elts if isinstance(one, ast.Constant)]
        is_one = known.value in items
        return None if len(items) < len(right.elts) and not is_one else is_one is isinstance(operator, ast.In)
    if not isinstance(right, ast.Constant):
        return None
    if isinstance(operator, (ast.Eq, ast.Is)):
        return known.value == right.value
    return known.value != right.value if isinstance(operator, (ast.NotEq, ast.IsNot)) else None
