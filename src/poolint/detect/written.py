"""Whether something is written to a session, and not yet committed, where a message is sent, or a call waits."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.graphs import BlockEnd, events_at
from poolint.analyses.holding import root_of
from poolint.analyses.holding.entry import is_committed_after
from poolint.analyses.holding.given_sessions import resource_class
from poolint.analyses.holding.transactions import inside
from poolint.analyses.places import Places
from poolint.analyses.session_options import flushes
from poolint.detect.committing_blocks import is_committed_at_end
from poolint.detect.left_written import LeftWritten
from poolint.detect.passed_down import along
from poolint.detect.together import are_decided_against
from poolint.detect.writing import LENT, Giving, events_after, stores_of
from poolint.flow.flags import name_of
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.changes import Change
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.flow.cfg import Graph
    from poolint.syntax.scopes import Scope


_ENDING = frozenset({"flush", "commit"})
"""Methods that write what others have told a session."""

_GIVING_UP = frozenset({"release", "rollback"})
"""Roles of calls that end a transaction and drop what it has written."""


class _Calls(NamedTuple):
    """The calls of a function that have to do with one thing that is held: those on it, those that use it, those that are seen
    to write something; those that commit, and those that end it with what has been written; and the blocks that end it."""

    graph: Graph
    own: list[ast.Call]
    used: set[ast.AST]
    writes: list[ast.expr]
    commits: set[ast.Call]
    ended: set[ast.AST]
    left: set[BlockEnd]
    given_up: set[ast.Call]

    @property
    def over(self) -> set[ast.AST]:
        """What leaves nothing open of what has been written."""
        return {*self.ended, *self.commits, *self.left, *self.given_up}


def _calls(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> _Calls:
    ev, changed = services.evaluator, services.holdings.changes(scope)
    words = ev.models.words("pends", "writes")
    own = [call for call in scope.calls if _is_on(services, call, hold, scope)]
    ended = {call for call, found in changed.calls.items() if _is_ended(found, hold)}
    left = {
        BlockEnd.of(item)
        for item, found in changed.exits.items()
        if isinstance(item, ast.withitem) and _is_ended(found, hold)
    }
    used = {call for call, found in changed.calls.items() if any(_is_use(one, hold) for one in found)}
    # Who commits something unknown, as a manager of transactions, may commit this.
    commits = {call for call in scope.calls_of("commit") if call in own or call_site(ev, call, scope) is None}
    writes: list[ast.expr] = [call for call in own if last_name(call.func) in words]
    if is_committed_at_end(services, hold, node, scope):
        writes += services.kept(OnConnections, lambda: OnConnections(services)).of(hold, node, scope, services.changing)
    if hold.cls is not None and hold.cls.kind in LENT:  # what else there is may commit each statement by itself
        mine = [call for call in scope.calls if call in used or call in own]
        leaving = services.kept(LeftWritten, lambda: LeftWritten(services))
        writes += [call for call in mine if _changes(services, call, scope) and leaving.by(call, scope)]
    writes = [one for one in writes if one not in ended and not are_decided_against(one, node, scope)]
    given_up = {call for call in own if (fact := call_site(ev, call, scope)) is not None and fact.role in _GIVING_UP}
    return _Calls(services.holdings.graph(scope), own, used, writes, commits, ended, left, given_up)


def is_written(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether something is written around ``node`` outside of a transaction's block: before it and not committed on the
    way here, or committed after it, with nothing in between that is seen to write what is committed there, or sets an
    attribute of an object.

    Who has only read lets whoever receives a message miss nothing.
    """
    if is_committed_after(services.evaluator, hold.resource, scope):
        return True
    found = _calls(services, hold, node, scope)
    # What a function writes that commits in the end is behind it.
    if _come_before(found, found.writes, node):
        return True
    stores = [*stores_of(services.evaluator, scope)]
    if _come_before(found, stores, node, but={*found.ended, *found.commits, *found.left}):
        stores = []
    return _commits_others(services, found, stores, node, scope)


