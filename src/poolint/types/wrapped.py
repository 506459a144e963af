"""What functions become that are handed to another one: ``contextmanager(function)`` and what enters a block in a thread."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.values import UNKNOWN, CallableValue, Function, Pending, Type, alternatives, union

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def wrapped(ev: Evaluator, name: str, argument: ast.expr, scope: Scope) -> Type:
    """What the library function ``name`` gives that wraps its first argument; ``UNKNOWN`` for any other function."""
    passed = ev.models.passed
    if ("threaded-cm", name) in passed:
        return Pending("async-cm", entered=ev.entered(ev.type_of(argument, scope), asynchronous=False))
    if ("decorator-cm", name) in passed:
        return _manager(ev, ev.type_of(argument, scope), asynchronous=False)
    if ("decorator-async-cm", name) in passed:
        return _manager(ev, ev.type_of(argument, scope), asynchronous=True)
    return UNKNOWN


def handing_on(ev: Evaluator, scope: Scope) -> Type:
    """What ``contextlib`` makes of a function that it decorates and that is no generator, but gives what one gives: ``return
    get_session()``. ``UNKNOWN`` for all others."""
    from poolint.types import returns

    given = scope.returns[0] if len(scope.returns) == 1 and not scope.is_generator and not scope.is_async else None
    if not isinstance(given, ast.Call) or given.args or given.keywords:
        return UNKNOWN
    kind = returns.made_manager(ev, scope)
    return UNKNOWN if kind is None else _manager(ev, ev.type_of(given.func, scope), asynchronous=kind == "async-cm")


def _manager(ev: Evaluator, generator: Type, *, asynchronous: bool) -> Type:
    """What ``contextmanager(generator)`` or its asynchronous twin gives, which is no decorator there."""
    from poolint.types import returns

    made: list[Type] = []
    for one in alternatives(generator):
        entered = ev.item(returns.called(ev, one), asynchronous=asynchronous)
        gives = Pending("async-cm" if asynchronous else "cm", entered=entered)
        made.append(UNKNOWN if entered is UNKNOWN else CallableValue(gives, one if isinstance(one, Function) else None))
    return union(made)
