"""Which settings govern which files: the nearest file with settings, and what stands on the command line over it."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os

from poolint.config.settings import ATTRIBUTES, Selectors, Settings
from poolint.config.words import ConfigError, shown
from poolint.files import NotRegularError, read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PYPROJECT = "pyproject.toml"
NAMES = (".poolint.toml", "poolint.toml", PYPROJECT)
"""Files with settings: of those in one folder, the first that speaks of us counts."""

ENVIRONMENT = "POOLINT_CONFIG"
"""The variable that names a file with settings, for where none is named on the command line."""

_NO_TOML = ("utf-16-le", "utf-16-be")
"""Encodings in which editors write files that TOML does not know."""


class Overrides:
    """What the command line says about every file, whatever settings govern it.

    ``values`` are those of its options, by the attributes of settings: ``exclude`` replaces what is left out by default and
    by settings, keys that add come to what there is. ``inline`` are tables of settings that are given one by one, which
    options go over. ``file`` holds the settings of all files, in place of what is found beside them.
    """

    __slots__ = ("file", "inline", "selectors", "values")

    def __init__(
        self,
        selectors: Selectors | None = None,
        values: Mapping[str, Any] | None = None,
        inline: tuple[Mapping[str, Any], ...] = (),
        file: str = "",
    ) -> None:
        self.selectors = selectors or Selectors(origin="--")
        self.values = values or {}
        self.inline = inline
        self.file = file

    def over(self, settings: Settings) -> Settings:
        """``settings`` with the options laid over them, in place."""
        settings.command_line = self.selectors
        lay_over(vars(settings), settings.origins, self.values)
        return settings


class Resolver:
    """Finds the settings of directories; each file is read once, and equal roots share one object."""

    def __init__(
        self, cwd: str, isolated: bool = False, overrides: Overrides | None = None, top: str | None = None
    ) -> None:
        """No file with settings above ``top`` counts for what lies below it, nor one that the environment names."""
        self.cwd = os.path.abspath(cwd)
        self._top = top
        self.isolated = isolated
        self._overrides = overrides or Overrides()
        self._file = self._overrides.file or ("" if isolated or top else os.environ.get(ENVIRONMENT, ""))
        self._named: Settings | None = None
        self._by_directory: dict[str, Settings | ConfigError | None] = {}
        self._by_root: dict[str, Settings] = {}
        self._projects: dict[str, str] = {}

    def for_file(self, path: str) -> Settings:
        """The settings that govern the file at ``path``."""
        return self.for_directory(os.path.dirname(os.path.abspath(path)))

    def for_directory(self, directory: str) -> Settings:
        """The settings that govern files in ``directory``. Raises :class:`ConfigError`, each time the same."""
        if self._file:
            self._named = self._named or self._of_named()
            return self._named
        if self.isolated:
            return self._plain(self.cwd)
        directory = os.path.abspath(directory)
        found = self._nearest(directory)
        if isinstance(found, ConfigError):
            raise found
        return found or self._plain(self._projects.get(directory) or self.cwd)

    def _of_named(self) -> Settings:
        """The settings in the file that is named for all; paths in it begin at the working directory."""
        from poolint.config.reading import read

        file = os.path.join(self.cwd, self._file)
        name = "--config" if self._overrides.file else ENVIRONMENT
        data = contents(file)
        if data is None:
            raise ConfigError(f"{name}: {self._file}: no such file")
        found = read(file, data, self._overrides.inline, self.cwd)
        if found is None:
            raise ConfigError(f"{name}: {self._file}: there is no table [tool.poolint] in it")
        return self._finished(found)

    def _finished(self, settings: Settings) -> Settings:
        """``settings`` with the options laid over them, and with what the metadata beside them say of versions of Python."""
        settings = self._overrides.over(settings)
        if not (self.isolated or settings.target_version):
            add_target(settings)
        return settings

    def _plain(self, root: str) -> Settings:
        if root not in self._by_root:
            settings = Settings(root=root)
            if self._overrides.inline:
                from poolint.config.reading import combined, given_inline

                settings = combined(given_inline(self._overrides.inline, root), root, "")
            self._by_root[root] = self._finished(settings)
        return self._by_root[root]

    def _nearest(self, directory: str) -> Settings | ConfigError | None:
        """The nearest file for us; files it up for each directory on the way, so that siblings ask no disk again."""
        below = []
        while directory not in self._by_directory:
            below.append(directory)
            here = self._read(directory)
            if here is not None:
                self._by_directory[directory] = here
                break
            if os.path.lexists(os.path.join(directory, ".git")):
                self._projects.setdefault(directory, directory)
            parent = os.path.dirname(directory)
            if directory in (parent, self._top):
                self._by_directory[directory] = None
                break
            directory = parent
        found = self._by_directory[directory]
        project = self._projects.get(directory, "")
        for each in reversed(below):
            project = self._projects.setdefault(each, project)
            self._by_directory[each] = found
        return found

    def _read(self, directory: str) -> Settings | ConfigError | None:
        """The settings in a directory, or what is wrong with them; None where nothing there speaks of us."""
        for name in NAMES:
            file = os.path.join(directory, name)
            try:
                data = contents(file)
                if data is None:
                    continue
                self._projects[directory] = directory
                # tomllib costs more than the rest of a clean run, so it sees only files that can concern us.
                if name == PYPROJECT and not _may_be_ours(data):
                    continue
                from poolint.config.reading import read

                found = read(file, data, self._overrides.inline)
            except ConfigError as error:
                return error
            if found is not None:
                return self._finished(found)
        return None


def lay_over(
    values: dict[str, Any], origins: dict[str, tuple[str, ...]], given: Mapping[str, Any], origin: str = ""
) -> None:
    """Lay what is given over ``values``, in place; ``origin`` is where it is from, and without it the option of each."""
    if "exclude" in given:
        values.pop("extend_exclude", None)
        origins.pop("extend_exclude", None)
    for attribute, value in given.items():
        key = ATTRIBUTES[attribute]
        adds = key.adds and attribute in values
        values[attribute] = values[attribute] + value if adds else value
        origins[attribute] = (*(origins.get(attribute, ()) if adds else ()), origin or key.flag)


def contents(file: str) -> bytes | None:
    """The bytes of a file with settings; None where there is none. Raises ``ConfigError`` for one that cannot be read."""
    try:
        return read_regular(file)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, NotRegularError):
        return None
    except OSError as error:
        raise ConfigError(f"{shown(file)}: cannot be read: {error.strerror or error}") from error


def add_target(settings: Settings) -> None:
    """Take the oldest version of Python from the ``requires-python`` of the project at the root of some settings, if it says
    one."""
    file = os.path.join(settings.root, PYPROJECT)
    try:
        data = contents(file)
    except ConfigError:
        return  # it is no file of ours
    if data is None or b"requires-python" not in data:
        return
    from poolint.config.metadata import oldest

    if found := oldest(data):
        vars(settings)["target_version"] = found
        settings.origins["target_version"] = (f"requires-python in {shown(file)}",)


def _may_be_ours(data: bytes) -> bool:
    return b"tool.poolint" in data or any("tool.poolint".encode(name) in data for name in _NO_TOML)


def load(start: str, isolated: bool = False) -> Settings:
    """The settings for files in the directory ``start``. Raises :class:`ConfigError`."""
    return Resolver(start, isolated).for_directory(start)
