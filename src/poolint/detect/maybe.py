"""Observations about calls that may wait while a connection is held: of which nothing is known, but that look like
clients, themselves or in a function that they run; and of which one of several implementations waits.

They are made only where possible findings are asked for. What the connection is passed to works with it, and what comes
of a query on it has been waited for.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.effects import Link, Witness
from poolint.analyses.joined import run_in_thread
from poolint.analyses.possible import has_name_of_client, is_unknown, path_of
from poolint.analyses.sinks import UNKNOWN_EFFECT
from poolint.detect.detector import Detector
from poolint.detect.waiting import in_stretches, observation, why_not
from poolint.syntax.scopes import nearest, parent_of
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.detect.services import Services
    from poolint.detect.waiting import CallWhileHeld
    from poolint.syntax.scopes import Scope


class Maybe:
    """Observes what may keep a function waiting: who knows what it does."""

    def __init__(self, services: Services) -> None:
        self.holdings: Holdings = services.holdings
        self.slow: Effects = services.slow
        self.possibly_slow: Effects = services.possibly_slow
        self._graphs = services.graphs
        self._services = services

    def observe(self, scope: Scope) -> Iterator[CallWhileHeld]:
        """The calls in ``scope`` that may wait while something is held."""
        return in_stretches(self._observed(scope), self._graphs, scope)

    def _observed(self, scope: Scope) -> Iterator[CallWhileHeld]:
        calls = self.holdings.may_be_held(scope)
        for node in calls:
            witness = self._by_itself(node, scope)
            held = self.holdings.at(node, scope) if witness is not None else []
            if witness is not None and node not in self.holdings.changes(scope).calls:
                held = [one for one in held if not _is_about(node, one, scope)]
            else:
                witness, held = self._below(node, scope)
            if witness is not None and held:
                yield observation(self.slow.edges.ev, self.holdings, held, witness, node, scope, is_possible=True)
        certain = {node for node, _ in self.slow.implied(scope)} if calls else set()
        for read, below in self.possibly_slow.implied(scope) if calls else ():
            held = [] if read in certain or below.effect == UNKNOWN_EFFECT else self._held(below, read, scope)
            if held:
                yield observation(self.slow.edges.ev, self.holdings, held, below, read, scope, is_possible=True)

    def _by_itself(self, node: ast.Call, scope: Scope) -> Witness | None:
        """A call of which nothing is known; of one that runs something in a thread that is what this does."""
        ev = self.slow.edges.ev
        looks_like_one = isinstance(parent_of(node), ast.Await) or has_name_of_client(node)
        if not looks_like_one or run_in_thread(ev.models, node) is not None or not is_unknown(ev, node, scope):
            return None
        return Witness((Link(node, scope, text_of(node.func, scope)),), UNKNOWN_EFFECT)

    def _below(self, node: ast.Call, scope: Scope) -> tuple[Witness | None, list[Hold]]:
        """A chain of calls to one, or to an implementation that waits, and what is held meanwhile."""
        if self.slow.of_call(node, scope) is not None:
            return None, []
        witness = self.possibly_slow.of_call(node, scope)
        if witness is None or (len(witness.links) < 2 and witness.effect == UNKNOWN_EFFECT):
            return None, []
        return witness, self._held(witness, node, scope)

    def _held(self, witness: Witness, node: ast.expr, scope: Scope) -> list[Hold]:
        """What is held while something waits below, and that somebody waits for."""
        found = self.holdings.at(node, scope)
        return [one for one in found if why_not(self._services, one, witness, node, scope) is None]


def _is_about(node: ast.Call, hold: Hold, scope: Scope) -> bool:
    """Whether a call is passed what holds, or is made on it, or on what has been made of it."""
    name = hold.resource.partition(".")[0]
    if any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node)):
        return True
    roots = [one.id for one in path_of(node.func) if isinstance(one, ast.Name)]
    values = [one.value for root in roots for one in nearest(root, scope) if one.value is not None]
    return any(isinstance(one, ast.Name) and one.id == name for value in values for one in ast.walk(value))


DETECTOR = Detector("maybe", lambda services: Maybe(services).observe, thorough=True)
