"""One decision, one finding: what one change would take away all at once is told once, at its first place."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.diagnostics import Diagnostic, Step


def merged(found: list[Diagnostic]) -> list[Diagnostic]:
    """Sorted findings with those of one decision as one: the first, which names the others.

    Of those that every way to them has to pass others of their decision, no more than these are told with them. It comes
    after all that leaves out findings one at a time (suppressions, baselines, revisions), so that one that is left out takes
    no other with it.
    """
    if not found:
        return found
    from poolint.diagnostics import ANYWHERE

    told: dict[int, list[Diagnostic]] = {}
    leading: dict[tuple[str, ...], list[Diagnostic]] = {}
    numbers = {id(one): number for number, one in enumerate(found)}
    for one in sorted(found, key=_count_before):  # what comes first may stand behind, as what a comprehension goes over
        leaders: list[Diagnostic] = []
        if one.decision:
            function = "" if one.decision.startswith(ANYWHERE) else one.function
            leaders = leading.setdefault((one.code, one.filename, function, one.decision, one.certainty), [])
        leader = next((each for each in leaders if one.after is None or each.range.start in one.after), None)
        if leader is None:
            leaders.append(one)
            told[id(one)] = [one]
        else:
            told[id(leader)].append(one)
    for leader, *others in told.values():
        told[id(leader)] = [leader, *sorted(others, key=lambda one: numbers[id(one)])]
    return [_told_as_one(told[id(one)]) for one in found if id(one) in told]


def _count_before(one: Diagnostic) -> int:
    """How many of its decision every way to a finding has to pass."""
    return len(one.after or ())


def _told_as_one(told: list[Diagnostic]) -> Diagnostic:
    """The first of several findings, with the step at which each of the others stands at the end of its path."""
    first, *others = told
    if not others:
        return first
    from msgspec.structs import replace

    from poolint.diagnostics import Place

    rows = list(dict.fromkeys(one.range.start.row for one in others if one.range.start.row != first.range.start.row))
    return replace(
        first,
        message=f"{first.message}{_as_well(rows)}",
        path=(*first.path, *map(_own_step, others)),
        also=tuple(Place(one.filename, one.range) for one in others),
    )


def _own_step(one: Diagnostic) -> Step:
    """The step of a finding at its own place."""
    from poolint.diagnostics import Step

    own = (step for step in one.path if (step.filename, step.range.start) == (one.filename, one.range.start))
    return next(own, None) or Step("here as well", one.filename, one.range)


def _as_well(rows: list[int]) -> str:
    """What a message says of the rows in which the same happens again: `; so do lines 12, 14 and 15`."""
    if not rows:
        return ""
    *before, last = map(str, rows)
    if not before:
        return f"; so does line {last}"
    return f"; so do lines {', '.join(before)} and {last}"
