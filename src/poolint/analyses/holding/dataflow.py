"""Which connections are held when a call is made: a forward data-flow analysis over the control-flow graph.

What is known of a resource at an event is the set of its standings over all ways there. A call after a use on *some*
way counts; where others have ended the use, a way that has not is looked for (:mod:`~poolint.analyses.holding.ways`).
"""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.graphs import events_at
from poolint.analyses.holding.asked_arguments import told_by
from poolint.analyses.holding.asked_results import add_by_results
from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.entry import Beginnings
from poolint.analyses.holding.exit_summaries import Leaving
from poolint.analyses.holding.raised import Raising
from poolint.analyses.holding.standings import Standings, changed_by
from poolint.analyses.holding.transactions import inside
from poolint.analyses.holding.ways import Ways
from poolint.flow.cfg import TooComplex
from poolint.flow.solver import edges_from, reach
from poolint.flow.summaries import Components
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside, loops_around
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.graphs import Graphs
    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.database_locks import Below
    from poolint.analyses.holding.standings import Standing
    from poolint.analyses.holding.transactions import Region
    from poolint.analyses.holding.transfer import Reader
    from poolint.analyses.holding.ways import Branch, Way
    from poolint.analyses.waypoints import Cause
    from poolint.flow.cfg import Graph, Node
    from poolint.models.schema import Class
    from poolint.syntax.living import Living
    from poolint.syntax.scopes import Scope


class Hold(NamedTuple):
    """A connection that is held: by which resource, since which call or header, and whether in a transaction's block.

    ``header`` is the header of that block, where there is one. ``is_sure`` says whether it is held on every way here,
    ``cause`` how it came to be held, where ``since`` does not show it. ``branch`` is what leads past its end, where other
    ways come to that. ``at_times``: what has run before the function takes it on some of its ways only.
    """

    resource: str
    since: ast.expr
    cls: Class | None
    header: ast.expr | None
    is_sure: bool = True
    cause: Cause | None = None
    branch: Branch | None = None
    at_times: bool = False


MAX_RESOURCES = 50
"""Resources of one function that are followed; real ones hold up to four."""