def has_sent(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether something has been sent to the database by ``node`` and is not committed, so that rows are locked: what a session
    has only been told, by itself or by attributes of its objects, it sends when it is next used. Who commits, and is not seen
    to write anything, commits what others have sent."""
    found = _calls(services, hold, node, scope)
    pends = services.evaluator.models.words("pends")
    told = [
        one for one in found.writes if isinstance(one, ast.Call) and one in found.own and last_name(one.func) in pends
    ]
    told_or_set = [*told, *stores_of(services.evaluator, scope)]
    begun = events_after(found.graph, told_or_set, but=found.over)
    flushed = [
        one
        for one in _sending(services, found, hold, scope)
        if one is not node and not begun.isdisjoint(events_at(found.graph, one))
    ]
    if _come_before(found, [*(one for one in found.writes if one not in told), *flushed], node):
        return True
    if _come_before(found, told_or_set, node):
        return False
    is_committed = is_committed_after(services.evaluator, hold.resource, scope)
    return is_committed or _commits_others(services, found, [*stores_of(services.evaluator, scope)], node, scope)


def is_left_open(services: Services, hold: Hold, loop: ast.stmt, scope: Scope) -> bool:
    """Whether something that has been written is not committed as a round of a loop begins, on some way: from one round to the
    next, or all the time."""
    found = _calls(services, hold, hold.since, scope)
    return _come_before(found, found.writes, loop)


def _sending(services: Services, found: _Calls, hold: Hold, scope: Scope) -> Iterator[ast.AST]:
    """The calls that send what a session has been told: all that use it, but queries where it does not flush by itself."""
    if flushes(services.evaluator, hold.resource, scope) is not False:
        return iter(found.used)
    return (
        one
        for one in found.used
        if not (isinstance(one, ast.Call) and one in found.own) or last_name(one.func) in _ENDING
    )


def _commits_others(
    services: Services, found: _Calls, stores: list[ast.Attribute], node: ast.expr, scope: Scope
) -> bool:
    """Whether a commit after ``node`` commits what nothing between them is seen to write. In another round of a loop, what sends
    and commits at one place commits what belongs to that round."""
    ends = (found.commits | found.ended) - found.given_up
    after = events_after(found.graph, [node], but={*ends, *found.given_up}, raising=False)
    committed = {event for one in ends if one is not node for event in events_at(found.graph, one)} & after
    if not committed:
        return False
    called = [call for call in scope.calls if _changes(services, call, scope) or _sets(services, call, scope)]
    later = [one for one in (*found.writes, *stores, *called) if not after.isdisjoint(events_at(found.graph, one))]
    own_writes = {event for one in later for event in events_at(found.graph, one)}
    return not committed <= own_writes | events_after(found.graph, later, but={*ends, *found.given_up}, raising=False)


def _come_before(found: _Calls, calls: Iterable[ast.AST], node: ast.AST, but: set[ast.AST] | None = None) -> bool:
    """Whether one of some calls comes before ``node``, and nothing ends what it has written on the way."""
    over = found.over if but is None else but
    return not events_after(found.graph, calls, but=over).isdisjoint(events_at(found.graph, node))


def writes_of(services: Services, hold: Hold, scope: Scope) -> list[ast.expr]:
    """All calls of a function that are seen to write something, and the attributes that it sets of objects, its own aside."""
    words = services.evaluator.models.words("pends", "writes")
    calls = [
        call
        for call in scope.calls
        if (
            _is_on(services, call, hold, scope)
            and last_name(call.func) in words
            and last_name(call.func) not in _ENDING
        )
        or _changes(services, call, scope)
    ]
    return [*calls, *stores_of(services.evaluator, scope)]


def _changes(services: Services, call: ast.Call, scope: Scope) -> bool:
    """Whether a call is seen to write something: itself, or in a function of the project that gives it to a session."""
    if services.changing.of_call(call, scope) is not None:
        return True
    giving = services.kept(Giving, lambda: Giving(services.edges))
    return any(
        isinstance(one, Function) and giving.of(one.scope) for one in callees_of(services.evaluator, call, scope)
    )


def may_write(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether anything but queries may be sent in a transaction's block of a connection: by the function, by one that it passes
    that to, or by something unknown."""
    names = _names_of(services, hold, scope)
    if any(_is_passed_on(services, call, names, scope) for call in scope.calls):
        return True
    writing = services.kept(OnConnections, lambda: OnConnections(services))
    return any(writing.of(hold, node, scope, services.possibly_changing))


def _is_passed_on(services: Services, call: ast.Call, names: Set[str], scope: Scope) -> bool:
    """Whether a connection is passed to something else than functions of the project."""
    passed = [one for one in call_arguments(call) if text_of(one, scope) in names]
    callees = callees_of(services.evaluator, call, scope) if passed else ()
    return bool(passed) and not (callees and all(isinstance(one, Function) for one in callees))


class OnConnections:
    """What functions are seen to write on the connections that they hold, found once for each hold."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[tuple[Scope, str, ast.AST, Effects], list[ast.Call]] = {}

    def of(self, hold: Hold, node: ast.AST, scope: Scope, changing: Effects) -> Iterator[ast.Call]:
        """The calls of a function that write something on what is held, or may, as ``changing`` has it, in whatever function
        comes to it; but for those in a transaction's block of it that has ended before ``node``, whose end has committed
        them."""
        key = (scope, hold.resource, hold.since, changing)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = [call for call in scope.calls if self._is_one(call, hold, scope, changing)]
        over = [
            one for one in scope.withs if _is_transaction(self._services, one, hold, scope) and not inside(node, one)
        ]
        return (call for call in found if not any(inside(call, one) for one in over))

    def _is_one(self, call: ast.Call, hold: Hold, scope: Scope, changing: Effects) -> bool:
        witness = changing.of_call(call, scope)
        last = witness.links[-1] if witness is not None else None
        root = root_of(last.node) if last is not None and isinstance(last.node, ast.Call) else None
        if witness is None or last is None or root is None:
            return False
        names = _with_cursors(_names_of(self._services, hold, scope), scope)
        if len(witness.links) > 1:
            held = [hold._replace(resource=one) for one in sorted(names)]
            ends = [[*along(self._services.holdings, one, witness, scope)][-1] for one in held]
            names = _with_cursors({name for _, called in ends for name in called}, last.scope)
        return text_of(root, last.scope) in names


def _is_transaction(services: Services, block: ast.With | ast.AsyncWith, hold: Hold, scope: Scope) -> bool:
    """Whether a block is one of a transaction on what is held: ``with conn.transaction():``."""
    headers = (one.context_expr for one in block.items)
    return any(isinstance(one, ast.Call) and _is_on(services, one, hold, scope) for one in headers)


def _names_of(services: Services, hold: Hold, scope: Scope) -> set[str]:
    """The names of what is held: of a block that is one of a transaction, what it binds, or the connection that begins it."""
    item = parent_of(hold.header) if hold.header is not None else None
    if not isinstance(item, ast.withitem):
        return {hold.resource}
    root = root_of(hold.header) if isinstance(hold.header, ast.Call) else None
    begins = root is not None and resource_class(services.evaluator.type_of(root, scope)) is not None
    bound = [name_of(item.optional_vars)] if item.optional_vars is not None else []
    return {hold.resource, *filter(None, bound), *([text_of(root, scope)] if root is not None and begins else [])}


def _with_cursors(names: Set[str], scope: Scope) -> set[str]:
    """Names of a function, with those of what calls of their methods give: cursors."""
    found = set(names)
    for name, bindings in scope.bindings.items():
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind in ("assign", "with") else None
        root = root_of(made) if value is not None and isinstance(made := without_await(value), ast.Call) else None
        if root is not None and text_of(root, scope) in names:
            found.add(name)
    return found


def _sets(services: Services, call: ast.Call, scope: Scope) -> bool:
    """Whether a call runs a function of the project that sets attributes of objects, which it then commits itself."""
    return any(
        isinstance(one, Function) and ("setattr" in one.scope.called or any(stores_of(services.evaluator, one.scope)))
        for one in callees_of(services.evaluator, call, scope)
    )


def _is_ended(changes: Iterable[Change], hold: Hold) -> bool:
    return any(one.resource == hold.resource and not one.holds for one in changes)


def _is_use(change: Change, hold: Hold) -> bool:
    """Whether a call takes the connection that is held, as methods of objects do that have its session."""
    return change.resource == hold.resource and change.holds


def _is_on(services: Services, call: ast.Call, hold: Hold, scope: Scope) -> bool:
    """Whether a call is one of what is held, by the name that it is held by, or another one of its place."""
    root = root_of(call)
    if root is None:
        return False
    return hold.resource in (text_of(root, scope), services.evaluator.derived(Places).named(root, scope))
