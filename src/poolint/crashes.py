"""Crashes of poolint itself, kept to the part that crashed: a detector, a rule, a repair, a part of an explanation.

All that is run over somebody's code runs through :meth:`Crashes.guarded`. What crashes there is put down and reported as a
finding (POL900); what the other parts have to say is said all the same.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple, TypeVar

from poolint.diagnostics import Diagnostic, Position, Range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

REPORT = "this is a bug: please report it to its maintainers with the traceback that POOLINT_TRACEBACK=1 prints"
TOO_DEEP = "nested too deeply to be analysed by this Python"


class Crash(NamedTuple):
    """One part that crashed: where in the analysed file, in which row, and with what ``error`` in poolint's code."""

    part: str
    function: str
    row: int
    error: str
    is_too_deep: bool

    @property
    def message(self) -> str:
        """The text for a user."""
        place = f"in `{self.function}`" if self.function and self.function != "<module>" else "here"
        return f"{self.part} crashed {place}: {self.error}; what it finds in this file is incomplete; {REPORT}"


class Crashes:
    """The parts that have crashed over one file: each is reported once, with the first place."""

    def __init__(self) -> None:
        self._by_part: dict[str, Crash] = {}

    def __len__(self) -> int:
        return len(self._by_part)

    def __contains__(self, part: object) -> bool:
        return part in self._by_part

    def guarded(
        self,
        part: str,
        work: Callable[[], T],
        fallback: T,
        at: int | Callable[[], tuple[int, str]] = 1,
        function: str = "",
    ) -> T:
        """What ``work`` returns, or ``fallback`` where it crashes; a plugin that wants to end the process has crashed.

        ``at`` is the row that it is about, or says where it was, the row and the function, when it crashed.

        ``work`` has to do all its work before it returns: a generator would crash later, outside of here.
        """
        try:
            return work()
        except (Exception, SystemExit) as error:
            is_too_deep = isinstance(error, (RecursionError, MemoryError))
            if not is_too_deep:
                trace(error)
            row, function = (at, function) if isinstance(at, int) else at()
            self._by_part.setdefault(part, Crash(part, function, row, _told(error), is_too_deep))
            return fallback

    def messages(self) -> list[str]:
        """A line for each part that crashed, and one for all that could not get deep enough."""
        found = [one.message for one in self._by_part.values() if not one.is_too_deep]
        return found + ([self._depth()] if self._depth() else [])

    def diagnostics(self, filename: str) -> list[Diagnostic]:
        """The same as findings of a file: POL900, and POL901 for what is no bug but a limit of Python."""
        found = []
        for one in self._by_part.values():
            if not one.is_too_deep:
                place = Position(max(one.row, 1), 1)
                text = one.message
                found.append(Diagnostic("POL900", "crash", text, filename, Range(place, place), one.function))
        if self._depth():
            start = Position(1, 1)
            found.append(Diagnostic("POL901", "unreadable-file", self._depth(), filename, Range(start, start)))
        return found

    def _depth(self) -> str:
        parts = [one.part for one in self._by_part.values() if one.is_too_deep]
        return f"{TOO_DEEP}: what is found by {', '.join(parts)} is incomplete" if parts else ""


def trace(error: BaseException) -> None:
    """Print the traceback of a crash where the environment asks for it."""
    if os.environ.get("POOLINT_TRACEBACK"):
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)


def summary(error: BaseException) -> str:
    """A crash in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _told(error: BaseException) -> str:
    """A crash in one line, with the place in the code that crashed."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno})" if where is not None else ""
    return summary(error) + place
