"""Observations about functions that make an engine, a pool or a client anew for each call, and users who never close it."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal

from poolint.analyses.kept_results import is_result_kept
from poolint.analyses.lent_pools import bind_of
from poolint.analyses.lifetimes.given_parts import keeps
from poolint.analyses.pool_limits import is_lent, is_unpooled, owes_closing
from poolint.analyses.project_calls import ProjectCalls
from poolint.analyses.property_reads import readers
from poolint.analyses.repetition import Repetition, takes_request
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.hooks import runs
from poolint.frameworks.injected import marks, takers
from poolint.models.schema import OWNERS
from poolint.syntax.expressions import without_await
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import assigned, parent_of, reads_of
from poolint.syntax.surroundings import call_taking, is_in_loop, may_await
from poolint.types.call_sites import call_site
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.waypoints import Waypoint, What
    from poolint.models.loader import Models
    from poolint.models.named_rows import How
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


class MadeForEachCall(Observation, frozen=True, eq=False):
    """An engine, a pool or a client that a function makes for its caller, again and again, and that nobody closes.

    ``node`` is the call that makes it, ``user`` on what occasions that happens.
    """

    call: CallSite
    cls: Class
    user: Repetition
    path: tuple[Waypoint, ...]


Given = Literal["itself", "session", "factory", "several", "part"]
"""What a function gives of what it makes: that itself, a session or a factory of sessions that is bound to it, or both; or a part
that has it, as a database has its client."""

_MADE_FOR: dict[str, What] = {
    "request": "made-for-each-request",
    "round": "made-for-each-round",
    "call": "made-for-each-call",
}
_ENDS: dict[Given, tuple[How, ...]] = {
    "itself": ("shuts-down",),
    "session": ("bound-to",),
    "factory": ("bound-to",),
    "several": ("shuts-down", "bound-to"),
    "part": ("shuts-down",),
}
"""What would show that who is given something closes what is made."""

_MAX_STEPS = 2
"""Calls between one that makes something and who makes that happen again and again: further away, nobody means it."""

_KEEPS_NOTHING = frozenset({"staticmethod", "property"})
"""Decorators that leave a function what it is, or run it each time that it is read."""


def makers(models: Models) -> frozenset[str]:
    """The last names of all that makes an engine, a pool or a client."""
    classes = [one for one in models.classes.values() if one.kind in OWNERS]
    paths = [path for one in classes if one.construct == "create" for path in (one.name, *one.aliases)]
    paths += [name for name, one in models.functions.items() if one.role == "create"]
    methods = [name for one in classes for row in one.methods if row.role == "create" for name in row.names]
    return frozenset((*(path.rpartition(".")[2] for path in paths), *methods))


def observe(ev: Evaluator, words: frozenset[str], scope: Scope) -> Iterator[Observation]:
    """What ``scope`` makes for its caller each time that it is called, where that happens for each request.

    ``words`` are the :func:`makers`.
    """
    if not _makes_anew(scope):
        return
    made = _made(ev, words, scope)
    if made is None:
        return
    fact, cls, given = made
    source = scope.module.source
    if not ev.screen.is_interesting(source.path, source.data):
        return
    user = _user(ev, scope, given)
    if user is not None:
        who, place, around = user
        path = (waypoint(_MADE_FOR[who.by], place, around.module, *filter(None, [who.function])),)
        yield MadeForEachCall(fact.node, scope.qualified_name, may_await(fact.node, scope), fact, cls, who, path)


def is_made_for_each(ev: Evaluator, scope: Scope) -> bool:
    """Whether there is something to observe of a function: what it makes is another one for each request."""
    return any(True for _ in observe(ev, ev.models.derived(makers), scope))


def _made(ev: Evaluator, words: frozenset[str], scope: Scope) -> tuple[CallSite, Class, Given] | None:
    """The one call that makes what a function returns; or what the session, or the factory, that it returns is bound to and
    nobody else has."""
    value = _returned(scope)
    call = without_await(value)
    bound, given = _bound(ev, call, scope) if isinstance(call, ast.Call) else (None, "itself")
    if isinstance(value, ast.Tuple):
        bound, given = _given_several(ev, value, scope), "several"
    whole = _whole(value, words, scope) if bound is None else None
    if whole is not None:
        bound, given = whole, "part"
    part = ev.type_of(value, scope) if value is not None and given == "part" else None
    if bound is not None:
        call = value = bound
    if value is None or not isinstance(call, ast.Call) or last_name(call.func) not in words:
        return None
    fact = call_site(ev, call, scope, use_evidence=False)
    if fact is None or not (fact.role == "create" or (fact.row is None and fact.cls is not None)):
        return None
    found = alternatives(ev.type_of(value, scope))
    classes = [one.base for one in found if isinstance(one, Instance) and one.base is not None and one.cls is one.base]
    if len(classes) != len(found) or len(found) != 1:
        return None
    cls = classes[0]
    if not owes_closing(cls) or is_unpooled(ev, call, scope) or is_lent(call):
        return None
    if part is not None and not (isinstance(part, Instance) and part.base is not None and keeps(ev, part.base, cls)):
        return None
    return fact, cls, given


def _whole(value: ast.expr | None, words: frozenset[str], scope: Scope) -> ast.Call | None:
    """The call that makes what a part of is returned, and that nobody else has: ``MongoClient(url).shop``."""
    root = value and _beginning(value, words)
    if isinstance(root, ast.Name) and root.id not in scope.globals and len(scope.loads.get(root.id, ())) == 1:
        made = assigned(root.id, scope)
        root = made and _beginning(made, words)
    return root if isinstance(root, ast.Call) and root is not value else None


def _beginning(node: ast.expr, words: frozenset[str]) -> ast.expr:
    """What a chain begins with: a name, or the first call of one of these names."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        if isinstance(node, ast.Call) and last_name(node.func) in words:
            return node
        node = node.func if isinstance(node, ast.Call) else node.value
    return node


