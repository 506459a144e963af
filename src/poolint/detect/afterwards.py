"""Observations about what is used, or given away, after the block that owns it has released it."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.entered_objects import is_entered_again, only_inside
from poolint.analyses.had_of_blocks import result_asked, same_handles, streamed
from poolint.analyses.lent_pools import opened_here
from poolint.analyses.managers import generators_of
from poolint.analyses.project_calls import ProjectCalls
from poolint.analyses.waypoints import waypoint
from poolint.detect.databases import is_in_a_file
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.returned_out import given_away, queries_given, streams_given
from poolint.flow.cfg import TooComplex
from poolint.flow.cfg.graph import UNWINDING
from poolint.flow.flags import name_of
from poolint.flow.liveness import bound_by
from poolint.flow.solver import completed, edges_from, reach
from poolint.models.schema import HANDLES, REACHING_ROLES
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import binds_around, may_await
from poolint.types.call_sites import may_ask_registry, text_of
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.analyses.session_use import Using
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

    Span = tuple[int, int]


class UsedAfterRelease(Observation, frozen=True, eq=False):
    """A use of a resource after it was released. ``node`` is the use, ``released`` where the release stands.

    ``through`` is the call that uses it, where that is none of its own methods. ``handed_on``: a ``query`` of the session, which
    that runs when the query is read, or a ``stream`` of rows that are read from it as they are gone over.
    """

    variable: str
    method: str
    cls: schema.Class
    released: Waypoint
    through: str = ""
    handed_on: Literal["", "query", "stream"] = ""


_NEEDS_IT = REACHING_ROLES | {"begin", "cursor"}


def observe(services: Services, scope: Scope) -> Iterator[Observation]:
    """The uses in ``scope`` of what a ``with`` block has bound and released."""
    ev, graphs, using = services.evaluator, services.graphs, services.using
    blocks = _Blocks(scope)
    for statement in scope.withs:
        for item in statement.items:
            target = item.optional_vars
            if not isinstance(target, ast.Name):
                if target is None:
                    yield from _used_by_name(services, item, scope)
                continue
            asynchronous = isinstance(statement, ast.AsyncWith)
            places = dict(_released(ev, graphs, using, item.context_expr, target.id, scope, asynchronous=asynchronous))
            if not places:
                continue
            released = waypoint("released", item.context_expr, scope.module)
            results = dict(streamed(ev, target.id, statement, scope))
            streams = list(streams_given(ev, statement, target.id, scope))
            if (results or streams) and _is_of_file(services, item.context_expr, scope):
                results, streams = {}, []
            others = dict.fromkeys(same_handles(ev, target.id, statement, scope), places.get(target.id))
            places |= results | {name: cls for name, cls in others.items() if cls is not None}
            names = {target.id, *results, *others, *_carriers(using, target.id, statement, scope)}
            try:
                uses = (
                    list(_uses(_Uses(ev, using, scope, target.id, names, places), graphs.of(scope), item))
                    if any(blocks.is_left(statement, name, target.id) for name in names)
                    else []
                )
            except TooComplex:
                return
            for node, method, place, through in uses:
                yield UsedAfterRelease(
                    node, scope.qualified_name, may_await(node, scope), place, method, places[place], released, through
                )
            # What a cursor has read may be asked of it still, so one may be handed on: only some of its methods raise.
            is_handle = target.id in places and places[target.id].kind in HANDLES
            is_told = is_handle and not (_begins_anew(places[target.id]) and _is_entered_by_all(ev, scope))
            for given in given_away(using, statement, target.id, scope) if is_told else ():
                yield UsedAfterRelease(
                    given, scope.qualified_name, may_await(given, scope), target.id, "", places[target.id], released
                )
            if target.id in places and places[target.id].kind == "session":
                for query in queries_given(ev, statement, target.id, scope):
                    where = (query, scope.qualified_name, may_await(query, scope))
                    yield UsedAfterRelease(*where, target.id, "", places[target.id], released, handed_on="query")
            for given, cls in streams:
                where = (given, scope.qualified_name, may_await(given, scope))
                yield UsedAfterRelease(*where, target.id, "", cls, released, handed_on="stream")


def _used_by_name(services: Services, item: ast.withitem, scope: Scope) -> Iterator[Observation]:
    """The uses of what an object of the project has only inside of its block, which is entered by the name that it keeps."""
    ev, graphs, header = services.evaluator, services.graphs, item.context_expr
    name = name_of(header)
    found = alternatives(ev.type_of(header, scope)) if name else ()
    if len(found) != 1 or not isinstance(found[0], Instance) or is_entered_again(name, header, scope):
        return
    places = {f"{name}.{path}": cls for path, cls in only_inside(ev, graphs, header, found[0], scope)}
    if not places:
        return
    root, released = name.partition(".")[0], waypoint("released", header, scope.module)
    try:
        uses = list(_uses(_Uses(ev, services.using, scope, root, {root}, places), graphs.of(scope), item))
    except TooComplex:
        return
    for node, method, place, through in uses:
        where = (node, scope.qualified_name, may_await(node, scope))
        yield UsedAfterRelease(*where, place, method, places[place], released, through)


class _Blocks:
    """The blocks of a function by the names that they bind; they are disjoint, or one is inside of the other."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._spans: dict[str, set[Span]] = {}
        for statement in scope.withs:
            for item in statement.items:
                if isinstance(item.optional_vars, ast.Name):
                    self._spans.setdefault(item.optional_vars.id, set()).add(_span(statement))
        self._known: dict[tuple[str, str], tuple[dict[Span, Span | None], frozenset[Span | None]]] = {}

    def is_left(self, statement: ast.With | ast.AsyncWith, name: str, target: str) -> bool:
        """Whether ``name``, which has what the block binds as ``target``, is read anywhere but in this block, and in
        others that bind that anew: cheap, before the paths.

        A block around this one binds the name before it, so what is read there may well be what this one has bound.
        """
        if (name, target) not in self._known:
            self._known[name, target] = self._nested(name, target)
        around, reading = self._known[name, target]
        span = around[_span(statement)]
        while span is not None:
            if span in reading:
                return True
            span = around[span]
        return None in reading

    def _nested(self, name: str, target: str) -> tuple[dict[Span, Span | None], frozenset[Span | None]]:
        """The block around each that binds ``target``, and those in which, and in no inner one, ``name`` is read."""
        around: dict[Span, Span | None] = {}
        reading: set[Span | None] = set()
        inside: list[Span] = []
        blocks = sorted(self._spans[target], key=lambda span: (span[0], -span[1]))
        rows = sorted({load.lineno for load in self._scope.loads.get(name, ())})
        following = 0
        for row in (*rows, None):
            while following < len(blocks) and (row is None or blocks[following][0] <= row):
                span = blocks[following]
                following += 1
                while inside and inside[-1][1] < span[0]:
                    inside.pop()
                around[span] = inside[-1] if inside else None
                inside.append(span)
            if row is not None:
                while inside and inside[-1][1] < row:
                    inside.pop()
                reading.add(inside[-1] if inside else None)
        return around, frozenset(reading)


