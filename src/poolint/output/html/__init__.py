"""A report to look at: one HTML file that needs nothing beside it and asks nobody for anything.

Everything that is not poolint's own is escaped, and the policy of the page lets nothing run but the script that is known by
its digest, and nothing load at all. Without the script the findings are there as well, by rule.
"""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha256

from poolint import __version__
from poolint.files import NOTEBOOK, read_regular
from poolint.output.html.code import Mark, Text, frame, plain, read, words
from poolint.output.html.panels import panels
from poolint.output.locations import at_row, relative
from poolint.output.statistics import root_of, shown_root
from poolint.output.text import printable
from poolint.selection import is_applicable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poolint.diagnostics import Diagnostic, Range
    from poolint.output.report import Report
    from poolint.output.survey import Held

CONTEXT = 2
NEAR = 40
"""Steps within so many rows of the finding share its frame."""
OPEN = 30
"""So many findings are shown unfolded."""


class Texts:
    """The files of a report, each read and coloured once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._read: dict[tuple[str, int], Text | None] = {}

    def __call__(self, path: str, cell: int = 0) -> Text | None:
        if (path, cell) not in self._read:
            lines = self._report.rows(path, cell)
            self._read[path, cell] = (
                None if lines is None else read(lines, path.lower().endswith((".py", ".pyi", NOTEBOOK)))
            )
        return self._read[path, cell]


def render(report: Report) -> Iterator[str]:
    """The document, line by line."""
    style, script = _packed("report.css"), _packed("report.js")
    texts = Texts(report)
    survey = report.survey()
    held: dict[str, list[Held]] = {}
    for one in survey.held if survey else ():
        held.setdefault(os.path.abspath(one.filename), []).append(one)
    found = report.diagnostics
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>poolint: {_count(len(found), 'finding')}</title>"
    yield f"<style>{style}</style></head>"
    yield "<body>"
    yield '<a class="skip" href="#findings">Skip to the findings</a>'
    yield from _header(report)
    tabs = list(panels(report, survey, texts)) if survey or report.silenced else []
    yield '<nav class="tabs" aria-label="Parts of the report">'
    yield f'<a href="#findings">Findings <span class="n">{len(found)}</span></a>'
    for name, title, count, _ in tabs:
        yield f'<a href="#{name}">{title} <span class="n">{plain(count)}</span></a>'
    yield "</nav>"
    yield "<main>"
    yield '<section id="findings" aria-labelledby="findings-title">'
    yield '<h2 id="findings-title">Findings</h2>'
    if found:
        yield from _controls()
        yield '<p id="status" role="status"></p>'
        yield f'<div id="groups" class="{"many" if len(found) > OPEN else "few"}">'
        yield from _groups(report, texts, held)
        yield "</div>"
    else:
        yield '<p class="none">Nothing was found.</p>'
    yield "</section>"
    for name, title, _, lines in tabs:
        yield f'<section id="{name}" aria-labelledby="{name}-title">'
        yield f'<h2 id="{name}-title">{title}</h2>'
        yield from lines
        yield "</section>"
    yield "</main>"
    yield f"<footer><p>Written by poolint {plain(__version__)}. This file loads nothing and sends nothing.</p></footer>"
    yield f"<script>{script}</script>"
    yield "</body></html>"


def _packed(name: str) -> str:
    """The text of a file beside this one."""
    return read_regular(os.path.join(os.path.dirname(os.path.abspath(__file__)), name)).decode("utf-8").strip()


def _policy(style: str, script: str) -> str:
    """What the page may load: its own style and its own script."""
    digests = [b64encode(sha256(one.encode("utf-8")).digest()).decode("ascii") for one in (style, script)]
    loads = f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'"
    return f"{loads}; base-uri 'none'; form-action 'none'"


def _header(report: Report) -> Iterator[str]:
    found = report.diagnostics
    files = len({one.filename for one in found})
    by_severity = {each: sum(one.severity == each for one in found) for each in ("error", "warning", "note")}
    fixable = sum(is_applicable(one, True) for one in found)
    yield "<header>"
    yield "<h1>poolint</h1>"
    roots = [os.path.basename(one) or one for one in report.roots[:3]]
    if roots:
        yield f'<p class="roots">{plain(", ".join(printable(one) for one in roots))}{" …" if len(report.roots) > 3 else ""}</p>'
    yield '<dl class="sums">'
    for number, word in (
        *((number, each) for each, number in by_severity.items() if number or each == "error"),
        (files, "file"),
        (fixable, "with a fix"),
    ):
        name = word if number == 1 or word == "with a fix" else f"{word}s"
        yield f'<div class="{word if word in by_severity else "plain"}"><dt>{name}</dt><dd>{number}</dd></div>'
    yield "</dl>"
    yield (
        '<div class="tools" hidden><button type="button" id="theme" aria-label="Theme: as the system">Theme</button>'
        '<button type="button" id="help" aria-haspopup="dialog">Keys</button></div>'
    )
    yield "</header>"
    yield '<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2><dl>'
    for key, what in (
        ("/", "search"),
        ("j, k", "next finding, the one before"),
        ("Enter", "unfold, fold"),
        ("e, c", "unfold all, fold all"),
        ("1, 2, 3", "by rule, file, root"),
        ("t", "theme: as the system, light, dark"),
        ("Esc", "leave search, close this"),
    ):
        keys = ", ".join(f"<kbd>{one}</kbd>" for one in key.split(", "))
        yield f"<div><dt>{keys}</dt><dd>{what}</dd></div>"
    yield '</dl><form method="dialog"><button type="submit">Close</button></form></dialog>'


def _controls() -> Iterator[str]:
    yield '<div class="controls" role="search" hidden>'
    yield '<label class="search"><span>Search</span><input id="search" type="search" autocomplete="off"'
    yield 'placeholder="rule, file, words …"></label>'
    yield "<fieldset><legend>Group by</legend>"
    for value in ("rule", "file", "root"):
        checked = " checked" if value == "rule" else ""
        yield f'<label><input type="radio" name="group" value="{value}"{checked}><span>{value.capitalize()}</span></label>'
    yield "</fieldset>"
    yield '<div class="fold"><button type="button" id="unfold">Unfold all</button>'
    yield '<button type="button" id="fold">Fold all</button></div>'
    yield "</div>"


def _groups(report: Report, texts: Texts, held: Mapping[str, Sequence[Held]]) -> Iterator[str]:
    """All findings by rule; the script groups them otherwise by what each of them says of itself."""
    by_rule: dict[str, list[Diagnostic]] = {}
    for one in report.diagnostics:
        by_rule.setdefault(one.code, []).append(one)
    unfolded = len(report.diagnostics) <= OPEN
    number = 0
    for code, members in sorted(by_rule.items()):
        yield '<section class="group">'
        title = plain(f"{code} {printable(members[0].name)}")
        yield f'<h3><span class="title">{title}</span> <span class="n">{len(members)}</span></h3>'
        for one in members:
            number += 1
            yield from _finding(one, number, report, texts, held, unfolded)
        yield "</section>"


def _finding(
    one: Diagnostic, number: int, report: Report, texts: Texts, held: Mapping[str, Sequence[Held]], unfolded: bool
) -> Iterator[str]:
    place = f"{relative(one.filename)}:{at_row(one.range)}"
    keys = {
        "rule": f"{one.code} {printable(one.name)}",
        "file": relative(one.filename),
        "root": printable(shown_root(root_of(one, report))),
    }
    data = " ".join(f'data-{key}="{plain(value)}"' for key, value in keys.items())
    yield f'<details class="finding {plain(one.severity)}" id="f{number}" data-n="{number}" {data}{" open" if unfolded else ""}>'
    grade = "" if one.severity == "error" else f'<span class="grade">{plain(one.severity)}</span> '
    fix = '<span class="fix">fix</span> ' if is_applicable(one, True) else ""
    yield (
        f'<summary><span class="top"><span class="rule">{plain(one.code)}</span> {grade}{fix}'
        f'<span class="place">{plain(place)}</span></span> <span class="message">{words(one.message)}</span></summary>'
    )
    yield '<div class="body">'
    yield from _frames(one, texts, held.get(os.path.abspath(one.filename), ()))
    yield '<ul class="facts">'
    if one.function != "<module>":
        yield f"<li>In <code>{plain(one.function)}</code></li>"
    for also in one.also:
        yield f"<li>So does {plain(relative(also.filename))}:{at_row(also.range)}</li>"
    if one.fix is not None:
        kind = {"safe": "safe fix", "unsafe": "fix that may change behaviour", "display": "advice"}[
            one.fix.applicability.value
        ]
        yield f'<li>{words(one.fix.message)} <span class="kind">({kind})</span></li>'
    if one.certainty.value != "certain":
        yield "<li>Possible: something on the way here is unknown.</li>"
    url = report.url(one)
    rule = plain(f"{one.code} {printable(one.name)}")
    if url.startswith(("https://", "http://")):
        rule = f'<a href="{plain(url)}" rel="noreferrer">{rule}</a>'
    yield (
        f"<li>{rule}</li>" if "<a" in rule else f"<li>About the rule: <code>poolint rule {plain(one.code)}</code></li>"
    )
    yield "</ul></div></details>"


def _frames(one: Diagnostic, texts: Texts, held: Sequence[Held]) -> Iterator[str]:
    """The code of a finding: one frame for all that is near it, and one for each file with other steps."""
    together: dict[Range, list[tuple[int, str]]] = {}
    apart: dict[tuple[str, int], list[tuple[Range, int, str]]] = {}
    for number, step in enumerate(one.path, 1):
        is_here = (step.filename, step.range.cell) == (one.filename, one.range.cell)
        near = is_here and abs(step.range.start.row - one.range.start.row) <= NEAR
        if near:
            together.setdefault(step.range, []).append((number, step.message))
        else:
            apart.setdefault((step.filename, step.range.cell), []).append((step.range, number, step.message))
    ranges = {step.range for step in one.path}
    marks = [Mark(one.range, tuple(together.pop(one.range, ())), True)]
    marks += [Mark(each, tuple(together[each])) for each in sorted(ranges) if each in together]
    text = None if one.code == "POL900" else texts(one.filename, one.range.cell)
    if text is not None:
        around = [each for each in held if each.function == one.function and _covers(each, one)]
        stretch = (min(each.first for each in around), max(each.last for each in around)) if around else None
        rows: set[int] = set()
        for mark in marks:
            row = mark.range.start.row
            more = CONTEXT if mark.is_finding else 1
            rows.update(range(row - more, row + more + 1))
        if stretch and stretch[1] - stretch[0] <= NEAR:
            rows.update(range(stretch[0], stretch[1] + 1))
        yield from _shown(_named(one.filename, one.range.cell), text, marks, rows, stretch)
    for (path, cell), steps in apart.items():
        other = texts(path, cell)
        if other is None or any(where.start.row > len(other.lines) for where, _, _ in steps):
            for where, number, label in steps:
                place = f"{relative(path)}:{at_row(where)}"
                at_place = f'<span class="place">{plain(place)}</span>'
                yield f'<p class="apart"><b class="step">{number}</b> {words(label)} {at_place}</p>'
            continue
        at: dict[Range, list[tuple[int, str]]] = {}
        for where, number, label in steps:
            at.setdefault(where, []).append((number, label))
        rows = {row for where in at for row in range(where.start.row - 1, where.start.row + 2)}
        yield from _shown(
            _named(path, cell), other, [Mark(where, tuple(labels)) for where, labels in at.items()], rows, None
        )


def _covers(each: Held, one: Diagnostic) -> bool:
    return (
        each.cell == one.range.cell and each.first <= one.range.start.row <= each.last and one.code.startswith("POL4")
    )


def _named(path: str, cell: int) -> str:
    return f"{relative(path)}, cell {cell}" if cell else relative(path)


def _shown(name: str, text: Text, marks: Sequence[Mark], rows: set[int], held: tuple[int, int] | None) -> Iterator[str]:
    there = sorted(rows & set(range(1, len(text.lines) + 1)))
    there = sorted({*there, *(row + 1 for row in there if row + 2 in there)})
    while there and not text.lines[there[-1] - 1].strip():
        there.pop()
    note = ' <span class="legend">held</span>' if held else ""
    yield f'<p class="file">{plain(name)}{note}</p>'
    yield from frame(text, marks, there, held)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
