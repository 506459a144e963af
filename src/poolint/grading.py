"""What settings make of a finding: its severity, and how far its fix may be trusted."""

from __future__ import annotations

from msgspec.structs import replace

from poolint.diagnostics import Applicability
from poolint.selection import INTERNAL, specificity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.config import Settings
    from poolint.diagnostics import Diagnostic


def graded(settings: Settings, found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings with the severities that the settings give them, and with fixes as safe as these say. What poolint says of
    itself is as grave as it is."""
    if not (settings.severity or settings.extend_safe_fixes or settings.extend_unsafe_fixes):
        return found
    return [one if one.code in INTERNAL else _graded(settings, one) for one in found]


def _graded(settings: Settings, one: Diagnostic) -> Diagnostic:
    grades = [(specificity(selector, one.code, one.name), grade) for selector, grade in settings.severity]
    longest, severity = max(grades, key=lambda each: each[0], default=(-1, ""))
    if longest >= 0:
        one = replace(one, severity=severity)
    if one.fix is None or one.fix.applicability == Applicability.DISPLAY:
        return one
    safe, unsafe = (
        _longest(selectors, one) for selectors in (settings.extend_safe_fixes, settings.extend_unsafe_fixes)
    )
    if safe < 0 and unsafe < 0:
        return one
    applicability = Applicability.SAFE if safe > unsafe else Applicability.UNSAFE
    return replace(one, fix=replace(one.fix, applicability=applicability))


def _longest(selectors: Iterable[str], one: Diagnostic) -> int:
    return max((specificity(selector, one.code, one.name) for selector in selectors), default=-1)