def _span(statement: ast.With | ast.AsyncWith) -> Span:
    """First and last row of a block without its header."""
    return statement.body[0].lineno, statement.body[-1].end_lineno or 0


def _released(
    ev: Evaluator, graphs: Graphs, using: Using, header: ast.expr, target: str, scope: Scope, *, asynchronous: bool
) -> Iterator[tuple[str, Class]]:
    """The places that the block of a ``with`` releases: what it binds, what that has been made with in a generator, or what it
    takes for itself and gives back."""
    found = alternatives(ev.entered(ev.type_of(header, scope), asynchronous=asynchronous))
    if len(found) != 1 or not isinstance(found[0], Instance):
        return
    cls = found[0].base
    if cls is not None and (cls.kind in HANDLES or ev.models.refusals(cls)):
        if found[0].cls is cls and not any(_lends(ev, one) for one in generators_of(ev, header, scope)):
            yield target, cls
        return
    kept = using.places.kept(found[0])
    if not kept:
        return
    for inner in generators_of(ev, header, scope):
        given = inner.yields[0] if inner.yields else None
        if isinstance(given, ast.Yield) and given.value is not None:
            for path, place in using.places.of(given.value, inner).items():
                bound = inner.bindings.get(place, ())
                if path in kept and len(bound) == 1 and bound[0].kind == "with":
                    yield f"{target}.{path}", kept[path]
    if not is_entered_again(target, header, scope):
        for path, inside_only in only_inside(ev, graphs, header, found[0], scope):
            yield f"{target}.{path}", inside_only


def _lends(ev: Evaluator, manager: Scope) -> bool:
    """Whether a generator of the project gives what it has not opened itself: a parameter, what its object or a module keeps, or
    what a registry has."""
    given = [one.value for one in manager.yields if isinstance(one, ast.Yield) and one.value is not None]
    opened = [end for one in given for end in opened_here(ev, one, manager) if end.scope.kind != "module"]
    return bool(given) and all(isinstance(one, ast.Call) and may_ask_registry(ev, one, at) for one, at in opened)


def _carriers(using: Using, name: str, block: ast.With | ast.AsyncWith, scope: Scope) -> Iterator[str]:
    """The names of what has been made with something that a block binds to a name, or is a part of it, in it or later on."""
    for other, bound in scope.bindings.items():
        is_later = bound[0].position > (block.lineno, block.col_offset)
        if other != name and len(bound) == 1 and is_later and bound[0].kind in ("assign", "annotated"):
            value = bound[0].value
            if isinstance(value, ast.Attribute) and name_of(value).partition(".")[0] == name:
                yield other
            elif isinstance(value, ast.Call) and _mentions(value, {name}):
                made = using.places.made(value, scope).values()
                if any(using.places.first(one, scope).partition(".")[0] == name for one in made):
                    yield other


