"""Where something happens, as the people who wrote the code would say it: the frames that are theirs.

A place is plain: code objects and rows. Frames are never kept, since they keep all locals alive, the connections among
them, and what is watched must not live longer for that.
"""

from __future__ import annotations

import inspect
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType
    from typing import Any

    Reading = Callable[[FrameType], object]

MOST = 12
"""Frames of a place; who called them is of no interest."""

_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_DRIVERS = tuple(f"{os.sep}{one}{os.sep}" for one in ("sqlalchemy", "asyncpg", "psycopg_pool", "psycopg", "greenlet"))

_RUNNER = f"{os.sep}pluggy{os.sep}"
"""What calls tests and fixtures: around it is nothing of a project."""

_own: dict[str, bool | None] = {}
"""By the file of a code object, whether it is of the project; None for those of the runner."""


class Step:
    """One frame of a place. ``file`` is absolute, ``row`` counts from 1.

    Kept is the instruction at which it stood: to find the row of that takes the longer the longer a function is, and
    mostly nobody asks.
    """

    __slots__ = ("_at", "code", "generates")

    def __init__(self, frame: FrameType) -> None:
        self.code = frame.f_code
        self.generates = bool(self.code.co_flags & inspect.CO_ASYNC_GENERATOR)
        """Whether it is an asynchronous generator, which may be abandoned."""
        self._at = frame.f_lasti

    @property
    def row(self) -> int:
        rows = (row for start, end, row in self.code.co_lines() if start <= self._at < end and row)
        return next(rows, self.code.co_firstlineno)

    @property
    def file(self) -> str:
        return os.path.abspath(self.code.co_filename)

    @property
    def function(self) -> str:
        """The qualified name, where Python tells it (from 3.11 on), without what says that it is inside a function."""
        return qualified(self.code)

    @property
    def rows(self) -> tuple[int, int]:
        """The first and the last row of the function."""
        rows = [row for _, _, row in self.code.co_lines() if row]
        return self.code.co_firstlineno, max(rows, default=self.code.co_firstlineno)


def qualified(code: CodeType) -> str:
    """The qualified name of a function by its code, as ``poolint why`` writes it."""
    name: str = getattr(code, "co_qualname", code.co_name)
    return name.replace(".<locals>", "")


def is_own(code: CodeType) -> bool:
    """Whether code is of the project: of no library, and written in a file."""
    file = code.co_filename
    if file not in _own:
        is_theirs = file.startswith(("<", _LIBRARY, _OURS)) or any(one in file for one in _INSTALLED)
        _own[file] = None if _RUNNER in file else not is_theirs
    return bool(_own[file])


def has_own() -> bool:
    """Whether anything of the project was seen yet."""
    return any(_own.values())


def here(most: int = MOST, reading: Reading | None = None) -> tuple[Step, ...]:
    """The place of the caller, from the innermost frame out. ``reading`` is shown each frame of the project.

    Where nothing of a project is in the way, as in a package that is installed, it is who called the driver.
    """
    found: list[Step] = []
    own = _own
    frame: FrameType | None = sys._getframe(1)
    within: Any = None
    while True:
        while frame is not None:  # as few steps as can be: a service takes thousands of connections a second
            is_mine = own.get(frame.f_code.co_filename, ...)
            if is_mine is ...:
                is_own(frame.f_code)
                continue
            if is_mine:
                found.append(Step(frame))
                if reading is not None:
                    reading(frame)
                if len(found) == most:
                    return tuple(found)
            elif is_mine is None:
                break
            frame = frame.f_back
        # What runs in a greenlet, as SQLAlchemy's drivers do, was begun by its parent.
        greenlets = sys.modules.get("greenlet")
        within = (
            within.parent if within is not None else (greenlets.getcurrent().parent if greenlets is not None else None)
        )
        if within is None:
            break
        frame = within.gr_frame
    return tuple(found) or _awaiting() or _caller(sys._getframe(1))


def _awaiting() -> tuple[Step, ...]:
    """Where the task waits that awaits the present one, which a library has made to be safe from being cancelled."""
    asyncio = sys.modules.get("asyncio")
    try:
        task: Any = asyncio.current_task() if asyncio is not None else None
        outer = {id(one) for callback, _ in getattr(task, "_callbacks", None) or () for one in _enclosed(callback)}
        for other in asyncio.all_tasks() if asyncio is not None and outer else ():
            if id(getattr(other, "_fut_waiter", None)) in outer:
                return waiting(other)
    except RuntimeError:
        pass
    return ()


def _enclosed(callback: Any) -> Iterator[object]:
    yield from getattr(callback, "args", ())
    for cell in getattr(callback, "__closure__", None) or ():
        yield cell.cell_contents


def _caller(frame: FrameType | None) -> tuple[Step, ...]:
    while frame is not None:
        if is_caller(frame.f_code):
            return (Step(frame),)
        frame = frame.f_back
    return ()


def is_caller(code: CodeType) -> bool:
    """Whether code, which is not of the project, is of something that calls a driver."""
    file = code.co_filename
    return not file.startswith(("<", _LIBRARY, _OURS)) and not any(name in file for name in _DRIVERS)


def waiting(task: Any) -> tuple[Step, ...]:
    """Where a task of asyncio waits, from the innermost frame of the project out; empty while it runs, or has ended."""
    found: list[Step] = []
    one = task.get_coro()
    while one is not None:
        frame = getattr(one, "cr_frame", None) or getattr(one, "gi_frame", None) or getattr(one, "ag_frame", None)
        if frame is not None and is_own(frame.f_code):
            found.append(Step(frame))
        one = getattr(one, "cr_await", None) or getattr(one, "gi_yieldfrom", None) or getattr(one, "ag_await", None)
    return tuple(reversed(found))


def running(thread: int) -> tuple[Step, ...]:
    """Where a thread is at present, by its ident."""
    frame = sys._current_frames().get(thread)
    found: list[Step] = []
    while frame is not None and len(found) < MOST:
        if is_own(frame.f_code):
            found.append(Step(frame))
        frame = frame.f_back
    return tuple(found)
