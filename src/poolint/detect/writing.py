"""How functions write: what tells a session what it is to write, which attributes of objects are set, and what comes after."""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING

from poolint.analyses.graphs import events_at
from poolint.flow.solver import completed, reach
from poolint.flow.summaries import Summaries
from poolint.models.schema import SESSIONS
from poolint.types.call_sites import call_site
from poolint.types.values import alternatives, is_of_library
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.callees import Edges
    from poolint.flow.cfg import Edge, Graph, Node
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

LENT = frozenset((*SESSIONS, "registry"))
"""Kinds of what is told what to write: sessions, and registries that lend them."""


class Giving:
    """Which functions of a project tell a session what it is to write, themselves or by others that they call."""

    def __init__(self, edges: Edges) -> None:
        self.ev = edges.ev
        self._edges = edges
        self._pends = self.ev.models.words("pends")
        self._found: Summaries[ScopeKey, bool] = Summaries("gives-to-session", self._gives, bottom=False, join=or_)

    def of(self, scope: Scope) -> bool:
        """Whether a function does."""
        return self._found.of(scope.key)

    def tells(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call itself does."""
        fact = call_site(self.ev, call, scope) if last_name(call.func) in self._pends else None
        return fact is not None and fact.cls is not None and fact.cls.kind in LENT

    def _gives(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if any(self.tells(call, scope) for call in scope.calls_named(self._pends)):
            return True
        return any(edge.target is not None and self._found.of(edge.target.key) for edge in self._edges.of_scope(scope))


def stores_of(ev: Evaluator, scope: Scope) -> Iterator[ast.Attribute]:
    """The attributes of objects that a function sets, those of its own aside, and of what a library is known to give: no row."""
    found = (one for one in scope.attributes if isinstance(one.ctx, ast.Store) and not _is_own(one, scope))
    return (one for one in found if not all(map(is_of_library, alternatives(ev.type_of(one.value, scope)))))


def _is_own(store: ast.Attribute, scope: Scope) -> bool:
    """Whether what is set is an attribute of the object that a method belongs to, which is no row."""
    first = scope.first_parameter if scope.enclosing_class is not None else None
    return first is not None and isinstance(store.value, ast.Name) and store.value.id == first.arg


def events_after(graph: Graph, begun: Iterable[ast.AST], but: set[ast.AST], *, raising: bool = True) -> set[Node]:
    """The events that happen once one of some has, and past none of ``but``; without ``raising`` on ways on which nothing
    raises: what a handler ends is given up as likely as it is committed."""
    stops = {event for one in but for event in events_at(graph, one)}

    def passes(edge: Edge) -> bool:
        return edge.source not in stops and (raising or not edge.is_unwinding)

    return set(reach(completed(event for one in begun for event in events_at(graph, one)), passes))
