"""What happens to a registry of sessions wherever it is mentioned: what is called on it, on its sessions, and by functions of
the project that it is passed to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.holding.given_sessions import resource_class
from poolint.analyses.lifetimes.own_registries import is_own_registry
from poolint.models.schema import TAKING_ROLES
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import call_taking, method_call
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.returns import made_manager
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, LibraryMethod, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.session_use import Using
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

REMOVES = ("remove", "close_all")
_ENDS = frozenset({"commit", "rollback", "begin"})
_MAX_DEPTH = 3
"""Functions through which a registry is passed on."""

What = Literal["takes", "ends", "neutral", "lent", "passed", "removes", "unknown"]


class Event(NamedTuple):
    """Something that happens to a registry: ``node`` is the call or the mention."""

    what: What
    node: ast.expr
    scope: Scope


def registry_class(ev: Evaluator, node: ast.expr, scope: Scope) -> Class | None:
    """The class of registry that an expression is."""
    found = alternatives(ev.type_of(node, scope))
    base = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    return base if base is not None and base.kind == "registry" else None


def mentions(ev: Evaluator, cls: Class, names: set[str], top: Scope) -> list[Event]:
    """What happens to the registry of these names in ``top`` and in all inside it, in order."""
    found = [*_of_names(ev, cls, names, top), *(_of_attributes(ev, cls, names, top) if top.kind == "module" else ())]
    found.sort(key=lambda one: (one.node.lineno, one.node.col_offset))
    return [each for one in found for each in _followed(ev, cls, one, _MAX_DEPTH)]


def _followed(ev: Evaluator, cls: Class, event: Event, depth: int) -> Iterator[Event]:
    """The same, or what functions of the project do with the registry where it is passed to these: a call of one that only
    takes a connection takes it as well."""
    taking = call_taking(event.node) if event.what == "passed" else None
    if taking is None:
        yield event
        return
    call, keyword = taking
    elsewhere = Event("neutral" if cls.mode == "async" else "unknown", event.node, event.scope)
    for callee in callees_of(ev, call, event.scope):
        name = parameter_for(callee, call, event.node, keyword) if isinstance(callee, Function) and depth else None
        if not isinstance(callee, Function) or name is None or not _is_only_passed(name, callee.scope):
            yield elsewhere
            continue
        reads = (_event(ev, cls, load, inner) for inner, load in reads_of(name, callee.scope))
        done = [each for one in reads for each in _followed(ev, cls, one, depth - 1)]
        yield from (each if each.what != "unknown" else elsewhere for each in done)
        told = {each.what for each in done}
        if "takes" in told and "ends" not in told:
            yield Event("takes", call, event.scope)


def _is_only_passed(name: str, scope: Scope) -> bool:
    """Whether a parameter stands for nothing else in its function."""
    return all(one.kind in ("parameter", "narrowed") for one in scope.bindings.get(name, ()))


def _of_names(ev: Evaluator, cls: Class, names: set[str], top: Scope) -> Iterator[Event]:
    for scope in top.descendants():
        for name in names:
            for load in scope.loads.get(name, ()):
                if registry_class(ev, load, scope) is cls:
                    yield _event(ev, cls, load, scope)


def _of_attributes(ev: Evaluator, cls: Class, names: set[str], top: Scope) -> Iterator[Event]:
    for node in ast.walk(top.node):
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load):
            scope = top.module.scope_of(node)
            kind = registry_class(ev, node, scope)
            if kind is cls:
                yield _event(ev, cls, node, scope)
            elif kind is None and ev.type_of(node, scope) is UNKNOWN and _calls_on(node) and cls.mode == "sync":
                yield Event("unknown", node, scope)  # it may be the one, ended


def _calls_on(node: ast.Attribute) -> bool:
    """Whether something is called on what has the registry's name, or it is handed on."""
    parent = parent_of(node)
    return not isinstance(parent, ast.Attribute) or parent.attr in ("commit", "rollback", "close", "remove", "reset")


