"""Observations about a second checkout from the pool that one is held from: hold and wait."""

from __future__ import annotations

import ast
import itertools
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.autocommit import is_autocommit
from poolint.analyses.awaited_tasks import started
from poolint.analyses.effects import Effects, Witness
from poolint.analyses.graphs import written_at
from poolint.analyses.holding.entry import branch_of, since
from poolint.analyses.lent_pools import borrowed, handed_back
from poolint.analyses.looked_up import is_behind_a_lookup
from poolint.analyses.managers import entry_of_made
from poolint.analyses.occasions import Occasions
from poolint.analyses.pools import is_checkout, of_session
from poolint.analyses.pools_of_calls import is_made_on_the_way, is_of_each_call, is_of_new_object
from poolint.analyses.property_reads import always_run
from poolint.analyses.received import received
from poolint.analyses.sinks import opening_sink
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.databases import held_from, is_in_a_file, is_in_memory, lets_nobody_wait
from poolint.detect.detector import Detector
from poolint.detect.handed_work import handed_work, is_handed_seldom
from poolint.detect.in_turn import in_turn
from poolint.detect.latecomers import Latecomers
from poolint.detect.lending import is_for_block, is_lent, names_of
from poolint.detect.nested_checkout import NestedCheckout, held_as
from poolint.detect.observation import Dismissed
from poolint.detect.passed_pools import PassedPools
from poolint.detect.responding import after_response, run_while_kept
from poolint.detect.room import has_room_for_two, has_two_for_itself, takes_turns
from poolint.detect.two_objects import are_of_two_objects
from poolint.detect.written import is_written
from poolint.models.schema import OPENING_ROLES
from poolint.syntax.expressions import without_await
from poolint.syntax.guards import is_asked
from poolint.syntax.scopes import is_parameter
from poolint.syntax.surroundings import chosen, end_of, is_at_once, is_evaluated_before, may_await, start_of
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.analyses.conditions import Known
    from poolint.analyses.edges import Link
    from poolint.analyses.effects import Edge
    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.dataflow import Hold
    from poolint.analyses.pools import Pool
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.observation import Dismissal, Observation
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite


class Nesting:
    """Observes nested checkouts; remembers for each pool which functions take from it."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.services = services
        self.holdings = services.holdings
        self.edges = services.edges
        self.pools = services.pools
        self.occasions = self.ev.derived(Occasions)
        self.latecomers = Latecomers(services)
        self._any_taking = services.opening
        """Functions that take from whatever pool: cheaper to ask than what is held."""
        self._taking: dict[Pool, Effects] = {}
        self._passed = PassedPools(self.ev, self.edges, self.pools, self._takes)

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that take a second connection, themselves or by functions of the project."""
        found = [*self._observed(scope), *self._read(scope), *self._awaited(scope), *self._handed(scope)]
        nested = [one for one in found if isinstance(one, NestedCheckout)]
        yield from in_turn(nested, lambda one: one.stretch, self.services.graphs, scope)
        yield from (one for one in found if not isinstance(one, NestedCheckout))

    def _observed(self, scope: Scope) -> Iterator[Observation]:
        for node in self.holdings.may_be_held(scope):
            yield from self._after_response(node, scope)
            if not self._may_take(node, scope):
                yield from self._late(node, scope)
                continue
            for hold in self.holdings.at(node, scope):
                pool = self._pool(hold, node, scope)
                found = self._found(node, scope, hold, pool) if pool is not None else "unknown-pool"
                if isinstance(found, NestedCheckout):
                    yield found
                    break
                yield Dismissed(node, scope.qualified_name, False, found, hold.resource)

    def _read(self, scope: Scope) -> Iterator[NestedCheckout]:
        """The properties of objects of the project that take a connection when they are read."""
        for one in always_run(self.ev, scope) if self.holdings.may_be_held(scope) else ():
            for hold in self.holdings.at(one.node, scope):
                pool = self._pool(hold, one.call, scope)
                witness = self._takers(pool).of_function(one.function.scope) if pool is not None else None
                if witness is not None:
                    links = (one.function.scope.qualified_name, *(link.name for link in witness.links))
                    read = waypoint("calls", one.node, scope.module, links[0])
                    path = [since(hold, scope), *branch_of(hold, scope), read, *calls_of(witness)]
                    functions = [scope, one.function.scope, *(link.scope for link in witness.links[1:])]
                    last, below = witness.links[-1][:2], witness.links
                    yield self._nested(one.node, scope, hold, links, path, functions, last, below=below)
                    break

    def _awaited(self, scope: Scope) -> Iterator[NestedCheckout]:
        """The tasks of its own that a function waits for, and the blocks whose ends wait for them, where these take one."""
        for node, _ in self._any_taking.implied(scope) if self.holdings.may_be_held(scope) else ():
            tasks = (work for at, work in started(self.ev, scope) if written_at(at) is written_at(node))
            made = [start_of(work.function) for work in tasks if work.function is not None]
            for hold in self.holdings.at(node, scope) if made else ():
                if not any(end_of(hold.since) < one for one in made):
                    continue  # it may have ended before
                pool, around = self._pool(hold, node, scope), self.edges.contexts.at(node, scope)
                witness = self._takers(pool).of_implied(node, scope, around) if pool is not None else None
                if witness is not None and pool is not None and self._is_told(hold, node, scope, pool, witness):
                    yield self._below(node, scope, hold, witness)
                    break

    def _handed(self, scope: Scope) -> Iterator[NestedCheckout]:
        """The work that takes a connection, and is handed to a function which runs it while it holds one."""
        for work in handed_work(self.services, scope):
            inner, node = work.at.scope, work.at.node
            for hold in work.held:
                pool = self._pool(hold, node, inner)
                witness = self._takers(pool).of_edge(work.edge, scope) if pool is not None else None
                below = work.below(witness) if witness is not None else None
                if witness is None or below is None or pool is None:
                    continue
                if self._is_told(hold, node, inner, pool, below):
                    one = self._below(node, inner, hold, witness)
                    yield work.told(one, is_possible=one.is_possible or is_handed_seldom(self.services, work))
                    break

    def _below(self, node: ast.expr, scope: Scope, hold: Hold, witness: Witness) -> NestedCheckout:
        """What is told of a checkout that what runs at ``node`` comes to by functions of the project."""
        names, below = tuple(link.name for link in witness.links), witness.links[1:]
        path = [since(hold, scope), *branch_of(hold, scope), *calls_of(witness)]
        functions = [link.scope for link in witness.links]
        return self._nested(node, scope, hold, names, path, functions, witness.links[-1][:2], below=below)

    def _is_told(self, hold: Hold, node: ast.expr, scope: Scope, pool: Pool, witness: Witness) -> bool:
        """Whether it takes it while one of the same pool is held, and no function on the way tells of it."""
        is_earlier = not is_evaluated_before(hold.since, node)
        is_elsewhere = is_earlier or self._is_of_another(hold, node, scope, pool, witness)
        return not is_elsewhere and self._told_elsewhere(witness, held_as(hold), pool) is None

    def _late(self, node: ast.Call, scope: Scope) -> Iterator[NestedCheckout]:
        """The second checkout by a session that was there before what is held, and has taken none so far."""
        for resource, pool, others in self.latecomers.at(node, scope):
            hold = next((one for one in others if self._pool(one, node, scope) == pool), None)
            if hold is None or not is_evaluated_before(hold.since, node):
                continue
            used = self.services.using.uses.of_call(node, scope)
            links = used.links if used is not None and len(used.links) > 1 else ()
            names = tuple(link.name for link in links) or (f"{text_of(node.func, scope)}()",)
            last = calls_of(used) if links and used is not None else (waypoint("takes-another", node, scope.module),)
            path = [since(hold, scope), *branch_of(hold, scope), *last]
            functions = [scope, *(link.scope for link in links[1:])]
            apart = self.latecomers.given_apart(hold, resource, scope)
            yield self._nested(node, scope, hold, names, path, functions, below=links[1:], apart=apart)
            return

    def _after_response(self, node: ast.Call, scope: Scope) -> Iterator[NestedCheckout]:
        """The checkout of what a call lets run after the response, while the request's session keeps its connection."""
        for function, hold in run_while_kept(self.ev, self.holdings, node, scope):
            pool = self._pool(hold, node, scope)
            witness = self._takers(pool).of_function(function) if pool is not None else None
            if witness is not None:
                links = (function.name, *(link.name for link in witness.links))
                path = [since(hold, scope), after_response(node, function, scope), *calls_of(witness)]
                functions = [scope, function, *(link.scope for link in witness.links[1:])]
                last, below = witness.links[-1][:2], witness.links
                yield self._nested(node, scope, hold, links, path, functions, last, below=below, is_later=True)
                return

    def _nested(
        self,
        node: ast.expr,
        scope: Scope,
        hold: Hold,
        names: tuple[str, ...],
        path: list[Waypoint],
        functions: list[Scope],
        last: tuple[ast.expr, Scope] | None = None,
        *,
        below: Sequence[Link] = (),
        is_later: bool = False,
        apart: str = "",
    ) -> NestedCheckout:
        """What is observed; ``last`` is the call that takes the connection from the pool, where there is one, and ``below`` are
        those on the way to it. ``is_later``: others run before that."""
        is_file = is_in_a_file(self.services, held_from(self.services, hold, scope), hold.cls, scope)
        is_read = is_file and hold.header is None and not is_written(self.services, hold, node, scope)
        return NestedCheckout(
            node,
            scope.qualified_name,
            may_await(node, scope),
            hold.resource,
            since(hold, scope),
            names,
            tuple(path),
            tuple(f"{one.module.name}.{one.qualified_name}" for one in functions),
            last is not None and is_autocommit(self.ev, *last),
            last is not None and self._refuses(*last),
            self.occasions.runs_alone(scope),
            is_read
            or takes_turns(self.services, scope)
            or (not is_later and hold.cause is None and is_at_once(hold.since, node, scope))
            or has_room_for_two(self.services, hold, node, scope)
            or has_two_for_itself(self.services, hold, scope)
            or any(is_behind_a_lookup(self.ev, one.node, one.scope) for one in below),
            apart=apart,
        )

    def _may_take(self, node: ast.Call, scope: Scope) -> bool:
        """Whether a call is a checkout of a library, makes a session, or runs a function that takes from any pool."""
        fact = call_site(self.ev, node, scope, use_evidence=False)
        if fact is not None and fact.row is not None:
            return is_checkout(fact) and not _has_it_already(fact)
        if fact is not None and fact.cls is not None:
            return fact.cls.construct in OPENING_ROLES
        callees = callees_of(self.ev, node, scope)
        if not any(isinstance(one, Function) or entry_of_made(self.ev, one) is not None for one in callees):
            return False
        return self._any_taking.of_call(node, scope) is not None or self.pools.of_checkout(node, scope) is not None

    def _takes_here(self, node: ast.Call, scope: Scope, pool: Pool) -> bool:
        """Whether the value of a call holds, or will in this function, a connection of a pool."""
        if not self._is_taken(node, scope, pool):
            return False
        return not self._may_hand_back(node, scope, ()) or self._takers(pool).of_call(node, scope) is not None

    def _is_taken(self, node: ast.Call, scope: Scope, pool: Pool) -> bool:
        """The same of a call that gives nothing that it has been passed."""
        if self.pools.of_checkout(node, scope) != pool:
            return False
        fact = call_site(self.ev, node, scope, use_evidence=False)
        is_library = fact is not None and fact.row is not None
        return (is_library and fact is not None and fact.role != "open") or self._is_used(node, scope)

    def _may_hand_back(self, node: ast.Call, scope: Scope, fixed: Known) -> bool:
        """Whether a call may give what it has been passed, and take nothing; where it is passed None it does not."""
        for one in callees_of(self.ev, node, scope):
            if isinstance(one, Function) and (names := handed_back(self.ev, one.scope)):
                known = dict(self.edges.enter(node, one.scope, scope, fixed))
                if any(known.get(name, name) is not None for name in names):
                    return True
        return False

    def _is_used(self, made: ast.Call, scope: Scope) -> bool:
        """Whether the session that a call makes takes a connection in this function."""
        names = names_of(made, scope)
        changes: Changes = self.holdings.changes(scope)
        if any(one.session in names for one in changes.regions):
            return True
        found = [one for several in changes.calls.values() for one in several if one.resource in names]
        # A commit writes what has been added.
        return any(one.holds or last_name(getattr(one.node, "func", one.node)) == "commit" for one in found)

    def _pool(self, hold: Hold, node: ast.expr, scope: Scope) -> Pool | None:
        """The pool that a connection is held from; None where nobody waits for one, or it cannot be known."""
        found, of_one = held_from(self.services, hold, scope), of_session(hold.resource, scope)
        if found is None and isinstance(node, ast.Call) and self.pools.of_checkout(node, scope) == of_one:
            return of_one
        if (
            found is None
            or lets_nobody_wait(self.services, found, hold.cls, scope)
            or (is_of_each_call(self.ev, found, scope) and not self._is_shared(hold, node, scope))
        ):
            return None
        return None if is_in_memory(self.services, found) else found

    def _is_shared(self, hold: Hold, node: ast.expr, scope: Scope) -> bool:
        """Whether both are taken from what a function has in hand under one name, wherever that was made."""
        since = without_await(hold.since)
        if not (isinstance(since, ast.Call) and isinstance(node, ast.Call)):
            return False
        taken = (since, node)
        if any(isinstance(each, Function) for one in taken for each in callees_of(self.ev, one, scope)):
            return False
        owners = {text_of(one.func.value if isinstance(one.func, ast.Attribute) else one.func, scope) for one in taken}
        return len(owners) == 1

    def _found(self, node: ast.Call, scope: Scope, hold: Hold, pool: Pool) -> NestedCheckout | Dismissal:
        """The second checkout that a call is, or why it is none."""
        if not is_evaluated_before(hold.since, node):
            return "earlier-round"  # whose engine may have been another: a leak, if anything
        if hold.resource in names_of(node, scope) or is_asked(chosen(node)[0], hold.resource):
            return "same-resource"
        witness = self._takers(pool).of_call(node, scope)
        if witness is not None and (around := self.edges.contexts.at(node, scope)):
            witness = self._takers(pool).of_call(node, scope, around)
            if witness is None:
                return "same-context"
        if self._is_of_another(hold, node, scope, pool, witness):
            return "other-pool"
        if self._takes_here(node, scope, pool):
            path = [since(hold, scope), *branch_of(hold, scope), waypoint("takes-another", node, scope.module)]
            called = callees_of(self.ev, node, scope)
            functions = [scope, *(one.scope for one in called if isinstance(one, Function))]
            return self._nested(node, scope, hold, (f"{text_of(node.func, scope)}()",), path, functions, (node, scope))
        if witness is None or len(witness.links) < 2 or is_of_new_object(pool, witness.links[-1].scope):
            return "other-pool"
        return self._told_elsewhere(witness, held_as(hold), pool) or self._below(node, scope, hold, witness)

    def _is_of_another(self, hold: Hold, node: ast.expr, scope: Scope, pool: Pool, witness: Witness | None) -> bool:
        """Whether what makes a pool runs again on the way, or does so for two objects."""
        links = witness.links if witness is not None else ()
        is_anew = is_made_on_the_way(self.ev, pool, [one.scope for one in links[1:]])
        return is_anew or are_of_two_objects(self.ev, pool, hold.since, node, scope, links)

    def _refuses(self, node: ast.expr, scope: Scope) -> bool:
        fact = call_site(self.ev, node, scope) if isinstance(node, ast.Call) else None
        return fact is not None and fact.cls is not None and fact.cls.refuses

    def _told_elsewhere(self, witness: Witness, names: set[str], pool: Pool) -> Dismissal | None:
        """Why a function on the way that is passed the resource has ended it, or asks whether it was passed, or tells of it
        itself, since it holds the connection there in turn."""
        for link, (inner_node, inner, _) in itertools.pairwise(witness.links):
            names = set(received(self.ev, self.holdings, link.node, link.scope, inner, names))
            if not names:
                return None
            own = [one for one in self.holdings.at(inner_node, inner) if one.resource in names]
            if isinstance(inner_node, ast.Call) and any(self._pool(one, inner_node, inner) == pool for one in own):
                return "held-below"
            changes: Changes = self.holdings.changes(inner)
            ended = [one for several in changes.calls.values() for one in several if not one.holds]
            ended += [one for several in changes.exits.values() for one in several]
            if any(one.resource in names and one.node.lineno <= inner_node.lineno for one in ended):
                return None if own else "ended-before"
            if any(is_asked(inner.node, name, for_itself=False) for name in names):
                return "ended-before"
        return None

    def _takers(self, pool: Pool) -> Effects:
        found = self._taking.get(pool)
        if found is None:

            def takes_from_it(fact: CallSite, scope: Scope) -> bool:
                return self._takes(fact, scope) and self.pools.of_checkout(fact.node, scope) == pool

            by_passing = partial(self._taken_by, pool)
            found = self._taking[pool] = Effects(self.edges, opening_sink, takes_from_it, by_passing=by_passing)
        return found

    def _takes(self, fact: CallSite, scope: Scope) -> bool:
        """Whether a call takes a connection, or makes a session that will."""
        if _has_it_already(fact):
            return False
        is_lazy = fact.role == "open" or fact.row is None
        if not is_lazy or self._is_used(fact.node, scope) or is_lent(fact.node, scope):
            return True
        return is_for_block(self.services.graphs, fact.node, scope)

    def _taken_by(self, pool: Pool, edge: Edge, scope: Scope, fixed: Known) -> Witness | None:
        """How a function takes a connection of a pool by what it calls: with a session that another one makes for it, or by
        what it passes there."""
        node = edge.link.node
        is_called = edge.target is not None and edge.work is None
        if is_called and edge.target is not None and edge.target.is_generator:
            # What it takes itself is told by what it does, and what it is passed by who passes that.
            own = self.pools.of_function(edge.target)
            is_called = own not in (None, pool) and not is_parameter(borrowed(own, edge.target), edge.target)
        if is_called and edge.target is not None and isinstance(node, ast.Call):
            made = self._any_taking.of_function(edge.target, self.edges.enter(node, edge.target, scope, fixed))
            if made is not None and self._is_taken(node, scope, pool) and not self._may_hand_back(node, scope, fixed):
                return made
        return self._passed.taken(pool, edge, scope, fixed)


def _has_it_already(fact: CallSite) -> bool:
    """Whether a thread or task that holds a connection of this engine gets the same one when it asks for another."""
    return fact.cls is not None and fact.cls.shares


DETECTOR = Detector("nesting", lambda services: Nesting(services).observe)
