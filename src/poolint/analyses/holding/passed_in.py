"""Connections that a function has from who calls it: a parameter that can be nothing else than a connection of a pool, and what
a dependency lends to all that depend on it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.given_sessions import resource_class
from poolint.analyses.holding.transactions import inside, transactions
from poolint.analyses.waypoints import Cause
from poolint.syntax.file_kinds import is_test

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def passed_in(ev: Evaluator, scope: Scope) -> list[Change]:
    """The connections that a function holds from its beginning on, since it is passed them: of one that the project does not
    call itself. Those who call it are told of what it does where they are known."""
    if not isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return []
    found = []
    for name, bindings in scope.bindings.items():
        parameter = bindings[0].node if len(bindings) == 1 and bindings[0].kind == "parameter" else None
        if isinstance(parameter, ast.arg) and parameter.annotation is not None:
            cls = resource_class(ev.scope_name(name, scope))
            if cls is not None and cls.pooled:
                found.append(Change(name, True, parameter.annotation, cls, cause=Cause("passed-in", (name,))))
    is_called = bool(found) and any(not is_test(one.module, ev.project) for _, one in ev.callers.of(scope))
    return [] if is_called else found


def lent_by_block(ev: Evaluator, function: Scope) -> Class | None:
    """The class of the connection that a dependency lends out of a block of its engine, with a transaction around all that is
    done with it: ``async with engine.begin() as conn: yield conn``."""
    given = function.yields[0].value if function.withs and function.yields else None
    if given is None or not any(not one.session and inside(given, one.statement) for one in transactions(ev, function)):
        return None
    return resource_class(ev.type_of(given, function))
