"""``poolint holds PATH…``: where connections are held, longest first: the list to read before raising ``pool_size``."""

from __future__ import annotations

import os
import sys

from poolint.cli.rows import in_cell, line, wrote
from poolint.config import Resolver
from poolint.files import is_notebook
from poolint.output.style import Style, wants_color
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from poolint.explain.holds import Placed, Stretch, Wait


def holds(paths: Sequence[str], output_format: str, limit: int, resolver: Resolver) -> int:
    """Print the stretches of all files below ``paths``, at most ``limit`` (0: all), and return the exit code.

    That is 0, or 2 when a file could not be read or parsed, or settings not be used: that is named on standard error, and
    the others count.
    """
    from poolint.explain.holds import held
    from poolint.rules.registry import LazyRules

    found, problems, files = held(paths, resolver, LazyRules())
    shown = found[:limit] if limit else found
    if output_format == "json":
        from poolint.output import json

        text = json.dumps([_as_object(path, one) for path, one in shown])
    else:
        text = "\n".join(render(shown, len(found), resolver.cwd, Style(wants_color(sys.stdout))))
    sys.stdout.write(f"{text}\n")
    if not files and not problems:
        sys.stderr.write("poolint: warning: No Python files found under the given path(s)\n")
    for problem in problems:
        sys.stderr.write(f"poolint: error: {printable(problem)}\n")
    return 2 if problems else 0


def render(shown: list[Placed], total: int, cwd: str, paint: Style) -> Iterator[str]:
    """The table, line by line: a row for each stretch, and below it what it waits for."""
    if not shown:
        yield "Nothing that poolint sees holds a connection over anything else."
        return
    heads = ("waits", "awaits", "queries", "lines", "where", "held by")
    rows = [_row(path, one, cwd) for path, one in shown]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    yield paint("bold", _line(heads, widths))
    for (path, one), row in zip(shown, rows, strict=True):
        yield _line(row, widths)
        for wait in one.waits:
            chain = " → ".join(wait.chain)
            yield f"{' ' * (sum(widths[:4]) + 8)}{paint('blue', line(path, wait.row))}: {printable(chain)} ({wait.effect})"
    if total > len(shown):
        yield f"… and {total - len(shown)} more; `--limit 0` shows all."


def _row(path: str, one: Stretch, cwd: str) -> tuple[str, ...]:
    to = f"-{one.last}"
    if is_notebook(path):
        to = f"-{wrote(path, one.last)}".replace(f"-cell {in_cell(path, one.first)[0]}:", "-")
    where = f"{printable(os.path.relpath(path, cwd))}:{wrote(path, one.first)}{to} {one.function}"
    kind = "transaction " if one.in_transaction else ""
    held = f"{kind}`{printable(one.resource)}` since `{printable(one.how)}`"
    return (str(len(one.waits)), str(one.awaits), str(one.queries), str(one.last - one.first + 1), where, held)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    numbers = [cell.rjust(width) for cell, width in zip(cells[:4], widths, strict=False)]
    return "  ".join([*numbers, cells[4].ljust(widths[4]), cells[5]]).rstrip()


def _as_object(path: str, one: Stretch) -> dict[str, Any]:
    cell, first = in_cell(path, one.first)
    end_cell, last = in_cell(path, one.last)
    return {
        "filename": os.path.abspath(path),
        **({"cell": cell} if cell else {}),
        "function": one.function,
        "resource": one.resource,
        "taken_by": one.how,
        "in_transaction": one.in_transaction,
        "location": {"row": first},
        "end_location": {"row": last, **({"cell": end_cell} if end_cell != cell else {})},
        "awaits": one.awaits,
        "queries": one.queries,
        "waits": [_wait(path, wait) for wait in one.waits],
    }


def _wait(path: str, wait: Wait) -> dict[str, Any]:
    cell, row = in_cell(path, wait.row)
    return {"row": row, **({"cell": cell} if cell else {}), "chain": list(wait.chain), "effect": wait.effect}
