"""One source: checked, graded by certainty, suppressed, and its suppressions reviewed: the way from a source to what is
reported, for the command line and for hosts such as flake8.
"""

from __future__ import annotations

from poolint.files import is_notebook
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
    """What there is to report on one source; see :func:`reviewed`."""
    return [one for one in reviewed(checker, settings, source, noqa=noqa, looked_at=looked_at) if one.silence is None]


def reviewed(
    checker: Checker, settings: Settings, source: Source, *, noqa: bool = True, looked_at: bool = True
) -> list[Diagnostic]:
    """What there is to report on one source: checked, graded by certainty, suppressed, and its suppressions reviewed. What is
    silenced comes behind it, and says by what.

    The one way from a source to findings, for the command line and for hosts such as flake8, which leave ``noqa`` out: they
    silence findings themselves. Those of one decision are told one by one here: see :mod:`poolint.decisions`.
    Without ``looked_at`` nothing is to be found in it, and only its comments are read.
    """
    found, silenced = _divided(checker, settings, source, noqa=noqa, looked_at=looked_at)
    told = [*found, *silenced]
    if not told:
        return told
    if source.cells is not None and any(one.fix is not None for one in told):
        from poolint.fixes.in_cells import kept_in_cells

        told = kept_in_cells(source, told)
    from poolint.grading import graded

    return graded(settings, told)


def _divided(
    checker: Checker, settings: Settings, source: Source, *, noqa: bool, looked_at: bool
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What is reported, and what the place or comments silence."""
    found, relaxed = checker.judged(source) if looked_at else ([], [])
    everything = found
    if settings.certainty == "certain":
        found = [one for one in found if one.certainty == "certain"]
        relaxed = [one for one in relaxed if one.certainty == "certain"]
    data = source.text.encode("utf-8", "surrogatepass")
    if not mentions(data, settings.strict_noqa or (noqa and bool(found)) or has_plugins()):
        return found, relaxed
    from poolint.suppression import divided
    from poolint.suppression.comments import directives

    comments = directives(source)
    kept, silenced = divided(comments, found, noqa=noqa) if comments else (found, [])
    silenced += relaxed
    told = {code for code in OWN if comments and tells(settings, code, source.path)}
    if not told:
        return kept, silenced
    from poolint.suppression.review import Run, review

    rules = checker.rules
    ran, expected = running(settings, rules.values(), source.path)
    run = Run(ran, expected, names_of(rules), settings.strict_noqa, not noqa)
    return [*kept, *(one for one in review(source, comments, everything, run) if one.code in told)], silenced


def code_in(path: str, data: bytes) -> bytes:
    """The code in the bytes of a file, which the screen and comments are looked for in. Raises ``SourceError``."""
    if not is_notebook(path):
        return data
    from poolint.text.source import Source

    return Source.from_bytes(path, data).data


def may_be_reviewed(settings: Settings, data: bytes) -> bool:
    """Whether a file in which nothing can be found may have comments to report on."""
    return mentions(data, settings.strict_noqa or has_plugins())


def tellable(found: list[Diagnostic], settings: Settings, path: str) -> list[Diagnostic]:
    """Without the crashes, and what could not be read, that the settings ignore."""
    told = {one.code for one in found}
    dropped = {code for code in ("POL900", "POL901") if code in told and internal_ignored(settings, code, path)}
    return [one for one in found if one.code not in dropped] if dropped else found