def _makes_anew(scope: Scope) -> bool:
    """Whether a function runs each time that it is called, and returns something."""
    decorators = getattr(scope.node, "decorator_list", ())
    is_kept = any(last_name(one) not in _KEEPS_NOTHING for one in decorators)
    return not (scope.is_generator or is_kept) and bool(scope.returns)


def _returned(scope: Scope) -> ast.expr | None:
    """The one value that a function returns, by a name that is only asked otherwise."""
    if len(scope.returns) != 1:
        return None
    value = scope.returns[0]
    if isinstance(value, ast.Name):
        if any(not _is_plain(load) for load in scope.loads.get(value.id, ())) or value.id in scope.globals:
            return None
        value = assigned(value.id, scope) or value
    return value


def _bound(ev: Evaluator, call: ast.Call, scope: Scope) -> tuple[ast.expr | None, Given]:
    """What a session is bound to that a call makes, or a factory of sessions, where that is made for it alone; None where it is
    another's as well."""
    bind = bind_of(call.func if isinstance(call.func, ast.Call) else call)
    if not isinstance(bind, (ast.Name, ast.Call)):
        return None, "itself"
    given: Given = "session"
    if not is_bound_session(ev, call, scope):
        given = "factory"
        if isinstance(call.func, ast.Call) or not _is_of_kind(ev, call.func, given, scope):
            return None, "itself"
    if isinstance(bind, ast.Call):
        return bind, given
    loads = scope.loads.get(bind.id, ())
    is_own = len(loads) == 1 and bind.id not in scope.globals and bind.id not in scope.declared
    made = assigned(bind.id, scope) if is_own else None
    return made, given if made is not None else "itself"


def _given_several(ev: Evaluator, given: ast.Tuple, scope: Scope) -> ast.expr | None:
    """The engine that a function gives together with the factory of sessions that it has made on it, and that nobody else has:
    ``return engine, sessionmaker(engine)``."""
    names = [one for one in given.elts if isinstance(one, ast.Name) and one.id not in scope.globals | scope.declared]
    if len(names) != len(given.elts):
        return None
    for one in names:
        passed = [call_taking(load) for load in scope.loads.get(one.id, ()) if load is not one]
        made = [each[0] for each in passed if each is not None and _is_of_kind(ev, each[0].func, "factory", scope)]
        if (
            made
            and len(made) == len(passed)
            and all(any(assigned(name.id, scope) is each for name in names) for each in made)
        ):
            return assigned(one.id, scope)
    return None


