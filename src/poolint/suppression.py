"""Comments that silence findings: ``# noqa``, ``# poolint: ignore[POL101] reason`` and the forms for a whole file.

A comment counts on the row of the finding and on the last row of the statement it stands in. It has to be a real
comment: the same characters inside a string say nothing.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.diagnostics import Diagnostic
    from poolint.source import Source

_CODE = r"(?:[A-Z]+[0-9]+|POL\b)"
_CODES = rf"{_CODE}(?:[\s,]*{_CODE})*"
"""The list after a colon ends at the first word that is no code: what follows is the reason."""

_NOQA = re.compile(rf"#\s*noqa(?![\w-])(?:\s*:\s*(?P<codes>{_CODES}))?", re.IGNORECASE)
_LINE = re.compile(r"#\s*poolint\s*:\s*ignore(?![\w-])(?:\s*\[(?P<codes>[^\]]*)\])?", re.IGNORECASE)
_FILE = re.compile(
    r"#\s*poolint\s*:\s*file-ignore(?![\w-])(?:\s*\[(?P<codes>[^\]]*)\])?"
    rf"|#\s*(?P<noqa>flake8|ruff)\s*[:=]\s*noqa(?![\w-])(?:\s*:\s*(?P<more>{_CODES}))?",
    re.IGNORECASE,
)
_ANY = re.compile(r"#\s*(?:noqa|(?:poolint|flake8|ruff)\s*[:=])", re.IGNORECASE)

_ITS_OWN = ("POL900", "POL901")
"""What poolint says about itself: a crash must not be hidden by a comment that knows nothing of it."""

_EVERYTHING = ("",)
"""The prefixes of a comment that names no code: the empty one, with which every code begins."""


def suppress(source: Source, diagnostics: Iterable[Diagnostic], *, noqa: bool = True) -> list[Diagnostic]:
    """Those of ``diagnostics``, all of them in ``source``, that no comment silences.

    ``noqa=False`` honours only poolint's own forms, where a host such as flake8 sees to ``# noqa`` itself.
    """
    found = list(diagnostics)
    if not found or not _ANY.search(source.text):
        return found
    comments = dict(_comments(source))
    whole_file: list[str] = []
    for row, comment in comments.items():
        if source.lines[row - 1].lstrip().startswith("#"):
            whole_file += _of_file(comment, noqa)
    kept = []
    for diagnostic in found:
        prefixes = list(whole_file)
        for row in {diagnostic.range.start.row, diagnostic.statement_end_row}:
            if row in comments:
                prefixes += _of_line(comments[row], noqa)
        if diagnostic.code in _ITS_OWN or not diagnostic.code.startswith(tuple(prefixes)):
            kept.append(diagnostic)
    return kept


def silencing_row(source: Source, diagnostic: Diagnostic) -> int:
    """The row of a comment that silences a finding; 0 where none does."""
    if suppress(source, [diagnostic]):
        return 0
    comments = dict(_comments(source))
    for row in (diagnostic.range.start.row, diagnostic.statement_end_row):
        if row in comments and diagnostic.code.startswith(tuple(_of_line(comments[row], True))):
            return row
    return next(
        row
        for row, comment in comments.items()
        if source.lines[row - 1].lstrip().startswith("#") and diagnostic.code.startswith(tuple(_of_file(comment, True)))
    )


def _of_line(comment: str, noqa: bool) -> Iterator[str]:
    for match in _LINE.finditer(comment):
        yield from _bracketed(match["codes"])
    if noqa:
        for match in _NOQA.finditer(comment):
            yield from _listed(match["codes"])


def _of_file(comment: str, noqa: bool) -> Iterator[str]:
    for match in _FILE.finditer(comment):
        if match["noqa"] is None:
            yield from _bracketed(match["codes"])
        elif noqa:
            yield from _listed(match["more"])


def _bracketed(codes: str | None) -> Iterable[str]:
    return _EVERYTHING if codes is None else [code.upper() for code in re.split(r"[\s,]+", codes) if code]


def _listed(codes: str | None) -> Iterable[str]:
    return _EVERYTHING if codes is None else [code.upper() for code in re.findall(_CODE, codes, re.IGNORECASE)]


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    """Row and text of each comment that may be one of ours.

    Where the tokenizer of this Python gives up, which newer syntax can make it do, the rows that it has not seen are
    searched as text: a comment too many is better there than one that is not honoured.
    """
    import tokenize

    lines = iter(source.lines)
    reached = 0
    try:
        for kind, text, start, end, _ in tokenize.generate_tokens(lambda: next(lines, "")):
            reached = end[0]
            if kind == tokenize.COMMENT and _ANY.search(text):
                yield start[0], text
    except (tokenize.TokenError, SyntaxError):
        for row, line in enumerate(source.lines[reached:], reached + 1):
            match = _ANY.search(line)
            if match:
                yield row, line[match.start() :]
