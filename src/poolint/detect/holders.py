"""Observations about objects that hold a connection for the length of a block: what they lose as it begins or ends.

``__aexit__`` is the last thing that anybody calls on such an object, and where ``__aenter__`` fails not even that. So
each of them owes what the object keeps in a member: what ends a transaction must not skip the release behind it, and
nothing may fail between the checkout and the end of ``__aenter__`` without giving it back. A member may be entered and
left by hand, ``self.context.__aexit__(…)``; where its type is not known, its name or that of what makes it has to say
that it is a connection.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lifetimes.meanings import UNDOING
from poolint.analyses.ownership import Fate
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.leaks import LeakProblem
from poolint.detect.observation import Observation
from poolint.flow.cfg import TooComplex
from poolint.flow.escapes import decisions, escapes, walk
from poolint.flow.solver import completed, reach
from poolint.models.schema import REACHING_ROLES, RELEASABLE, SESSIONS
from poolint.models.standard import ENTERS, LEAVES
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import Scope, parent_of
from poolint.syntax.surroundings import may_await, with_await
from poolint.types.call_sites import call_site, text_of
from poolint.types.evidence import ASYNC_CLASS
from poolint.types.values import UNKNOWN, Function, Instance, LibraryName, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.analyses.ownership import Ownership
    from poolint.analyses.waypoints import Waypoint
    from poolint.flow.cfg import Graph, Node
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator
    from poolint.types.vocabulary import Vocabulary


class LostMember(Observation, frozen=True, eq=False):
    """A connection that an object holds for the length of a block, and loses as that begins or ends.

    ``problem`` is ``exception``: ``node`` is the release that ``culprit`` skips when it raises; or ``half-built``:
    ``node`` takes the connection, and ``culprit`` may raise before the block has begun.
    """

    member: str
    cls: schema.Class
    problem: LeakProblem
    culprit: str
    path: tuple[Waypoint, ...]


_STEPS = ENTERS | LEAVES | {"commit", "rollback", "abort"}
"""Methods that reach the database, whatever they are called on."""

_WORKING = REACHING_ROLES | {"transaction", "external"}
_CONNECTS = re.compile(r"(?:^|_)(?:a|async_?)?(?:sess(?:ion)?|conn(?:ection)?)\d*$", re.IGNORECASE)
_POOLS = re.compile(r"(?:^|_)(?:pool|engine|db|database)\d*$", re.IGNORECASE)


class Holders:
    """Finds these objects among the classes of a project, and what they lose."""

    def __init__(self, ev: Evaluator, vocabulary: Vocabulary, graphs: Graphs, ownership: Ownership) -> None:
        self.ev = ev
        self.vocabulary = vocabulary
        self.graphs = graphs
        self.ownership = ownership
        self._found: dict[Scope, list[LostMember]] = {}

    def observe(self, scope: Scope) -> Iterator[LostMember]:
        """What a method loses of what its object holds."""
        owner = scope.enclosing_class
        if owner is None:
            return
        if owner not in self._found:
            methods = {one.name: one for one in owner.children if one.kind == "function"}
            self._found[owner] = []
            if not methods.keys().isdisjoint(LEAVES):
                holder = _Holder(self, owner, methods)
                self._found[owner] = [*holder.skipped(), *holder.half_built()]
        yield from (one for one in self._found[owner] if one.function == scope.qualified_name)


class _Release(NamedTuple):
    """A call that gives a member back."""

    call: ast.Call
    method: Scope
    cls: Class


class _Held(NamedTuple):
    """A member that holds a connection, and its class, or the stand-in for one."""

    member: str
    cls: Class


class _Holder:
    """One class of such objects."""

    def __init__(self, shared: Holders, owner: Scope, methods: dict[str, Scope]) -> None:
        self.ev = shared.ev
        self.vocabulary = shared.vocabulary
        self.graphs = shared.graphs
        self.ownership = shared.ownership
        self.owner = owner
        self.methods = methods
        self.releases: dict[str, list[_Release]] = {}
        for method in methods.values():
            for inner in method.descendants():
                for call in inner.calls:
                    found = self._released(call, inner)
                    if found is not None:
                        self.releases.setdefault(found[0], []).append(_Release(call, inner, found[1]))

    def skipped(self) -> Iterator[LostMember]:
        """Releases at the end of a block that something before them skips when it raises."""
        for member, releases in self.releases.items():
            held = _Held(member, releases[0].cls)
            try:
                for method in self._endings(member):
                    found = self._skips(held, method, [one.call for one in releases if one.method is method])
                    if found is not None:
                        yield self._lost(held, method, *found, "exception")
            except TooComplex:
                continue

    def half_built(self) -> Iterator[LostMember]:
        """What an ``__aenter__`` enters by hand, and does not leave when it fails later on."""
        for method in (self.methods[name] for name in sorted(self.methods.keys() & ENTERS)):
            for call in method.calls:
                held = self._taken(call, method)
                try:
                    culprit = self._fails_after(call, held, method) if held is not None else None
                except TooComplex:
                    return
                if held is not None and culprit is not None:
                    yield self._lost(held, method, culprit, call, "half-built")

    def _lost(self, held: _Held, method: Scope, culprit: ast.Call, node: ast.Call, problem: LeakProblem) -> LostMember:
        name, text, is_begun = f"self.{held.member}", text_of(culprit, method), problem == "half-built"
        raising = waypoint("raises", culprit, method.module, text)
        there = waypoint("checked-out" if is_begun else "would-be-released", node, method.module, name)
        path = (there, raising) if is_begun else (raising, there)
        return LostMember(node, method.qualified_name, may_await(node, method), name, held.cls, problem, text, path)

    # Calls

    def _released(self, call: ast.Call, scope: Scope) -> tuple[str, Class] | None:
        """The member that a call gives back."""
        function = call.func
        receiver = _member(function.value) if isinstance(function, ast.Attribute) else ""
        if receiver and last_name(function) in LEAVES:
            assert isinstance(function, ast.Attribute)
            cls = self._entered(function.value, scope)
            return (receiver, cls) if cls is not None else None
        passed = self._released_below(call, scope)
        if passed is not None:
            return passed
        fact = (
            call_site(self.ev, call, scope)
            if last_name(function) in self.ev.models.words("gives-back", "removes")
            else None
        )
        if fact is None or fact.role != "release":
            return None
        if getattr(fact.row, "releases", "self") == "self":
            is_held = receiver and fact.cls is not None and fact.cls.kind in RELEASABLE
            return (receiver, fact.cls) if is_held and fact.cls is not None else None
        given = next((one for one in call.args if _member(one)), None)
        cls = self._class_of(given, scope) if given is not None else None
        return (_member(given), cls) if given is not None and cls is not None and cls.kind in RELEASABLE else None

    def _released_below(self, call: ast.Call, scope: Scope) -> tuple[str, Class] | None:
        """The same of one that is passed to a function of the project, which does it."""
        for keyword, one in _given(call):
            cls = self._class_of(one, scope) if _member(one) else None
            if cls is None or cls.kind not in RELEASABLE or not isinstance(self.ev.type_of(call.func, scope), Function):
                continue
            if self.ownership.fate(call, one, scope, cls, keyword) is Fate.RELEASED:
                return _member(one), cls
        return None

    def _taken(self, call: ast.Call, method: Scope) -> _Held | None:
        """The member that a call enters by hand, where that takes a connection."""
        function = call.func
        if not (isinstance(function, ast.Attribute) and function.attr in ENTERS and _member(function.value)):
            return None
        cls = self._entered(function.value, method)
        is_lazy = cls is not None and cls.kind == "session" and cls.name != ASYNC_CLASS
        return _Held(_member(function.value), cls) if cls is not None and not is_lazy else None

    def _entered(self, node: ast.expr, scope: Scope) -> Class | None:
        """What is held through a member that is entered and left by hand."""
        kind = self.ev.type_of(node, scope)
        if kind is UNKNOWN:
            return self.ev.models.classes[ASYNC_CLASS] if self._says_connection(_member(node)) else None
        cls = self._class_of(node, scope)
        if cls is None and all(isinstance(one, Instance) and one.base is None for one in alternatives(kind)):
            # A class of the project of its own: only names tell what it holds.
            return self.ev.models.classes[ASYNC_CLASS] if self._says_connection(_member(node)) else None
        return cls if cls is not None and cls.kind in RELEASABLE and cls.releases_on_exit else None

    def _class_of(self, node: ast.expr, scope: Scope) -> Class | None:
        for one in alternatives(self.ev.type_of(node, scope)):
            held = one.entered if isinstance(one, Pending) else one
            if isinstance(held, Instance) and held.base is not None:
                return held.base
        return None

    def _says_connection(self, member: str) -> bool:
        """Whether a member is a connection by its name, or by what it is set to: ``self.pool.acquire()``."""
        module = self.owner.module
        if _CONNECTS.search(member) and self.ev.screen.is_near_database(module.path, module.source.data):
            return True
        values = [one.value for one in self.owner.self_assignments.get(member, ())]
        return any(
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr in self.vocabulary.takes
            and _POOLS.search(last_name(value.func.value)) is not None
            for value in values
        )

    def _works(self, call: ast.Call, held: _Held, scope: Scope) -> bool:
        """Whether a call may fail in practice: it waits, or reaches a database, itself or in a method that it runs."""
        run: list[Scope] = []
        calls = [(call, scope)]
        for one, around in calls:  # grows
            own = self._own(one)
            if own is None and self._does_work(one, held, around):
                return True
            if own is not None and own not in run:
                run.append(own)
                calls += [(each, own) for each in own.calls]
        return False

    def _does_work(self, call: ast.Call, held: _Held, scope: Scope) -> bool:
        """The same of a call that is none of a method of the class.

        A rollback fails where the server is gone, and then the slot is free: that is known of the modelled libraries.
        """
        function = call.func
        fact = call_site(self.ev, call, scope)
        if last_name(function) in UNDOING or (fact is not None and fact.role in UNDOING):
            receiver = function.value if isinstance(function, ast.Attribute) else function
            return held.cls.name == ASYNC_CLASS and _member(receiver) != held.member
        if fact is not None and fact.row is not None:
            return fact.role in _WORKING
        if isinstance(self.ev.type_of(function, scope), (Function, LibraryName)) and self.graphs.may_raise(call, scope):
            return True
        return last_name(function) in _STEPS or isinstance(parent_of(call), ast.Await)

    def _own(self, call: ast.Call) -> Scope | None:
        """The method of the class that ``self.method()`` calls."""
        name = _member(call.func)
        return self.methods.get(name) if name else None

    def _settles(self, call: ast.Call, member: str, scope: Scope) -> bool:
        """Whether a call gives a member back, or may, itself or in what it runs: after it nothing is owed."""
        run: list[Scope] = []
        calls = [(call, scope)]
        for one, around in calls:  # grows
            settled = self._settled(one, member, around)
            if settled is True:
                return True
            if isinstance(settled, Scope) and settled not in run:
                run.append(settled)
                calls += [(each, settled) for each in settled.calls]
        return False

    def _settled(self, call: ast.Call, member: str, scope: Scope) -> bool | Scope:
        """The same of a call itself, or the method or inner function that it runs."""
        function = call.func
        if any(call is one.call for one in self.releases.get(member, ())):
            return True
        for keyword, one in _given(call):
            if _is_self(one):
                return True
            if _member(one) == member:
                releases = self.releases.get(member)
                return not releases or self.ownership.fate(call, one, scope, releases[0].cls, keyword) >= Fate.KEPT
        if isinstance(function, ast.Attribute) and _member(function.value) == member:
            if function.attr in self.ev.models.words("gives-back", "removes") or function.attr in LEAVES:
                return True
            fact = call_site(self.ev, call, scope)  # of a session, that gives its connection back as well
            return fact is not None and fact.role == "rollback" and fact.cls is not None and fact.cls.kind in SESSIONS
        if isinstance(function, ast.Name):
            inner = next((one for one in scope.children if one.name == function.id), None)
        elif _member(function):
            inner = self.methods.get(_member(function))
            if inner is None:
                return True  # of a base: it may
        else:
            return isinstance(function, ast.Attribute) and last_name(function) in LEAVES and not _member(function.value)
        return inner if inner is not None else False

    # Paths

    def _endings(self, member: str) -> list[Scope]:
        """The methods that end a block, and those that they call and rely upon to give a member back."""
        found = [self.methods[name] for name in sorted(LEAVES & self.methods.keys())]
        releasing = {one.method for one in self.releases[member]}
        for method in found:  # grows
            for call in method.calls:
                own = self._own(call)
                if own in releasing and own is not None and own not in found:
                    graph = self.graphs.of(method)
                    stops = self._stops(graph, member, method) - set(graph.nodes_of(call))
                    if any(escapes(node, stops, f"self.{member}") for node in graph.nodes_of(with_await(call))):
                        found.append(own)
        return [one for one in found if one in releasing]

    def _skips(self, held: _Held, method: Scope, releases: list[ast.Call]) -> tuple[ast.Call, ast.Call] | None:
        """What raises before a release, and the release that it skips."""
        graph = self.graphs.of(method)
        stops = self._stops(graph, held.member, method)
        decided = {part for one in releases for part in decisions(one, f"self.{held.member}", method)}
        for call in sorted(method.calls, key=lambda one: (one.lineno, one.col_offset)):
            if self._settles(call, held.member, method) or not self._works(call, held, method):
                continue
            for node in graph.nodes_of(with_await(call)):
                if not escapes(node, stops, f"self.{held.member}", decided=decided):
                    continue
                after = set(reach(completed([node])))
                for release in releases:
                    if not after.isdisjoint(graph.nodes_of(release)):
                        return call, release
        return None

    def _fails_after(self, taking: ast.Call, held: _Held, method: Scope) -> ast.Call | None:
        """What raises once a member is taken, in the method that takes it."""
        graph = self.graphs.of(method)
        stops = self._stops(graph, held.member, method) - set(graph.nodes_of(taking))
        for node in walk(completed(graph.nodes_of(with_await(taking))), stops, f"self.{held.member}"):
            call = without_await(node.node)
            if not isinstance(call, ast.Call) or call is taking or node.node is not with_await(call):
                continue
            if escapes(node, stops, f"self.{held.member}") and self._works(call, held, method):
                return call
        return None

    def _stops(self, graph: Graph, member: str, method: Scope) -> set[Node]:
        settling = [one for one in method.calls if self._settles(one, member, method)]
        return {node for call in settling for node in graph.nodes_of(call)}


def _given(call: ast.Call) -> list[tuple[str | None, ast.expr]]:
    """The arguments of a call, each with its keyword."""
    return [*((None, one) for one in call.args), *((one.arg, one.value) for one in call.keywords)]


def _member(node: ast.AST) -> str:
    """``x`` of ``self.x``; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) and _is_self(node.value) else ""


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


DETECTOR = Detector(
    "holders",
    lambda services: Holders(services.evaluator, services.vocabulary, services.graphs, services.ownership).observe,
    of="functions",
)
