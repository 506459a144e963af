"""Findings as JSON, one a line."""

from __future__ import annotations

import json

from poolint.output.json import as_object, escaped

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
    """One JSON object a line, as :mod:`poolint.output.json` has them in its list."""
    del lines, color, unsafe
    for one in diagnostics:
        yield json.dumps(escaped(as_object(one)))
