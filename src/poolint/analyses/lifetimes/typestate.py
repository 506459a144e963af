"""Forward typestate: whether what is owed and what is done agree at each exit of a function.

The state of an obligation is explored over the graph, event by event; the path to an exit is a shortest witness.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.lifetimes.state import Config, End
from poolint.analyses.lifetimes.transfer import Moves
from poolint.flow.cfg import EXITS
from poolint.flow.escapes import passes_on
from poolint.flow.flags import name_of, stored_name
from poolint.flow.solver import completed, explore
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poolint.analyses.lifetimes.acquisitions import Site, State
    from poolint.flow.cfg import Edge, Graph, Node, NodeKind
    from poolint.flow.flags import Flags, Known
    from poolint.flow.solver import Exploration
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

MAX_STANDINGS = 40_000
"""Pairs of event and standing that one obligation may take; the largest function of 31 real packages has 2,100."""

MAX_IN_FUNCTION = 100_000
"""The same for all obligations of one function together: about a second of work."""

_LOST = ("overwritten", "misreleased", "misplaced")

Standing = tuple["Node", Config]

Raising = Literal["anything", "own", "given", "nothing"]
"""What is raised on the ways that are followed: whatever may be, what a ``raise`` of the function itself does, what a consumer
throws in at a ``yield``, or nothing."""


class Raised(NamedTuple):
    """That something may raise while an obligation is open: where it leads, and in which standing."""

    standing: Standing
    edge: Edge
    after: Config


class Outcome(NamedTuple):
    """How an obligation ends.

    ``leaks`` are the exits at which it is still owed, with a shortest path to each; ``overwritten`` is a path to the
    store that loses it, ``misreleased`` one to the call that closes what it should give back, ``misplaced`` one to
    the call that gives it to another pool. ``released`` and
    ``handed`` say whether any path releases it or gives it to somebody else.
    ``raised`` is all that may raise on the way, ``found`` what was explored.
    """

    leaks: dict[NodeKind, list[Edge]]
    overwritten: list[Edge] | None
    misreleased: list[Edge] | None
    misplaced: list[Edge] | None
    released: bool
    handed: bool
    raised: list[Raised]
    found: Exploration[Config]


class Trace:
    """What a search has met, for whoever asks how an obligation ended: each end it took, each exit it reached, and
    each standing on the way."""

    def __init__(self) -> None:
        self.ends: list[tuple[Standing, Edge, End]] = []
        self.exits: list[tuple[Standing, list[Edge], Node | None]] = []
        """With a shortest way to each, and the last event on it after which nothing was held any more."""
        self.standings: list[Standing] = []


def begun(
    graph: Graph, site: Site, state: State, flags: Callable[[Node], Iterable[Known]], owners: Known = frozenset()
) -> list[tuple[Edge, Config]]:
    """Where an obligation begins, in a state; ``flags`` says what may be known of flags before an event, ``owners`` what is known
    because there is something to give back (see :func:`there_are_owners`).

    Where a method has taken it for its object, that has a name already.
    """
    edges = completed(graph.nodes_of(site.value))
    names = site.names if site.part and isinstance(parent_of(site.value), ast.Expr) else frozenset()
    there = {name for name, _ in owners}
    return [
        (edge, Config(state, names, owners.union(one for one in known if one[0] not in there)))
        for edge in edges
        for known in flags(edge.source)
    ]


def there_are_owners(ev: Evaluator, flags: Flags, names: Iterable[str], taken: ast.Call | None = None) -> Known:
    """What is known of flags where something is held under one of these names: what it was ``taken`` from is there, and so is
    what it is given back to, ``pool`` of ``pool.putconn(conn)``."""
    given_to = ev.derived(_Owners).of(flags.scope)
    owners = {owner for name in names for owner in given_to.get(name, ())}
    if taken is not None and isinstance(taken.func, ast.Attribute):
        owners.add(name_of(taken.func.value))
    return frozenset((name, True) for name in owners if name in flags.asked)


class _Owners:
    """What functions give things back to, by the names of these; looked for once in each."""

    def __init__(self, ev: Evaluator) -> None:
        self._giving = ev.models.words("gives-back")
        self._found: dict[Scope, dict[str, set[str]]] = {}

    def of(self, scope: Scope) -> dict[str, set[str]]:
        found = self._found.get(scope)
        if found is None:
            found = self._found[scope] = {}
            for call in scope.calls_named(self._giving):
                if call.args and isinstance(call.func, ast.Attribute):
                    found.setdefault(name_of(call.args[0]), set()).add(name_of(call.func.value))
        return found


def follow(
    graph: Graph,
    moves: Moves,
    starts: list[tuple[Edge, Config]],
    bound: ast.expr | None = None,
    trace: Trace | None = None,
    *,
    raising: Raising = "anything",
) -> Outcome:
    """Follow one obligation from where it begins to the exits of its function.

    ``bound`` is the expression by which names get it that do not hold it yet. ``raising`` says by which ways.

    Raises:
        TooComplex: it takes more standings than a search may hold.
    """
    leaks: dict[NodeKind, list[Edge]] = {}
    lost: dict[str, list[Edge]] = {}
    ends: set[str] = set()
    raised: list[Raised] = []

    def transfer(edge: Edge, config: Config) -> Config | None:
        node = edge.source
        if edge.is_unwinding and raising != "anything" and not _is_raised(edge, raising):
            return None
        after = _bound(node, bound, config, moves.site) or moves.after(node, config, edge)
        if not isinstance(after, End):
            after = _coming_to(edge.target, after, moves.flags)
            if edge.is_unwinding:
                raised.append(Raised((node, config), edge, after))
            return after
        ends.add(after.how)
        if trace is not None:
            trace.ends.append(((node, config), edge, after))
        if after.how in ("overwritten", "misplaced") and after.how not in lost:
            lost[after.how] = [*found.witness((node, config)), edge]
        elif after.how == "misreleased" and after.how not in lost:
            lost[after.how] = found.witness(_closed(found, (node, config)))
        return config._replace(state="idle") if after.how == "released" and moves.reopens(after) else None

    starts = [(edge, _coming_to(edge.target, config, moves.flags)) for edge, config in starts]
    found = explore(graph, starts, transfer, MAX_STANDINGS)
    exits = frozenset(EXITS.values())
    for standing in found:
        node, config = standing
        if trace is not None:
            trace.standings.append(standing)
        if node.kind not in exits:
            continue
        if trace is not None:
            trace.exits.append((standing, found.witness(standing), _given_back(found, standing)))
        if node.kind == "exit-normal" and any(name.startswith("self.") for name in config.names):
            ends.add("handed")  # the object has it
        elif config.state == "closed":
            if "misreleased" not in lost:
                lost["misreleased"] = found.witness(_closed(found, standing))
        elif moves.is_owed(config) and node.kind not in leaks:
            leaks[node.kind] = found.witness(standing)
    handed = "handed" in ends or moves.is_left
    released = "released" in ends or moves.is_left
    overwritten, misreleased, misplaced = map(lost.get, _LOST)
    return Outcome(leaks, overwritten, misreleased, misplaced, released, handed, raised, found)


def _is_raised(edge: Edge, raising: Raising) -> bool:
    """Whether an edge on which something is raised is one of those that are followed."""
    return raising != "nothing" and (passes_on(edge) or (raising == "given" and edge.source.kind == "yield"))


def _bound(node: Node, bound: ast.expr | None, config: Config, site: Site | None) -> Config | None:
    """The standing once the checkout has got a name."""
    name = stored_name(node) if node.kind == "store" and node.value is bound else ""
    if not name or name in config.names:
        return None
    return config._replace(names=config.names | (site.names if site is not None and name == site.name else {name}))


def _coming_to(node: Node, config: Config, flags: Flags) -> Config:
    """The same standing without what is known of flags that nothing asks for any more."""
    wanted = flags.wanted(node) if config.flags else frozenset()
    kept = frozenset(one for one in config.flags if one[0] in wanted)
    return config if len(kept) == len(config.flags) else config._replace(flags=kept)


def _closed(found: Exploration[Config], standing: Standing) -> Standing:
    """The standing on the way to another at which the resource has just been closed."""
    previous = found.before(standing)
    while previous is not None and previous[1].state == "closed":
        standing, previous = previous, found.before(previous)
    return standing


def _given_back(found: Exploration[Config], standing: Standing) -> Node | None:
    """The last event on the way to a standing that was begun with something held, and ended with nothing."""
    previous = found.before(standing)
    while previous is not None:
        if standing[1].state == "idle" and previous[1].state in ("held", "committing"):
            return previous[0]
        standing, previous = previous, found.before(previous)
    return None
