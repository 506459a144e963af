"""Structural plans as edits: blocks around statements, handlers that become ``finally``, statements that move or go.

Each plan is carried out twice: on rows, as edits, and on a tree, as what the edited rows must mean. Unless the two
agree the plan is refused, so no statement that moves can change, and nothing beside the plan can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.fixes.deletions import Deletions
from poolint.fixes.enclosing import Enclosing
from poolint.fixes.layout import Layout, Refused
from poolint.fixes.moving import Dissolving, Inserting, Moving
from poolint.fixes.plans import Delete, Dissolve, Enclose, HandlerToFinally, Insert, Move, Protect, Reraise
from poolint.fixes.protecting import HandlerBecomesFinally, Protecting
from poolint.fixes.region import Region
from poolint.fixes.reraising import Reraising

Change = Enclosing | Protecting | HandlerBecomesFinally | Deletions | Moving | Inserting | Dissolving | Reraising

if TYPE_CHECKING:
    from poolint.diagnostics import Edit
    from poolint.fixes.plans import Structural
    from poolint.text.slices import Slice
    from poolint.text.source import Source


def structural_edits(plan: Structural, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits that carry out a plan for ``piece``, a slice of ``source``; None when a guard refuses it."""
    try:
        region = Region(piece, source)
        layout = Layout(source, piece.first_row, piece.last_row)
        change = _change(plan, region, layout)
        change.change_rows()
        edits = layout.edits()
        change.change_tree()
        region.check(edits)
    except (Refused, RecursionError):
        return None
    return edits


def _change(plan: Structural, region: Region, layout: Layout) -> Change:
    if isinstance(plan, Enclose):
        return Enclosing(plan, region, layout)
    if isinstance(plan, Protect):
        return Protecting(plan, region, layout)
    if isinstance(plan, HandlerToFinally):
        return HandlerBecomesFinally(plan, region, layout)
    if isinstance(plan, Reraise):
        return Reraising(plan, region, layout)
    if isinstance(plan, Move):
        return Moving(plan, region, layout)
    if isinstance(plan, Insert):
        return Inserting(plan, region, layout)
    if isinstance(plan, Dissolve):
        return Dissolving(plan, region, layout)
    assert isinstance(plan, Delete)
    return Deletions(region, layout, [region.twin(plan.statement)])