def is_bound_session(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call makes a session that is bound where it stands: ``Session(engine)``, ``sessionmaker(engine)()``."""
    made = call.func
    if isinstance(made, ast.Call):
        return _is_of_kind(ev, made.func, "factory", scope)
    return _is_of_kind(ev, made, "session", scope)


def _is_of_kind(ev: Evaluator, made: ast.expr, kind: str, scope: Scope) -> bool:
    """Whether an expression is a class of a kind, and nothing else."""
    found = alternatives(ev.type_of(made, scope))
    return bool(found) and all(
        isinstance(one, ClassObject) and one.base is not None and one.base.kind == kind for one in found
    )


def _is_plain(load: ast.Name) -> bool:
    """Whether a name is only returned, or a method of it is called."""
    parent = parent_of(load)
    return isinstance(parent, ast.Return) or (isinstance(parent, ast.Attribute) and isinstance(parent.ctx, ast.Load))


# Who uses it


def _user(ev: Evaluator, scope: Scope, given: Given) -> tuple[Repetition, ast.expr, Scope] | None:
    """Somebody who gets what is made, or what is bound to it, again and again, and does not close it; what others do with theirs
    is their affair."""
    found, ends = None, ev.models.words(*_ENDS[given])
    is_read = bool(getattr(scope.node, "decorator_list", ())) and ev.derived(ProjectCalls).is_read(scope)
    for call, inner in readers(ev, scope) if is_read else ev.callers.of(scope):
        if found is not None:
            break
        if is_unpooled(ev, call, inner):
            continue  # it is passed a class of pools that keep nothing
        if not forgets(call, inner, ends, given):
            found = _user_of_bound(ev, call, inner) if given == "itself" else None
            continue
        who = again(ev, call, inner)
        found = (who, call, inner) if who else None
    for mark, inner in marks(ev, scope):
        if _closes_parameter(ev, mark, inner, ends, given):
            return None
        found = found or (Repetition("request"), mark, inner)
    return found


def _user_of_bound(ev: Evaluator, call: ast.Call, scope: Scope) -> tuple[Repetition, ast.expr, Scope] | None:
    """The same of a session or a factory that a function returns, where that is bound to nothing but what a call gives it."""
    value = _returned(scope) if scope.kind == "function" and _makes_anew(scope) else None
    bound, given = _bound(ev, value, scope) if isinstance(value, ast.Call) else (None, "itself")
    return _user(ev, scope, given) if bound is not None and call in (bound, getattr(bound, "value", None)) else None


def forgets(call: ast.Call, scope: Scope, ends: frozenset[str], given: Given = "itself") -> bool:
    """Whether a caller only uses what it gets, under a name of its own or at once, and does not ask it for what ``ends`` it. A
    session's own end is not that of what it is bound to."""
    value: ast.AST = call
    if isinstance(parent_of(value), ast.Await):
        value = parent_of(value) or value
    parent = parent_of(value)
    if isinstance(parent, ast.Attribute):
        return parent.attr not in ends and (given != "part" or _is_asked(parent))
    if isinstance(parent, ast.Call) and parent.func is value:
        return given == "factory"
    targets: list[ast.expr | None] = parent.targets if isinstance(parent, ast.Assign) else []  # type: ignore[assignment]
    if isinstance(parent, ast.withitem) and given == "session":
        targets = [parent.optional_vars]
    names = _bound_names(targets[0], given) if len(targets) == 1 else []
    if scope.kind != "function" or not (scope.globals | scope.declared).isdisjoint(names):
        return False
    uses = [load for name in names for _, load in reads_of(name, scope)]
    return bool(uses) and all(_is_only_used(load, ends, given) for load in uses)


def _bound_names(target: ast.expr | None, given: Given) -> list[str]:
    """The names that a caller gives what it gets: one, or one for each of what it gets together."""
    targets = target.elts if given == "several" and isinstance(target, ast.Tuple) else [target]
    return [one.id for one in targets if isinstance(one, ast.Name)]


def _is_only_used(load: ast.Name, ends: frozenset[str], given: Given) -> bool:
    """Whether a caller asks what it gets for something here, or makes something of it, and does not end it."""
    parent = parent_of(load)
    if isinstance(parent, ast.Attribute) and parent.attr in ends:
        return False
    if given in ("factory", "several"):
        return _is_called(load)
    if given == "part":
        return _is_asked(parent)
    return isinstance(parent, ast.Attribute) or (given == "session" and isinstance(parent, ast.withitem))


def _is_asked(attribute: ast.AST | None) -> bool:
    """Whether a method is called: what else a part of something has may be the whole, to be closed by that."""
    call = parent_of(attribute) if isinstance(attribute, ast.Attribute) else None
    return isinstance(call, ast.Call) and call.func is attribute


def _is_called(load: ast.Name) -> bool:
    """Whether a name is called, or a method of it: ``maker()``, ``maker.begin()``."""
    parent = parent_of(load)
    function: ast.AST = parent if isinstance(parent, ast.Attribute) else load
    call = parent_of(function)
    return isinstance(call, ast.Call) and call.func is function


def again(ev: Evaluator, call: ast.Call, scope: Scope) -> Repetition | None:
    """On what occasions a call is made again and again, the nearest one; None where it is not seen to be."""
    calls, met = [(call, scope, 0)], {call}
    for one, around, steps in calls:  # grows
        if is_in_loop(one, around):
            return Repetition("round", around.qualified_name)
        if around.kind == "function" and is_result_kept(ev, around):
            continue
        if runs(ev, around, "request", "task", "message", "flow") or takes_request(ev, around):
            return Repetition("call", around.qualified_name)
        if around.kind == "function" and any(True for _ in marks(ev, around)):
            return Repetition("request")
        if steps < _MAX_STEPS and around.kind == "function":
            # Also in modules that have nothing to do with a database; a method's name may be another's there.
            is_plain = around.enclosing_class is None
            named = [one[:2] for one in ev.derived(ProjectCalls).named(around)] if is_plain else ev.callers.of(around)
            for outer, caller in named:
                if caller is not around and outer not in met and not is_test(caller.module, ev.project):
                    met.add(outer)
                    calls.append((outer, caller, steps + 1))
    return None


def _closes_parameter(ev: Evaluator, mark: ast.Call, scope: Scope, ends: frozenset[str], given: Given) -> bool:
    """Whether a function that is passed what a marker asks for closes it, or may."""
    loads = (load for name, inner in takers(ev, mark, scope) for _, load in reads_of(name, inner))
    parents = [parent_of(load) for load in loads]
    if any(not isinstance(one, ast.Attribute) or one.attr in ends for one in parents):
        return True
    return given == "part" and not all(map(_is_asked, parents))


DETECTOR = Detector(
    "factories",
    lambda services: partial(observe, services.evaluator, services.evaluator.models.derived(makers)),
    of="functions",
)