def _event(ev: Evaluator, cls: Class, node: ast.expr, scope: Scope) -> Event:
    parent = parent_of(node)
    shared: What = "neutral" if cls.mode == "async" else "unknown"
    if isinstance(parent, ast.Attribute):
        return _of_method(ev, cls, parent, scope)
    if isinstance(parent, ast.Call) and parent.func is node:
        return _of_session(ev, parent, scope)
    if isinstance(parent, (ast.Compare, ast.If, ast.BoolOp, ast.UnaryOp, ast.Assert, ast.Expr, ast.arg)):
        return Event("neutral", node, scope)
    if isinstance(parent, ast.keyword):
        parent = parent_of(parent)
    if isinstance(parent, ast.Call):
        callees = callees_of(ev, parent, scope)
        ours = all(isinstance(one, Function) or (isinstance(one, ClassObject) and one.base is None) for one in callees)
        return Event("passed" if ours else "unknown", node, scope)
    return Event(shared if isinstance(parent, (ast.Return, ast.Yield)) else "unknown", node, scope)


def _of_method(ev: Evaluator, cls: Class, read: ast.Attribute, scope: Scope) -> Event:
    """What ``registry.method`` does, or ``registry().method``."""
    row = ev.models.method(cls, read.attr)
    if row is None:
        return Event("neutral" if read.attr in cls.attributes else "unknown", read, scope)
    if row.role == "release":
        keeps = cls.mode == "async" and read.attr not in REMOVES  # the registry keeps the session for its task
        return Event("ends" if keeps else "removes", read, scope)
    call = parent_of(read)
    if not isinstance(call, ast.Call) or call.func is not read:
        return Event("unknown", read, scope)
    if row.role in _ENDS:
        return Event("ends", call, scope)
    if row.role in TAKING_ROLES:
        return Event("takes", call, scope)
    return Event("takes" if _is_fetched(ev, call, scope) else "neutral", call, scope)


def _is_fetched(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a chain that begins with ``registry.query(…)`` comes to a call that reaches the database."""
    node: ast.expr = call
    while (outer := method_call(node)) is not None:
        method = ev.type_of(outer.func, scope)
        if isinstance(method, LibraryMethod) and method.row.role in TAKING_ROLES:
            return True
        node = outer
    return isinstance(parent_of(node), (ast.For, ast.comprehension)) and node is not call


def _of_session(ev: Evaluator, call: ast.Call, scope: Scope) -> Event:
    """What becomes of the session that ``registry()`` gives."""
    found = alternatives(ev.type_of(call, scope))
    base = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    parent = parent_of(call)
    if base is None:
        return Event("unknown", call, scope)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)) and is_own_registry(call.func, scope):
        return Event("neutral", call, scope)  # followed as a checkout of its function
    if isinstance(parent, ast.Expr):
        return Event("neutral", call, scope)
    if isinstance(parent, ast.Attribute):
        return _of_method(ev, base, parent, scope)
    if not (isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name)):
        return Event("unknown", call, scope)
    events = []
    for inner, load in reads_of(parent.targets[0].id, scope):
        read = parent_of(load)
        if isinstance(read, ast.Yield) and inner is scope and made_manager(ev, scope) is not None:
            events.append(Event("lent", load, scope))
        elif isinstance(read, ast.Attribute):
            events.append(_of_method(ev, base, read, inner))
        else:
            events += _followed(ev, base, _event(ev, base, load, inner), _MAX_DEPTH)
    worst: tuple[What, ...] = ("unknown", "removes", "lent", "ends", "takes")
    return next((one for what in worst for one in events if one.what == what), Event("neutral", call, scope))


def uses_of_lent(ev: Evaluator, using: Using, manager: Scope) -> Iterator[Event]:
    """The queries that are run with the session which a context manager lends, by who enters it or functions that get it."""
    for made, scope in ev.callers.of(manager):
        item = parent_of(made)
        target = item.optional_vars if isinstance(item, ast.withitem) else None
        for inner, load in reads_of(target.id, scope) if isinstance(target, ast.Name) else ():
            read, taking = parent_of(load), call_taking(load)
            cls = resource_class(ev.type_of(load, inner))
            if isinstance(read, ast.Attribute) and cls is not None:
                used = _of_method(ev, cls, read, inner)
                yield from (used,) if used.what == "takes" else ()
            elif taking is not None and using.argument(taking[0], load, taking[1], inner):
                yield Event("takes", taking[0], inner)
