"""Observations about the life of a session: what begins twice, and what is used when it has ended."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from poolint.analyses.autocommit import is_autocommit
from poolint.analyses.entered_objects import only_inside
from poolint.analyses.holding import inside, root_of
from poolint.analyses.holding.begun_before import BegunBefore
from poolint.analyses.holding.entry import since
from poolint.analyses.waypoints import waypoint
from poolint.detect.backgrounds import Backgrounds
from poolint.detect.databases import is_in_a_file
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.frameworks.requests import end_of
from poolint.models.schema import HANDLES, SESSIONS
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import ScopeKey, is_parameter
from poolint.syntax.surroundings import may_await
from poolint.syntax.uses import Use, usage
from poolint.types.annotated import is_injected
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.backgrounds import When
    from poolint.detect.services import Services
    from poolint.frameworks.requests import End
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


class BeginAfterUse(Observation, frozen=True, eq=False):
    """``begin()`` on a session that has begun, with the use or the block by which it has. ``node`` is the call."""

    resource: str
    used: Waypoint


class OutlivesScope(Observation, frozen=True, eq=False):
    """A session of a block or a request that is handed to a task, or a thread, which runs when that has ended.

    ``maker`` makes the task, ``ends`` says what the session's life ends with, ``end`` when: before the response or after.
    ``is_possible``: it ends after the task, which only works with it, or its database is a file.
    """

    resource: str
    maker: str
    ends: Owner
    end: End = "before-response"
    is_possible: bool = False


Owner = Literal["block", "request"]
"""With what the life of a session ends: the block that has opened it, or the request that it was made for."""


def observe(services: Services, lives: Lives, scope: Scope) -> Iterator[Observation]:
    """Second beginnings in ``scope``, and tasks that get a session which ends before they do."""
    ev = services.evaluator
    begun = services.kept(BegunBefore, lambda: BegunBefore(ev, services.holdings, services.components))
    begins = scope.calls_of("begin")
    may_outlive = len(begins) < len(scope.calls) and lives.may_end(scope)
    for node in scope.calls if may_outlive else begins:
        if node in begins:
            yield from (one for one in _begun_twice(begun, node, scope) if not _is_meant(ev, node, scope))
        else:
            for one in lives.handed_over(node, scope):
                yield msgspec.structs.replace(one, is_possible=True) if _harms_nobody(services, one, scope) else one


def _harms_nobody(services: Services, one: OutlivesScope, scope: Scope) -> bool:
    """Whether all that comes of it is that a connection is kept until the task is done, which only works with it, or that is one
    to a database that is a file."""
    if one.end != "after-response":
        return False
    pool = services.pools.of_given(one.resource, scope)
    return is_in_a_file(services, pool, None, scope) or not _may_last(services, one.node, scope)


def _may_last(services: Services, node: ast.AST, scope: Scope) -> bool:
    """Whether a task may wait for something outside: it is seen to, or not known."""
    given = node.args[0] if isinstance(node, ast.Call) and node.args else None
    found = alternatives(services.evaluator.type_of(given, scope)) if given is not None else ()
    slow = (services.slow, services.slow_at_first)
    return not found or not all(
        isinstance(one, Function) and all(effects.of_function(one.scope) is None for effects in slow) for one in found
    )


def _is_meant(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a project begins transactions within what has begun: it has sessions for which that is meant."""
    fact = call_site(ev, node, scope, use_evidence=False)
    if fact is None or fact.cls is None or fact.cls.mode == "async":
        return False
    words = ev.models.words("begins-within")
    paths = dict.fromkeys(path for path, _ in ev.project.calling("begin", scope.module))
    modules = [one for path in paths if (one := ev.project.module(path)) is not None]
    calls = (call for one in modules for inner in one.scopes_with("begin") for call in inner.calls_named({"begin"}))
    return any(keyword.arg in words for call in calls for keyword in call.keywords)


