"""Sessions that are made on a connection which somebody else holds: they have no slot of their own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import bind_of
from poolint.syntax.expressions import call_arguments, is_super_init
from poolint.types.evidence import SAYS_ENGINE
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def borrows(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a call makes such a session.

    The connection may also have been given to the factory, when it was made or by ``configure(bind=conn)``.
    """
    if _takes_connection(ev, node, scope) or _takes_unknown(ev, node, scope):
        return True
    factory = node.func
    if isinstance(factory, ast.Name):
        for binding in scope.bindings.get(factory.id, ()):
            if isinstance(binding.value, ast.Call) and _takes_connection(ev, binding.value, scope):
                return True
    configured = scope.calls_of("configure")
    target = ast.dump(factory) if configured else ""
    return any(
        isinstance(call.func, ast.Attribute)
        and ast.dump(call.func.value) == target
        and (_takes_connection(ev, call, scope) or _is_unknown(ev, bind_of(call), scope))
        for call in configured
    )


def _takes_connection(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether an argument of a call is a connection, and cannot be an engine."""
    for argument in call_arguments(call):
        kinds = {
            one.base.kind
            for one in alternatives(ev.type_of(argument, scope))
            if isinstance(one, Instance) and one.base is not None
        }
        if "connection" in kinds and "engine" not in kinds:
            return True
    return False


def _takes_unknown(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a session is made on something of which nothing is known, and that is not called an engine either."""
    made = ev.type_of(call.func, scope)
    if not isinstance(made, ClassObject) or made.base is None or made.base.kind != "session":
        return False
    return _is_unknown(ev, *_given_bind(ev, made, call, scope))


def _is_unknown(ev: Evaluator, bind: ast.expr | None, scope: Scope) -> bool:
    """Whether nothing is known of what a session is bound to, and neither it nor what gives it is called an engine."""
    if bind is None or ev.type_of(bind, scope) is not UNKNOWN:
        return False
    return not SAYS_ENGINE.search(last_name(bind.func if isinstance(bind, ast.Call) else bind))


def _given_bind(ev: Evaluator, made: ClassObject, call: ast.Call, scope: Scope) -> tuple[ast.expr | None, Scope]:
    """What a session is bound to, and where that stands: of a class of the project, what its constructor passes up to the
    session's own, where it does so in one place."""
    for cls in lineage(ev, made):
        init = next((one for one in cls.children if one.name == "__init__" and one.kind == "function"), None)
        above = [one for one in init.calls if is_super_init(one)] if init is not None else ()
        if init is not None and len(above) == 1:
            call, scope = above[0], init
    return bind_of(call), scope
