"""The parts of the report beside its findings: what is held, what could not be seen, the budget, what is not reported."""

from __future__ import annotations

from poolint.output.html.code import frame, plain, words
from poolint.output.locations import at_row, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.diagnostics import Diagnostic
    from poolint.output.html import Texts
    from poolint.output.report import Report
    from poolint.output.survey import Blind, Budget, Held, Survey, Unseen, Wait

    Panel = tuple[str, str, str, Sequence[str]]
    """Its name as an anchor, its title, a count for the navigation, and its lines."""

DRAWN = 60
"""Of so many stretches, the longest, the code is shown as well."""
ROWS = 80
"""Longer ones are shown up to here."""

SILENT = {
    "comment": "suppressed by a comment",
    "baseline": "known to the baseline",
    "revision": "there before the change",
    "place": "the rule is off in such a file",
}


def panels(report: Report, survey: Survey | None, texts: Texts) -> Iterator[Panel]:
    """Those that there is something to say in."""
    if survey is not None:
        yield "held", "What is held", str(len(survey.held)), [*_held(survey.held, texts)]
        if survey.unseen is not None:
            lost = survey.unseen.unknown + sum(one.count for _, calls in survey.unseen.calls for one in calls)
            yield "unseen", "Not seen", str(lost), [*_unseen(survey.unseen, survey.problems)]
        over = any(one.is_over for one in survey.budgets)
        count = "over" if over else str(len(survey.budgets))
        yield "budget", "Budget", count, [*_budgets(survey.budgets)]
    if report.silenced:
        yield "silenced", "Not reported", str(len(report.silenced)), [*_silenced(report.silenced)]


def _held(held: Sequence[Held], texts: Texts) -> Iterator[str]:
    if not held:
        yield '<p class="none">Nothing that poolint sees holds a connection over anything else.</p>'
        return
    yield (
        "<p>Each stretch of code over which a connection is held, longest first. Nothing in it need be wrong: it is the list "
        "to read before anybody raises <code>pool_size</code>.</p>"
    )
    longest = max(one.last - one.first + 1 for one in held)
    for number, one in enumerate(held):
        rows = one.last - one.first + 1
        facts = f"{_count(one.awaits, 'await')}, {_count(one.queries, 'query', 'queries')}, {_count(rows, 'line')}"
        if one.waits:
            facts = f"<strong>{_count(len(one.waits), 'wait')}</strong>, {facts}"
        kind = "transaction " if one.in_transaction else ""
        cell = f"cell {one.cell}:" if one.cell else ""
        head = (
            f'<span class="top"><span class="place">{plain(relative(one.filename))}:{cell}{one.first}–{one.last}</span> '
            f'<span class="facts">{facts}</span></span> '
            f'<span class="message"><code>{plain(one.function)}</code>: {kind}'
            f"<code>{plain(one.resource)}</code> since <code>{plain(one.how)}</code></span> "
            f'<meter min="0" max="{longest}" value="{rows}" aria-label="{_count(rows, "line")} of at most {longest}"></meter>'
        )
        text = texts(one.filename, one.cell) if number < DRAWN else None
        if text is None and not one.waits:
            yield f'<div class="stretch plain">{head}</div>'
            continue
        yield f'<details class="stretch"><summary>{head}</summary><div class="body">'
        if one.waits:
            yield "<ul>"
            for wait in one.waits:
                chain = " → ".join(wait.chain)
                yield f"<li>{plain(_line(wait))}: <code>{plain(chain)}</code> ({plain(wait.effect)})</li>"
            yield "</ul>"
        if text is not None:
            last = min(one.last, one.first + ROWS)
            rows_shown = [row for row in range(one.first - 1, last + 2) if 0 < row <= len(text.lines)]
            yield from frame(text, (), rows_shown, (one.first, one.last))
        yield "</div></details>"


