"""Observations about ``await``: values that are never awaited, used too early, or awaited in vain."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.handed_coroutines import NEEDS_AWAIT, lent_unbegun
from poolint.analyses.holding import root_of
from poolint.analyses.passed_on import end, is_told_apart, may_begin
from poolint.analyses.plain_data import is_plain_annotation
from poolint.analyses.waypoints import in_order, waypoint
from poolint.detect.detector import Detector
from poolint.detect.modes import is_awaited_as_the_twin, is_passed_the_twin
from poolint.detect.observation import Observation
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import call_taking, chosen, may_await, with_await
from poolint.syntax.uses import Usage, Use, usage
from poolint.types.annotated import annotation
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import CallSite, call_site, callees_of, function_run
from poolint.types.definitions import Definitions
from poolint.types.evidence import ASYNC_CLASS
from poolint.types.following import Follower
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, Function, Instance, LibraryMethod, Pending, Type, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.waypoints import Waypoint
    from poolint.models.schema import Function as FunctionRow
    from poolint.models.schema import Method
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage
    from poolint.types.vocabulary import Vocabulary


class DroppedAwaitable(Observation, frozen=True, eq=False):
    """A call whose value has to be awaited or entered, and is not, on any path. ``callers``: where it stands in a plain
    function, the coroutines that call this one, and could await what it would have to return."""

    call: CallSite
    usage: Usage
    callers: tuple[Waypoint, ...] = ()


class ConsumedAwaitable(Observation, frozen=True, eq=False):
    """A call whose value has to be awaited, used as if it were the result already."""

    call: CallSite
    usage: Usage
    released_later: bool = False
    """For checkouts: whether what it would give is given back further down."""


class AwaitedSyncCall(Observation, frozen=True, eq=False):
    """``await`` on a call that gives nothing awaitable. ``node`` is the ``await`` expression."""

    call: CallSite


_THROUGH: frozenset[Passage] = frozenset(("import", "attribute", "call"))
# Whatever the class is: what is asked is whether anything may have been released later on.
_RELEASES = frozenset({"close", "aclose", "release", "putconn", "terminate", "invalidate", "rollback", "detach"})
_BEGINNING = (ast.Await, ast.withitem)
_KEEPING = (ast.Await, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Yield)
"""Where a function awaits its parameter, or keeps it or gives it back for others to await."""


def observe(ev: Evaluator, vocabulary: Vocabulary, scope: Scope) -> Iterator[Observation]:
    """The observations at calls that stand directly in ``scope``."""
    sync, pending, is_imported = vocabulary.sync, vocabulary.pending, vocabulary.is_imported
    asked = {name for name in scope.called if name in pending or name in sync or is_imported(name, scope)}
    for node in scope.calls_named(asked):
        name = last_name(node.func)
        parent = parent_of(node)
        if isinstance(parent, ast.Await):
            if name in sync:
                yield from _awaited(ev, node, parent, scope)
        elif (name in pending or vocabulary.is_library_import(node.func, scope)) and type(parent) is not ast.withitem:
            yield from _pending(ev, node, scope)
    if scope.is_async:
        defined = ev.derived(Definitions).of(scope.module)
        for node in scope.calls_named({name for name in scope.called if name in defined}):
            if type(parent_of(node)) not in _BEGINNING:
                yield from _lent(ev, node, scope)


def _lent(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """A checkout that a plain function of the project hands on before it has begun, and that does not begin here either."""
    how = usage(node, scope)
    if how.use not in (Use.DROPPED, Use.CONSUMED):
        return
    callees = callees_of(ev, node, scope)
    callee = callees[0]
    fact = lent_unbegun(ev, callee.scope) if isinstance(callee, Function) and len(callees) == 1 else None
    own = call_site(ev, node, scope)
    if fact is None or own is None or own.row is not None or is_told_apart(ev, node, scope):
        return
    if how.also_escapes and how.name and may_begin(ev, how.name, scope):
        return
    call = CallSite(node, own.name, own.receiver, fact.row, fact.cls)
    where, in_async = scope.qualified_name, may_await(node, scope)
    if how.use is Use.DROPPED:
        yield DroppedAwaitable(node, where, in_async, call, how)
    else:
        released = bool(how.name) and _released_later(how.name, scope)
        yield ConsumedAwaitable(node, where, in_async, call, how, released)


def _pending(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    how = usage(node, scope)
    if how.use in (Use.AWAITED, Use.STARTED, Use.ENTERED, Use.ENTERED_ASYNC):
        return
    fact = call_site(ev, node, scope)
    if fact is None or fact.row is None or not ev.is_told(fact.name, scope):
        return
    if fact.row.call not in NEEDS_AWAIT and not _is_future_taken_for_its_result(ev, fact, how):
        return
    if is_told_apart(ev, node, scope):
        return
    if fact.cls is not None and is_passed_the_twin(ev, root_of(node), fact.cls, scope):
        return
    if fact.row.call == "coroutine":
        how = end(ev, node, how, scope)
    is_given = isinstance(how.node, (ast.Return, ast.Yield))
    if how.use is Use.ESCAPES and not is_given and not _contradicts_parameter(ev, node, how, scope):
        return
    where, in_async = scope.qualified_name, may_await(node, scope)
    if how.use is Use.DROPPED:
        callers = () if in_async or fact.row.call != "coroutine" else _callers(ev, scope)
        yield DroppedAwaitable(node, where, in_async, fact, how, callers)
    elif _is_consumed(ev, node, fact, how, scope):
        released = bool(how.name) and _released_later(how.name, scope)
        yield ConsumedAwaitable(node, where, in_async, fact, how, released)


def _callers(ev: Evaluator, scope: Scope) -> tuple[Waypoint, ...]:
    """The calls of a plain function in coroutines that do nothing with what it gives, in the order of their places."""
    if scope.kind != "function":
        return ()
    found = {
        waypoint("has-to-await", call, inner.module, inner.qualified_name)
        for call, inner in ev.callers.of(scope)
        if may_await(call, inner) and isinstance(parent_of(call), ast.Expr)
    }
    return in_order(found)


def _is_future_taken_for_its_result(ev: Evaluator, fact: CallSite, how: Usage) -> bool:
    """Whether a query that runs whether or not it is awaited is asked for what its result has, and a future has not."""
    if fact.row is None or fact.row.call != "awaitable" or fact.role != "query" or how.use is not Use.CONSUMED:
        return False
    return not how.attribute or ev.models.method(ev.models.classes["asyncio.Future"], how.attribute) is None


def _is_consumed(ev: Evaluator, node: ast.Call, fact: CallSite, how: Usage, scope: Scope) -> bool:
    """Whether a value that needs an ``await`` is used as if it had had one."""
    assert fact.row is not None
    is_coroutine = fact.row.call == "coroutine"
    if how.use is Use.ITERATED_ASYNC:
        # What is known by its use alone may well give what is both, as aiopg's connections do.
        is_by_use = fact.cls is not None and fact.cls.name == ASYNC_CLASS
        return (is_coroutine and not is_by_use) or fact.role == "stream"
    if how.use is Use.TESTED:
        return is_coroutine  # a coroutine is always true and never None
    if how.use is Use.CONSUMED:
        return is_coroutine or fact.role in ("checkout", "query")
    return not isinstance(how.node, (ast.Return, ast.Yield)) or _contradicts_declaration(ev, node, how, scope)


def _contradicts_declaration(ev: Evaluator, node: ast.Call, how: Usage, scope: Scope) -> bool:
    """Whether an ``async def`` gives its caller the coroutine where it declares what the coroutine would give."""
    function = scope.node
    if not isinstance(function, ast.AsyncFunctionDef) or function.returns is None:
        return False
    declared = annotation(ev, function.returns, scope.parent or scope)
    if isinstance(how.node, ast.Yield):
        declared = declared.item if isinstance(declared, Pending) else UNKNOWN
    return _is_what_it_gives(ev, node, declared, scope)


def _contradicts_parameter(ev: Evaluator, node: ast.Call, how: Usage, scope: Scope) -> bool:
    """Whether a coroutine is passed to a function of the project, or a class, that declares to take what it would give, or plain
    data."""
    places: list[tuple[Scope, ast.expr]] = [(scope, node)]
    if how.name:
        if len(scope.bindings.get(how.name, ())) != 1:
            return False
        places = [*reads_of(how.name, scope)]
    return any(_is_taken_for_its_result(ev, node, scope, load, inner) for inner, load in places)


def _is_taken_for_its_result(ev: Evaluator, node: ast.Call, scope: Scope, load: ast.expr, inner: Scope) -> bool:
    load, _ = chosen(load)
    taking = call_taking(load)
    if taking is None:
        return False
    call, keyword = taking
    callees = [function_run(ev, one) for one in callees_of(ev, call, inner)]
    for one in callees:
        name = one and parameter_for(one, call, load, keyword)
        bindings = one.scope.bindings.get(name, ()) if one is not None and name else ()
        declared = next((each.annotation for each in bindings if each.kind == "parameter"), None)
        if one is None or declared is None:
            return False
        if is_plain_annotation(ev.models, declared) and not _is_awaited_there(ev, name or "", one.scope):
            continue
        if not _is_what_it_gives(ev, node, annotation(ev, declared, one.scope.parent or one.scope), scope):
            return False
    return bool(callees)


def _is_awaited_there(ev: Evaluator, name: str, scope: Scope) -> bool:
    """Whether a function awaits its parameter, or keeps it or hands it on for who may: then its declaration is, at best, of what
    it gives."""
    return any(_may_be_awaited(ev, load, inner) for inner, load in reads_of(name, scope))


def _may_be_awaited(ev: Evaluator, load: ast.expr, scope: Scope) -> bool:
    taking = call_taking(load)
    if taking is None:
        return isinstance(parent_of(load), _KEEPING)
    call, _ = taking
    if last_name(call.func) in ev.models.words("makes-task", "starts", "at-once", "shields"):
        return True
    return any(isinstance(one, Function) for one in callees_of(ev, call, scope))


def _is_what_it_gives(ev: Evaluator, node: ast.Call, declared: Type, scope: Scope) -> bool:
    """Whether something is declared to be what a call would give if it were awaited."""
    value = ev.type_of(node, scope)
    if not isinstance(value, Pending) or not all(isinstance(one, Instance) for one in alternatives(declared)):
        return False
    return bool(_what_is(declared) & _what_is(value.awaited))


def _what_is(value: Type) -> set[tuple[str, str, str]]:
    """What each alternative is: a pool may lend a class of its own for the connection that is declared."""
    bases = [one.base for one in alternatives(value) if isinstance(one, Instance) and one.base is not None]
    return {(one.name.partition(".")[0], one.kind, one.mode if one.kind == "connection" else one.name) for one in bases}


def _released_later(name: str, scope: Scope) -> bool:
    for load in scope.loads.get(name, ()):
        parent = parent_of(load)
        if isinstance(parent, ast.Attribute) and parent.attr in _RELEASES:
            return True
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and parent.func.attr in _RELEASES:
            return True
    return False


def _may_be_asynchronous(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a receiver is declared as one of several, of which an asynchronous one is not known to have the method: the
    ``await`` says that it is that, or one derived from it."""
    if not isinstance(node.func, ast.Attribute):
        return False
    receivers = [one for one in alternatives(ev.type_of(node.func.value, scope)) if isinstance(one, Instance)]
    return any(
        one.base is not None and one.base.mode == "async" and ev.models.method(one.base, node.func.attr) is None
        for one in receivers
    )


