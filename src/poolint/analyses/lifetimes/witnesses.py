"""Witnesses read: where on a way that leaves a function something was raised, and what happened last."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.escapes import passes_on

if TYPE_CHECKING:
    from poolint.flow.cfg import Edge, Node


def unwinding(edges: list[Edge]) -> Edge | None:
    """The edge on which what leaves the function began: the last that something was raised on, not passed on."""
    return next((edge for edge in reversed(edges) if edge.is_unwinding and not passes_on(edge)), None)


def last_event(edges: list[Edge]) -> Node | None:
    """The last event on a way that stands in the text of the function."""
    return next((edge.source for edge in reversed(edges) if edge.source.row), None)


def last_place(edges: list[Edge]) -> ast.expr | ast.stmt | None:
    """Where the function is left: the last thing that happens on the path."""
    for edge in reversed(edges):
        node = edge.source.node
        if isinstance(node, ast.withitem):
            return node.context_expr
        if isinstance(node, (ast.expr, ast.stmt)):
            return node
    return None