def _unseen(unseen: Unseen, problems: Sequence[str]) -> Iterator[str]:
    if not unseen.functions:
        yield '<p class="none">Nothing that poolint sees reaches a database.</p>'
    else:
        yield "<p>Silence means that all is well only where poolint knew what it looked at.</p>"
        yield '<dl class="sums">'
        for number, what in (
            (unseen.functions, "functions reach a database"),
            (unseen.known, "by values of known types"),
            (unseen.use, "by a value known by its use"),
            (unseen.unknown, "by a value of unknown type, which is not checked"),
        ):
            yield f"<div><dt>{what}</dt><dd>{number}</dd></div>"
        yield "</dl>"
    for title, groups in (
        ("Values of unknown type", unseen.causes),
        ("Awaited calls without a model while a connection is held", unseen.calls),
    ):
        if groups:
            yield f"<h3>{title}</h3>"
        for cause, values in groups:
            total = sum(one.count for one in values)
            yield f'<details><summary><span class="message">{plain(cause)}</span> <span class="n">{total}</span></summary>'
            yield from _blind(values)
            yield "</details>"
    if problems:
        yield "<h3>Not read</h3><ul>"
        yield from (f"<li>{plain(one)}</li>" for one in problems)
        yield "</ul>"


def _blind(values: Sequence[Blind]) -> Iterator[str]:
    yield '<table><thead><tr><th scope="col">Where</th><th scope="col">What</th><th scope="col">Times</th></tr></thead><tbody>'
    for one in values:
        place = f"{relative(one.filename)}:{one.at or one.row}"
        what = f"<code>{plain(one.text)}</code>"
        yield f'<tr><td>{plain(place)}</td><td>{what}</td><td class="num">{one.count}</td></tr>'
    yield "</tbody></table>"


def _budgets(budgets: Sequence[Budget]) -> Iterator[str]:
    if not budgets:
        yield (
            '<p class="none">Nothing says how this is deployed: no compose file, Procfile, blueprint, Dockerfile, chart, '
            "manifest, and no services in <code>[tool.poolint.budget]</code>.</p>"
        )
    for one in budgets:
        yield f"<h3>{plain(one.title)}</h3>"
        yield f'<p class="verdict {"over" if one.is_over else "fits"}">{plain(one.verdict)}</p>'
        if one.pools:
            yield '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><thead><tr>'
            yield from (
                f'<th scope="col">{head}</th>' for head in ("Connections", "Service and pool", "Where that is from")
            )
            yield "</tr></thead><tbody>"
            for pool in one.pools:
                figures = "".join(
                    f"<li>{plain(value)} {plain(name)}: {words(source)}</li>" for name, value, source in pool.figures
                )
                yield (
                    f'<tr><td class="num">{plain(pool.connections)}</td><td>{plain(pool.service)}<br>'
                    f"<code>{plain(pool.pool)}</code></td><td><ul>{figures}</ul></td></tr>"
                )
            for value, name, source in one.sums:
                yield f'<tr class="sum"><td class="num">{plain(value)}</td><td>{plain(name)}</td><td>{words(source)}</td></tr>'
            yield "</tbody></table></div>"
        if one.notes:
            yield "<ul>"
            yield from (f"<li>{words(note)}</li>" for note in one.notes)
            yield "</ul>"


def _silenced(silenced: Sequence[Diagnostic]) -> Iterator[str]:
    yield '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><thead><tr>'
    yield from (f'<th scope="col">{head}</th>' for head in ("Where", "Rule", "Finding", "Why it is not reported"))
    yield "</tr></thead><tbody>"
    for one in silenced:
        why = SILENT[one.silence.by] if one.silence else ""
        if one.silence and one.silence.reason:
            why = f"{why}: {one.silence.reason}"
        place = f"{relative(one.filename)}:{at_row(one.range)}"
        yield (
            f"<tr><td>{plain(place)}</td><td>{plain(one.code)}</td><td>{words(one.message)}</td>"
            f"<td>{plain(why)}</td></tr>"
        )
    yield "</tbody></table></div>"


def _line(wait: Wait) -> str:
    return wait.at if wait.at.startswith("cell") else f"line {wait.row}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
