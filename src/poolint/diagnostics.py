"""What poolint says: immutable, picklable values without any logic of their own.

Rows count from 1. Columns count from 1 in Unicode characters, as ruff's JSON does. Ends are exclusive.
"""

from __future__ import annotations

from enum import Enum

import msgspec


class Applicability(str, Enum):
    """How far a fix may be trusted: the words of ruff's JSON."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Certainty(str, Enum):
    """``CERTAIN``: every step of the path is known. ``POSSIBLE``: something unknown on it matters."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


class Position(msgspec.Struct, frozen=True, order=True):
    """A place between two characters: ``row`` and ``column`` both count from 1."""

    row: int
    column: int


class Range(msgspec.Struct, frozen=True, order=True):
    """A half-open stretch of one file.

    Where findings are written out, those in a notebook have its ``cell``, counted from 1, and rows of that; ``line`` is
    then the row of the file, which is JSON, at which the first of them stands. Elsewhere both are 0, and the rows of a
    notebook are those of all its Python.
    """

    start: Position
    end: Position
    cell: int = 0
    line: int = 0


class Step(msgspec.Struct, frozen=True):
    """One station on the path that leads to a finding, in the order in which it happens."""

    message: str
    filename: str
    range: Range


class Place(msgspec.Struct, frozen=True):
    """A stretch of a file."""

    filename: str
    range: Range


class Edit(msgspec.Struct, frozen=True):
    """Replace the text in ``range`` by ``content``; an insertion has an empty range."""

    range: Range
    content: str


class Fix(msgspec.Struct, frozen=True):
    """A rewrite that takes the cause of a finding away.

    ``edits`` are disjoint and sorted. ``isolation`` names the function whose structure the fix changes: of the fixes
    that share one, a round applies a single one. It is empty for fixes that touch expressions only. ``uncovers`` are
    the codes whose findings it may bring to light in that function: an awaited checkout has to be released.
    """

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]
    isolation: str = ""
    uncovers: tuple[str, ...] = ()


class Silence(msgspec.Struct, frozen=True):
    """Why a finding is not reported. ``by``: ``comment``, ``baseline``, ``revision`` (it is there as well) or ``place``, for
    the kinds of file in which its rule is off; ``reason`` is what is said there, or which kind that is."""

    by: str
    reason: str = ""


ANYWHERE = "anywhere: "
"""How a decision begins that is made once, wherever its findings stand; those of a file are told together."""


class Diagnostic(msgspec.Struct, frozen=True):
    """One finding.

    ``function`` is the qualified name of the function around it (``"<module>"`` outside any), ``resource`` the name
    of what leaks as written, and ``statement_end_row`` the last row of the statement it stands in, where a
    suppression comment may also stand. ``fingerprint`` survives moved lines. ``decision`` is what it shares with the others
    of its code and function, or :data:`ANYWHERE`, that one change takes away all at once, empty where it stands alone.
    ``after`` is where those of them begin that every way to it passes, None where the order does not matter; ``also`` are the
    places of those that are told with it, ``elsewhere`` those of what has to change with it; both end its path.
    ``silence`` is None for what is reported.
    """

    code: str
    name: str
    message: str
    filename: str
    range: Range
    function: str = "<module>"
    resource: str = ""
    certainty: Certainty = Certainty.CERTAIN
    severity: str = "error"
    path: tuple[Step, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""
    statement_end_row: int = 0
    url: str = ""
    decision: str = ""
    after: tuple[Position, ...] | None = None
    also: tuple[Place, ...] = ()
    elsewhere: tuple[Place, ...] = ()
    silence: Silence | None = None

    @property
    def sort_key(self) -> tuple[str, Range, str, str]:
        """Findings are reported in this order, whatever the order in which they were found."""
        return (self.filename, self.range, self.code, self.message)
