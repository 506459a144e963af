"""Observations about synchronous database work on the event loop."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from poolint.analyses.graphs import written_at
from poolint.analyses.holding import root_of, source_of
from poolint.analyses.managers import entry_of_made
from poolint.analyses.queried import Queried
from poolint.analyses.sinks import sync_checkout_sink, sync_connection_sink, sync_session_sink
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.databases import is_in_a_file, opens_in_memory
from poolint.detect.detector import Detector
from poolint.detect.held_up import as_plain, holds_up_few, holds_up_messages
from poolint.detect.idle_commits import commits_nothing
from poolint.detect.in_turn import in_turn
from poolint.detect.modes import given_to, has, is_asked_of_the_twin, is_only
from poolint.detect.observation import Observation
from poolint.detect.room import has_one_idle, takes_of_its_own
from poolint.detect.seldom_waits import is_asked_once
from poolint.detect.works_by import (
    asked_by,
    is_connection,
    is_local,
    is_of_any,
    is_on_a_file,
    kind_of,
    lent_connection,
    session_passed,
    whole,
)
from poolint.models.standard import ENTERING
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside, may_await, method_call
from poolint.types.call_sites import CallSite, CallText, call_site, callees_of, function_run
from poolint.types.returns import made_manager
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from poolint.analyses.effects import Effects, Witness
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

    T = TypeVar("T", "BlockingDatabaseCall", "BlockingCheckout")
    AtItsEnd = Callable[[Services, ast.expr, Witness, Scope], Iterator[T]]

_WRITING = ("commit", "flush")
"""Roles of calls at which what was changed is written."""


class BlockingDatabaseCall(Observation, frozen=True, eq=False):
    """A synchronous database call that runs on the event loop.

    ``session`` is what it is made on, or what a function of the project is passed that makes it; empty where that is not
    in sight. ``chain`` are the calls of first-party functions that lead to it, empty where it is called directly.
    ``is_read``: the first of them is a property, which is read. ``call`` may then stand in another module. ``is_possible``: it
    runs as the application starts or ends, when the loop serves nobody yet, or no more, or in a command only, for sessions of a
    mode that nobody is seen to pass, works with a file, or what it gives is kept. ``kind`` is what the call is made on: a
    session or a query. ``plain``: where the function stands, if it needs no loop and would run in a thread without; ``above``:
    where those await it that need none either, the endpoint last.
    """

    call: CallText
    session: str
    kind: str = "session"
    chain: tuple[Waypoint, ...] = ()
    origin: Waypoint | None = None
    is_read: bool = False
    is_possible: bool = False
    plain: tuple[Waypoint, ...] = ()
    above: tuple[Waypoint, ...] = ()
    raises: str = ""
    """The exception that comes of it, where the library does not let it block the loop."""


class BlockingCheckout(Observation, frozen=True, eq=False):
    """A synchronous checkout on the event loop. ``chain``, ``is_read``, ``plain`` and ``above`` are those of
    :class:`BlockingDatabaseCall`."""

    call: CallSite
    after: tuple[ast.AST, ...] = ()
    """Others on the same receiver, or by helpers that come to the same call, which every way here passes."""
    is_possible: bool = False
    chain: tuple[Waypoint, ...] = ()
    is_read: bool = False
    plain: tuple[Waypoint, ...] = ()
    above: tuple[Waypoint, ...] = ()
    is_of_its_own: bool = False
    """Whether the engine is made by the very call: it connects, and nobody else has a connection to wait for."""

    @property
    def taken_from(self) -> str:
        """What tells the checkouts of one decision: the receiver, or the call that helpers come to."""
        return self.call.name if self.chain else self.call.receiver or self.call.name


def observe(services: Services, scope: Scope) -> Iterator[Observation]:
    """The blocking calls on sessions in an ``async def``, then those that helpers make."""
    found = list(_observed(services, scope))
    found = [one for one in found if not _is_of_block(one, found)]
    nodes = [node for one in found for node in (one.node, *getattr(one, "after", ()))]
    is_alone = bool(found) and (holds_up_few(services, nodes, scope) or holds_up_messages(services, nodes, scope))
    plain, above = as_plain(services, scope) if found and not is_alone else ((), ())
    for one in found:
        if is_alone and not getattr(one, "raises", ""):  # what raises does not hold up anybody: it never works
            yield msgspec.structs.replace(one, is_possible=True)
        else:
            yield msgspec.structs.replace(one, plain=plain, above=above) if plain or above else one


def _is_of_block(
    header: BlockingDatabaseCall | BlockingCheckout, found: list[BlockingDatabaseCall | BlockingCheckout]
) -> bool:
    """Whether a block works with the database as it is entered or left, and something in it with the session that it binds: who
    decides on that decides on both."""
    item = parent_of(header.node)
    bound = item.optional_vars if isinstance(item, ast.withitem) else None
    block = parent_of(item) if isinstance(item, ast.withitem) else None
    if not (isinstance(header, BlockingDatabaseCall) and isinstance(bound, ast.Name) and block is not None):
        return False
    session = ast.dump(ast.Name(bound.id, ast.Load()))
    inside = (one for one in found if isinstance(one, BlockingDatabaseCall) and one is not header)
    return any(one.session == session and is_inside(one.node, block) for one in inside)


def _observed(services: Services, scope: Scope) -> Iterator[BlockingDatabaseCall | BlockingCheckout]:
    ev, vocabulary = services.evaluator, services.vocabulary
    direct: dict[str, list[CallSite]] = {}
    ends = ev.models.words("gives-back", "removes") if scope.yields else frozenset[str]()
    for node in scope.calls_named(vocabulary.reaches | ends if ends else vocabulary.reaches):
        if isinstance(parent_of(node), ast.Await):
            continue
        is_end = last_name(node.func) in ends
        fact = call_site(ev, node, scope, use_evidence=False)
        if fact is None:
            continue
        lent = lent_connection(ev, node, scope) if sync_connection_sink(fact) else None
        if lent is not None or sync_session_sink(fact) or (is_end and _ends_lent(fact, scope)):
            root = lent or whole(ev, root_of(node), scope)
            direct.setdefault(ast.dump(root) if root is not None else fact.receiver, []).append(fact)
    queries: dict[ast.AST, ast.expr] = {}
    for _, query, fact in ev.derived(Queried).over(scope):
        if sync_session_sink(fact):
            root = whole(ev, source_of(ev, query, scope), scope)
            direct.setdefault(ast.dump(root) if root is not None else fact.receiver, []).append(fact)
            queries[fact.node] = query
    for session, facts in direct.items():
        for fact in facts:
            at = queries.get(fact.node, fact.node)
            if commits_nothing(services, fact, scope):
                continue
            where = (at, scope.qualified_name, may_await(at, scope))
            kind, origin = asked_by(fact), _origin(ev, fact.node, scope)
            is_possible = _is_for_both_modes(ev, fact, scope) or is_on_a_file(services, fact, scope)
            yield BlockingDatabaseCall(
                *where, fact.text, session, kind, origin=origin, is_possible=is_possible, raises=_raises(fact)
            )
    checkouts = list(_checkouts(services, scope))
    if ev.screen.may_block(scope.module.path, scope.module.source.data):
        told = list(_through_helpers(services, services.sync_sessions, _at_its_end, scope))
        yield from told
        nodes = {one.node for one in told}
        below = _through_helpers(services, services.sync_checkouts, _checked_out_below, scope)
        checkouts += (one for one in below if one.node not in nodes)
        nodes |= {one.node for one in checkouts}
        worked = _through_helpers(services, services.sync_connections, _with_what_is_lent, scope)
        yield from (one for one in worked if one.node not in nodes and not is_of_any(one.node, nodes, scope))
    yield from in_turn(checkouts, lambda one: (one.taken_from, bool(one.chain)), services.graphs, scope)


def _is_for_both_modes(ev: Evaluator, fact: CallSite, scope: Scope) -> bool:
    """Whether a call stands on the synchronous way of a function that tells the sessions of both modes apart, and those that
    are seen to come there are asynchronous, or is one on a session of either mode whose result is kept."""
    root, cls = root_of(fact.node), fact.cls
    owner = fact.node.func.value if isinstance(fact.node.func, ast.Attribute) else None
    is_kept = cls is not None and bool(cls.twin) and isinstance(parent_of(fact.node), ast.Assign)
    if cls is not None and is_kept and owner is not None and has(ev, ev.type_of(owner, scope), cls.twin):
        return True
    if cls is None or not cls.twin or not isinstance(root, ast.Name) or root.id not in scope.bindings:
        return False
    at_hand = [ev.scope_name(root.id, scope)]
    if has(ev, at_hand[0], cls.twin) and any(one.kind == "parameter" for one in scope.bindings[root.id]):
        at_hand = given_to(ev, root, scope)
    return any(has(ev, one, cls.twin) for one in at_hand) and not any(is_only(ev, one, cls.name) for one in at_hand)


def _ends_lent(fact: CallSite, scope: Scope) -> bool:
    """Whether a call closes a session after somebody else has worked with it: then its rollback is waited for."""
    node, cls = fact.node, fact.cls
    if cls is None or cls.mode != "sync" or cls.kind != "session" or fact.role != "release":
        return False
    lent = [one for one in scope.yields if (one.lineno, one.col_offset) < (node.lineno, node.col_offset)]
    return any(isinstance(one.value, ast.Name) and one.value.id == fact.receiver for one in lent)


def _checkouts(services: Services, scope: Scope) -> Iterator[BlockingCheckout]:
    """Checkouts that wait for a pool or a server on the loop."""
    ev = services.evaluator
    for node in scope.calls_named(services.vocabulary.takes | {"begin"}):
        if isinstance(parent_of(node), ast.Await):
            continue
        fact = call_site(ev, node, scope, use_evidence=False)
        if fact is None or not ev.is_told(fact.name, scope):
            continue
        is_made = fact.row is not None and fact.row.call == "cm"
        takes = bool(sync_checkout_sink(fact)) and (not is_made or _is_entered(node, scope))
        header = parent_of(node)
        is_raising = isinstance(header, ast.withitem) and isinstance(parent_of(header), ast.AsyncWith)
        if takes and not is_raising and may_await(node, scope) and not opens_in_memory(ev, node, scope):
            is_read = _opens_a_file(services, fact, scope) and not _writes(ev, scope)
            if is_read and fact.role == "begin":  # whose block commits what is written there
                is_read = all(services.changing.of_call(one, scope) is None for one in scope.calls)
            is_own = takes_of_its_own(services, fact, scope)
            is_brief = is_read or has_one_idle(services, fact, scope)
            yield BlockingCheckout(node, scope.qualified_name, True, fact, is_possible=is_brief, is_of_its_own=is_own)


def _opens_a_file(services: Services, fact: CallSite, scope: Scope) -> bool:
    """Whether what a checkout gives is a connection to a database that certainly is a file, or what it asks has such a one."""
    given = services.evaluator.models.classes.get(fact.row.returns) if fact.row is not None else None
    opened = given or fact.cls
    is_file = opened is not None and opened.embedded
    return is_file or is_in_a_file(services, services.pools.of_checkout(fact.node, scope), fact.cls, scope)


def _is_entered(manager: ast.expr, scope: Scope, named: frozenset[str] = frozenset()) -> bool:
    """Whether a function enters a context manager itself: one that is only made has done nothing yet. ``named``: the names by
    which it is followed already."""
    parent = parent_of(manager)
    if isinstance(parent, (ast.IfExp, ast.BoolOp)):
        return _is_entered(parent, scope, named)
    if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        names = [one.id for one in targets if isinstance(one, ast.Name) and one.id not in named]
        is_here = isinstance(parent, ast.NamedExpr) and _is_entered(parent, scope, named)
        known = named.union(names)
        return is_here or any(_is_entered(load, scope, known) for name in names for load in scope.loads.get(name, ()))
    if isinstance(parent, ast.Attribute):
        return parent.attr == "__enter__" and method_call(manager) is not None
    if isinstance(parent, ast.Call):
        return manager is not parent.func and last_name(parent.func) in ENTERING
    return isinstance(parent, ast.withitem) and isinstance(parent_of(parent), ast.With)


def _through_helpers(services: Services, effects: Effects, at_its_end: AtItsEnd[T], scope: Scope) -> Iterator[T]:
    """What helpers come to that have an effect, and properties that are read."""
    ev = services.evaluator
    seen: set[Scope] = set()
    for node in scope.calls:
        if isinstance(parent_of(node), ast.Await):
            continue  # a decorator has made it asynchronous
        if all(edge.target is None for edge in effects.edges.of_call(node, scope)):
            continue  # most of them: it runs nothing of the project that could matter
        # An `async def` is reported itself; a generator runs elsewhere, unless its block is entered here: what it connects by is
        # not told again with the session that it lends. What the call may mean is reported once.
        of_blocks = effects is services.sync_checkouts
        run = [function_run(ev, one) for one in callees_of(ev, node, scope)]
        if of_blocks and _is_entered(node, scope):
            run += (entry_of_made(ev, one, asynchronous=False) for one in callees_of(ev, node, scope))
        fresh = [
            one
            for one in (each.scope for each in run if each is not None)
            if one.kind == "function"
            and one not in seen
            and not one.is_async
            and (not one.is_generator or (of_blocks and made_manager(ev, one) == "cm" and _is_entered(node, scope)))
        ]
        witness = effects.of_call(node, scope) if fresh else None
        if witness is None or _is_told_below(witness, scope) or is_asked_of_the_twin(ev, witness):
            continue
        seen.update(fresh)
        yield from at_its_end(services, node, witness, scope)
    read: dict[str, tuple[ast.expr, Witness]] = {}
    looped = [one.query for one in ev.derived(Queried).over(scope)]
    for one, witness in effects.implied(scope):
        if (len(witness.links) == 1 and one in looped) or _is_told_below(witness, scope):
            continue  # told already
        read.setdefault(witness.links[0].name, (one, witness))
    for one, witness in read.values():
        yield from at_its_end(services, one, witness, scope)


def _is_told_below(witness: Witness, scope: Scope) -> bool:
    """Whether a chain leads through a coroutine of the project, which is reported itself: one that is awaited as a task."""
    return any(link.scope.is_async and link.scope is not scope for link in witness.links)


def _at_its_end(services: Services, node: ast.expr, witness: Witness, scope: Scope) -> Iterator[BlockingDatabaseCall]:
    """What a call of a helper comes to, or a property that is read."""
    ev = services.evaluator
    last = witness.links[-1]
    looped = (each.fact for each in ev.derived(Queried).over(last.scope) if each.query is last.node)
    fact = next((each for each in looped if each.api == last.name), None)
    if fact is None and isinstance(last.node, ast.Call):
        fact = call_site(ev, last.node, last.scope, use_evidence=False)
    if fact is not None:
        is_read, chain = isinstance(node, ast.Attribute), calls_of(witness)
        where = (scope.qualified_name, may_await(node, scope))
        session = session_passed(ev, node, scope)
        is_possible = is_on_a_file(services, fact, last.scope) or is_asked_once(ev, witness)
        kind = "session" if fact.cls is not None and "session" in fact.cls.attributes else asked_by(fact)
        at = written_at(node)
        yield BlockingDatabaseCall(
            at, *where, fact.text, session, kind, chain=chain, is_read=is_read, is_possible=is_possible, raises=_raises(fact)
        )  # fmt: skip


def _with_what_is_lent(
    services: Services, node: ast.expr, witness: Witness, scope: Scope
) -> Iterator[BlockingDatabaseCall]:
    """The same of a helper that works on a connection which neither it nor the coroutine has taken."""
    ev, last = services.evaluator, witness.links[-1]
    if not isinstance(last.node, ast.Call) or lent_connection(ev, last.node, last.scope) is None:
        return
    given = call_arguments(node) if isinstance(node, ast.Call) else []
    passed = [one for one in given if is_connection(ev, one, scope)]
    for one in _at_its_end(services, node, witness, scope) if not any(is_local(each, scope) for each in passed) else ():
        yield msgspec.structs.replace(one, session=ast.dump(passed[0])) if passed else one


def _raises(fact: CallSite) -> str:
    return fact.cls.on_loop.rpartition(".")[2] if fact.cls is not None else ""


def _checked_out_below(
    services: Services, node: ast.expr, witness: Witness, scope: Scope
) -> Iterator[BlockingCheckout]:
    """The checkout that a call of a helper comes to, or a property that is read."""
    ev = services.evaluator
    last = witness.links[-1]
    fact = call_site(ev, last.node, last.scope, use_evidence=False) if isinstance(last.node, ast.Call) else None
    if fact is None or len(witness.links) == 1 or opens_in_memory(ev, fact.node, last.scope):
        return
    is_own = takes_of_its_own(services, fact, last.scope)
    is_brief = has_one_idle(services, fact, last.scope) or _opens_a_file(services, fact, last.scope)
    is_brief = is_brief or is_asked_once(ev, witness)
    here = msgspec.structs.replace(fact, node=written_at(node))  # what it comes to may stand in another module
    where = (written_at(node), scope.qualified_name, may_await(node, scope), here)
    is_read = isinstance(node, ast.Attribute)
    yield BlockingCheckout(*where, is_possible=is_brief, chain=calls_of(witness), is_read=is_read, is_of_its_own=is_own)


def _writes(ev: Evaluator, scope: Scope) -> bool:
    """Whether a function also makes a call that ends in a write."""
    facts = (call_site(ev, one, scope, use_evidence=False) for one in scope.calls)
    return any(one is not None and one.role in _WRITING for one in facts)


def _origin(ev: Evaluator, node: ast.Call, scope: Scope) -> Waypoint | None:
    """Where the session, or what is made of it, comes from: its parameter or its assignment."""
    root = root_of(node)
    if not isinstance(root, ast.Name):
        return None
    bindings: list[Binding] = []
    current: Scope | None = scope
    while current is not None and not bindings:
        bindings = current.bindings.get(root.id, []) if current.kind != "class" else []
        current = current.parent
    before = [one for one in bindings if one.position <= (root.lineno, root.col_offset)]
    if not before or before[-1].kind not in ("parameter", "assign", "annotated", "with"):
        return None
    target = before[-1].node
    assert isinstance(target, (ast.expr, ast.arg))
    kinds = {kind_of(one.base) for one in alternatives(ev.type_of(root, scope)) if isinstance(one, Instance)}
    return waypoint("is-synchronous", target, scope.module, root.id, kinds.pop() if len(kinds) == 1 else "session")


DETECTOR = Detector(
    "blocking",
    lambda services: partial(observe, services),
    of="coroutines",
)
