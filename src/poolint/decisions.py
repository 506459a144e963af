"""One decision, one finding: what one change would take away all at once is told once, at its first place."""

from __future__ import annotations

from dataclasses import replace

from poolint.diagnostics import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.diagnostics import Diagnostic


def merged(found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings of one file, in their order, with those of one decision as one: the first, which names the others.

    It comes after suppressions, so that one that is silenced takes no other with it.
    """
    decisions: dict[tuple[str, ...], list[Diagnostic]] = {}
    for one in found:
        if one.decision:
            decisions.setdefault((one.code, one.filename, one.function, one.decision), []).append(one)
    several = {id(one): told for told in decisions.values() if len(told) > 1 for one in told}
    return [_told_as_one(several[id(one)]) if id(one) in several else one for one in found if _is_told(one, several)]


def _is_told(one: Diagnostic, several: dict[int, list[Diagnostic]]) -> bool:
    return id(one) not in several or several[id(one)][0] is one


def _told_as_one(told: list[Diagnostic]) -> Diagnostic:
    """The first of several findings, with the last step of each of the others at the end of its path."""
    first, *others = told
    rows = list(dict.fromkeys(one.range.start.row for one in others if one.range.start.row != first.range.start.row))
    return replace(
        first,
        message=f"{first.message}{_as_well(rows)}",
        path=(*first.path, *(one.path[-1] for one in others if one.path)),
        also=tuple(Place(one.filename, one.range) for one in others),
    )


def _as_well(rows: list[int]) -> str:
    """What a message says of the rows in which the same happens again: `; so do lines 12, 14 and 15`."""
    if not rows:
        return ""
    *before, last = map(str, rows)
    if not before:
        return f"; so does line {last}"
    return f"; so do lines {', '.join(before)} and {last}"
