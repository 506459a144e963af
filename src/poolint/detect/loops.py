"""Observations about coroutines that synchronous code runs on an event loop of their own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.effects import Effects, Link, Witness
from poolint.analyses.rebound import Rebound
from poolint.analyses.repetition import Repeats, Repetition
from poolint.analyses.sinks import opening_sink
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.coroutines import may_be_coroutine
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.models.schema import SESSIONS
from poolint.syntax.expressions import call_arguments
from poolint.syntax.purposes import is_for, mentioned
from poolint.syntax.scopes import assigned, parent_of
from poolint.syntax.surroundings import follows, is_in_loop
from poolint.types.call_sites import callees_of, text_of
from poolint.types.definitions import Definitions
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from poolint.analyses.application_pools import Made
    from poolint.analyses.pools import Pool
    from poolint.analyses.waypoints import Waypoint
    from poolint.configuration.engines import EngineSpec
    from poolint.detect.services import Services
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.values import Type


class DrivenFromSync(Observation, frozen=True, eq=False):
    """A coroutine that works with a pool of the application, run on an event loop of its own. ``node`` runs it.

    ``maker`` is what makes the loop, ``why`` says on what occasions this happens again, ``pool`` is what keeps the
    connections, as written; ``names`` is the chain of functions down to the checkout, ``path`` where each stands.
    """

    maker: str
    why: Repetition
    pool: str
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]


class Drive(NamedTuple):
    """A call that runs something on a loop of its own: what it runs, and what makes the loop."""

    node: ast.Call
    driven: ast.expr
    maker: str


class Loops:
    """Observes coroutines that are driven from sync code; remembers which of them take connections."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.edges = edges = services.edges
        self.pools = services.pools
        self.applications = services.applications
        self.repeats = self.ev.derived(Repeats)
        self._runs = self.ev.models.words("drives", "drives-given", "drives-later")
        self._taking = Effects(edges, opening_sink, lambda fact, scope: self._made(fact, scope) is not None)
        self._disposing = services.disposing
        self._using = services.using.uses
        self._graphs = services.graphs
        self._drivers: dict[Scope, str | None] = {}
        self._definitions = self.ev.derived(Definitions)
        self._services = services
        self._any_loop = {one.name for one in self.ev.models.drivers.values() if one.any_loop}

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that run, on a new loop each time, what works with a pool of the application."""
        if scope.is_async:
            return
        before: list[ast.Call] = []
        drives = sorted(self._drives(scope), key=lambda one: (one.node.lineno, one.node.col_offset))
        if not drives or not self.ev.screen.is_interesting(scope.module.path, scope.module.source.data):
            return
        for drive in drives:
            if len(drives) == 1 and not is_in_loop(drive.node, scope) and not self.repeats.why(scope):
                return  # once, as far as is known, whatever it reaches
            witness = self._witness(drive, scope)
            if witness is None or self._is_of_each_run(witness):
                continue
            why = self.repeats.why(scope)
            if is_in_loop(drive.node, scope):
                why = Repetition("round")
            elif not why and any(follows(drive.node, one) for one in before):
                why = Repetition("again")
            before.append(drive.node)
            if why and not self._is_disposed(drive, scope):
                yield self._observation(drive, witness, why, scope)

    def _observation(self, drive: Drive, witness: Witness, why: Repetition, scope: Scope) -> DrivenFromSync:
        last = witness.links[-1]
        made = self._made_at(last)
        assert made is not None
        names = tuple(link.name for link in witness.links)
        pool = text_of(made.call.func, made.scope)
        path = [waypoint("makes-pool", made.call, made.scope.module, pool)]
        path += [waypoint("runs-on-new-loop", drive.node, scope.module, drive.maker)]
        path += calls_of(witness)
        return DrivenFromSync(drive.node, scope.qualified_name, False, drive.maker, why, pool, names, tuple(path))

    # What runs a coroutine

    def _drives(self, scope: Scope) -> Iterator[Drive]:
        known = self._definitions.coroutines(scope.module)
        for node in scope.calls:
            if not node.args or not _may_drive(node.args[0], scope, known):
                continue
            if last_name(node.func) in self._runs:
                maker = self._maker(node, scope)
                if maker:
                    outer = parent_of(node)
                    later = self.ev.qualified_name(self.ev.type_of(node.func, scope))
                    if self.ev.models.ends("drives-later", later) and not (
                        isinstance(outer, ast.Call) and outer.func is node
                    ):
                        continue  # made into a function that somebody else calls
                    yield Drive(node, node.args[0], maker)
                    continue
            if last_name(node.func) not in self._definitions.of(scope.module):
                continue
            for one in callees_of(self.ev, node, scope):
                helper = self._helper(one.scope) if isinstance(one, Function) else None
                if helper is not None:
                    yield Drive(node, node.args[0], f"{text_of(node.func, scope)}")

    def _maker(self, node: ast.Call, scope: Scope) -> str:
        """What makes a new loop for a call; empty where it is none, or a loop that there is already."""
        function = node.func
        name = self.ev.qualified_name(self.ev.type_of(function, scope))
        if self.ev.models.ends("drives-later", name):
            return last_name(function)
        if self.ev.models.ends("drives", name):
            return "" if self._keep_their_loop(scope.module) else name
        if not isinstance(function, ast.Attribute):
            return ""
        made: ast.expr | None = function.value
        if isinstance(made, ast.Name):
            found = [one for one in scope.bindings.get(made.id, ()) if one.kind in ("assign", "with")]
            made = found[0].value if len(found) == len(scope.bindings.get(made.id, ())) == 1 else None
        if not isinstance(made, ast.Call):
            return ""
        name = self.ev.qualified_name(self.ev.type_of(made.func, scope))
        return f"{last_name(made.func)}().{function.attr}" if self.ev.models.ends("new-loop", name) else ""

    def _keep_their_loop(self, module: Module) -> bool:
        """Whether the project of a module has changed what runs coroutines: each time on the loop that its thread has."""
        project, models = self.ev.project, self.ev.models
        paths = (path for one in mentioned(models, "keeps-loop") for path in project.saying(one.decode(), module))
        found = (project.module(path) for path in dict.fromkeys(paths))
        return any(one is not None and is_for(one, models, "keeps-loop") for one in found)

    def _helper(self, inner: Scope) -> str | None:
        """How a function of the project runs the coroutine that is its first argument, if it does."""
        if inner not in self._drivers:
            self._drivers[inner] = None
            self._drivers[inner] = next(self._driving(inner), None)
        return self._drivers[inner]

    def _driving(self, inner: Scope) -> Iterator[str]:
        node = inner.node
        if inner.kind != "function" or inner.is_async or not isinstance(node, ast.FunctionDef):
            return
        arguments = [one.arg for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
        for call in inner.calls if arguments else ():
            if last_name(call.func) in self._runs and call.args and isinstance(call.args[0], ast.Name):
                maker = self._maker(call, inner) if call.args[0].id == arguments[0] else ""
                if maker:
                    yield maker

    # What is run

    def _witness(self, drive: Drive, scope: Scope) -> Witness | None:
        """How the coroutine comes to a pool of the application. A session takes its connection when it is used, by the coroutine
        or by what that hands it on to."""
        found = self._reaches(self._taking, drive, scope)
        if found is None:
            return None
        last = found.links[-1]
        made = self.ev.type_of(last.node, last.scope)
        if not _is_session(made.awaited if isinstance(made, Pending) else made):
            return found
        is_used = self._reaches(self._using, drive, scope) is not None
        return found if is_used or any(self._hands_on(one) for one in found.below) else None

    def _is_of_each_run(self, witness: Witness) -> bool:
        """Whether the engine is kept by an object that one of the functions on the way makes for itself, each time anew."""
        made = self._made_at(witness.links[-1])
        keeper = made.scope.enclosing_class if made is not None else None
        for link in witness.links[1:] if keeper is not None else ():
            function = link.node.func if isinstance(link.node, ast.Call) else None
            receiver = function.value if isinstance(function, ast.Attribute) else None
            if isinstance(receiver, ast.Name):
                receiver = assigned(receiver.id, link.scope) if link.scope.kind == "function" else None
            maker = self.ev.type_of(receiver.func, link.scope) if isinstance(receiver, ast.Call) else UNKNOWN
            if isinstance(maker, ClassObject) and keeper in lineage(self.ev, maker):
                return True
        return False

    def _hands_on(self, scope: Scope) -> bool:
        """Whether a function passes a session to a call that takes it."""
        for call in scope.calls:
            given = call_arguments(call)
            passed = (self.ev.type_of(one, scope) for one in given if isinstance(one, (ast.Name, ast.Attribute)))
            if any(map(_is_session, passed)) and not self._graphs.never_returns(call, scope):
                return True
        return False

    def _is_disposed(self, drive: Drive, scope: Scope) -> bool:
        """Whether what is run, or the function that runs it, closes a pool's connections."""
        if self._reaches(self._disposing, drive, scope) is not None:
            return True
        return any(last_name(one.func) in ("dispose", "close_pool", "terminate") for one in scope.calls)

    def _reaches(self, effects: Effects, drive: Drive, scope: Scope) -> Witness | None:
        driven = drive.driven
        if isinstance(driven, ast.Name):
            driven = assigned(driven.id, scope) or driven
        if isinstance(driven, ast.Call):
            found = self.ev.type_of(driven.func, scope)
            arguments: ast.Call | None = driven
        else:
            found, arguments = self.ev.type_of(driven, scope), None
        for one in alternatives(found):
            if isinstance(one, Function) and one.scope.is_async and not one.scope.is_generator:
                fixed = self.edges.enter(arguments, one.scope, scope, ()) if arguments is not None else ()
                below = effects.of_function(one.scope, fixed)
                if below is not None:
                    link = Link(arguments or drive.node, scope, one.scope.qualified_name)
                    return Witness((link, *below.links), below.effect)
                return None
        return effects.of_call(driven, scope) if isinstance(driven, ast.Call) else None

    def _made(self, fact: CallSite, scope: Scope) -> Made | None:
        if self.ev.derived(Rebound).is_unpooled(fact.node.func, scope):
            return None
        return self._bound_to_loop(self.pools.of_checkout(fact.node, scope), scope)

    def _made_at(self, link: Link) -> Made | None:
        pool = self.pools.of_checkout(link.node, link.scope) if isinstance(link.node, ast.Call) else None
        return self._bound_to_loop(pool, link.scope)

    def _bound_to_loop(self, pool: Pool | None, near: Scope) -> Made | None:
        """What makes a pool of the application whose connections one event loop has opened, and no other can use."""
        made = self.applications.loop_bound(pool, near)
        spec = self._services.engines.of_call(made.call, made.scope) if made is not None else None
        if spec is None or spec.maker.makes != "engine" or spec.driver not in self._any_loop:
            return made
        # Where the address may be another one, that of a file is for trying things out; but where nothing else is installed.
        dialect = self.ev.models.dialects.get(spec.dialect)
        may_be_another = not spec.has_all_urls and self._may_have_another(spec)
        return made if dialect is not None and dialect.embedded and may_be_another else None

    def _may_have_another(self, spec: EngineSpec) -> bool:
        """Whether an engine may be given an address for a driver whose connections one event loop has opened: not where the
        project asks for the driver of its own, and for none of these."""
        drivers, versions = self.ev.models.drivers.values(), self.ev.project.versions
        own = {name for one in drivers if one.name == spec.driver for name in (*one.distributions, one.name)}
        others = {
            name
            for one in drivers
            if one.kind != "sync" and not one.any_loop
            for name in (*one.distributions, one.name)
        }
        is_asked_for = any(versions.asks_for(one, spec.path) for one in sorted(own))
        return not is_asked_for or any(versions.asks_for(one, spec.path) for one in sorted(others))


def _is_session(one: Type) -> bool:
    return isinstance(one, Instance) and one.base is not None and one.base.kind in SESSIONS


def _may_drive(value: ast.expr, scope: Scope, known: Set[str]) -> bool:
    """Whether what is passed can be a coroutine, or one's function, by its name: to tell its type may take many modules."""
    if isinstance(value, ast.Name):
        value = assigned(value.id, scope) or value
    if isinstance(value, ast.Call):
        return isinstance(value.func, (ast.Name, ast.Attribute)) and may_be_coroutine(value.func, scope, known)
    return isinstance(value, (ast.Name, ast.Attribute)) and last_name(value) in known


DETECTOR = Detector("loops", lambda services: Loops(services).observe, of="functions")
