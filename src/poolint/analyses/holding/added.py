"""What calls are made on, and what they are passed: sessions of registries as well, and methods that the project's own classes
of sessions add to what the library's class has."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.transactions import registry_asked, root_of
from poolint.flow.flags import name_of
from poolint.models.schema import SESSIONS
from poolint.types.call_sites import call_site, own_object
from poolint.types.definitions import Definitions
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Added(NamedTuple):
    """Such a method, its parameter that is the session, and the library's class of that."""

    method: Scope
    parameter: str
    cls: Class


def added_method(ev: Evaluator, call: ast.Call, scope: Scope) -> Added | None:
    """The method that a call runs on a session whose class, one of the project's, has added it; None for all others, and
    for an override that passes on to the library's method, which is known as that."""
    function = call.func
    if not isinstance(function, ast.Attribute) or not name_of(function.value):
        return None
    if function.attr not in ev.derived(Definitions).of(scope.module):
        return None
    for one in alternatives(ev.type_of(function.value, scope)):
        if not isinstance(one, Instance) or one.base is None or one.cls is one.base or one.base.kind not in SESSIONS:
            continue
        method, fact = ev.type_of_member(one, function.attr), call_site(ev, call, scope)
        if isinstance(method, Function) and method.receiver is not None and (fact is None or fact.row is None):
            first = method.scope.first_parameter
            return Added(method.scope, first.arg, one.base) if first is not None else None
    return None


def receiver_of(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.expr | None:
    """The object that a chain of calls begins with, the registry where that is asked for its session first."""
    return registry_asked(ev, call, scope) or root_of(call) or own_object(call, scope)


def listens_on(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.expr | None:
    """The connection that a call makes listen, which has to stay held for that."""
    fact = call_site(ev, call, scope) if last_name(call.func) in ev.vocabulary.dedicates else None
    return root_of(call) if fact is not None and getattr(fact.row, "dedicates", False) else None


def may_be_session(argument: ast.expr) -> bool:
    """Whether an argument is known by a name, or is what one is called for: ``registry()``."""
    is_called = isinstance(argument, ast.Call) and not argument.args and not argument.keywords
    return bool(name_of(argument.func if isinstance(argument, ast.Call) and is_called else argument))


def passed_as(ev: Evaluator, argument: ast.expr, scope: Scope) -> str:
    """The name of an argument, or that of the registry whose session it is; empty for all else that is called for."""
    registry = registry_asked(ev, argument, scope) if isinstance(argument, ast.Call) else None
    return name_of(argument if registry is None else registry)
