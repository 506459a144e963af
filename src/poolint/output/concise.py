"""One line a finding: ``path:row:col: POL101 [*] message``."""

from __future__ import annotations

from poolint.config import shown
from poolint.output.style import Style
from poolint.output.text import printable
from poolint.selection import is_applicable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poolint.diagnostics import Diagnostic


def render(
    diagnostics: Iterable[Diagnostic],
    lines: Callable[[str], Sequence[str] | None] | None = None,
    *,
    color: bool = False,
    unsafe: bool = False,
) -> Iterator[str]:
    """The lines to print, without their ends. ``unsafe``: mark what ``--fix --unsafe-fixes`` would fix."""
    del lines
    paint = Style(color)
    for one in diagnostics:
        path = paint("bold", printable(shown(one.filename)))
        start = one.range.start
        colon = paint("cyan", ":")
        star = f"[{paint('cyan', '*')}] " if is_applicable(one, unsafe) else ""
        place = f"{path}{colon}{start.row}{colon}{start.column}{colon}"
        yield f"{place} {paint('red', one.code)} {star}{printable(one.message)}"