class _Uses(NamedTuple):
    """What is looked for: uses of these places, by the names that lead to them."""

    ev: Evaluator
    using: Using
    scope: Scope
    target: str
    names: set[str]
    places: dict[str, Class]


def _uses(sought: _Uses, graph: Graph, item: ast.withitem) -> Iterator[tuple[ast.expr, str, str, str]]:
    """The first use on each way on from the end of the block, until the name is bound again. What has been added since is
    written by the next commit, which then gives back the connection that it has taken."""
    # Also into the handlers and the `finally` around the block: they run after it.
    exits = [node for node in graph.nodes_of(item) if node.kind == "exit"]
    begun = [edge for edge in edges_from(exits) if edge.source.way in UNWINDING or not edge.is_unwinding]
    told: set[ast.AST] = set()
    ends: set[Node] = set()
    """The uses, which no way is followed past."""

    def goes_on(edge: Edge) -> bool:
        node = edge.source
        is_bound = sought.target in bound_by(node)
        is_entered = node.kind == "enter" and node.node is item
        return not (is_bound or is_entered) and (node.kind == "except" or not edge.is_unwinding)

    for node in reach(begun, lambda edge: edge.source not in ends and goes_on(edge)):
        used = node.value if node.kind == "iterate" else node.node
        if node.kind not in ("call", "iterate") or not isinstance(used, ast.expr) or used in told:
            continue
        found = _use(sought, used) if isinstance(used, ast.Call) else _iterated(sought, used, node)
        if found is None or (found[0] == "commit" and node in _written(sought, found[1], begun, goes_on)):
            continue
        ends.add(node)
        told.add(used)
        yield (used, *found)


def _mentions(call: ast.Call, names: set[str]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in names and not binds_around(one, one.id) for one in walk(call))


def _written(sought: _Uses, place: str, begun: list[Edge], goes_on: Callable[[Edge], bool]) -> set[Node]:
    """The events that happen, on some way, once the block has ended and the session at a place has been given something to
    write."""

    def gives(node: Node) -> bool:
        call = node.node if node.kind == "call" else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return False
        is_given = call.func.attr in sought.ev.models.words("pends")
        return is_given and sought.using.places.first(name_of(call.func.value), sought.scope) == place

    return set(reach(completed(filter(gives, reach(begun, goes_on))), goes_on))


def _use(sought: _Uses, call: ast.Call) -> tuple[str, str, str] | None:
    """The method of a resource that a call is, where it needs what has been released, and the place of that; or what
    is called that uses it."""
    function, places = call.func, sought.using.places
    of = name_of(result_asked(sought.ev, function.value, sought.scope)) if isinstance(function, ast.Attribute) else ""
    if isinstance(function, ast.Attribute) and of:
        root = of.partition(".")[0]
        is_sought = root in sought.names and not binds_around(function.value, root)
        place = places.first(of, sought.scope) if is_sought else ""
        if place in sought.places:
            row = sought.ev.models.method(sought.places[place], function.attr)
            needs_it = row is not None and row.role in _NEEDS_IT
            if sought.places[place].kind not in HANDLES:
                needs_it = function.attr in sought.ev.models.refusals(sought.places[place])
            return (function.attr, place, "") if needs_it else None
    if _mentions(call, sought.names):
        for place in sought.using.of_call(call, sought.scope):
            if place in sought.places and sought.places[place].kind in HANDLES:
                return "", place, text_of(function, sought.scope)
    return None


def _iterated(sought: _Uses, over: ast.expr, loop: Node) -> tuple[str, str, str] | None:
    """The same where a loop goes over what refuses that by then: a cursor that has been closed."""
    over = result_asked(sought.ev, over, sought.scope)
    root = name_of(over).partition(".")[0]
    if root not in sought.names or binds_around(over, root):
        return None
    place, method = sought.using.places.first(name_of(over), sought.scope), "__aiter__" if loop.is_async else "__iter__"
    is_refused = place in sought.places and method in sought.ev.models.refusals(sought.places[place])
    return (method, place, "") if is_refused else None


def _is_of_file(services: Services, header: ast.expr, scope: Scope) -> bool:
    """Whether a block has a connection to a database in a file, which has read all of a result before it is asked for."""
    pool = services.pools.of_checkout(header, scope) if isinstance(header, ast.Call) else None
    return is_in_a_file(services, pool, None, scope)


def _begins_anew(cls: Class) -> bool:
    """Whether what has ended may be used again, as a session of SQLAlchemy: there is nothing to commit on it then."""
    return cls.kind == "session" and "commit" in cls.without_effect


def _is_entered_by_all(ev: Evaluator, scope: Scope) -> bool:
    """Whether all who call a function enter what it gives: a session that has ended begins anew, and ends with that block."""
    calls = [run.call for run in ev.derived(ProjectCalls).of(scope)]
    values = [parent if isinstance(parent := parent_of(one), ast.Await) else one for one in calls]
    return bool(values) and all(isinstance(parent_of(one), ast.withitem) for one in values)


DETECTOR = Detector(
    "afterwards",
    lambda services: partial(observe, services),
    of="functions",
    near=True,
)
