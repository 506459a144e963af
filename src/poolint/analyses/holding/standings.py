"""The standings of resources: for each event, the set over all ways that lead there, as a forward data-flow problem.

On one way a resource stands in one of three ways when an event begins: nothing is known of it yet, it has been held
since a change, or its use has been ended by one. Each change of a function is one bit, and so is the unknown of each
resource; a set is a number, sets are joined by *or*, and what an event does to a set it does to each of its members.
So the solution is exactly what there is over all ways, and there are no more standings than changes and resources.

Where something was held on some way since one use, and then ended and taken again on another, a reader is shown the
later use: behind it no end lies on any way. This is about the ways together and so has bits of its own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.flow.flags import asked
from poolint.flow.solver import Problem, solve
from poolint.syntax.expressions import unnegated, without_await
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.analyses.holding.changes import Change, Changes
    from poolint.flow.cfg import Edge, Graph, Node


class Standing(NamedTuple):
    """How a resource stands on some way: held since ``change``, or ended by it; with no ``change``, nothing is known."""

    resource: str
    change: Change | None = None
    ended: bool = False

    @property
    def is_held(self) -> bool:
        """Whether it holds a connection."""
        return self.change is not None and not self.ended


class _Move(NamedTuple):
    """What a change does to a set: the bits of what it may lead to, those of its resource, and those of what it ends where it
    ends no other."""

    change: Change
    held: int
    ended: int
    unknown: int
    told: int
    idle: int
    all_told: int
    of_resource: int
    begun: int


class Standings:
    """The standings before each event of a function."""

    def __init__(self, graph: Graph, changes: Changes) -> None:
        self._table: list[Standing] = []
        """The standing of each bit, the lowest first."""
        self._bits: dict[tuple[str, int, bool, bool], int] = {}
        self._of_resource: dict[str, int] = {}
        self._idle = 0
        """All standings in which nothing is held."""
        self._all_told: dict[str, int] = {}
        self._decoded: dict[int, dict[str, list[Standing]]] = {}
        self._with_held: dict[int, dict[str, list[Standing]]] = {}
        first = {one.resource: self._at_first(one) for one in changes.before}
        made = {node: found for node in graph.nodes if (found := changed_by(node, changes))}
        for found in (*made.values(), *changes.items.values(), *changes.told.values()):
            for one in found:
                unknown = self._bit(Standing(one.resource))
                self._bit(Standing(one.resource, one))
                self._bit(Standing(one.resource, one, ended=True))
                self._told(one)
                first.setdefault(one.resource, unknown)
        self._moves = {node: [self._move(one) for one in found] for node, found in made.items()}
        self._moves_by_item = {loop: [self._move(one) for one in found] for loop, found in changes.items.items()}
        self._moves_told = {test: [self._move(one) for one in found] for test, found in changes.told.items()}
        self._unknown = {name: self._bit(Standing(name)) for name in list(self._of_resource)}
        self._those_told = sum(self._all_told.values())
        self._held = ((1 << len(self._table)) - 1) & ~self._idle & ~self._those_told
        """All standings in which something is held."""
        self._before = solve(graph, Problem({graph.entry: sum(first.values())}, int.__or__, self._along))

    def before(self, event: Node) -> dict[str, list[Standing]]:
        """The standings of each resource when an event begins, those of the changes that stand first in front.

        Resources of which nothing is known on any way are left out.
        """
        state = self._before.get(event, 0)
        found = self._decoded.get(state)
        if found is None:
            found = self._decoded[state] = self._decode(state)
        return found

    def held_before(self, event: Node) -> dict[str, list[Standing]]:
        """Those of :meth:`before` of the resources that are held on some way.

        What has ended on all ways is not looked at: a function may have any number of it behind it.
        """
        state = self._before.get(event, 0)
        found = self._with_held.get(state)
        if found is None:
            found = self._with_held[state] = self._decode(self._around_held(state))
        return found

    def since(self, event: Node, resource: str) -> Change | None:
        """Since which change a resource is said to be held when an event begins, if it is on some way.

        It is the first in the text of those behind which no way ends it again.
        """
        state = self._before.get(event, 0)
        told = self._members(state & self._all_told.get(resource, 0))
        if not told:  # only what may have taken it before the function has begun
            told = self._members(state & self._held & self._of_resource.get(resource, 0))
        return min(told, key=_place).change if told else None

    def _bit(self, standing: Standing, *, told: bool = False) -> int:
        key = (standing.resource, id(standing.change), standing.ended, told)
        bit = self._bits.get(key)
        if bit is None:
            bit = self._bits[key] = 1 << len(self._table)
            self._table.append(standing)
            self._of_resource[standing.resource] = self._of_resource.get(standing.resource, 0) | bit
            self._idle |= 0 if standing.is_held else bit
        return bit

    def _at_first(self, change: Change) -> int:
        """The standings that what has happened before the function leads to; what it takes itself is told before that which
        has been taken on some ways only."""
        held = self._bit(Standing(change.resource, change))
        return held | (self._bit(Standing(change.resource)) if change.at_times else self._told(change))

    def _told(self, change: Change) -> int:
        bit = self._bit(Standing(change.resource, change), told=True)
        self._all_told[change.resource] = self._all_told.get(change.resource, 0) | bit
        return bit

    def _move(self, change: Change) -> _Move:
        name = change.resource
        held, ended = self._bit(Standing(name, change)), self._bit(Standing(name, change, ended=True))
        all_, told = self._of_resource[name], self._told(change)
        begun = 0
        for position, one in enumerate(self._table if change.began is not None else ()):
            if one.resource == name and one.is_held and one.change is not None and one.change.node is change.began:
                begun |= 1 << position
        unknown, all_told = self._bit(Standing(name)), self._all_told[name]
        return _Move(change, held, ended, unknown, told, all_ & self._idle, all_told, all_, begun)

    def _along(self, edge: Edge, state: int) -> int | None:
        if edge.kind in ("cancel", "interrupt", "generator-exit"):
            return None
        if edge.asked is not None:
            name, is_there = asked(*edge.asked)
            if not is_there and name in self._unknown:  # there is nothing that could hold one
                state = state & ~self._of_resource[name] | self._unknown[name]
        moves = self._moves.get(edge.source)
        if edge.kind == "item" and edge.source.node in self._moves_by_item:
            moves = [*(moves or ()), *self._moves_by_item[edge.source.node]]
        if self._moves_told and (told_by := _asked_along(edge)) in self._moves_told:
            moves = [*(moves or ()), *self._moves_told[told_by]]
        if moves is None:
            return state
        raised = edge.kind == "exception"
        for change, held, ended, unknown, told, idle, all_told, of_resource, begun in moves:
            if raised and change.undone:
                state = state & ~of_resource | ended
            elif raised and change.reverse and change.holds:
                state = state & ~of_resource | unknown  # nothing is known of what its name had before
            elif change.asked is not None and not change.holds:
                state |= ended if state & of_resource & ~idle & ~all_told else 0
            elif change.began is not None:
                state = state & ~begun | ended if state & begun else state
            elif not change.holds and not (raised and change.reverse):
                state = state & ~of_resource | ended
            elif state & idle:
                if state & idle & ~unknown or not state & all_told:
                    state = state & ~all_told | told
                state = state & ~idle | held
        return state

    def _around_held(self, state: int) -> int:
        """The standings of a set that are of resources held on some way."""
        left, found = state & self._held, 0
        while left:
            resource = self._table[(left & -left).bit_length() - 1].resource
            all_ = self._of_resource[resource]
            found |= state & all_
            left &= ~all_
        return found

    def _decode(self, state: int) -> dict[str, list[Standing]]:
        found: dict[str, list[Standing]] = {}
        for standing in self._members(state & ~self._those_told):
            if standing.resource in found:
                found[standing.resource].append(standing)
            else:
                found[standing.resource] = [standing]
        # Of each resource there is one standing without a change at most.
        known = {name: all_ for name, all_ in found.items() if len(all_) > 1 or all_[0].change is not None}
        return {name: all_ if len(all_) == 1 else sorted(all_, key=_place) for name, all_ in known.items()}

    def _members(self, state: int) -> list[Standing]:
        found = []
        while state:
            lowest = state & -state
            found.append(self._table[lowest.bit_length() - 1])
            state ^= lowest
        return found


def happening(node: Node) -> ast.AST | None:
    """The call, or the reading of a property, that does at an event what it does: a coroutine does that where it is awaited."""
    if node.kind == "await":
        assert isinstance(node.node, ast.Await)
        return node.node.value
    is_done = node.kind in ("call", "read") and not isinstance(parent_of(node.node), ast.Await)
    return node.node if is_done else None


def changed_by(node: Node, changes: Changes) -> list[Change] | None:
    """What an event changes; a coroutine changes something, and raises, where it is awaited."""
    done = happening(node)
    if done is not None:
        return changes.calls.get(done)
    table = {
        "enter": changes.enters,
        "exit": changes.exits,
        "iterate": changes.rounds,
        "statement": changes.rounds,
    }.get(node.kind)
    return table.get(node.node) if table is not None else None


def changed_along(edge: Edge, changes: Changes) -> list[Change] | None:
    """What an event changes when an edge is taken that leads on from it: also by how a test comes out, or that a loop has got
    an item."""
    found = changed_by(edge.source, changes)
    if edge.kind == "item" and edge.source.node in changes.items:
        found = [*(found or ()), *changes.items[edge.source.node]]
    told_by = _asked_along(edge) if changes.told else None
    return [*(found or ()), *changes.told[told_by]] if told_by in changes.told else found


def _asked_along(edge: Edge) -> tuple[ast.AST, bool] | None:
    """The call that a test asks, and how it comes out where an edge is taken; None where that is the outcome of none."""
    if edge.truth is None or not isinstance(edge.test, ast.expr):
        return None
    test, truth = unnegated(edge.test, edge.truth)
    return without_await(test), truth


def _place(standing: Standing) -> tuple[int, int]:
    node = standing.change.node if standing.change is not None else None
    return (node.lineno, node.col_offset) if node is not None else (0, 0)
