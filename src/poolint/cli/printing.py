"""What ``check`` prints: findings in each format that was asked for, and the lines behind them."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import sys
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.cli.check import Arguments
    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Outcome
    from poolint.output.report import CellRows
    from poolint.output.survey import Survey
    from poolint.text.source import Source


def say(grade: str, line: str) -> None:
    from poolint.output.text import printable

    sys.stderr.write(f"poolint: {grade}: {printable(line)}\n")


def report(outcome: Outcome, arguments: Arguments, write: Callable[[str], object], notes: Sequence[str] = ()) -> None:
    """Print findings in all formats that were asked for, and the closing lines, with ``notes`` among them."""
    nothing_found = not outcome.files and not outcome.diagnostics and not outcome.refused
    if nothing_found and not arguments.quiet:
        say("warning", "No Python files found under the given path(s)")
    if arguments.diff:
        _report_diff(outcome, arguments)
        return
    from poolint.output.formats import FOR_PEOPLE

    to_stdout = write == sys.stdout.write
    for path, name in arguments.outputs.items():
        is_empty = not outcome.diagnostics and not (arguments.statistics and outcome.silenced)
        if not is_empty or path is not None or name not in FOR_PEOPLE:
            _write(outcome, arguments, path, write, to_stdout)
    is_for_machines = arguments.outputs.get(None, FOR_PEOPLE[0]) not in FOR_PEOPLE
    if arguments.quiet or is_for_machines or (outcome.refused and not outcome.diagnostics):
        return
    if nothing_found or ((outcome.is_idle or outcome.crashed) and not outcome.diagnostics):
        return  # a warning or the exit code says so; no check has passed
    from poolint.output import summary

    for line in summary.render(outcome.diagnostics, outcome.fixed, fix=arguments.fix, unsafe=arguments.unsafe):
        write(f"{line}\n")
    for line in notes:
        write(f"{line}\n")


def _write(
    outcome: Outcome, arguments: Arguments, path: str | None, write: Callable[[str], object], to_stdout: bool
) -> None:
    """Write the findings in the format for a file, or for standard output."""
    from poolint.output.formats import renderer
    from poolint.output.report import Report
    from poolint.output.style import wants_color, wants_links
    from poolint.output.survey import none

    stream = sys.stdout if to_stdout else sys.stderr
    color = arguments.color if path is None else False
    if color is None:
        color = wants_color(stream)
    links = path is None and arguments.color is not False and wants_links(stream)
    render = renderer(arguments.outputs[path])
    if arguments.statistics and path is None:
        from poolint.output import statistics
        from poolint.output.formats import FOR_PEOPLE

        render = statistics.render if arguments.outputs[path] in FOR_PEOPLE else statistics.document
    found, silenced, cells = _in_cells(outcome)
    made = Report(
        found,
        lines_of(outcome),
        color,
        arguments.unsafe,
        silenced,
        links,
        outcome.roots,
        _unseen(outcome) if arguments.statistics else {},
        partial(_survey, arguments) if outcome.paths else none,
        cells,
    )
    rows = (f"{line}\n" for line in render(made))
    if path is not None:
        _write_file(path, "".join(rows))
        return
    for row in rows:
        write(row)


def _in_cells(outcome: Outcome) -> tuple[list[Diagnostic], list[Diagnostic], CellRows]:
    """What is found and what is silenced, that of notebooks by their cells, and the rows of these."""
    from poolint.files import is_notebook

    if not any(is_notebook(one.filename) for one in (*outcome.diagnostics, *outcome.silenced)):
        from poolint.output.report import no_cells

        return outcome.diagnostics, outcome.silenced, no_cells
    from poolint.output.cells import InCells

    cells = InCells(sources_of(outcome))
    return cells.placed(outcome.diagnostics), cells.placed(outcome.silenced), cells.rows


def _write_file(path: str, text: str) -> None:
    from poolint.config import ConfigError
    from poolint.output import whole

    try:
        whole.write(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None


def _survey(arguments: Arguments) -> Survey:
    from poolint.cli.survey import survey

    return survey(arguments.paths, arguments.resolver)


def _unseen(outcome: Outcome) -> dict[str, object]:
    """The sums over what could not be seen."""
    from poolint.explain.totals import totals

    sums = totals(outcome.seen)
    return {
        "functions": sums.functions,
        "known_by_use": sums.by_use,
        "unknown": sums.unknown,
        "awaited_without_model": dict(sums.packages),
    }


def report_coverage(outcome: Outcome, arguments: Arguments) -> None:
    from poolint.cli.coverage import line
    from poolint.explain.totals import totals

    sums = totals(outcome.seen)
    if sums.functions:
        sys.stdout.flush()
        sys.stderr.write(f"{line(sums, arguments.paths)}\n")


def _report_diff(outcome: Outcome, arguments: Arguments) -> None:
    """The differences to standard output; what kept a file from being checked, and the sum, beside them."""
    for diff in outcome.diffs:
        sys.stdout.write(diff)
    from poolint.output import concise, summary
    from poolint.output.report import Report
    from poolint.selection import INTERNAL

    for line in concise.render(Report([one for one in _in_cells(outcome)[0] if one.code in INTERNAL])):
        sys.stderr.write(f"{line}\n")
    if not arguments.quiet:
        sys.stderr.write(f"{summary.would_fix(outcome.fixed)}\n")


def troubles(outcome: Outcome) -> list[Diagnostic]:
    from poolint.selection import INTERNAL

    return [one for one in outcome.diagnostics if one.code in INTERNAL]


def lines_of(outcome: Outcome) -> Callable[[str], Sequence[str] | None]:
    """The rows of a file for its frames: as they were checked or, for steps in other files, as they are now."""
    sources = sources_of(outcome)

    def lines(path: str) -> Sequence[str] | None:
        source = sources(path)
        return None if source is None else source.lines

    return lines


def sources_of(outcome: Outcome) -> Callable[[str], Source | None]:
    """The files themselves, likewise; None for those that cannot be read."""
    known: dict[str, Source | None] = dict(outcome.sources)

    def source(path: str) -> Source | None:
        if path not in known:
            from poolint.text.source import Source, SourceError

            try:
                known[path] = Source.read(path)
            except (SourceError, OSError):
                known[path] = None
        return known[path]

    return source
