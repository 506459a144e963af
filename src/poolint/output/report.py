"""What a format is given: the findings of a run and all that there is to say of them, as one value."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.diagnostics import Diagnostic

    Lines = Callable[[str], Sequence[str] | None]


def nothing(_: str) -> None:
    """The rows of a file where nobody has any."""


@dataclass(frozen=True)
class Report:
    """What is to be written; a format takes of it what it has a place for. More fields may come, none will go.

    ``diagnostics`` are in the order in which they are written. ``lines`` gives the rows of a file, with their ends, or None
    where it cannot be read. ``color``: a terminal reads it. ``unsafe``: ``--unsafe-fixes`` was given, which ``--fix`` would
    apply as well.
    """

    diagnostics: Sequence[Diagnostic]
    lines: Lines = nothing
    color: bool = False
    unsafe: bool = False
