"""Engines and pools that are lent: by an application to all that ask it, and by callers to functions that take from them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import argument_for, dotted, without_await
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.types.application_state import is_application, state_name
from poolint.types.call_sites import callees_of
from poolint.types.followed import Origin
from poolint.types.following import Follower, given, origin
from poolint.types.values import Function, Instance, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.pools import Pool
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_KEYS: frozenset[Passage] = frozenset(("import", "attribute"))
_OWN: frozenset[Passage] = frozenset(("with", "for"))


def kept_by_application(ev: Evaluator, node: ast.expr, scope: Scope) -> str:
    """The name under which an application keeps something for all that ask it, as in ``request.app.state.engine``,
    ``app["engine"]`` and ``app[ENGINE]``; empty for anything else."""
    if name := state_name(ev, node, scope):
        return name
    if not (isinstance(node, ast.Subscript) and is_application(ev, node.value, scope)):
        return ""
    return ast.dump(origin(ev, node.slice, scope, _KEYS).node)


def is_of_its_object(ev: Evaluator, node: ast.Attribute, scope: Scope) -> bool:
    """Whether an attribute has its connections from the one pool of its object, as others of it do: ``db.engine`` and
    ``db.session``."""
    return any(
        isinstance(one, Instance) and one.base is not None and node.attr in one.base.one_pool
        for one in alternatives(ev.type_of(node.value, scope))
    )


def bound_session(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.expr | None:
    """The session that an expression asks for what it is bound to: ``session.get_bind()``, ``session.bind``."""
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        return None  # for one mapper or table, which may be bound elsewhere
    member = node.func if isinstance(node, ast.Call) else node
    if not isinstance(member, ast.Attribute) or member.attr not in ev.models.words("bound-to"):
        return None
    owners = alternatives(ev.type_of(member.value, scope))
    is_one = all(isinstance(one, Instance) and one.base is not None and one.base.kind == "session" for one in owners)
    return member.value if is_one else None


def bind_of(call: ast.Call) -> ast.expr | None:
    """What a session or a factory is bound to."""
    named = next((one.value for one in call.keywords if one.arg == "bind"), None)
    first = call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None
    return named if named is not None else first


def is_of_a_connection(ev: Evaluator, name: str, made: ast.Call, scope: Scope) -> bool:
    """Whether the sessions of a registry are bound to a connection: who has taken that gives it back."""
    configured = (one for one in scope.calls_of("configure") if last_name(one.func.value) == name)  # type: ignore[attr-defined]
    factories = (one for one in made.args if isinstance(one, ast.Call))
    binds = filter(None, map(bind_of, (*configured, *factories)))
    found = (one.base for bind in binds for one in alternatives(ev.type_of(bind, scope)) if isinstance(one, Instance))
    return any(cls is not None and cls.kind == "connection" for cls in found)


def asked(fact: CallSite) -> ast.expr:
    """What a call asks for a connection: an engine, a pool or a maker."""
    function = fact.node.func
    return function.value if isinstance(function, ast.Attribute) and fact.method != "__call__" else function


def passed_for(parameter: str, call: ast.Call, callee: Function) -> ast.expr | None:
    """What a call passes for a parameter of a function; None where it leaves that out, or it cannot be seen."""
    arguments = getattr(callee.scope.node, "args", None)
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)] if arguments is not None else []
    place = positional.index(parameter) - (callee.receiver is not None) if parameter in positional else -1
    return argument_for(call, parameter, place)


def handed_back(ev: Evaluator, function: Scope) -> frozenset[str]:
    """The parameters that a function may give as they are, in place of what it opens, also for a block that gives them."""
    values = [_in_a_block(ev, one, function) for one in given(function)]
    names = {
        one.id
        for value in values
        if not isinstance(value, (ast.Call, ast.Await))
        for one in ast.walk(value)
        if isinstance(one, ast.Name)
    }
    return frozenset(name for name in names if is_parameter(name, function))


def _in_a_block(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.expr:
    """What a block gives that takes nothing: ``session`` of ``nullcontext(session)``; anything else as it is."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
        return node
    found = ev.type_of(node.func, scope)
    return node.args[0] if isinstance(found, LibraryName) and ("both", found.name) in ev.models.passed else node


