"""Engines and pools that are lent: by an application to all that ask it, and by callers to functions that take from them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.followed import Origin
from poolint.types.following import Follower, given, origin
from poolint.types.members import is_application, is_state

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage
    from poolint.types.values import Function

_KEYS: frozenset[Passage] = frozenset(("import", "attribute"))
_OWN: frozenset[Passage] = frozenset(("with", "for"))


def kept_by_application(ev: Evaluator, node: ast.expr, scope: Scope) -> str:
    """The name under which an application keeps something for all that ask it, as in ``request.app.state.engine``,
    ``app["engine"]`` and ``app[ENGINE]``; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr if is_state(node) else ""
    if not (isinstance(node, ast.Subscript) and is_application(node.value)):
        return ""
    return ast.dump(origin(ev, node.slice, scope, _KEYS).node)


def passed_for(parameter: str, call: ast.Call, callee: Function) -> ast.expr | None:
    """What a call passes for a parameter of a function; None where it leaves that out, or it cannot be seen."""
    named = next((one.value for one in call.keywords if one.arg == parameter), None)
    arguments = getattr(callee.scope.node, "args", None)
    if named is not None or not isinstance(arguments, ast.arguments):
        return named
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    index = positional.index(parameter) - (callee.receiver is not None) if parameter in positional else -1
    if not 0 <= index < len(call.args) or any(isinstance(one, ast.Starred) for one in call.args[: index + 1]):
        return None
    return call.args[index]


def handed_back(function: Scope) -> frozenset[str]:
    """The parameters that a function may give as they are, in place of what it opens."""
    names = {
        one.id
        for value in given(function)
        if not isinstance(value, (ast.Call, ast.Await))
        for one in ast.walk(value)
        if isinstance(one, ast.Name)
    }
    return frozenset(name for name in names if _is_parameter(name, function))


def opened_here(ev: Evaluator, node: ast.expr, scope: Scope) -> list[Origin]:
    """Where a value comes from that a function may also have been passed: ``session or maker()``, or a parameter that is bound
    again where it is None. What is passed is left out."""
    found = Follower(ev, _OWN).sources(node, scope)
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
    passed = [one for name in names for one in scope.bindings.get(name, ()) if one.kind == "parameter"]
    if found.complete or passed:
        defaults = [one.value for one in passed]
        ends = [Origin(one.node, one.scope) for one in found.found if one.node not in defaults]
        return [one for one in ends if not isinstance(one.node, ast.Constant)]
    end = origin(ev, node, scope, _OWN)
    return [end] if isinstance(end.node, ast.Call) else []


def _is_parameter(name: str, function: Scope) -> bool:
    return any(one.kind == "parameter" for one in function.bindings.get(name, ()))
