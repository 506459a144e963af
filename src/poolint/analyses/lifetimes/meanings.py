"""What calls and tests mean for an obligation: the questions that transfer asks of types and models."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.distinct import are_different
from poolint.analyses.holding import root_of, source_of
from poolint.analyses.lifetimes.constructors import puts_by
from poolint.analyses.lifetimes.state import CLOSED
from poolint.analyses.managers import is_manager
from poolint.analyses.ownership import Fate, is_only_called
from poolint.analyses.places import Places
from poolint.analyses.pool_limits import is_lent
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES, POOLING
from poolint.syntax.expressions import call_arguments, is_none, unnegated, without_await
from poolint.syntax.scopes import nearest, parent_of, reads_of
from poolint.syntax.surroundings import call_taking, method_call
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site
from poolint.types.values import ClassObject, Function, Instance
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.lifetimes.state import Config
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge, Node
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

UNDOING = frozenset({"rollback", "reset"})
"""Roles of what is called right before a release, and hardly fails but for a server that is gone."""

_CARRYING = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.IfExp, ast.BoolOp, ast.Starred, ast.NamedExpr)


def says_closed(ev: Evaluator, test: ast.expr, truth: bool, scope: Scope) -> bool:
    """Whether a test that comes out as ``truth`` says that a pool is closed, which has closed its connections."""
    test, truth = unnegated(test, truth)
    asked = test.func if isinstance(test, ast.Call) else test
    if not (truth and isinstance(asked, ast.Attribute) and asked.attr in CLOSED):
        return False
    one = ev.type_of(asked.value, scope)
    return isinstance(one, Instance) and one.base is not None and one.base.kind in POOLING


def is_misplaced(ev: Evaluator, site: Site | None, given: ast.Call, scope: Scope) -> bool:
    """Whether what was checked out is surely given to another pool than its own."""
    if site is None or site.helper:
        return False
    fact = call_site(ev, given, scope)
    taken = site.call.func
    if fact is None or getattr(fact.row, "releases", "self") != "argument":
        return False
    if not (isinstance(taken, ast.Attribute) and isinstance(given.func, ast.Attribute)):
        return False
    return are_different(ev, taken.value, given.func.value, scope, lambda call, where: _makes(ev, call, where))


def given_as(call: ast.Call, names: frozenset[str]) -> tuple[ast.expr, str | None] | None:
    """The argument by which a call is passed what one of these names holds, and its keyword."""
    given = [(one, None) for one in call.args] + [(one.value, one.arg) for one in call.keywords]
    return next((one for one in given if name_of(one[0]) in names), None)


def is_made_with(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether a call is passed what one of these names holds, or an object that is made with it on the spot."""
    return bool(passed_with(ev, call, names, scope))


