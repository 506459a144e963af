"""The cache inside of a host that asks for one file after the other, in several processes, such as flake8.

Each process keeps what it has found when it ends, beside what the others have kept meanwhile: they take turns. Where a
file has comments that a host deals with in another way than the command line, what came of it is kept apart.
"""

from __future__ import annotations

import os

from poolint import recording
from poolint.cache.session import Part
from poolint.mentions import mentions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.config import Settings
    from poolint.diagnostics import Diagnostic
    from poolint.screen import Screen

_MARKS = ("pyproject.toml", ".git", ".hg", ".jj", "setup.cfg", "setup.py", "tox.ini")
"""What makes the root of settings that nobody has written the root of a project."""


class Hosted:
    """One process of a host called ``host``. ``directory`` is where things are kept, if that is told.

    From here on, for the life of the process, what is read is put down.
    """

    def __init__(self, host: str, directory: str | None, screen: Callable[[Settings], Screen]) -> None:
        self._host, self._directory, self._screen = host, directory, screen
        self._parts: dict[tuple[int, bool], Part | None] = {}
        self._recorder = recording.active = recording.Recorder()
        self._process = os.getpid()

    def served(self, settings: Settings, path: str, data: bytes) -> list[Diagnostic] | None:
        """What was found in an earlier run, or by another process, in the file at an absolute path that has these bytes;
        None where that is not known."""
        part = self._part(settings, path, data)
        if part is None or not part.has_read(path, data):
            return None
        result = part.served(path)
        return None if result is None else result.diagnostics

    def add(self, settings: Settings, path: str, data: bytes, found: list[Diagnostic], took_time: bool) -> None:
        """This has been found in a file that was read from the disk. ``took_time``: more than a glance."""
        part = self._part(settings, path, data)
        if part is not None:
            from poolint.outcome import FileResult

            result = FileResult()
            result.diagnostics = found
            result.crashed = any(one.code == "POL900" for one in found)
            part.add(path, result, took_time)

    def finish(self) -> None:
        """Keep what this process has found. Nothing that goes wrong with that is worth a word."""
        if self._process != os.getpid() or recording.active is not self._recorder:
            return
        for part in self._parts.values():
            if part is not None and part.is_fresh and not self._recorder.is_torn:
                try:
                    with part.folder.turn():
                        part.load()
                        part.write(self._recorder)
                except Exception:
                    continue
        recording.active = None

    def _part(self, settings: Settings, path: str, data: bytes) -> Part | None:
        """What is known of such files; None where a host has no business to keep anything."""
        is_apart = mentions(data, True)
        key = (id(settings), is_apart)
        if key not in self._parts:
            self._parts[key] = None
            if settings.cache and (self._directory is not None or _is_project(settings)):
                host = self._host if is_apart else ""
                self._parts[key] = Part(settings, self._directory, False, self._screen, host)
        part = self._parts[key]
        return part if part is not None and _is_below(path, settings.root) else None


def _is_project(settings: Settings) -> bool:
    return bool(settings.source) or any(os.path.lexists(os.path.join(settings.root, one)) for one in _MARKS)


def _is_below(path: str, root: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(root), ""))
