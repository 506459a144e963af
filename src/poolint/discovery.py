"""From the paths on the command line to the files to check, in an order that never changes.

A file that is named is always taken, unless ``force-exclude``; a directory is walked for ``.py``, ``.pyi`` and ``.ipynb``, minus
``exclude`` and what ``.gitignore`` says. Symlinks to directories are not followed below a named directory, so a loop
cannot trap the walk.
"""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os

from poolint.config import ConfigError
from poolint.files import NOTEBOOK, NotRegularError, TooLargeError, read_regular, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pathspec import GitIgnoreSpec

    from poolint.config import Resolver, Settings
    from poolint.globs import Globs

SUFFIXES = (".py", ".pyi", NOTEBOOK)

MAX_IGNORE_FILE = 1_000_000
"""Bytes of an ignore file that is used."""


class Discovery:
    """Finds files. What cannot be found or listed is put down, and the rest goes on.

    ``problems`` is filled with (path, reason), ``refused`` with what is wrong with settings that were met on the way.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.problems: list[tuple[str, str]] = []
        self.refused: list[ConfigError] = []
        self.leftovers: list[str] = []
        self._resolver = resolver
        self._expressions: dict[int, tuple[Settings, Globs]] = {}

    def files(self, paths: Iterable[str]) -> Iterator[str]:
        """Absolute paths of the files to check, each once."""
        seen = set()
        for path in paths:
            for file in self._named(os.path.abspath(path), path):
                if file not in seen:
                    seen.add(file)
                    yield file

    def _named(self, path: str, given: str) -> Iterator[str]:
        """The files that a path on the command line stands for."""
        is_directory = os.path.isdir(path)
        settings = self._settings(path if is_directory else os.path.dirname(path))
        if settings is None:
            return
        if settings.force_exclude and self._excluded_with_parents(path, settings):
            return
        if is_directory:
            yield from self._below(path, _Ignores.above(path, self.problems))
            return
        error = refusal(path)
        if error is None:
            yield path
        elif isinstance(error, FileNotFoundError):
            self.problems.append((path, f"no such file or directory: {given}"))
        else:
            self.problems.append((path, f"cannot be read: {error.strerror or error}"))

    def _below(self, top: str, ignores: _Ignores | None) -> Iterator[str]:
        """Walk without recursion: the depth of a tree is not bounded by Python's stack."""
        stack: list[tuple[str, _Ignores | None, bool]] = [(top, ignores, True)]
        while stack:
            path, ignores, is_directory = stack.pop()
            if not is_directory:
                yield path
                continue
            try:
                with os.scandir(path) as found:
                    entries = sorted(found, key=lambda entry: entry.name, reverse=True)
            except OSError as error:
                self.problems.append((path, f"directory cannot be listed: {error.strerror or error}"))
                continue
            names = {entry.name for entry in entries}
            if "pyvenv.cfg" in names and path != top:
                continue  # a virtual environment, whatever its name
            if ".gitignore" in names:
                ignores = _Ignores.read(path, ".gitignore", ignores, self.problems)
            settings = self._settings(path)
            if settings is None:
                continue
            for entry in entries:
                if entry.name.startswith(".poolint-"):
                    self.leftovers.append(entry.path)
                goes_down = entry.is_dir(follow_symlinks=False)
                if not goes_down and not (os.path.normcase(entry.name).endswith(SUFFIXES) and _is_source(entry)):
                    continue
                if self._excluded(entry.path, settings) or (ignores and ignores.ignored(entry.path, goes_down)):
                    continue
                stack.append((entry.path, ignores, goes_down))

    def _settings(self, directory: str) -> Settings | None:
        """The settings for a directory; None, and put down once, when they cannot be used."""
        try:
            return self._resolver.for_directory(directory)
        except ConfigError as error:
            if error not in self.refused:
                self.refused.append(error)
            return None

    def _excluded(self, path: str, settings: Settings) -> bool:
        from poolint import globs

        if id(settings) not in self._expressions:
            self._expressions[id(settings)] = (settings, globs.compiled(settings.excluded, settings.root))
        return globs.matches(self._expressions[id(settings)][1], path, settings.root)

    def _excluded_with_parents(self, path: str, settings: Settings) -> bool:
        """For a file that was named: one of the directories that lead to it below the root may be excluded."""
        below = path.startswith(settings.root.rstrip(os.sep) + os.sep)
        while path != settings.root:
            if self._excluded(path, settings):
                return True
            if not below:
                return False
            path = os.path.dirname(path)
        return False


class _Ignores:
    """The ignore files that hold for a directory, the nearest first: the first that says anything decides."""

    __slots__ = ("_above", "_directory", "_spec")

    def __init__(self, directory: str, spec: GitIgnoreSpec, above: _Ignores | None) -> None:
        self._directory = directory
        self._spec = spec
        self._above = above

    @classmethod
    def read(
        cls, directory: str, name: str, above: _Ignores | None, problems: list[tuple[str, str]]
    ) -> _Ignores | None:
        """The ignore file ``name`` in ``directory`` before those ``above`` it; an unreadable one says nothing.

        One that is more than can be asked of each file is put down in ``problems``, and says nothing either.
        """
        try:
            data = read_regular(os.path.join(directory, name), MAX_IGNORE_FILE)
        except TooLargeError as error:
            problems.append((os.path.join(directory, name), f"is not used: {error.strerror}"))
            return above
        except OSError:
            return above
        from poolint.ignoring import spec

        try:
            lines = data.decode("utf-8", "surrogateescape").replace("\r", "\n").split("\n")
            return cls(directory, spec(lines), above)
        except ValueError as error:
            problems.append((os.path.join(directory, name), f"is not used: {error}"))
            return above

    @classmethod
    def above(cls, top: str, problems: list[tuple[str, str]]) -> _Ignores | None:
        """What the repository around ``top`` ignores there; nothing when ``top`` itself, which was named, is."""
        directories: list[str] = []
        directory = top
        while not os.path.exists(os.path.join(directory, ".git")):
            parent = os.path.dirname(directory)
            if parent == directory:
                return None  # no repository: the ignore files further up are nobody's business here
            directory = parent
            directories.append(directory)
        found = cls.read(directory, os.path.join(".git", "info", "exclude"), None, problems)
        for each in reversed(directories):
            if os.path.exists(os.path.join(each, ".gitignore")):
                found = cls.read(each, ".gitignore", found, problems)
        while directory != top and found:
            # From the root of the repository down to what was named: is any directory on the way ignored?
            directory = os.path.join(directory, os.path.relpath(top, directory).split(os.sep)[0])
            if found.ignored(directory, True):
                return None
        return found

    def ignored(self, path: str, is_directory: bool) -> bool:
        """Whether the nearest ignore file that mentions ``path`` ignores it."""
        level: _Ignores | None = self
        while level is not None:
            name = os.path.relpath(path, level._directory).replace(os.sep, "/")
            verdict = level._spec.check_file(name + "/" if is_directory else name).include
            if verdict is not None:
                return verdict
            level = level._above
        return False


def _is_source(entry: os.DirEntry[str]) -> bool:
    """A regular file, or a link to one. A dangling link is taken, and reported when it cannot be read; those that
    Emacs leaves as locks (``.#name.py``) are not."""
    if entry.is_symlink():
        error = refusal(entry.path)
        kinds = (NotRegularError, IsADirectoryError)
        return not entry.name.startswith(".#") and not isinstance(error, kinds)
    return entry.is_file()