def passed_with(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> list[ast.expr]:
    """The arguments by which a call is passed what one of these names holds: that itself, or an object of the project that is
    made with it on the spot, ``Orders(session)``."""
    return [
        one
        for one in call_arguments(call)
        if name_of(one) in names
        or (isinstance(one, ast.Call) and _makes_object(ev, one, scope) and is_made_with(ev, one, names, scope))
    ]


def is_for_block(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call makes a context manager of the project for a ``with``: what it releases after its `yield`, it
    releases as the block is left."""
    made = ev.type_of(call.func, scope) if isinstance(parent_of(call), ast.withitem) else None
    return isinstance(made, Function) and is_manager(ev, made.scope)


def closes_pool(ev: Evaluator, call: ast.Call, names: frozenset[str], cls: Class) -> bool:
    """Whether a call closes the pool that a client or an engine has: ``client.connection_pool.disconnect()``."""
    pool = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(pool, ast.Attribute) or name_of(pool.value) not in names:
        return False
    base = ev.models.classes.get(ev.models.attribute(cls, pool.attr) or "")
    row = ev.models.method(base, last_name(call.func)) if base is not None and base.kind in POOLING else None
    return row is not None and row.role in CLOSING_ROLES and row.releases == "self"


def ends_its_client(ev: Evaluator, site: Site | None, value: ast.expr | None, scope: Scope) -> bool:
    """Whether a call closes the client whose subscription is followed, or ``value`` is the client's block, which is left: with
    its own pool it closes what listens on a connection of that (redis 8.1). A pool that it was given stays."""
    if site is None or site.cls.kind != "subscription" or not isinstance(site.call.func, ast.Attribute):
        return False
    client = site.call.func.value
    if not isinstance(client, ast.Name):
        return False
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and name_of(value.func.value) == client.id:
        fact = call_site(ev, value, scope)
        ends = fact is not None and fact.role in CLOSING_ROLES
    else:
        item = parent_of(value) if value is not None else None
        bound = item.optional_vars if isinstance(item, ast.withitem) else None
        ends = client.id in [name_of(one) for one in (value, bound) if one is not None]
    made = [one.value for one in nearest(client.id, scope)] if ends else []
    made = [without_await(one) for one in made]
    calls = [one for one in made if not is_none(one)]
    return ends and bool(calls) and all(isinstance(one, ast.Call) and not is_lent(one) for one in calls)


def commanded(call: ast.Call, config: Config, edge: Edge) -> Config:
    """How a client stands after a command, which takes a connection of its pool and gives it back: the first one opens it.
    One that fails has mostly found nobody, or has closed what it was sent over."""
    if config.state != "idle" or edge.is_unwinding:
        return config
    return config._replace(state="connecting" if isinstance(parent_of(call), ast.Await) else "held")


def gives_back_at_its_end(
    ev: Evaluator, value: ast.expr | None, names: frozenset[str], scope: Scope, cls: Class
) -> bool:
    """Whether nothing is held as a block ends that ``value`` makes the manager of: a transaction, of a session under one of
    these names, or what closes what it has opened."""
    if not isinstance(value, ast.Call):
        return False
    root = root_of(value)
    fact = call_site(ev, value, scope) if root is not None and name_of(root) in names else None
    if fact is None:
        return False
    if cls.kind == "session":
        return fact.role == "begin" and fact.method != "begin_nested"
    return getattr(fact.row, "closes", False)


def is_released_with(ownership: Ownership, call: ast.Call, names: frozenset[str], scope: Scope, cls: Class) -> bool:
    """Whether leaving the block that a call makes a context manager for gives back what it is passed."""
    given = given_as(call, names) if is_for_block(ownership.ev, call, scope) else None
    return given is not None and ownership.fate(call, given[0], scope, cls, given[1]) is Fate.RELEASED


def undoes(ev: Evaluator, awaited: ast.expr, names: frozenset[str], handles: dict[str, str], cls: Class) -> bool:
    """Whether the resource's own rollback, or the like, is awaited: where it raises the server is gone. ``handles`` are the
    names of transactions, each with that of the session that has begun it."""
    if not (isinstance(awaited, ast.Call) and isinstance(awaited.func, ast.Attribute)):
        return False
    receiver = name_of(awaited.func.value)
    if {receiver, handles.get(receiver)}.isdisjoint(names):
        return False
    row = ev.models.method(cls, awaited.func.attr)
    return row is not None and row.role in UNDOING


def _makes(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call makes a pool or an engine anew."""
    fact = call_site(ev, call, scope, use_evidence=False)
    return fact is not None and (fact.role or (fact.cls.construct if fact.cls is not None else "")) == "create"


def wraps(ev: Evaluator, call: ast.expr | None, cls: Class, scope: Scope) -> bool:
    """Whether a call makes a local object that what it is given, of class ``cls``, lives on in: of a class of the
    project, or a factory or registry of sessions that is only called, by itself or by a function of the project."""
    parent = parent_of(call) if isinstance(call, ast.Call) else None
    while cls.kind == "engine" and isinstance(parent, ast.Call) and _is_maker(ev, parent, scope):
        call, parent = parent, parent_of(parent)
    if isinstance(call, ast.Call):
        call = made_around(ev, call, scope)
        parent = parent_of(call)
    if not (isinstance(call, ast.Call) and isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name)):
        return False
    if cls.kind == "engine" and _is_maker(ev, call, scope):
        return is_only_called(parent.targets[0].id, scope)
    return _makes_object(ev, call, scope)


def lives_on(ev: Evaluator, call: ast.expr | None, names: frozenset[str], cls: Class, scope: Scope) -> bool:
    """Whether what one of these names holds lives on in what a call makes of it; see :func:`wraps`."""
    return isinstance(call, ast.Call) and is_made_with(ev, call, names, scope) and wraps(ev, call, cls, scope)


def made_around(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.Call:
    """The outermost call that makes an object with what a call makes, on the spot: of ``Service(Orders(session))``."""
    taking = call_taking(call)
    while taking is not None and _makes_object(ev, taking[0], scope):
        call, taking = taking[0], call_taking(taking[0])
    return call


def _makes_object(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call makes an object of a class of the project that is no resource itself."""
    made = ev.type_of(call.func, scope)
    return isinstance(made, ClassObject) and made.cls is not made.base and made.base is None


def _is_maker(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call gives what makes sessions of all that it is passed, and does nothing else with that."""
    made, given = ev.type_of(call.func, scope), ev.type_of(call, scope)
    if not (isinstance(given, Instance) and given.base is not None and given.base.kind in ("factory", "registry")):
        return False
    if not isinstance(made, Function):
        return isinstance(made, ClassObject)
    passed = [(one, None) for one in call.args] + [(one.value, one.arg) for one in call.keywords]
    names = [parameter_for(made, call, value, keyword) for value, keyword in passed]
    inside = {node for one in made.scope.returns if one is not None for node in ast.walk(one)}
    return all(name and all(load in inside for _, load in reads_of(name, made.scope)) for name in names)


def is_queried(ev: Evaluator, value: ast.expr | None, config: Config, scope: Scope) -> bool:
    """Whether iterating over a value runs a query of the session: ``for order in session.query(Order):``."""
    if not isinstance(value, (ast.Name, ast.Call)):
        return False
    one = ev.type_of(value, scope)
    if not (isinstance(one, Instance) and one.base is not None and one.base.kind == "query"):
        return False
    root = source_of(ev, value, scope)
    return root is not None and name_of(root) in config.names


def is_same(ev: Evaluator, value: ast.expr | None, config: Config, cls: Class) -> bool:
    """Whether a value is the resource again: ``conn = conn.execution_options(…)``."""
    call = without_await(value)
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return False
    receiver = call.func.value
    if name_of(receiver) not in config.names:
        return False
    row = ev.models.method(cls, call.func.attr)
    return row is not None and (row.returns == "self" or row.returns == cls.name)


def gives(ev: Evaluator, cls: Class, value: ast.expr, names: frozenset[str], scope: Scope) -> bool:
    """Whether what is given away is the resource, holds it, or is an object that is made with it on the spot."""
    if isinstance(value, ast.Call) and _makes_object(ev, value, scope) and is_made_with(ev, value, names, scope):
        return True
    return carries(ev, cls, value, names, scope)


def carries(ev: Evaluator, cls: Class, value: ast.expr, names: frozenset[str], scope: Scope) -> bool:
    """Whether an expression is the resource, or holds it as it is: in a tuple, an arm of a ternary, …"""
    stack: list[ast.expr | None] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, (ast.Name, ast.Attribute)) and name_of(one) in names:
            return True
        if isinstance(one, ast.Attribute):
            if _is_bound_method(ev, cls, one, names, scope):
                return True
        elif isinstance(one, ast.IfExp):
            stack += [one.body, one.orelse]
        elif isinstance(one, _CARRYING):
            stack += [child for child in ast.iter_child_nodes(one) if isinstance(child, ast.expr)]
    return False


def _is_bound_method(ev: Evaluator, cls: Class, node: ast.Attribute, names: frozenset[str], scope: Scope) -> bool:
    """Whether this is a method as a value, of the resource or of an object that it lives on in: ``stack.callback(conn.close)``
    hands it on. What else a connection has of its driver gives nothing back, and may be no method: ``raw.driver_connection``."""
    if name_of(node.value) not in names:
        return False
    row = ev.models.method(cls, node.attr)
    is_own = row is not None and (node.attr in row.names or row.role in CLOSING_ROLES or cls.kind != "connection")
    return is_own or isinstance(ev.type_of(node, scope), Function)


def is_of_owner(call: ast.Call, names: frozenset[str]) -> bool:
    """Whether a method of ``self`` is called, or something is called with it, and ``names`` has any of its attributes."""
    if not any(name.startswith("self.") for name in names):
        return False
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    return any(name_of(one) == "self" for one in (receiver, *call.args, *(each.value for each in call.keywords)) if one)


def asks_who_takes(call: ast.AST | None, names: frozenset[str]) -> bool:
    """Whether a call gives what the resource is then handed to: ``pool_of(tenant).put(conn)``. What hands it back is not taken
    to fail before it does."""
    taking = method_call(call) if isinstance(call, ast.Call) else None
    return taking is not None and any(name_of(one) in names for one in taking.args)


def leaves_idle(
    ev: Evaluator, cls: Class, node: Node, call: ast.Call, argument: ast.expr, edge: Edge, scope: Scope
) -> bool:
    """Whether a call takes no connection: of a session, what only puts it by; of an engine, what cannot fail."""
    if cls.lazy:
        made = ev.type_of(call.func, scope)
        kind = made.base.kind if isinstance(made, ClassObject) and made.base is not None else ""
        if kind == "factory" and isinstance(parent_of(call), ast.Assign):
            return True  # its first session will, by its name
        if kind == "session":
            return edge.is_unwinding  # it works with the session from here on
        return not node.may_raise or (edge.is_unwinding and isinstance(made, ClassObject))
    return cls.kind == "session" and puts_by(ev, call, argument, scope)


def is_named(ev: Evaluator, node: ast.expr | None, names: frozenset[str], scope: Scope) -> bool:
    """Whether an expression is a resource by one of its names, or by its place in an object that was made with it."""
    place = name_of(node) if node is not None else ""
    root, dot, _ = place.partition(".")
    return place in names or (bool(dot) and root in names and ev.derived(Places).first(place, scope) in names)
