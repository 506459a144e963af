"""What a synchronous call waits for a database by: a connection that somebody else has taken, or what asks by itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding import root_of
from poolint.analyses.holding.worked_by import worked_by
from poolint.analyses.ownership import by_parameter
from poolint.detect.databases import is_in_a_file
from poolint.models.schema import ASKED, REACHING_ROLES, SESSIONS
from poolint.syntax.expressions import argument_for, call_arguments, first_name
from poolint.types.call_sites import callees_of, text_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.detect.services import Services
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def whole(ev: Evaluator, asked: ast.expr | None, scope: Scope) -> ast.expr | None:
    """What something that is asked is a part of, where that could be asked as well: the database of a collection."""
    while isinstance(asked, (ast.Attribute, ast.Subscript)) and _asks_itself(ev, asked, scope):
        if not any(map(is_asked, alternatives(ev.type_of(asked.value, scope)))):
            break
        asked = asked.value
    return asked


def _asks_itself(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether something asks a database with what it takes from its own client for that."""
    found = (one.base for one in alternatives(ev.type_of(node, scope)) if isinstance(one, Instance))
    return any(one is not None and one.kind in ("other", "client") for one in found)


def lent_connection(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.expr | None:
    """The connection by which a call works, itself or by a cursor of it, where the function has not taken that itself: who
    has done so waits elsewhere, and each statement waits here."""
    for one in worked_by(ev, call, scope):
        if is_connection(ev, one, scope):
            return None if is_local(one, scope) else one
    return None


def is_connection(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether something is a synchronous connection to a server. What an asynchronous one has inside is driven by that."""
    if isinstance(node, ast.Attribute) and node.attr in ev.models.words("sync-side"):
        return False
    found = [one.base for one in alternatives(ev.type_of(node, scope)) if isinstance(one, Instance)]
    return any(
        one is not None and one.kind == "connection" and one.mode == "sync" and not one.embedded for one in found
    )


def is_local(node: ast.expr, scope: Scope) -> bool:
    """Whether something is, or is kept by, what a function has bound to a name itself."""
    bound = scope.bindings.get(first_name(node), ())
    return bool(bound) and all(one.kind != "parameter" for one in bound)


def is_of_any(call: ast.AST, made: set[ast.AST], scope: Scope) -> bool:
    """Whether a call is one of an object that a function has made by one of some calls."""
    bound = scope.bindings.get(first_name(call.func), ()) if isinstance(call, ast.Call) else ()
    return any(one.value in made for one in bound)


def is_asked(one: Type) -> bool:
    """Whether an object is a session, or asks a database by itself, and waits for it."""
    cls = one.base if isinstance(one, Instance) else None
    if cls is None or cls.mode != "sync" or cls.kind not in ASKED:
        return False
    return cls.kind in SESSIONS or any(row.role in REACHING_ROLES for row in cls.methods)


def session_passed(ev: Evaluator, node: ast.expr, scope: Scope) -> str:
    """The synchronous session that a function is passed, or what else it is to ask, where it is one: by its type here, or by
    what the function takes it for."""
    given = call_arguments(node) if isinstance(node, ast.Call) else []
    named = [one for one in given if isinstance(one, (ast.Name, ast.Attribute))]
    for one in named:
        if any(map(is_asked, alternatives(ev.type_of(one, scope)))):
            return ast.dump(one)
    for callee in callees_of(ev, node, scope) if isinstance(node, ast.Call) and named else ():
        if isinstance(callee, Function) and isinstance(node, ast.Call):
            for name, passed in by_parameter(callee, node).items():
                taken = alternatives(ev.scope_name(name, callee.scope)) if name and passed in named else ()
                if any(isinstance(one, Instance) and _leads_to_a_database(one.base) for one in taken):
                    return ast.dump(passed)
    return ""


def is_on_a_file(services: Services, fact: CallSite, scope: Scope) -> bool:
    """Whether a call on a session or a query works with a database that certainly is a file of this machine: that takes
    little longer than the loop takes to go to a thread. Of what a function is passed that nobody knows, it may be one."""
    ev, pools = services.evaluator, services.pools
    given = getattr(fact.row, "works_on_given", None)
    if given is None:
        root = root_of(fact.node)
        return root is not None and is_in_a_file(services, pools.of_given(text_of(root, scope), scope), fact.cls, scope)
    passed = argument_for(fact.node, *given)
    found = alternatives(ev.type_of(passed, scope)) if passed is not None else ()
    one = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    if passed is None or one is None:
        return True
    pool = pools.identity(passed, scope) if one.kind == "engine" else pools.of_given(text_of(passed, scope), scope)
    return one.embedded or is_in_a_file(services, pool, one, scope)


def _leads_to_a_database(cls: Class | None) -> bool:
    """Whether objects of a class are asked for a database, or give what is, step by step."""
    return cls is not None and cls.mode == "sync" and cls.kind in ASKED


def asked_by(fact: CallSite) -> str:
    """What a message calls what asks a database by a call: an object, or a function of a library that is passed it."""
    return "function" if getattr(fact.row, "works_on_given", None) else kind_of(fact.cls)


def kind_of(cls: Class | None) -> str:
    """What a message calls an object of a class; what keeps a session, or hands on its calls, is called one, and what only
    asks a database has the name of its class."""
    if cls is None or cls.kind in SESSIONS or cls.kind == "factory":
        return "session"
    is_of_session = cls.kind == "query" and "session" in cls.attributes
    return cls.kind if is_of_session or cls.kind in ("connection", "cursor") else f"`{cls.name.rpartition('.')[2]}`"
