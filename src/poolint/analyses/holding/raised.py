"""What a function has done with the session that it was passed when it raises: ``except IntegrityError: rollback; raise``.

Its caller's handler finds the session as the ways leave it on which an exception comes out. Those that had not touched it
yet leave it as it was, and are not told from others. What a handler of the caller asks for by its class, a handler of the
function takes that asks for the same class, or for one of the same library.
"""

from __future__ import annotations

import ast
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import is_ruled_out
from poolint.analyses.conditions import Entering
from poolint.analyses.holding.exit_summaries import Left, on_some_way
from poolint.analyses.holding.standings import changed_by
from poolint.flow.cfg import TooComplex
from poolint.flow.solver import edges_from, explore
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import ScopeKey, parent_of
from poolint.syntax.surroundings import tries_around
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.conditions import Known
    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.flow.cfg import Edge
    from poolint.syntax.living import Living
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_ALL = frozenset({"Exception", "BaseException"})


class Asked(NamedTuple):
    """A session that a function is passed: its parameter, or a place in it; what the call fixes of the others; and the
    classes of what the caller's handlers catch, none where they catch everything, or there are none."""

    function: ScopeKey
    place: str
    fixed: Known
    caught: tuple[str, ...]


class Raising:
    """Answers for the functions of one project: a problem of summaries."""

    def __init__(self, ev: Evaluator, holdings: Holdings, ends: Effects) -> None:
        self.ev = ev
        self.holdings = holdings
        self.ends = ends
        self._entering = ev.derived(Entering)
        self._summaries: Summaries[Asked, Left] = Summaries(
            "left-raising", self._left, bottom=Left.NEVER, join=on_some_way, components=holdings.components
        )

    def inherit(self, other: Raising, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self._summaries.inherit(other._summaries, living)

    def argument(self, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope) -> bool:
        """Whether what a call runs has ended the use of a session that it is passed wherever it raises."""
        found = [one for one in callees_of(self.ev, call, scope) if isinstance(one, Function)]
        if any(self.ends.of_function(one.scope) is None for one in found):
            return False
        names = [(one.scope, parameter_for(one, call, argument, keyword)) for one in found]
        return bool(names) and all(name is not None and self.place(call, callee, name, scope) for callee, name in names)

    def place(self, call: ast.Call, callee: Scope, place: str, scope: Scope) -> bool:
        """The same for a place in one function that it runs."""
        fixed = self._entering.known(call, callee, scope, ())
        return self._summaries.of(Asked(callee.key, place, fixed, self._caught(call, scope))) is Left.ENDED

    def _left(self, key: Asked) -> Left:
        scope, name, fixed = self.ev.project.scope(key.function), key.place, dict(key.fixed)
        bindings = scope.bindings.get(name.partition(".")[0], ())
        if scope.is_generator or any(one.kind not in ("parameter", "narrowed") for one in bindings):
            return Left.HELD
        changes = self.holdings.own_changes(scope)
        if not any(one.undone or not one.holds for found in changes.calls.values() for one in found):
            return Left.UNTOUCHED

        def transfer(edge: Edge, state: Left) -> Left | None:
            raised, event = edge.kind == "exception", edge.source
            if (edge.is_unwinding and not raised) or is_ruled_out(edge, fixed, scope):
                return None
            if raised and event.kind == "except" and self._takes(event.node, key.caught, scope):
                return None
            if (
                raised
                and event.kind == "call"
                and isinstance(parent_of(event.node), ast.Await)
                and event.node in changes.calls
            ):
                return None  # what it does, and raises, it does where it is awaited
            for change in changed_by(event, changes) or ():
                if change.never and not raised:
                    return None
                if change.resource == name and not (raised and change.holds and change.reverse):
                    ends = (
                        change.undone if raised and change.holds else not (change.holds or (raised and change.reverse))
                    )
                    state = Left.ENDED if ends else Left.HELD
            return state

        try:
            found = explore(
                self.holdings.graph(scope),
                [(edge, Left.UNTOUCHED) for edge in edges_from([self.holdings.graph(scope).entry])],
                transfer,
            )
            return reduce(on_some_way, [state for node, state in found if node.kind == "exit-exception"], Left.NEVER)
        except TooComplex:
            return Left.HELD

    def _caught(self, call: ast.Call, scope: Scope) -> tuple[str, ...]:
        """The classes of what the handlers around a call catch; none where one of them catches everything."""
        handlers = next((one.handlers for one in tries_around(call, scope) if one.handlers), [])
        names = [caught_by(self.ev, one, scope) for one in handlers]
        return tuple(sorted({each for one in names for each in one})) if all(names) else ()

    def _takes(self, handler: ast.AST | None, caught: tuple[str, ...], scope: Scope) -> bool:
        """Whether a handler takes what others ask for by these classes, or by relatives of them."""
        own = caught_by(self.ev, handler, scope) if isinstance(handler, ast.ExceptHandler) else []
        return bool(caught) and all(any(_are_related(one, other) for other in own) for one in caught)


def _are_related(one: str, other: str) -> bool:
    root, _, rest = one.partition(".")
    return one.rpartition(".")[2] == other.rpartition(".")[2] or (bool(rest) and other.startswith(f"{root}."))


def caught_by(ev: Evaluator, handler: ast.ExceptHandler, scope: Scope) -> list[str]:
    """The classes of what a handler catches, qualified where they are a library's; none where it catches everything."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    if any(last_name(one) in _ALL for one in types):
        return []
    return [ev.qualified_name(ev.type_of(one, scope)) or last_name(one) for one in types]
