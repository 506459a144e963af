"""One source: checked, graded by certainty, suppressed, and its suppressions reviewed: the way from a source to what is
reported, for the command line and for hosts such as flake8.
"""

from __future__ import annotations

from poolint.mentions import mentions
from poolint.rules.registry import has_plugins, names_of
from poolint.selection import OWN, internal_ignored, running, tells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.config import Settings
    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Checker
    from poolint.text.source import Source


def reportable(
    checker: Checker, settings: Settings, source: Source, *, noqa: bool = True, looked_at: bool = True
) -> list[Diagnostic]:
    """What there is to report on one source: checked, graded by certainty, suppressed, and its suppressions reviewed.

    The one way from a source to findings, for the command line and for hosts such as flake8, which leave ``noqa`` out: they
    silence findings themselves, one at a time, so those of one decision are told one by one there.
    Without ``looked_at`` nothing is to be found in it, and only its comments are read.
    """
    found = _left(checker, settings, source, noqa=noqa, looked_at=looked_at)
    if not (noqa and found):
        return found
    from poolint.decisions import merged

    return merged(found)


def _left(checker: Checker, settings: Settings, source: Source, *, noqa: bool, looked_at: bool) -> list[Diagnostic]:
    """What is left where comments have silenced the rest."""
    found = everything = checker.check(source) if looked_at else []
    if settings.certainty == "certain":
        found = [one for one in found if one.certainty == "certain"]
    data = source.text.encode("utf-8", "surrogatepass")
    if not mentions(data, settings.strict_noqa or (noqa and bool(found)) or has_plugins()):
        return found
    from poolint.suppression import left_by
    from poolint.suppression.comments import directives

    comments = directives(source)
    kept = left_by(comments, found, noqa=noqa) if comments else found
    told = {code for code in OWN if comments and tells(settings, code, source.path)}
    if not told:
        return kept
    from poolint.suppression.review import Run, review

    rules = checker.rules
    ran, expected = running(settings, rules.values(), source.path)
    run = Run(ran, expected, names_of(rules), settings.strict_noqa, not noqa)
    return [*kept, *(one for one in review(source, comments, everything, run) if one.code in told)]


def may_be_reviewed(settings: Settings, data: bytes) -> bool:
    """Whether a file in which nothing can be found may have comments to report on."""
    return mentions(data, settings.strict_noqa or has_plugins())


def tellable(found: list[Diagnostic], settings: Settings, path: str) -> list[Diagnostic]:
    """Without the crashes, and what could not be read, that the settings ignore."""
    dropped = {code for code in ("POL900", "POL901") if internal_ignored(settings, code, path)}
    return [one for one in found if one.code not in dropped] if dropped else found
