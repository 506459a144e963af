"""Which modules a service runs: those that its command names, and all that they import; and what of them it uses.

Imports are read off the bytes, as the screen reads them: nothing is parsed for this.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint import recording
from poolint.screen.files import imports_of
from poolint.screen.statements import segments_of
from poolint.screen.words import WORD
from poolint.syntax.file_kinds import called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poolint.deployment.values import Service
    from poolint.syntax.project import Project

_LISTED = re.compile(rb"\b(?:include|imports|CELERY_IMPORTS|CELERY_INCLUDE)[ \t]*=[ \t]*[\[(]([^\])]{0,9999})[\])]")
"""Modules that a worker is told to import by their names."""

_DISCOVERED = re.compile(rb"autodiscover_tasks\(\s*\[([^\]]{0,9999})\]")
_RUN = re.compile(rb"\brun\(\s*['\"]([\w.]+):\w")
"""``uvicorn.run("app.main:app")``."""

_PREFIX = re.compile(rb"\benv_prefix\b['\"]?[ \t]*[=:][ \t]*['\"](\w+)['\"]")
_NAME = re.compile(rb"['\"]([A-Za-z_][\w.]*)['\"]")
_MAX_FILES = 5_000


class Reached(NamedTuple):
    """The files of a service, sorted; ``starts`` are those that its command names.

    ``users`` are those that were asked for, by the command or by an import: not the packages that are only on the way
    to what is in them.
    """

    files: tuple[str, ...]
    starts: frozenset[str]
    users: frozenset[str]


class Loaded(NamedTuple):
    """What a service loads, as those see it who ask what it runs."""

    reach: Reach
    files: frozenset[str]

    def naming(self, word: str) -> Sequence[str]:
        """Those of the files in which a word stands."""
        return self.reach.naming(word, self.files)

    def may_have(self, path: str, name: str, home: str) -> bool:
        """Whether a file may have what another one calls by a name: it imports that, or the file, or what gives it on."""
        return self.reach.may_have(path, name, home)


class Reach:
    """The modules of services. One for each project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._finder = project.finder
        self._links: dict[str, frozenset[str]] = {}
        self._reached: dict[tuple[tuple[str, ...], str], Reached | None] = {}
        self._prefixes: dict[str, tuple[str, ...]] = {}
        self._carried: dict[tuple[str, int], frozenset[bytes]] = {}
        self._naming: dict[tuple[str, frozenset[str]], list[str]] = {}
        self._had: dict[tuple[str, str, str], bool] = {}

    def of(self, service: Service) -> Reached | None:
        """The files of a service; None where its command leads to none."""
        key = (service.targets, service.folder)
        if key not in self._reached:
            self._reached[key] = self._reach(service)
        return self._reached[key]

    def starts(self, service: Service) -> list[str]:
        """The files that the command of a service names."""
        return [path for target in service.targets for path in self._found(target, service.folder)]

    def _reach(self, service: Service) -> Reached | None:
        starts = self.starts(service)
        if not starts:
            return None
        users = self._closure(starts, self._of)
        files = self._closure(starts, lambda path: (*self._of(path), *self._packages(path)))
        return Reached(tuple(sorted(files)), frozenset(starts), frozenset(users))

    def _closure(self, starts: Iterable[str], follow: Callable[[str], Iterable[str]]) -> list[str]:
        seen = dict.fromkeys(starts)
        queue = list(seen)
        for path in queue:  # grows
            for link in sorted(follow(path)):
                if link not in seen and len(seen) < _MAX_FILES:
                    seen[link] = None
                    queue.append(link)
        return queue

    def _packages(self, path: str) -> Iterator[str]:
        """The packages around a module: they are imported before it."""
        folder = os.path.dirname(path)
        while "__init__.py" in self._finder.marks(folder):
            yield os.path.join(folder, "__init__.py")
            folder = os.path.dirname(folder)

    def uses(self, reached: Reached, path: str, row: int) -> bool:
        """Whether a service uses what a statement of one of its modules makes: whether another module takes a name of
        that statement, or of one that mentions it. What nobody takes is made, but never asked for a connection."""
        if path in reached.starts:
            return True
        names = self._carrying(path, row)
        return not names or any(self._takes(one, path, names) for one in sorted(reached.users))

    def prefixes(self, reached: Reached) -> tuple[str, ...]:
        """What the settings classes of a service put before the names of their fields in the environment."""
        found = {"": None}
        for path in reached.files:
            if path not in self._prefixes:
                data = self._project.bytes_of(path)
                named = _PREFIX.findall(data) if b"env_prefix" in data else []
                self._prefixes[path] = tuple(one.decode() for one in named)
            found.update(dict.fromkeys(self._prefixes[path]))
        return tuple(found)

    def _carrying(self, path: str, row: int) -> frozenset[bytes]:
        """The top-level names of a module that stand for what a row makes, or mention it."""
        if (path, row) not in self._carried:
            data = self._project.bytes_of(path)
            rows = data.split(b"\n")
            line = rows[row - 1].strip() if row <= len(rows) else b""
            segments = segments_of(data)
            names = frozenset[bytes]().union(*(one.bound for one in segments if line and line in one.part))
            size = -1
            while len(names) > size:
                size = len(names)
                names = names.union(*(one.bound for one in segments if not names.isdisjoint(one.words)))
            self._carried[path, row] = names
        return self._carried[path, row]

    def _takes(self, path: str, source: str, names: frozenset[bytes]) -> bool:
        """Whether a module imports one of these names of another, or that module, and says such a name."""
        if path == source or source not in self._of(path):
            return False
        data = self._project.bytes_of(path)
        says = not names.isdisjoint(WORD.findall(data))
        for level, dotted, listed in imports_of(data) if says or b"*" in data else ():
            is_source = self._target(path, level, dotted) == source
            for name, _ in listed:
                if is_source and (name in names or name == b"*" or (not name and says)):
                    return True
                inner = name.decode("ascii", "replace")
                below = f"{dotted}.{inner}" if dotted else inner
                if inner and inner != "*" and says and self._target(path, level, below) == source:
                    return True
        return False

    def naming(self, word: str, files: frozenset[str]) -> list[str]:
        """Those of some files in which a word stands, in a stable order."""
        if (word, files) not in self._naming:
            found, wanted = [], word.encode()
            for path in sorted(files):
                data = self._project.bytes_of(path)
                if wanted in data and wanted in WORD.findall(data):
                    found.append(path)
            self._naming[word, files] = found
        return self._naming[word, files]

    def may_have(self, path: str, name: str, home: str) -> bool:
        """Whether a file may have what another one calls by a name: it imports that, or the file, or what gives it on."""
        key = (path, name, home)
        if key not in self._had:
            self._had[key] = False  # what comes back to itself has nothing
            self._had[key] = any(
                self._gives(*one, path, name, home) for one in imports_of(self._project.bytes_of(path))
            )
        return self._had[key]

    def _gives(
        self, level: int, dotted: str, listed: tuple[tuple[bytes, bytes], ...], path: str, name: str, home: str
    ) -> bool:
        """Whether an import of a file is one of a name of another, or of a module that has it; one that leads nowhere may be, if
        it ends as that is called."""
        for each, _ in listed:
            inner = each.decode("ascii", "replace")
            below = f"{dotted}.{inner}" if dotted and inner else dotted or inner
            if inner in (name, "*") and self._has(self._target(path, level, dotted), dotted, path, name, home):
                return True
            source = self._target(path, level, below)
            if self._has(source, below, path, name, home) or (source is not None and _is_around(source, home)):
                return True
        return False

    def _has(self, source: str | None, dotted: str, path: str, name: str, home: str) -> bool:
        """Whether what an import of a file leads to has it."""
        if source is None:
            return dotted.rpartition(".")[2] == called(home)
        return source == home or (source != path and self.may_have(source, name, home))

    def _found(self, target: str, folder: str) -> Iterator[str]:
        """The file that a command means which runs in a folder, or in one right below that was copied there.

        A target may be several, of which the first counts that is there: ``main.py|app/main.py``.
        """
        below = [
            os.path.join(folder, name)
            for name in sorted(self._finder.listing(folder))
            if not name.startswith(".") and recording.is_folder(os.path.join(folder, name))
        ]
        for each in (folder, os.path.join(folder, "src"), *below):
            for one in target.split("|"):
                path = self._file(one, each) if one.endswith(".py") else self._module(one, each)
                if path is not None:
                    yield path
                    return

    def _file(self, target: str, folder: str) -> str | None:
        parts = [part for part in target.split("/") if part not in ("", ".")]
        if ".." in parts:
            return None
        paths = (os.path.join(folder, *parts[start:]) for start in range(len(parts)))
        return next((one for one in paths if recording.is_file(one)), None)

    def _module(self, dotted: str, folder: str) -> str | None:
        """The file of a module, with ``__main__`` for a package that is run; of ``app.celery:app`` without the object
        that may have been written as one more part."""
        here = os.path.join(folder, "__init__.py")
        for name in (f"{dotted}.__main__", f"{dotted}.celery", dotted, dotted.rpartition(".")[0]):
            path = self._finder.find_relative(name, 1, here) if name else None
            if path is not None:
                return path
        return None

    def _of(self, path: str) -> frozenset[str]:
        """The files that a file imports."""
        if path not in self._links:
            self._links[path] = frozenset(self._linked(path))
        return self._links[path]

    def _linked(self, path: str) -> Iterator[str]:
        data = self._project.bytes_of(path)
        for level, dotted, names in imports_of(data):
            source = self._target(path, level, dotted)
            if source is not None:
                yield source
            for name, _ in names:
                inner = name.decode("ascii", "replace")
                if inner and inner != "*":
                    below = self._target(path, level, f"{dotted}.{inner}" if dotted else inner)
                    if below is not None:
                        yield below
        for module in self._named(data):
            found = self._target(path, 0, module)
            if found is not None:
                yield found

    def _named(self, data: bytes) -> Iterator[str]:
        """Modules that are imported by a text with their name."""
        for match in _LISTED.finditer(data):
            yield from (name.decode() for name in _NAME.findall(match[1]))
        for match in _DISCOVERED.finditer(data):
            yield from (f"{name.decode()}.tasks" for name in _NAME.findall(match[1]))
        yield from (name.decode() for name in _RUN.findall(data))

    def _target(self, path: str, level: int, dotted: str) -> str | None:
        if level:
            return self._finder.find_relative(dotted, level, path)
        return self._finder.find(dotted, path)


def _is_around(path: str, inner: str) -> bool:
    """Whether a file is a package that another one is somewhere in."""
    folder, name = os.path.split(path)
    return name == "__init__.py" and inner.startswith(os.path.join(folder, ""))
