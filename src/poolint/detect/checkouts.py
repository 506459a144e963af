"""Observations about checkouts that are still owed when their function is left."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from poolint.analyses.block_headers import entering
from poolint.analyses.graphs import ends_the_process
from poolint.analyses.lifetimes.acquisitions import Site
from poolint.analyses.lifetimes.activity import is_guarded
from poolint.analyses.lifetimes.callees import Callees
from poolint.analyses.lifetimes.objects import Objects
from poolint.analyses.lifetimes.transfer import Moves
from poolint.analyses.lifetimes.typestate import MAX_IN_FUNCTION, begun, follow, there_are_owners
from poolint.analyses.lifetimes.witnesses import last_place, unwinding
from poolint.analyses.ownership import is_lost_when_closed
from poolint.analyses.parts import Parts
from poolint.analyses.waypoints import waypoint
from poolint.detect import lent
from poolint.detect.by_hand import may_be_lent, outlives_branch
from poolint.detect.collector import dropped_by
from poolint.detect.culprits import fails_to_begin, likeliest
from poolint.detect.databases import opens_in_memory
from poolint.detect.detector import Detector
from poolint.detect.discarded import lives_on
from poolint.detect.expected import is_to_fail
from poolint.detect.harmless import is_harmless, without_owners_of_lost
from poolint.detect.leaks import LeakedCheckout, LeakProblem, ManualRelease
from poolint.detect.lost_at_yields import lost_at_yield
from poolint.detect.observation import Dismissed, GivenUp, Observation
from poolint.detect.skipped_releases import SkippedReleases
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import Flags
from poolint.models.schema import OWNERS, RELEASABLE
from poolint.syntax.reaching import reaching
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import is_inside, may_await
from poolint.syntax.uses import Use, usage
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.graphs import Graphs
    from poolint.analyses.lifetimes.acquisitions import Acquisitions
    from poolint.analyses.lifetimes.typestate import Outcome, Raising, Trace
    from poolint.analyses.ownership import Ownership
    from poolint.analyses.waypoints import Waypoint, What
    from poolint.detect.observation import Dismissal
    from poolint.flow.cfg import Edge, NodeKind
    from poolint.flow.summaries import Components
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_DOES: dict[LeakProblem, What] = {"overwritten": "rebinds-name", "cancel": "cancelled", "yield": "yields"}
_OTHERWISE = frozenset[LeakProblem](("exception", "cancel"))  # told where its consumer does not lose a checkout
_THROWN: tuple[NodeKind, ...] = ("exit-exception", "exit-generator")


class Lifetimes:
    """Follows the obligations of one project's functions."""

    def __init__(
        self,
        ev: Evaluator,
        acquisitions: Acquisitions,
        ownership: Ownership,
        graphs: Graphs,
        foreign: Effects,
        components: Components,
        is_run_here: Callable[[str], bool],
        is_repeated: Callable[[ast.AST, Scope], bool],
    ) -> None:
        self.ev, self._is_run_here, self._is_repeated = ev, is_run_here, is_repeated
        self.acquisitions = acquisitions
        self.vocabulary = ev.vocabulary
        self.ownership = ownership
        self.graphs = graphs
        self.foreign = foreign
        self.callees = Callees(ev, acquisitions, ownership, graphs, foreign, components)
        self.objects = Objects(ev, ownership.carried, graphs)
        self._spent = 0
        self._dropping: tuple[tuple[Scope, str, str], ast.Call | None] | None = None
        """What was found for the name that was looked at last."""
        self._flags: Flags | None = None
        """Those of the function that was looked at last."""

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The checkouts of ``scope`` that some path leaves owed, each with its worst problem."""
        yield from without_owners_of_lost([*self._observed(scope)])

    def sites(self, scope: Scope) -> tuple[Site, ...]:
        """The obligations that begin in a function: its own checkouts, and those of objects that it makes."""
        return self.acquisitions.of(scope) + self.objects.of(scope)

    def _observed(self, scope: Scope) -> Iterator[Observation]:
        self._spent = 0
        for site in self.sites(scope):
            if self._spent > MAX_IN_FUNCTION:
                yield GivenUp(scope.node, scope.qualified_name, False, MAX_IN_FUNCTION)
                return
            made, where = (site.fact.node, None) if site.part else (site.call, scope)
            if site.cls.embedded and opens_in_memory(self.ev, made, where):
                found: Observation | None = self._let_pass(site, scope, "in-memory", site.name)
            elif is_to_fail(self.ev, site.call, scope):
                found = self._let_pass(site, scope, "expected-to-fail", site.name)
            elif not site.name:
                found = self._discarded(site, scope)
            else:
                try:
                    found = self.followed(site, scope)
                except TooComplex as given_up:
                    yield GivenUp(scope.node, scope.qualified_name, False, given_up.limit)
                    return
            if found is not None:
                yield found

    def _let_pass(self, site: Site, scope: Scope, reason: Dismissal, about: str) -> Dismissed:
        return Dismissed(site.call, scope.qualified_name, False, reason, about)

    def _discarded(self, site: Site, scope: Scope) -> Observation | None:
        """A checkout that no name holds: ``engine.connect().execute(…)``."""
        parent = parent_of(site.bound)
        if site.fact.role == "create" or site.cls.kind not in RELEASABLE | {"response"}:
            return None
        kept = None if site.part else lives_on(self.ev, site, scope)
        if kept is not None:
            return self._let_pass(site, scope, *kept)
        if isinstance(parent, ast.withitem):
            return self._observation(site, scope, "with-keeps", (waypoint("entered", site.call, scope.module),))
        if isinstance(parent, ast.Call):
            if not is_lost_when_closed(site.cls):
                return None
            return self._observation(site, scope, "misreleased", (waypoint("closed", parent, scope.module),))
        path = (waypoint("checked-out-unheld", site.call, scope.module),)
        return self._observation(site, scope, "discarded", path)

    def outcome(
        self, site: Site, scope: Scope, trace: Trace | None = None, *, raising: Raising = "anything"
    ) -> Outcome:
        """How one obligation ends; ``trace`` is called on the way there. See :func:`follow`."""
        graph = self.graphs.of(scope)
        if self._flags is None or self._flags.scope is not scope:
            self._flags = Flags(scope, graph)
        moves = Moves(self.ev, self.ownership, self.foreign, self.callees, scope, site.cls, self._flags, site)
        owners = there_are_owners(self.ev, self._flags, site.names, site.call)
        starts = begun(graph, site, self.callees.start(site, scope), self._flags.before, owners)
        outcome = follow(graph, moves, starts, site.bound, trace, raising=raising)
        self._spent += len(outcome.found)
        return outcome

    def followed(self, site: Site, scope: Scope) -> Observation | None:
        """What becomes of one obligation, as far as it is worth telling."""
        if site.cls.kind in OWNERS and self._is_lent(site, scope):
            return self._let_pass(site, scope, "told-as-lent", site.name)
        outcome = self.outcome(site, scope)
        skipped = SkippedReleases(lambda trace: self.outcome(site, scope, trace))
        verdict = _verdict(outcome, site, scope, skipped) or self._given_up(site, scope, outcome)
        verdict = self._at_yield(site, scope, outcome, verdict) or verdict
        if verdict is None:
            reason: Dismissal = "owner-kept" if site.cls.kind in OWNERS else "interrupt-only"
            manual = self._manual(site, scope, outcome) if self._dropped(site, scope) is None else None
            return manual or (self._let_pass(site, scope, reason, site.name) if outcome.leaks else None)
        problem, edges = verdict
        may_be_kept = problem == "never" or (site.cls.kind in OWNERS and problem != "half-built")
        if may_be_kept and Parts(self.ev, self.ownership, scope, site.cls).outlive(site.name):
            return self._let_pass(site, scope, "part-outlives", site.name)
        is_caught = problem == "never" and unwinding(edges) is not None and self._is_calm(site, scope)
        if is_caught or problem in ("exception", "half-built"):
            edges = likeliest(self.ev, outcome, edges, scope)
        culprit = _culprit(edges, problem)
        if isinstance(culprit, ast.Call) and ends_the_process(self.ev, culprit, scope):
            return self._let_pass(site, scope, "ends-the-process", text_of(culprit, scope))
        path = self._path(site, scope, problem, edges, culprit)
        text = text_of(culprit, scope) if culprit is not None else ""
        told = self._observation(site, scope, problem, path, text, outcome)
        is_possible = told.is_possible or fails_to_begin(site, problem, outcome, edges)
        return msgspec.structs.replace(told, is_caught=is_caught, is_possible=is_possible)

    def _given_up(self, site: Site, scope: Scope, outcome: Outcome) -> tuple[LeakProblem, list[Edge]] | None:
        """A response that the function itself decides not to read, and raises instead."""
        if site.cls.kind != "response" or "exit-exception" not in outcome.leaks:
            return None
        leaks = self.outcome(site, scope, raising="own").leaks
        return ("exception", leaks["exit-exception"]) if "exit-exception" in leaks else None

    def _at_yield(
        self, site: Site, scope: Scope, outcome: Outcome, verdict: tuple[LeakProblem, list[Edge]] | None
    ) -> tuple[LeakProblem, list[Edge]] | None:
        """The same by what the consumer of a generator throws in, where something else that raises came to that end first."""
        is_other = verdict is not None and verdict[0] in _OTHERWISE and site.cls.kind not in OWNERS
        if not is_other or not scope.is_generator or not outcome.released:
            return None
        return lost_at_yield(self.outcome(site, scope, raising="given").leaks, site, scope)

    def _is_calm(self, site: Site, scope: Scope) -> bool:
        """Whether nothing is lost where nothing raises."""
        outcome = self.outcome(site, scope, raising="nothing")
        return outcome.released and not outcome.leaks

    def _is_lent(self, site: Site, scope: Scope) -> bool:
        """Whether a generator loses what it makes when its consumer fails."""
        return any(one.node is site.call for one in lent.observe(self.ev, self.graphs, scope))

    def _dropped(self, site: Site, scope: Scope) -> ast.Call | None:
        """A release that is written and does not happen: not awaited, on the synchronous side, or left to who does not await."""
        key = (scope, site.name, site.cls.name)
        if self._dropping is None or self._dropping[0] != key:
            self._dropping = key, self._dropped_of(site, scope)
        return self._dropping[1]

    def _dropped_of(self, site: Site, scope: Scope) -> ast.Call | None:
        for load in scope.loads.get(site.name, ()):
            read = parent_of(load)
            if not isinstance(read, ast.Attribute):
                continue
            around = parent_of(read)
            if isinstance(around, ast.Call) and around.func is read:
                row = self.ev.models.method(site.cls, read.attr)
                is_release = row is not None and row.role == "release" and row.call == "coroutine"
                if is_release and usage(around, scope).use is Use.DROPPED:
                    return around
            elif isinstance(around, ast.Call) and any(dropped_by(self.ev, around, scope)):
                return around
            elif isinstance(around, ast.Attribute) and around.attr == "close":
                called = parent_of(around)
                is_called = isinstance(called, ast.Call) and called.func is around
                if is_called and read.attr in self.ev.models.words("sync-side") and scope.is_async:
                    return called  # type: ignore[return-value]
        return None

    def _manual(self, site: Site, scope: Scope, outcome: Outcome) -> ManualRelease | None:
        """A checkout that is released right, but by hand."""
        if site.part:
            return None
        block = entering(self.ev, scope, site.value, site.cls)
        if not outcome.released or outcome.handed or block is None or outlives_branch(site, scope):
            return None
        if block.commits and any(
            isinstance(read := parent_of(load), ast.Attribute) and read.attr == "rollback"
            for load in scope.loads.get(site.name, ())
        ):
            return None  # what it wrote is to be discarded, and the block would commit it
        if site.cls.kind not in RELEASABLE or may_be_lent(self.ev, site, scope):
            return None
        return ManualRelease(
            site.call,
            scope.qualified_name,
            may_await(site.call, scope),
            site.fact,
            site.name,
            site.cls,
            statement_of(site.call),
            block.asynchronous,
            block.method,
        )

    def _observation(
        self,
        site: Site,
        scope: Scope,
        problem: LeakProblem,
        path: tuple[Waypoint, ...],
        culprit: str = "",
        outcome: Outcome | None = None,
    ) -> LeakedCheckout:
        where = (site.call, scope.qualified_name, may_await(site.call, scope))
        return LeakedCheckout(
            *where,
            site.fact.text,
            site.name,
            site.cls,
            problem,
            path,
            culprit,
            outcome is not None and outcome.released,
            site.helper,
            statement_of(site.call) if not site.part else None,
            outcome is not None and outcome.handed,
            self._is_repeated(site.call, scope),
            self._dropped(site, scope),
            is_harmless(self.ev, site, problem, scope, self._is_run_here),
        )

    def _path(
        self, site: Site, scope: Scope, problem: LeakProblem, edges: list[Edge], culprit: ast.expr | None
    ) -> tuple[Waypoint, ...]:
        path = [waypoint("checked-out", site.call, scope.module, site.name)]
        if culprit is not None:
            path.append(waypoint(_DOES.get(problem, "raises"), culprit, scope.module, text_of(culprit, scope)))
        last = last_place(edges)
        if last is not None and problem != "overwritten" and last is not culprit:
            path.append(waypoint("leaves", last, scope.module, site.name))
        return tuple(path)


def _entered_in_vain(scope: Scope, site: Site) -> bool:
    """Whether the checkout is entered with a `with` that does not release it."""
    if site.cls.releases_on_exit:
        return False
    if isinstance(parent_of(site.value), ast.withitem):
        return True
    headers = [item.context_expr for statement in scope.withs for item in statement.items]
    entered = [one for one in headers if isinstance(one, ast.Name) and one.id == site.name]
    bound = scope.bindings.get(site.name, ())
    # Under a name that is bound again it may be another one that is entered.
    seen = (one for name in entered for one in (reaching(bound, name) if len(bound) > 1 else bound))
    return any(one.value is None or is_inside(site.call, one.value) for one in seen)


def _verdict(
    outcome: Outcome, site: Site, scope: Scope, skipped: SkippedReleases
) -> tuple[LeakProblem, list[Edge]] | None:
    """The first problem that holds, by the precedence of problems."""
    verdict = _first_problem(outcome, site, scope, skipped)
    if verdict is not None and verdict[0] in ("never", "exception", "cancel", "yield") and is_guarded(verdict[1], site):
        return "guarded", verdict[1]
    return verdict


def _first_problem(
    outcome: Outcome, site: Site, scope: Scope, skipped: SkippedReleases
) -> tuple[LeakProblem, list[Edge]] | None:
    leaks = outcome.leaks
    if site.cls.kind in OWNERS:
        at_yield = lost_at_yield(leaks, site, scope) if site.part and outcome.released else None
        return at_yield or _verdict_on_owner(outcome, site, scope, skipped)
    if site.cls.kind == "response" and site.cls.on_drop != "lost":
        return ("never", leaks["exit-normal"]) if "exit-normal" in leaks else None  # what raises is rare
    if outcome.overwritten is not None:
        if skipped.on(outcome.overwritten):
            return "skipped", outcome.overwritten
        return ("with-keeps" if _entered_in_vain(scope, site) else "overwritten"), outcome.overwritten
    at_yield = lost_at_yield(leaks, site, scope) if outcome.released else None
    if at_yield is not None:
        return at_yield
    if leaks and not outcome.released and _entered_in_vain(scope, site):
        return "with-keeps", next(iter(leaks.values()))
    if outcome.misreleased is not None:
        return "misreleased", outcome.misreleased
    if outcome.misplaced is not None:
        return "misplaced", outcome.misplaced
    thrown = leaks.get("exit-exception") or leaks.get("exit-cancel")
    if thrown is not None and outcome.handed and not outcome.released and "exit-normal" not in leaks:
        return "half-built", thrown
    if thrown is not None and "exit-normal" not in leaks and skipped.on(thrown):
        return "skipped", thrown
    if "exit-normal" in leaks:
        return "never", leaks["exit-normal"]
    for kind in _THROWN:
        if kind in leaks:
            return "exception", leaks[kind]
    return ("cancel", leaks["exit-cancel"]) if "exit-cancel" in leaks else None


def _is_asked(site: Site, scope: Scope) -> bool:
    """Whether a function asks a client or pool itself for something: one that is only handed to what sets it up has no connection
    yet. An engine mostly fails where it first connects, and then has none either."""
    asked = (one.func.value for one in scope.calls if isinstance(one.func, ast.Attribute))
    return site.cls.kind != "engine" and any(isinstance(one, ast.Name) and one.id == site.name for one in asked)


def _verdict_on_owner(
    outcome: Outcome, site: Site, scope: Scope, skipped: SkippedReleases
) -> tuple[LeakProblem, list[Edge]] | None:
    """The same for an engine, a pool or a client: what is reported of these is only that nobody disposes of them, or that what
    is sure to have connections by then never comes to who would."""
    leaks = outcome.leaks
    if "exit-normal" in leaks:
        return "never", leaks["exit-normal"]
    if "exit-exception" not in leaks:
        return None
    thrown = leaks["exit-exception"]
    if outcome.handed:
        is_open = isinstance(site.value, ast.Await) or (site.cls.lazy and _is_asked(site, scope))
        return ("half-built", thrown) if is_open and not outcome.released else None
    return "skipped" if skipped.on(thrown) else "exception", thrown


def _culprit(edges: list[Edge], problem: LeakProblem) -> ast.expr | None:
    """What raises, is cancelled or yields on the path; for an overwritten name the store itself."""
    last = edges[-1].source
    if last.kind == "store" and isinstance(last.node, ast.expr) and problem != "skipped":
        return last.node
    edge = unwinding(edges)
    if edge is None:
        return None
    node = edge.source.node
    if isinstance(node, ast.withitem):
        return node.context_expr
    return node if isinstance(node, ast.expr) else None


DETECTOR = Detector("lifetimes", lambda services: services.lifetimes.observe, of="functions")