class Holdings:
    """Answers for the functions of one project; remembers what it has read."""

    def __init__(self, reader: Reader, graphs: Graphs, components: Components | None = None) -> None:
        self._reader = reader
        self.components = components if components is not None else Components()
        self.leaving = reader.leaving = Leaving(reader.ev, self, reader.ends, self.components)
        self.raising = reader.raising = Raising(reader.ev, self, reader.ends)
        self.objects = reader.objects
        self.objects.rests_on(self)
        self._graphs = graphs
        self._changes: dict[Scope, Changes] = {}
        self._own: dict[Scope, Changes] = {}
        self._may_be_held: dict[Scope, list[ast.Call]] = {}
        self._standings: dict[Scope, Standings | None] = {}
        self._beginnings = Beginnings(reader.ev, self)
        self._ways: dict[Scope, Ways] = {}

    def inherit(self, other: Holdings, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self._own = living.kept(other._own)
        self.leaving.inherit(other.leaving, living)
        self.raising.inherit(other.raising, living)

    @cached_property
    def locked_below(self) -> Below:
        """What functions lock with the session that they are passed."""
        from poolint.analyses.holding.database_locks import Below

        return Below(self._reader.ev, self)

    def callee(self, call: ast.Call, scope: Scope, inner: Scope) -> Function | None:
        """The function that a call runs, as far as it is ``inner``, or that writes the same method."""
        found = callees_of(self._reader.ev, call, scope)
        called = next((one for one in found if isinstance(one, Function) and one.scope.name == inner.name), None)
        return Function(inner, called.receiver) if called is not None else None

    def stays(self, call: ast.Call, hold: Hold, scope: Scope) -> bool:
        """Whether a function of the project that is passed what is held leaves it with its caller."""
        return self._reader.stays(call, hold.resource, scope)

    def changes(self, scope: Scope) -> Changes:
        """What a function changes about the connections that it holds, those included that it finds held."""
        found = self._changes.get(scope)
        if found is None:
            known = self.components.provisional
            found = self.own_changes(scope)
            regions, before = self._beginnings.of(scope)
            if regions or before:
                found = found.copied()
                found.before, found.regions = before, [*regions, *found.regions]
            if self.components.provisional == known:
                self._changes[scope] = found
        return found

    def lent_to(self, scope: Scope) -> dict[str, Scope]:
        """What a function has from its framework, each with the dependency that it comes from: parameters, and what objects
        keep that dependencies have made with what they were given themselves."""
        return self._beginnings.lent_to(scope)

    def held_around(self, hold: Hold, scope: Scope) -> tuple[Hold, Scope] | None:
        """What a middleware holds that a function finds held, with the method that does."""
        return self._beginnings.run_around.source(hold, scope)

    def begun_with(self, scope: Scope) -> list[Change]:
        """What a function finds held when it begins."""
        return self._beginnings.of(scope)[1]

    def own_changes(self, scope: Scope, fixed: Known = ()) -> Changes:
        """What a function changes by itself, whoever calls it; or who says so much of its parameters."""
        if fixed:
            return told_by(self._reader, self.leaving, scope, self.own_changes(scope), fixed)
        found = self._own.get(scope)
        if found is None:
            known = self.components.provisional
            found = self._reader.changes(scope)
            add_by_results(self._reader, self.leaving, scope, found)
            if self.components.provisional == known:
                self._own[scope] = found
        return found

    def graph(self, scope: Scope) -> Graph:
        """The graph of a function. Raises :class:`~poolint.flow.cfg.TooComplex`."""
        return self._graphs.of(scope)

    def may_be_held(self, scope: Scope) -> list[ast.Call]:
        """The calls of a function at which something may be held, by their words and places; cheap to ask."""
        found = self._may_be_held.get(scope)
        if found is None:
            known = self.components.provisional
            found = self._around_takes(scope)
            if self.components.provisional == known:
                self._may_be_held[scope] = found
        return found

    def _around_takes(self, scope: Scope) -> list[ast.Call]:
        if self._beginnings.of(scope)[1]:
            return scope.calls
        if not self._reader.is_near(scope):
            return []
        takes = self._reader.taken(scope)
        if not takes and not self._reader.may_take_any(scope):
            return []
        first = min(map(_beginning, takes), default=None)
        loops = {loop for one in takes for loop in loops_around(one)}
        for call in sorted(scope.calls, key=_position):
            # Of what is taken later, only what goes round again matters.
            place = _position(call)
            if first is not None and place >= first and loops.issuperset(loops_around(call)):
                continue
            if self._reader.may_take(call, scope):
                first = _beginning(call) if first is None else min(first, _beginning(call))
                loops.update(loops_around(call))
        if first is None:
            return []
        # What is an argument of a call is taken before that is made.
        return [
            call for call in scope.calls if _end(call) > first or (loops and not loops.isdisjoint(loops_around(call)))
        ]

    def over(self, scope: Scope) -> Iterator[tuple[ast.Call, list[Hold]]]:
        """The calls of a function that something is held over, and what that is."""
        for call in self.may_be_held(scope):
            held = self.at(call, scope)
            if held:
                yield call, held

    def ended_by(self, node: ast.AST, resource: str, scope: Scope) -> list[ast.expr]:
        """What has ended the use of a resource on all ways to ``node``; nothing where it may be held, or nobody knows."""
        standings = self._before(scope, self.changes(scope))
        events = events_at(self._graphs.of(scope), node) if standings is not None else []
        found = [standings.before(one).get(resource, []) for one in events] if standings is not None else []
        if not found or not all(each and all(one.ended for one in each) for each in found):
            return []
        return [one.change.node for each in found for one in each if one.change is not None]

    def at(self, node: ast.AST, scope: Scope) -> list[Hold]:
        """What is held when ``node`` begins (see :func:`~poolint.analyses.graphs.events_at`), what was taken last first.

        Behind all others comes what has perhaps been taken before the function has begun."""
        changes = self.changes(scope)
        if not changes.holds_any():
            return []
        standings = self._before(scope, changes)
        if standings is None:
            return []
        return self._held(events_at(self._graphs.of(scope), node), node, standings, scope)

    def _held(self, events: list[Node], node: ast.AST, standings: Standings, scope: Scope) -> list[Hold]:
        held: dict[str, Hold] = {}
        dedicated = self.changes(scope).dedicated
        for event in events:
            for name, found in standings.held_before(event).items():
                if name in dedicated:
                    continue
                change = standings.since(event, name)
                if any(one.ended for one in found):
                    way = self._way(event, name, scope)
                    if way is not None and name not in held and _may_last(way.change, node):
                        header = self._header(way.change, node, scope)
                        since = way.change
                        held[name] = Hold(name, since.node, since.cls, header, False, since.cause, way.branch)
                elif change is not None and _may_last(change, node):
                    is_sure = all(one.is_held for one in found)
                    if not is_sure:
                        change = self._ways_of(scope).confirmed(event, change)
                    if change is None or (change.asked and self._ways_of(scope).may_end(change, change, event)):
                        continue
                    header = self._header(change, node, scope)
                    held[name] = Hold(
                        name, change.node, change.cls, header, is_sure, change.cause, at_times=change.at_times
                    )
        return sorted(held.values(), key=lambda one: (not one.at_times, _position(one.since)), reverse=True)

    def _way(self, event: Node, resource: str, scope: Scope) -> Way | None:
        """A way on which a resource is held at an event, although others have ended its use."""
        return self._ways_of(scope).to(event, resource)

    def _ways_of(self, scope: Scope) -> Ways:
        ways = self._ways.get(scope)
        if ways is None:
            changes = self.changes(scope)
            ways = Ways(self._reader.ev, self._graphs.of(scope), changes, scope)
            if self._changes.get(scope) is changes:
                self._ways[scope] = ways
        return ways

    def left(self, scope: Scope) -> tuple[list[Hold], list[str]]:
        """What a function leaves held when it returns, or, as a generator, first yields; and what it has ended."""
        changes = self.changes(scope)
        standings = self._before(scope, changes) if changes.calls or changes.holds_any() else None
        if standings is None:
            return [], []
        graph = self._graphs.of(scope)
        events = graph.nodes_of(scope.yields[0]) if scope.yields else [graph.exits["exit-normal"]]
        ended = [name for event in events for name, found in standings.before(event).items() if _ended(found)]
        return self._held(events, scope.node, standings, scope), ended

    def lasts(
        self,
        since: ast.Call,
        node: ast.AST,
        resource: str,
        scope: Scope,
        ending: Iterable[ast.Call] = (),
        *,
        in_rounds: bool = False,
    ) -> bool:
        """Whether ``node`` is reached only after ``since``, and nothing in between ends the use of ``resource``; the node of the
        function stands for its return.

        ``ending`` are further calls that do. With ``in_rounds`` it is enough that a loop comes back to ``node`` only so.
        """
        changes = self.changes(scope)
        try:
            graph = self._graphs.of(scope)
        except TooComplex:
            return False
        stops = {event for one in ending for event in graph.nodes_of(one)}
        ends = [graph.exits["exit-normal"]] if node is scope.node else graph.nodes_of(node)
        for begun in graph.nodes_of(since):
            between = [
                one for one in (begun, *reach(edges_from([begun]))) if one in stops or _ends(one, resource, changes)
            ]
            if all(graph.dominates(begun, end) or (in_rounds and _comes_round(begun, end)) for end in ends) and not any(
                _leads(one, begun, ends) for one in between
            ):
                return bool(ends)
        return False

    def may_return_after(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a function may still return when it has come to ``node``."""
        graph = self._graphs.of(scope)
        return any(one is graph.exits["exit-normal"] for one in reach(edges_from(graph.nodes_of(node))))

    def has_ended(self, resource: str, node: ast.AST, scope: Scope, fixed: Known = ()) -> bool:
        """Whether a function has ended a resource's use of its connection when ``node`` begins, on every way to it that is left
        where this is known of its parameters."""
        return any(one.resource == resource for one in self.ended(node, scope, fixed))

    def ended(self, node: ast.AST, scope: Scope, fixed: Known = ()) -> list[Change]:
        """What has ended the use of a connection when ``node`` begins, on every way to it, once for each resource."""
        changes = self.changes(scope)
        is_any = any(one.undone or not one.holds for several in changes.calls.values() for one in several)
        standings = self._before(scope, changes) if is_any else None
        if standings is None:
            return []
        found: dict[str, Change] = {}
        for event in events_at(self._graphs.of(scope), node):
            for name, known in standings.before(event).items():
                change = _ended(known)
                if change is None:
                    continue
                if all(one.ended for one in known) or not self._ways_of(scope).leads_past(event, name, dict(fixed)):
                    found[name] = change
        return list(found.values())

    def blocks(self, node: ast.AST, scope: Scope) -> list[Region]:
        """The transactions' blocks that ``node`` stands in, whether or not anything is held in them; innermost first."""
        return [one for one in reversed(self.changes(scope).regions) if inside(node, one.statement)]

    def _header(self, change: Change, node: ast.AST, scope: Scope) -> ast.expr | None:
        """The header of the transaction's block that ``node`` stands in, of those that the resource has open."""
        if change.block:
            return change.node
        own = (one for one in self.blocks(node, scope) if change.resource == one.session or change.node is one.header)
        return next((one.header for one in own), None)

    def _before(self, scope: Scope, changes: Changes) -> Standings | None:
        """The standings before the events of a function; None where that takes too much."""
        if scope in self._standings:
            return self._standings[scope]
        try:
            few = len({one.resource for one in changes.holding()}) <= MAX_RESOURCES
            found = Standings(self._graphs.of(scope), changes) if few else None
        except TooComplex:
            found = None
        if self._changes.get(scope) is changes:
            self._standings[scope] = found
        return found


def _may_last(change: Change, node: ast.AST) -> bool:
    """Whether what has been taken may be held still where a node stands: what a loop is lent is not, behind that."""
    loop = change.within
    around = parent_of(loop) if isinstance(loop, ast.comprehension) else loop
    return around is None or is_inside(node, around)


def _leads(node: Node, around: Node, ends: list[Node]) -> bool:
    """Whether one of ``ends`` may come after ``node``, without ``around`` in between."""
    return any(one in ends for one in reach(edges_from([node]), lambda edge: edge.source is not around))


def _comes_round(since: Node, end: Node) -> bool:
    """Whether a loop comes back to ``end``, and only by way of ``since``."""
    return _leads(end, end, [since]) and _leads(since, end, [end]) and not _leads(end, since, [end])


def _ends(node: Node, resource: str, changes: Changes) -> bool:
    return any(one.resource == resource and not one.holds for one in changed_by(node, changes) or ())


def _ended(standings: list[Standing]) -> Change | None:
    """What has ended the use of a resource on some way: the first such change in the text."""
    return next((one.change for one in standings if one.ended), None)


def _position(node: ast.expr) -> tuple[int, int]:
    return (node.lineno, node.col_offset)


def _beginning(node: ast.expr) -> tuple[int, int]:
    """Where the text begins of what comes after a call: of a comprehension the element, of a choice what is chosen."""
    place, current = _position(node), parent_of(node)
    child: ast.AST = node
    while isinstance(current, (ast.expr, ast.comprehension, ast.keyword)):
        if isinstance(current, ast.comprehension) or (isinstance(current, ast.IfExp) and current.test is child):
            whole = parent_of(current) if isinstance(current, ast.comprehension) else current
            assert isinstance(whole, ast.expr)
            place = min(place, _position(whole))
        child, current = current, parent_of(current)
    return place


def _end(node: ast.expr) -> tuple[int, int]:
    return (node.end_lineno or node.lineno, node.end_col_offset or 0)