def _begun_twice(begun: BegunBefore, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    ev, holdings = begun.ev, begun.holdings
    fact, root = call_site(ev, node, scope, use_evidence=False), root_of(node)  # others than SQLAlchemy's begin again
    if fact is None or fact.cls is None or fact.cls.kind not in SESSIONS or fact.role != "begin" or root is None:
        return
    resource = text_of(root, scope)
    is_dropped = fact.cls.mode == "async" and usage(node, scope).use is Use.DROPPED  # and never begins
    if is_dropped or any(one.arg == "nested" for one in node.keywords) or _is_asked(resource, scope):
        return
    if is_autocommit(ev, root, scope):
        return  # its queries begin nothing
    for region in holdings.changes(scope).regions:
        is_around = region.session == resource and region.header is not node and inside(node, region.statement)
        if is_around and region.fact.method != "begin_nested":
            used = waypoint("begins", region.header, scope.module, text_of(region.header, scope))
            yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)
            return
    for hold in holdings.at(node, scope):
        if hold.resource == resource and hold.header is None and hold.is_sure:
            used = since(hold, scope, "autobegins")
            yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)
            return
    call = begun.since(node, resource, scope)
    if call is not None:
        used = waypoint("autobegins", call, scope.module, text_of(call, scope))
        yield BeginAfterUse(node, scope.qualified_name, may_await(node, scope), resource, used)


def _is_asked(resource: str, scope: Scope) -> bool:
    """Whether a function asks its session whether it has begun."""
    asked = (one.func for one in scope.calls if last_name(one.func) in ("in_transaction", "get_transaction"))
    return any(isinstance(one, ast.Attribute) and text_of(one.value, scope) == resource for one in asked)


class Life(NamedTuple):
    """What ends the life of a session or connection, and when: before or after the response."""

    ends: Owner
    end: End
    cls: Class


def life_of(ev: Evaluator, name: str, scope: Scope) -> Life | None:
    """The life of a session or connection, where its end is not the function's own doing."""
    found = _session(ev, ast.Name(name, ast.Load()), scope)
    return _life_of_binding(ev, *found, scope) if found is not None else None


def _life_of_binding(ev: Evaluator, binding: Binding, cls: Class, scope: Scope) -> Life | None:
    if binding.kind == "with":
        return Life("block", "before-response", cls)
    if binding.kind == "parameter" and is_injected(ev, binding, scope):
        return Life("request", end_of(ev, binding, scope), cls)
    return None


class _Place(NamedTuple):
    """What is at a place relative to a parameter of a function."""

    function: ScopeKey
    place: str


