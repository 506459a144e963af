"""What a format is given: the findings of a run and all that there is to say of them, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from poolint.output.survey import none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poolint.diagnostics import Diagnostic
    from poolint.output.survey import Survey

    Lines = Callable[[str], Sequence[str] | None]
    CellRows = Callable[[str, int], Sequence[str] | None]


def nothing(_: str) -> None:
    """The rows of a file where nobody has any."""


def no_cells(_: str, __: int) -> None:
    """The rows of a cell where nobody has any."""


@dataclass(frozen=True)
class Report:
    """What is to be written; a format takes of it what it has a place for. More fields may come, none will go.

    ``diagnostics`` are in the order in which they are written. ``lines`` gives the rows of a file, with their ends, or None
    where it cannot be read. ``color``: there are to be colours, and ``links``: also hyperlinks, since a terminal shows them.
    ``unsafe``: ``--unsafe-fixes`` was given: what ``--fix`` would apply with it is marked as well. ``silenced`` is what is
    found and not reported, with its ``silence``, in order. ``roots`` are the folders of the settings that govern the files,
    ``unseen`` the sums of ``poolint coverage`` where they were asked for. ``survey`` gives what there is to tell beside the
    findings, and looks for it then: None where nobody can say. ``cells`` gives the rows of a cell of a notebook, by its
    number: the places of findings in a notebook have a ``cell``, and rows of that.
    """

    diagnostics: Sequence[Diagnostic]
    lines: Lines = nothing
    color: bool = False
    unsafe: bool = False
    silenced: Sequence[Diagnostic] = ()
    links: bool = False
    roots: Sequence[str] = ()
    unseen: Mapping[str, object] = field(default_factory=dict)
    survey: Callable[[], Survey | None] = none
    cells: CellRows = no_cells

    def rows(self, path: str, cell: int) -> Sequence[str] | None:
        """The rows of a file or, if ``cell`` is not 0, of a cell of a notebook; None where they cannot be read."""
        return self.cells(path, cell) if cell else self.lines(path)

    def url(self, one: Diagnostic) -> str:
        """Where the rule of a finding is documented; empty where nobody says that."""
        from poolint.explanations import url

        return one.url or url(one.code, one.name)
