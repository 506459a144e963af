"""Arguments of calls and items of dictionaries that come or go, with their commas and rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from poolint.diagnostics import Edit, Position, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.fixes.plans import AddArgument, RemoveArgument
    from poolint.text.slices import Slice
    from poolint.text.source import Source

_BEHIND = re.compile(r"[ \t]*(?:,[ \t]*)?(?:#[^\r\n]*)?(?:\r\n|\r|\n)?$")


def removal(plan: RemoveArgument, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits that take an argument away: its rows where it has them alone, else what is between it and the next."""
    owner = piece.parent(plan.node)
    siblings: Sequence[cst.CSTNode] = ()
    if isinstance(owner, cst.Call):
        siblings = owner.args
    elif isinstance(owner, cst.Dict):
        siblings = owner.elements
    index = next((number for number, one in enumerate(siblings) if one is plan.node), -1)
    if index < 0:
        return None
    here = piece.range_of(plan.node)
    first, last = source.lines[here.start.row - 1], source.lines[here.end.row - 1]
    if not first[: here.start.column - 1].strip() and _BEHIND.match(last, here.end.column - 1):
        return (Edit(Range(Position(here.start.row, 1), Position(here.end.row + 1, 1)), ""),)
    if index > 0:
        before = piece.range_of(siblings[index - 1])
        where = Range(before.end, here.end)
    elif len(siblings) > 1:
        where = Range(here.start, piece.range_of(siblings[1]).start)
    else:
        rest = last[here.end.column - 1 :]
        comma = len(rest) - len(rest.lstrip(" \t"))
        width = comma + 1 if rest[comma : comma + 1] == "," else 0
        where = Range(here.start, Position(here.end.row, here.end.column + width))
    return (Edit(where, ""),)


def addition(plan: AddArgument, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits that give a call one argument more, behind the others and laid out as they are."""
    call = plan.node
    text = f"{plan.name}={plan.value}"
    if not call.args:
        end = piece.range_of(call).end
        place = Position(end.row, end.column - 1)
        if source.lines[place.row - 1][place.column - 1 : place.column] != ")":
            return None
        return (Edit(Range(place, place), text),)
    last = piece.range_of(call.args[-1])
    row = source.lines[last.end.row - 1]
    rest = row[last.end.column - 1 :]
    has_comma = rest.lstrip(" \t").startswith(",")
    start = source.lines[last.start.row - 1]
    lead = start[: last.start.column - 1]
    comma = Position(last.end.row, last.end.column + rest.index(",") + 1) if has_comma else last.end
    if not lead.strip() and rest.lstrip(" \t").removeprefix(",").lstrip(" \t").startswith("#"):
        below = Position(last.end.row + 1, 1)  # the comment stays with what it was written beside
        edits = () if has_comma else (Edit(Range(last.end, last.end), ","),)
        return (*edits, Edit(Range(below, below), f"{lead}{text},{_ending(row)}"))
    if lead.strip():
        return (Edit(Range(comma, comma), f" {text}" if has_comma else f", {text}"),)
    newline = _ending(start)
    text = f"{newline}{lead}{text}," if has_comma else f",{newline}{lead}{text}"
    return (Edit(Range(comma, comma), text),)


def _ending(row: str) -> str:
    """The newline of a row; a plain one where it has none."""
    return row[len(row.rstrip("\r\n")) :] or "\n"