class Lives:
    """Answers for the functions of one project: the lives of what they hand to tasks, their own or those of who calls them.

    A task that begins in a helper is told there, where it gets what it should not have: once, whoever calls the helper.
    """

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.graphs = services.graphs
        self.backgrounds = Backgrounds(services)
        self._given: Summaries[_Place, tuple[Owner, End] | None] = Summaries(
            "ends-before-task", self._of_callers, bottom=None, join=_sooner, components=services.components
        )

    def handed_over(self, node: ast.Call, scope: Scope) -> Iterator[OutlivesScope]:
        """What a call hands to a task that begins there, and lives no longer than a block or a request; to one that begins in
        a helper where that is not told there."""
        handed = dict(self.backgrounds.handed(node, scope))
        begun = dict(self.backgrounds.begun_with(node, scope)) if handed else {}
        for place, when in handed.items():
            is_here = place in begun
            found = self._ends(node, place, scope, when)
            if found is None and is_here and is_parameter(place.partition(".")[0], scope):
                found = self._given.of(_Place(scope.key, place))
            if found is not None and (is_here or not self._is_told_below(node, scope, place)):
                yield _outlives(node, scope, place, last_name(node.func), *found)

    def may_end(self, scope: Scope) -> bool:
        """Whether a function has anything of which an end is known, or is given it by others: cheaper to ask than what its
        calls hand on."""
        carriers = self.backgrounds.places.carrying.carriers(scope)
        may_be_given = False
        for name, bound in scope.bindings.items():
            if name not in carriers:
                continue
            bindings = [one for one in bound if one.kind != "narrowed"]
            if len(bindings) != 1 or bindings[0].kind not in ("with", "parameter"):
                continue
            if not (
                _session(self.ev, ast.Name(name, ast.Load()), scope)
                or self.backgrounds.places.kept(self.ev.scope_name(name, scope))
            ):
                continue
            if bindings[0].kind == "with" or is_injected(self.ev, bindings[0], scope):
                return True
            may_be_given = True
        return may_be_given and any(self.backgrounds.begins(one, scope) for one in scope.calls)

    def _ends(self, node: ast.Call, place: str, scope: Scope, when: When) -> tuple[Owner, End] | None:
        """With what, and when, the life of what a function itself has at a place ends before a task that a call hands it."""
        found = _life(self.ev, self.backgrounds, place, scope)
        if found is None:
            return ("block", "before-response") if self._is_had_inside(node, place, scope) else None
        binding, life = found
        if when == "after-response":
            return life.ends, life.end
        is_inside = any(_binds(one, binding) and inside(node, one) for one in scope.withs)
        return (life.ends, "before-response") if life.ends == "request" or is_inside else None

    def _is_had_inside(self, node: ast.Call, place: str, scope: Scope) -> bool:
        """Whether a call stands in the block of an object which has what is at a place only inside of that, and which is entered
        by the name that it keeps: ``async with self.work``."""
        for block in scope.withs:
            for header in (one.context_expr for one in block.items):
                name = name_of(header)
                if not name or not place.startswith(name.partition(".")[0]) or not inside(node, block):
                    continue
                found = alternatives(self.ev.type_of(header, scope))
                if len(found) == 1 and isinstance(found[0], Instance):
                    had = only_inside(self.ev, self.graphs, header, found[0], scope)
                    if any(self.backgrounds.places.first(f"{name}.{path}", scope) == place for path, _ in had):
                        return True
        return False

    def _of_callers(self, key: _Place) -> tuple[Owner, End] | None:
        scope = self.ev.project.scope(key.function)
        found: tuple[Owner, End] | None = None
        for call, inner, place in self.backgrounds.passing(scope, key.place):
            if is_test(inner.module, self.ev.project):
                continue
            when = dict(self.backgrounds.handed(call, inner)).get(place, "")
            ends = self._ends(call, place, inner, when)
            if ends is None and is_parameter(place.partition(".")[0], inner):
                ends = self._given.of(_Place(inner.key, place))
            found = _sooner(found, ends)
        return found

    def _is_told_below(self, node: ast.Call, scope: Scope, place: str) -> bool:
        """Whether a helper that a call passes something is seen to be passed it, and begins the task."""
        return any(
            any(call is node for call, _, _ in self.backgrounds.passing(callee, name))
            for callee, name in self.backgrounds.below(node, scope, place)
        )


def _sooner(one: tuple[Owner, End] | None, other: tuple[Owner, End] | None) -> tuple[Owner, End] | None:
    """Of two ends the one with a block, or the other: whichever callers are looked at first."""
    return min((each for each in (one, other) if each is not None), default=None)


def _life(ev: Evaluator, backgrounds: Backgrounds, place: str, scope: Scope) -> tuple[Binding, Life] | None:
    """The life of what is at a place, with the binding that begins it."""
    root, _, path = place.partition(".")
    found = _session(ev, ast.Name(root, ast.Load()), scope)
    if found is None and path:
        bindings = [one for one in scope.bindings.get(root, ()) if one.kind != "narrowed"]
        cls = backgrounds.places.kept(ev.scope_name(root, scope)).get(path) if len(bindings) == 1 else None
        found = (bindings[0], cls) if cls is not None else None
    life = _life_of_binding(ev, *found, scope) if found is not None else None
    return (found[0], life) if found is not None and life is not None else None


def _outlives(
    node: ast.Call, scope: Scope, resource: str, maker: str, ends: Owner, end: End = "before-response"
) -> OutlivesScope:
    return OutlivesScope(node, scope.qualified_name, may_await(node, scope), resource, maker, ends, end)


def _session(ev: Evaluator, node: ast.expr, scope: Scope) -> tuple[Binding, Class] | None:
    """The only binding of a name that is a session or a connection, and the class of that."""
    if not isinstance(node, ast.Name):
        return None
    bindings = [one for one in scope.bindings.get(node.id, ()) if one.kind != "narrowed"]
    if len(bindings) != 1:
        return None
    for one in alternatives(ev.scope_name(node.id, scope)):
        if isinstance(one, Instance) and one.base is not None and one.base.kind in HANDLES:
            return bindings[0], one.base
    return None


def _binds(statement: ast.With | ast.AsyncWith, binding: Binding) -> bool:
    return any(item.context_expr is binding.value for item in statement.items)


DETECTOR = Detector(
    "outliving",
    lambda services: partial(observe, services, services.kept(Lives, lambda: Lives(services))),
    near=True,
)