def _may_be_another(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a receiver comes from several places, of some of which nothing is known: the ``await`` says that it is from
    one of these."""
    if not isinstance(node.func, ast.Attribute):
        return False
    given = set[Type]()
    for one in Follower(ev, _THROUGH).sources(node.func.value, scope).found:
        if not isinstance(one.node, ast.Constant):
            given.add(ev.type_of(with_await(one.node), one.scope))
    return UNKNOWN in given and len(given) > 1


def _awaited(ev: Evaluator, node: ast.Call, parent: ast.Await, scope: Scope) -> Iterator[Observation]:
    fact = call_site(ev, node, scope)
    if fact is None or fact.row is None or fact.row.call != "sync" or not ev.is_told(fact.name, scope):
        return
    if ev.models.ends("calls-given", fact.name):
        return  # it gives what the function that it is passed gives
    if _may_be_asynchronous(ev, node, scope) or _may_be_another(ev, node, scope):
        return
    value = ev.type_of(node, scope)
    if not _is_loaded(ev, fact.row, value):
        if isinstance(value, Pending) or (isinstance(value, Instance) and value.base is not None and value.base.awaits):
            return
        if isinstance(value, Instance) and value.base is None:
            return  # a class of the project, which may be awaitable
        if value is not UNKNOWN and not isinstance(value, Instance):
            return
    if fact.cls is not None and fact.cls.mode == "sync" and is_awaited_as_the_twin(ev, node, fact.cls, scope):
        return
    if _changed_by_subclass(ev, node, scope):
        return
    yield AwaitedSyncCall(parent, scope.qualified_name, True, fact)


def _is_loaded(ev: Evaluator, row: Method | FunctionRow, value: Type) -> bool:
    """Whether a call gives an object that it has loaded, or a list of such, which nobody makes awaitable."""
    if row.objects == "all":
        return isinstance(value, Pending) and value.call == "iterable"
    if not row.objects or not isinstance(value, Instance) or value.cls is value.base:
        return False
    return not any("__await__" in one.bindings for one in lineage(ev, value))


def _changed_by_subclass(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether the receiver's class is the project's own and overrides what its library base does.

    An inherited method then may give what the override gives: a `request` that runs in a thread makes `get` awaitable.
    """
    for one in callees_of(ev, node, scope):
        if isinstance(one, Function):
            return True  # the override itself
        if isinstance(one, LibraryMethod) and one.receiver.cls is not one.receiver.base:
            base = one.receiver.base
            for inner in lineage(ev, one.receiver):
                for name, bindings in inner.bindings.items():
                    is_method = any(binding.kind == "function" for binding in bindings)
                    if base is not None and is_method and ev.models.method(base, name) is not None:
                        return True
    return False


DETECTOR = Detector("awaits", lambda services: partial(observe, services.evaluator, services.vocabulary))
