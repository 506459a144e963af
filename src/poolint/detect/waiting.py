"""Observations about what a function waits for while it holds a connection."""

from __future__ import annotations

import ast
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from poolint.analyses.conditions import Entering
from poolint.analyses.contexts import TRANSACTION_OPEN
from poolint.analyses.graphs import BlockEnd, written_at
from poolint.analyses.holding.database_locks import held as locks_held
from poolint.analyses.holding.entry import branch_of, since
from poolint.analyses.own_loops import OwnLoops
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.databases import held_from, is_in_memory
from poolint.detect.detector import Detector
from poolint.detect.handed_work import handed_work, is_handed_seldom
from poolint.detect.held_above import held_above
from poolint.detect.in_turn import in_turn
from poolint.detect.little_harm import does_little_harm, is_doubtful
from poolint.detect.loop_waits import holds_up_others
from poolint.detect.messages import concerns_what_is_written
from poolint.detect.observation import Dismissed, Observation
from poolint.detect.passed_down import along
from poolint.detect.written import is_written
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.syntax.surroundings import may_await, method_call
from poolint.types.call_sites import text_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.effects import Effects, Link, Witness
    from poolint.analyses.graphs import Graphs
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.statement_locks import LockKind
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.observation import Dismissal
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class CallWhileHeld(Observation, frozen=True, eq=False):
    """A call that keeps its caller waiting while a connection is held.

    ``resource`` is what holds it, as written, ``transaction`` the header of the transaction's block where the call
    stands in one, ``begun`` where it began. ``names`` is the chain of functions down to the call that waits, ``effect``
    what it waits for, ``path`` where each of them stands. ``locks`` of the database are held as well.
    """

    resource: str
    transaction: str
    begun: Waypoint
    names: tuple[str, ...]
    effect: str
    path: tuple[Waypoint, ...] = ()
    locks: tuple[Waypoint, ...] = ()
    is_possible: bool = False
    """Whether something on the chain is unknown, or does so in one of several implementations only; whether it waits for
    others in this process only after a failure, or pauses only where the database cannot be reached; and where nothing but the
    connection of who has only read is held, whether it pauses after a failure only, or waits for others with that of an engine
    which this call alone has."""
    after: tuple[ast.AST, ...] = ()
    """What waits for the same in the same stretch, and that every way here passes."""
    above: tuple[Waypoint, ...] = ()
    """Where the function is passed what it holds by who holds a connection with it already."""
    holder: str = ""
    """The function that holds it, where that is another one, which runs what it is handed here."""
    stops_loop: bool = False
    """Whether an event loop that serves others stands still meanwhile."""

    @property
    def stretch(self) -> str:
        """What tells the calls that wait for one kind of thing while the same is held from all others."""
        places = [one.range.start for one in (self.begun, *self.locks)]
        return f"{self.effect} {self.resource} {places}"


def observe(services: Services, scope: Scope) -> Iterator[Observation]:
    """The calls in ``scope`` that keep it waiting while it holds a connection of its own; each call once.

    Blocks and loops that wait are reported at their context or iterator.
    """
    found = [*_observed(services, scope), *_by_work(services, scope)]
    yield from in_stretches((one for one in found if isinstance(one, CallWhileHeld)), services.graphs, scope)
    yield from (one for one in found if not isinstance(one, CallWhileHeld))


def in_stretches(found: Iterable[CallWhileHeld], graphs: Graphs, scope: Scope) -> Iterator[CallWhileHeld]:
    """The same, each with those of its stretch that every way to it passes."""
    return in_turn(found, lambda one: one.stretch, graphs, scope)


