"""Witnesses read: where on a way that leaves a function something was raised, and what happened last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.flow.cfg import Edge, Node

_PASSING = frozenset({"reraise", "except", "raise"})
"""Events that pass on what was raised before them."""


def unwinding(edges: list[Edge]) -> Edge | None:
    """The edge on which what leaves the function began: the last that something was raised on, not passed on."""
    return next((edge for edge in reversed(edges) if edge.is_unwinding and not _passes(edge)), None)


def last_event(edges: list[Edge]) -> Node | None:
    """The last event on a way that stands in the text of the function."""
    return next((edge.source for edge in reversed(edges) if edge.source.row), None)


def _passes(edge: Edge) -> bool:
    """Whether what was raised before is only passed on along an edge."""
    return edge.source.kind in _PASSING or (edge.source.kind == "exit" and edge.source.way != "normal")
