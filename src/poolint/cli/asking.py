"""``--fix --interactive``: each fix is shown as a difference, and applied if somebody wants it."""

from __future__ import annotations

import sys

from poolint.output.headline import headline
from poolint.output.report import Report
from poolint.output.style import Style, wants_color
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.diagnostics import Diagnostic
    from poolint.text.source import Source

QUESTION = "Apply this fix? [y]es, [n]o, [a]ll that follow, [q]uit: "


class Asker:
    """Asks at the terminal. After ``a`` it says yes to all; after ``q``, and where nobody can answer any more, it stops."""

    def __init__(self, cwd: str, color: bool | None, unsafe: bool) -> None:
        self._cwd = cwd
        self._paint = Style(wants_color(sys.stdout) if color is None else color)
        self._report = Report((), color=self._paint.on, unsafe=unsafe)
        self._settled: bool | None = None
        self._is_over = False

    def __call__(self, one: Diagnostic, before: Source, after: Source) -> bool | None:
        """Whether to make ``after`` of ``before``, which mends a finding; None to leave it at what has been applied."""
        if self._is_over or self._settled is not None:
            return None if self._is_over else self._settled
        self._show(one, before, after)
        while True:
            sys.stdout.write(self._paint("bold", QUESTION))
            sys.stdout.flush()
            line = self._line()
            answer = line.strip().lower()[:1]
            if not line or answer == "q":
                self._is_over = True
                sys.stdout.write("\n" if not line else "")
                return None
            if answer == "a":
                self._settled = True
            if answer in ("y", "a", "n"):
                return answer != "n"

    def _line(self) -> str:
        return sys.stdin.readline()

    def _show(self, one: Diagnostic, before: Source, after: Source) -> None:
        from poolint.fixes.diff import unified_diff

        if before.cells is not None:
            from poolint.output.cells import InCells

            [one] = InCells(lambda _: before).placed([one])
        paint = self._paint
        rows = [headline(one, self._report, paint, bold=True)]
        if one.fix is not None:
            rows.append(f"{paint('help', one.fix.applicability.value + ' fix')}: {printable(one.fix.message)}")
        for row in unified_diff(before, after, self._cwd).splitlines():
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(row[:1], "")
            shown = "    ".join(map(printable, row.split("\t")))
            rows.append(paint(colour, shown) if colour else shown)
        sys.stdout.write("\n".join([*rows, ""]))
