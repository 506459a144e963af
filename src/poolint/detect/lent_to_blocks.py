"""What the block of an object gets that the object keeps: ``__enter__`` returns it, and ``__exit__`` ends what has been done."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left, ways_left
from poolint.flow.cfg import TooComplex
from poolint.flow.solver import edges_from
from poolint.models.standard import ENTERS, LEAVES
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import is_parameter, parent_of

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.flow.cfg import Graph
    from poolint.syntax.scopes import Scope


def is_lent_to_block(use: ast.expr, scope: Scope) -> bool:
    """Whether what is kept is what a block gets of the object that it enters: that goes on being the object's to release."""
    owner = scope.parent
    if scope.name not in ENTERS or owner is None or owner.kind != "class":
        return False
    return isinstance(parent_of(use), ast.Return) and scope.name.replace("enter", "exit") in owner.bindings


def leaves_block_held(holdings: Holdings, cls: Scope, attribute: str) -> bool:
    """Whether a class lends its session to the block that enters its object, and what runs at the end of that has a way on which
    it does nothing with it."""
    methods = {one.name: one for one in cls.children if one.kind == "function"}
    uses = index_of(cls).on_self(attribute)
    if not any(is_lent_to_block(use, inner) for inner, use in uses):
        return False
    for method in (methods[name] for name in sorted(LEAVES & methods.keys())):
        try:
            graph = holdings.graph(method)
        except TooComplex:
            return False
        changes, place = holdings.own_changes(method), f"self.{attribute}"
        own = [use for inner, use in uses if inner is method]
        if len(own) != 1 or len(list(changes.ending(place))) != 1 or not _asks_of_parameters_alone(graph, method):
            continue
        if Left.UNTOUCHED in ways_left(graph, changes, {place}, method, {}):
            return True
    return False


def _asks_of_parameters_alone(graph: Graph, method: Scope) -> bool:
    """Whether a method tests nothing but how the block has come to its end. The object may know more of what is kept: whether
    it is its own to end, or how many blocks there are."""
    tests = {edge.test for edge in edges_from(graph.nodes) if edge.test is not None}
    names = (one for test in tests for one in ast.walk(test) if isinstance(one, ast.Name))
    receiver = method.first_parameter
    return all(one.id != getattr(receiver, "arg", "") and is_parameter(one.id, method) for one in names)