def _observed(services: Services, scope: Scope) -> Iterator[Observation]:
    holdings, slow = services.holdings, services.slow
    for node, witness in _waiting(holdings, slow, scope):
        held = []
        for one in holdings.at(node, scope):
            reason = _let_pass(services, one, witness, node, scope)
            if reason is None and is_in_memory(services, held_from(services, one, scope)):
                reason = "in-memory"
            if reason is None:
                held.append(one)
            else:
                yield Dismissed(written_at(node), scope.qualified_name, False, reason, one.resource)
        if not held:
            continue
        dead = _dead_below(services, witness)
        if dead:
            yield Dismissed(written_at(node), scope.qualified_name, False, "nobody-runs", dead)
            continue
        elsewhere = _told_elsewhere(holdings, slow, held, witness, node, scope)
        is_told = elsewhere is not None and not (elsewhere[0] == "holds-below" and _is_doubted(services, witness))
        stops = _stops_loop(services, witness, node, scope)
        is_possible = not is_told and does_little_harm(services, held, witness, node, scope)
        if is_possible and stops and not is_doubtful(services, held, witness, scope):
            is_possible = not holds_up_others(services, node, scope)
        if witness.effect == "queue" and not is_possible:
            is_possible = not any(concerns_what_is_written(services, one, witness, node, scope) for one in held)
        if elsewhere is not None and (is_told or is_possible):
            yield Dismissed(written_at(node), scope.qualified_name, False, *elsewhere)
        else:
            told = observation(slow.edges.ev, holdings, held, witness, node, scope, is_possible=is_possible)
            above = {each: None for hold in held for each in held_above(services, hold, scope)}
            yield msgspec.structs.replace(told, above=tuple(above), stops_loop=stops) if above or stops else told


def _by_work(services: Services, scope: Scope) -> Iterator[CallWhileHeld]:
    """The work that waits, and is handed to a function of the project which runs it with a connection in hand."""
    ev, holdings, slow = services.evaluator, services.holdings, services.slow
    for work in handed_work(services, scope):
        inner, node = work.at.scope, work.at.node
        witness = slow.of_edge(work.edge, scope)
        below = work.below(witness) if witness is not None else None
        if witness is None or below is None or (isinstance(node, ast.Call) and slow.of_call(node, inner) is not None):
            continue
        held = [one for one in work.held if why_not(services, one, below, node, inner) is None]
        held = [one for one in held if not is_in_memory(services, held_from(services, one, inner))]
        if held:
            is_little = does_little_harm(services, held, witness, node, inner)
            one = observation(ev, holdings, held, witness, node, inner)
            yield work.told(one, is_possible=is_little or is_handed_seldom(services, work))


