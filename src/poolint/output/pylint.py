"""Lines as pylint's ``parseable`` format has them: ``path:row: [POL101] message``."""

from __future__ import annotations

from poolint.output.locations import relative
from poolint.output.text import printable

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
    """One line a finding."""
    del lines, color, unsafe
    for one in diagnostics:
        yield f"{relative(one.filename)}:{one.range.start.row}: [{one.code}] {printable(one.message)}"