def _is_handed_back(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    value = _in_a_block(ev, node, scope)
    return value is not node and isinstance(value, ast.Name) and is_parameter(value.id, scope)


def passed_through(ev: Evaluator, call: ast.Call, callee: Function, scope: Scope) -> list[tuple[ast.Call, Scope]]:
    """The calls that give what a function is passed and may hand back as it is."""
    arguments = [passed_for(one, call, callee) for one in sorted(handed_back(ev, callee.scope))]
    ends = [end for one in arguments if one is not None for end in opened_here(ev, one, scope)]
    return [(end.node, end.scope) for end in ends if isinstance(end.node, ast.Call)]


def hands_back(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call may give what it has been passed, and take nothing."""
    found = callees_of(ev, call, scope)
    return any(isinstance(one, Function) and handed_back(ev, one.scope) for one in found)


def borrowed(pool: Pool | None, function: Scope) -> str:
    """The parameter of a function that a pool is known by, as itself or as something that it has; empty where it is known by
    something else."""
    while pool is not None and pool[:1] == ("attribute",) and isinstance(pool[1], tuple):
        pool = pool[1]
    return str(pool[2]) if pool is not None and pool[:2] == ("name", function.key) else ""


def put_for(pool: Pool, name: str, function: Scope, passed: Pool) -> Pool:
    """A pool that a function knows by a parameter, as it is known where this is passed for it."""
    if pool == ("name", function.key, name):
        return passed
    if pool[:1] == ("attribute",) and isinstance(pool[1], tuple):
        return ("attribute", put_for(pool[1], name, function, passed), *pool[2:])
    return pool


def as_passed(owner: ast.expr, function: Scope) -> Pool | None:
    """A pool as a function knows it by what it is passed, ``db.pool``, the object of a method too: whatever callers pass. None
    where it is known by something else."""
    root, *names = dotted(owner).split(".")
    if not is_parameter(root, function) or len(function.bindings[root]) != 1:
        return None
    pool: Pool = ("name", function.key, root)
    for name in names:
        pool = ("attribute", pool, name)
    return pool


def is_kept_here(made: ast.Call, scope: Scope) -> bool:
    """Whether what a call makes is bound to variables of its function only, or to none."""
    parent = parent_of(made)
    statement = parent_of(parent) if isinstance(parent, ast.Await) else parent
    if isinstance(statement, ast.withitem):
        targets = [statement.optional_vars]
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = [*statement.targets] if isinstance(statement, ast.Assign) else [statement.target]
    else:
        return isinstance(statement, ast.Attribute)  # `create_engine(url).connect()`
    return all(isinstance(one, ast.Name) and one.id not in scope.declared for one in targets)


def opened_here(ev: Evaluator, node: ast.expr, scope: Scope) -> list[Origin]:
    """Where a value comes from that a function may also have been passed: ``session or maker()``, or a parameter that is bound
    again where it is None. What is passed is left out. Or from what a method has set on its object."""
    if isinstance(node, ast.Call):
        return [] if _is_handed_back(ev, node, scope) else [Origin(node, scope)]
    if made := _set_here(node, scope):
        return [Origin(one, scope) for one in made]
    found = Follower(ev, _OWN).sources(node, scope)
    parts = ast.walk(node) if isinstance(node, (ast.BoolOp, ast.IfExp)) else (node,)
    names = [one.id for one in parts if isinstance(one, ast.Name)]
    passed = [one for name in names for one in scope.bindings.get(name, ()) if one.kind == "parameter"]
    if found.complete or passed:
        defaults = [one.value for one in passed]
        ends = [Origin(one.node, one.scope) for one in found.found if one.node not in defaults]
        return [one for one in ends if not isinstance(one.node, ast.Constant) and not _is_handed_back(ev, *one)]
    end = origin(ev, node, scope, _OWN)
    return [end] if isinstance(end.node, ast.Call) else []


def _set_here(node: ast.expr, scope: Scope) -> list[ast.expr]:
    """What a method sets on its object under the name that an expression reads there."""
    owner, own = scope.enclosing_class, scope.first_parameter
    if owner is None or own is None or not isinstance(node, ast.Attribute) or dotted(node.value) != own.arg:
        return []
    stored = owner.self_assignments.get(node.attr, ())
    bound = [one for one in stored if one.scope is scope] or [one for one in stored if _is_constructed(one)]
    return [value for one in bound if isinstance(value := without_await(one.value), ast.Call)]


def set_on_object(method: Scope) -> list[Origin]:
    """The calls whose values a method that gives its object sets on it, itself or by other methods of it that it calls."""
    owner, own = method.enclosing_class, method.first_parameter
    if (
        owner is None
        or own is None
        or not all(isinstance(one, ast.Name) and one.id == own.arg for one in given(method))
    ):
        return []
    called = {last_name(one.func) for one in method.calls if dotted(one.func).rpartition(".")[0] == own.arg}
    return [
        Origin(value, one.scope)
        for stored in owner.self_assignments.values()
        for one in stored
        if one.scope is not None and (one.scope is method or one.scope.name in called)
        if isinstance(value := without_await(one.value), ast.Call)
    ]


def _is_constructed(binding: Binding) -> bool:
    """Whether an attribute is set as its object is made."""
    return binding.scope is not None and binding.scope.name == "__init__"