def _stops_loop(services: Services, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether it is the thread of an event loop that waits, and that has others to run."""
    below = services.blocking.of_call(node, scope) if isinstance(node, ast.Call) and may_await(node, scope) else None
    if below is None or below.links[-1].node is not witness.links[-1].node:
        return False
    return not services.evaluator.derived(OwnLoops).holds_up_nobody(scope)


def _waiting(holdings: Holdings, slow: Effects, scope: Scope) -> Iterator[tuple[ast.expr, Witness]]:
    """What waits where something may be held."""
    calls = holdings.may_be_held(scope)
    for node in calls:
        witness = slow.of_call(node, scope)
        if witness is not None:
            yield node, witness
    if calls:
        yield from slow.implied(scope)


def _let_pass(services: Services, hold: Hold, witness: Witness, node: ast.expr, scope: Scope) -> Dismissal | None:
    """Why nobody waits for the connection that is held when a call waits; None where somebody does."""
    holdings = services.holdings
    ends = any(not one.holds for one in holdings.changes(scope).calls.get(node, ()))
    if ends and not _waits_first(holdings, hold, witness, scope):
        return "ends-it"
    if _hands_over(holdings, node, hold, scope):
        return "hands-it-on"
    if witness.effect == "retry" and isinstance(node, BlockEnd):
        return "retries-itself"  # what the object of a block does about a failure is its own matter
    if _ended_below(holdings, hold, witness, scope):
        return "ended-below"
    if _begin_together(services.evaluator, hold.since, node):
        return "begins-together"
    if hold.header is not None and _does_so_without(services, hold.header, node, witness, scope):
        return "without-transaction"
    if witness.effect == "queue" and hold.header is None and not is_written(services, hold, node, scope):
        return "nothing-written"
    return None


def _does_so_without(services: Services, header: ast.expr, node: ast.expr, witness: Witness, scope: Scope) -> bool:
    """Whether what a call leads to is done only where no transaction of the library that ``header`` is of is open, by what a
    function asks on the way: ``if connection.in_atomic_block: on_commit(send)``."""
    asks = services.slow.edges.contexts.asks_for_transaction
    if not isinstance(node, ast.Call) or not any(map(asks, witness.below)):
        return False
    ev = services.evaluator
    opened = ev.qualified_name(ev.type_of(header.func if isinstance(header, ast.Call) else header, scope))
    libraries = {one.partition(".")[0] for one in ev.models.manners["tells-transaction"]}
    if opened.partition(".")[0] not in libraries or (isinstance(header, ast.Call) and (header.args or header.keywords)):
        return False
    return services.slow.of_call(node, scope, (TRANSACTION_OPEN,)) is None


def _told_elsewhere(
    holdings: Holdings, slow: Effects, held: list[Hold], witness: Witness, node: ast.expr, scope: Scope
) -> tuple[Dismissal, str] | None:
    """Why a call that waits is not reported where it stands, and at which one it is instead."""
    if _ended_on_the_way(holdings, held, witness, scope):
        return "ended-on-the-way", witness.links[0].name
    below = _told_below(holdings, witness)
    if below is not None:
        return "holds-below", below.name
    if _leads_to_one(slow, node, scope):
        return "told-at-its-end", witness.links[0].name
    return None


def observation(
    ev: Evaluator,
    holdings: Holdings,
    held: list[Hold],
    witness: Witness,
    node: ast.expr,
    scope: Scope,
    *,
    is_possible: bool = False,
) -> CallWhileHeld:
    """The observation of a call that waits, or may do so, while these are held."""
    hold = next((one for one in held if one.header is not None), held[0])
    header = text_of(hold.header, scope) if hold.header is not None else ""
    begun = since(hold, scope)
    if hold.header is not None:
        begun = waypoint("opens-transaction", hold.header, scope.module, header)
    locks: dict[LockKind, Waypoint] = {}
    for one in locks_held(ev, holdings, hold, node, scope):
        locks.setdefault(one.kind, waypoint(one.kind, one.taken, scope.module, text_of(one.taken, scope)))
    return CallWhileHeld(
        written_at(node),
        scope.qualified_name,
        may_await(node, scope),
        hold.resource,
        header,
        begun,
        tuple(link.name for link in witness.links),
        witness.effect,
        (begun, *branch_of(hold, scope), *locks.values(), *calls_of(witness)),
        tuple(locks.values()),
        is_possible,
    )


def why_not(services: Services, hold: Hold, witness: Witness, node: ast.expr, scope: Scope) -> Dismissal | None:
    """Why a call that waits while something is held is let pass, or told elsewhere; None where it is told here."""
    passed = _let_pass(services, hold, witness, node, scope)
    if passed is None:
        elsewhere = _told_elsewhere(services.holdings, services.slow, [hold], witness, node, scope)
        passed = elsewhere[0] if elsewhere is not None else None
    return passed


def _leads_to_one(slow: Effects, node: ast.expr, scope: Scope) -> bool:
    """Whether what is called on the result of a call waits too: `Client().get(…)` is reported once, by its end."""
    outer = method_call(node)
    return outer is not None and slow.of_call(outer, scope) is not None


def _hands_over(holdings: Holdings, node: ast.expr, hold: Hold, scope: Scope) -> bool:
    """Whether a call is what passes a connection on: ``queue.put(conn)``; not to a function that works with it, or does
    nothing with it at all."""
    return (
        isinstance(node, ast.Call)
        and node not in holdings.changes(scope).calls
        and any(isinstance(one, ast.Name) and one.id == hold.resource for one in node.args)
        and not holdings.stays(node, hold, scope)
    )


def _begin_together(ev: Evaluator, since: ast.expr, node: ast.expr) -> bool:
    """Whether one call runs both at the same time: neither comes before the other."""
    around: ast.AST | None = since
    while isinstance(around, ast.expr):
        if (
            isinstance(around, ast.Call)
            and around is not since
            and last_name(around.func) in ev.models.words("at-once")
        ):
            return around.lineno <= node.lineno and (node.end_lineno or 0) <= (around.end_lineno or 0)
        around = parent_of(around)
    return False


def _ended_below(holdings: Holdings, hold: Hold, witness: Witness, scope: Scope) -> bool:
    """Whether a function on the chain ends the use of a session of this one before it waits: one that stands inside
    this one, or is passed it."""
    entering = holdings.objects.ev.derived(Entering)
    known: Known = ()
    for before, (link, names) in zip(witness.links, along(holdings, hold, witness, scope), strict=False):
        call = before.node
        known = entering.known(call, link.scope, before.scope, known) if isinstance(call, ast.Call) else ()
        if any(holdings.has_ended(one, link.node, link.scope, known) for one in names):
            return True
    return False


def _waits_first(holdings: Holdings, hold: Hold, witness: Witness, scope: Scope) -> bool:
    """Whether a function that ends the use of what is held waits before it does so.

    It has to be seen under some name in the function that it is passed to: who ends it before it waits is told by
    :func:`_ended_below` then. Where what waits is handed it itself, there is no more to wait for.
    """
    links = list(along(holdings, hold, witness, scope))
    given = [*links[-1][0].node.args] if links and isinstance(links[-1][0].node, ast.Call) else []
    names = links[-1][1] if links else set()
    return bool(links and links[0][1]) and not any(text_of(one, links[-1][0].scope) in names for one in given)


def _ended_on_the_way(holdings: Holdings, held: list[Hold], witness: Witness, scope: Scope) -> bool:
    """Whether a function on the chain ends a session that it has been given, on some way to what waits; another one than what is
    held, where that has been followed there, is no matter."""
    called = [dict(along(holdings, one, witness, scope)) for one in held]
    for link in witness.links[1:]:
        names = [one.get(link, set()) for one in called]
        for one in holdings.ended(link.node, link.scope):
            is_given = one.resource.startswith("self.") or is_parameter(one.resource, link.scope)
            if is_given and not (all(names) and not any(one.resource in each for each in names)):
                return True
    return False


def _told_below(holdings: Holdings, witness: Witness) -> Link | None:
    """The call on the chain at which a function holds a connection itself: it is reported there."""
    return next((link for link in witness.links[1:] if holdings.at(link.node, link.scope)), None)


def _dead_below(services: Services, witness: Witness) -> str:
    """What nobody runs of the project on the way to what waits; empty where all is run, or others that are do the same where an
    interface is called."""
    for before, link in pairwise(witness.links):
        dead = services.unreached.why(link.scope)
        if dead is not None:
            return "" if _is_done_by_others(services, before, witness.effect) else dead.name
    return ""


def _is_done_by_others(services: Services, link: Link, effect: str) -> bool:
    """Whether a call may run other functions, of classes that are made, which wait in the same way."""
    edges = services.slow.edges.of_call(link.node, link.scope) if isinstance(link.node, ast.Call) else ()
    for target in (one for edge in edges if edge.others for one in (edge.target, *edge.others) if one is not None):
        below = services.slow.of_function(target) if services.unreached.why(target) is None else None
        if below is not None and below.effect == effect and not _dead_below(services, below):
            return True
    return False


def _is_doubted(services: Services, witness: Witness) -> bool:
    """Whether the function on the chain that holds a connection itself does little harm with that: it has only read, where
    who calls it may have written. One that nobody runs does none at all, whoever seems to call it."""
    link = _told_below(services.holdings, witness)
    if link is None or not isinstance(link.node, ast.Call) or services.unreached.why(link.scope) is not None:
        return False
    below = services.slow.of_call(link.node, link.scope)
    if below is None:
        return False
    return does_little_harm(services, services.holdings.at(link.node, link.scope), below, link.node, link.scope)


DETECTOR = Detector("waiting", lambda services: partial(observe, services))
