"""From ``pyproject.toml`` to :class:`Settings`.

A file is governed by the nearest ``pyproject.toml`` upwards of it that has a ``[tool.poolint]`` table. What stands on
the command line is laid over that, as a second layer (see ``selection``).
"""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os

from poolint import tables
from poolint.bounds import clipped
from poolint.files import NotRegularError, read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from poolint.deployment.declared import Declared

DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox",
    ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
    "__pycache__", "__pypackages__", "_build", "buck-out", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
"""What is never walked into unless ``exclude`` says otherwise: the list of ruff, and byte code."""

CERTAINTIES = ("certain", "possible")

KEYS = (
    "select", "ignore", "extend-select", "extend-ignore", "per-file-ignores", "exclude", "extend-exclude",
    "force-exclude", "certainty", "budget", "models", "strict-noqa", "src", "cache",
)  # fmt: skip


_NO_TOML = ("utf-16-le", "utf-16-be")
"""Encodings in which editors write files that TOML does not know."""


class ConfigError(Exception):
    """The settings cannot be used; the text says which file, which key and why, in one line."""


class Selectors:
    """One layer of what to select: ``select`` is None where the layer leaves the selection below it standing."""

    __slots__ = ("extend_ignore", "extend_select", "ignore", "origin", "select")

    def __init__(
        self,
        select: tuple[str, ...] | None = None,
        ignore: tuple[str, ...] = (),
        extend_select: tuple[str, ...] = (),
        extend_ignore: tuple[str, ...] = (),
        origin: str = "",
    ) -> None:
        self.select = select
        self.ignore = ignore
        self.extend_select = extend_select
        self.extend_ignore = extend_ignore
        self.origin = origin
        """Where it was written, as an error puts it before the key: ``pyproject.toml: [tool.poolint] ``, ``--``."""


class Settings:
    """How the files below ``root`` are checked: a plain value that can be pickled.

    ``select`` (None: the default rules) to ``extend_ignore`` are what the file says; ``command_line`` is laid over
    them. ``exclude`` is complete: the defaults or what replaces them, and what extends them. ``source`` is the
    ``pyproject.toml`` that was read, empty when none has a table for us. ``rule_tables`` are the options of rules as
    they stand there, by the names of the rules; ``options`` checks them when the rules are known. ``budget`` is what it
    says of the deployment, ``models`` are its model files, ``src`` its source roots. ``cache``: what is found
    may be kept for later runs. ``strict_noqa``: each ``noqa`` is
    meant for poolint.
    """

    __slots__ = (
        "budget",
        "cache",
        "certainty",
        "command_line",
        "exclude",
        "extend_ignore",
        "extend_select",
        "force_exclude",
        "ignore",
        "models",
        "per_file_ignores",
        "root",
        "rule_tables",
        "select",
        "source",
        "src",
        "strict_noqa",
    )

    def __init__(
        self,
        select: tuple[str, ...] | None = None,
        ignore: tuple[str, ...] = (),
        extend_select: tuple[str, ...] = (),
        extend_ignore: tuple[str, ...] = (),
        per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = (),
        exclude: tuple[str, ...] = DEFAULT_EXCLUDE,
        force_exclude: bool = False,
        certainty: str = "certain",
        root: str = "",
        source: str = "",
        command_line: Selectors | None = None,
        rule_tables: Mapping[str, Mapping[str, Any]] | None = None,
        budget: Declared | None = None,
        models: tuple[str, ...] = (),
        strict_noqa: bool = False,
        cache: bool = True,
        src: tuple[str, ...] = (),
    ) -> None:
        self.select = select
        self.ignore = ignore
        self.extend_select = extend_select
        self.extend_ignore = extend_ignore
        self.per_file_ignores = per_file_ignores
        self.exclude = exclude
        self.force_exclude = force_exclude
        self.certainty = certainty
        self.root = root or os.getcwd()
        self.source = source
        self.command_line = command_line or Selectors(origin="--")
        self.rule_tables = rule_tables or {}
        self.budget = budget
        self.models = models
        self.strict_noqa = strict_noqa
        self.cache = cache
        self.src = src

    @property
    def asks_for_more(self) -> bool:
        """Whether rules may be selected that are off by default."""
        given = (self.select, self.command_line.select, self.extend_select, self.command_line.extend_select)
        return any(given)

    def layers(self) -> tuple[Selectors, Selectors]:
        """What the file selects, and what the command line does to that."""
        origin = f"{shown(self.source)}: [tool.poolint] " if self.source else ""
        file = Selectors(self.select, self.ignore, self.extend_select, self.extend_ignore, origin)
        return (file, self.command_line)


class Overrides:
    """What the command line says about every file, whatever ``pyproject.toml`` governs it.

    ``exclude`` replaces what is excluded by default and by settings, the other patterns come to those that there are.
    """

    __slots__ = ("certainty", "exclude", "extend_exclude", "force_exclude", "per_file_ignores", "selectors")

    def __init__(
        self,
        selectors: Selectors | None = None,
        force_exclude: bool = False,
        certainty: str | None = None,
        exclude: tuple[str, ...] | None = None,
        extend_exclude: tuple[str, ...] = (),
        per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = (),
    ) -> None:
        """Raises ``ConfigError`` for patterns that mean nothing."""
        self.selectors = selectors or Selectors(origin="--")
        self.force_exclude = force_exclude
        self.certainty = certainty
        self.exclude = exclude
        self.extend_exclude = extend_exclude
        self.per_file_ignores = per_file_ignores
        ignored = tuple(pattern for pattern, _ in per_file_ignores)
        for key, patterns in (("exclude", exclude), ("extend-exclude", extend_exclude), ("per-file-ignores", ignored)):
            _check_patterns(patterns or (), "the command line:", key)

    def over(self, settings: Settings) -> Settings:
        """``settings`` with this laid over it, in place."""
        settings.command_line = self.selectors
        settings.force_exclude = settings.force_exclude or self.force_exclude
        settings.certainty = self.certainty or settings.certainty
        settings.exclude = (settings.exclude if self.exclude is None else self.exclude) + self.extend_exclude
        settings.per_file_ignores += self.per_file_ignores
        return settings


class Resolver:
    """Finds the settings of directories; each ``pyproject.toml`` is read once, and equal roots share one object."""

    def __init__(
        self, cwd: str, isolated: bool = False, overrides: Overrides | None = None, top: str | None = None
    ) -> None:
        """No ``pyproject.toml`` above ``top`` counts for what lies below it."""
        self.cwd = os.path.abspath(cwd)
        self._top = top
        self.isolated = isolated
        self._overrides = overrides or Overrides()
        self._by_directory: dict[str, Settings | ConfigError | None] = {}
        self._by_root: dict[str, Settings] = {}
        self._projects: dict[str, str] = {}

    def for_file(self, path: str) -> Settings:
        """The settings that govern the file at ``path``."""
        return self.for_directory(os.path.dirname(os.path.abspath(path)))

    def for_directory(self, directory: str) -> Settings:
        """The settings that govern files in ``directory``. Raises :class:`ConfigError`, each time the same."""
        if self.isolated:
            return self._plain(self.cwd)
        directory = os.path.abspath(directory)
        found = self._nearest(directory)
        if isinstance(found, ConfigError):
            raise found
        return found or self._plain(self._projects.get(directory) or self.cwd)

    def _plain(self, root: str) -> Settings:
        if root not in self._by_root:
            self._by_root[root] = self._overrides.over(Settings(root=root))
        return self._by_root[root]

    def _nearest(self, directory: str) -> Settings | ConfigError | None:
        """The nearest table for us; files it up for each directory on the way, so that siblings ask no disk again."""
        below = []
        while directory not in self._by_directory:
            below.append(directory)
            here = self._read(os.path.join(directory, "pyproject.toml"), directory)
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

    def _read(self, file: str, directory: str) -> Settings | ConfigError | None:
        """The settings in one ``pyproject.toml``, or what is wrong with it; None when it does not concern us."""
        try:
            data = _contents(file)
            if data is None:
                return None
            self._projects[directory] = directory
            # tomllib costs more than the rest of a clean run, so it sees only files that can concern us.
            is_ours = b"tool.poolint" in data or any("tool.poolint".encode(name) in data for name in _NO_TOML)
            table = _table(file, data) if is_ours else None
            return None if table is None else self._overrides.over(parse(table, file))
        except ConfigError as error:
            return error


def load(start: str, isolated: bool = False) -> Settings:
    """The settings for files in the directory ``start``. Raises :class:`ConfigError`."""
    return Resolver(start, isolated).for_directory(start)


def parse(table: dict[str, Any], file: str) -> Settings:
    """Check a ``[tool.poolint]`` table and make settings of it. Raises :class:`ConfigError` naming file and key."""
    where = f"{shown(file)}: [tool.poolint]"
    for key, value in table.items():
        if key not in KEYS and not isinstance(value, dict):
            raise ConfigError(f"{where} unknown key {clipped(key)}{nearest(key, KEYS)}")

    def texts(key: str) -> tuple[str, ...] | None:
        return _texts(table[key], where, key) if key in table else None

    ignores = table.get("per-file-ignores", {})
    if not isinstance(ignores, dict):
        raise ConfigError(f"{where} 'per-file-ignores' must be a table from pattern to list, not {kind_of(ignores)}")
    for key in ("cache", "force-exclude", "strict-noqa"):
        if not isinstance(table.get(key, False), bool):
            raise ConfigError(f"{where} {key!r} must be true or false, not {kind_of(table[key])}")
    certainty = table.get("certainty", "certain")
    if certainty not in CERTAINTIES:
        raise ConfigError(f"{where} 'certainty' must be 'certain' or 'possible', not {clipped(certainty)}")
    exclude = texts("exclude")
    extend_exclude = texts("extend-exclude")
    for key, patterns in (("exclude", exclude), ("extend-exclude", extend_exclude), ("per-file-ignores", ignores)):
        _check_patterns(patterns or (), where, key)
    root = os.path.dirname(os.path.abspath(file))
    return Settings(
        select=texts("select"),
        ignore=texts("ignore") or (),
        extend_select=texts("extend-select") or (),
        extend_ignore=texts("extend-ignore") or (),
        per_file_ignores=tuple(
            (pattern, _texts(codes, where, f"per-file-ignores.{pattern}")) for pattern, codes in ignores.items()
        ),
        exclude=(DEFAULT_EXCLUDE if exclude is None else exclude) + (extend_exclude or ()),
        force_exclude=table.get("force-exclude", False),
        strict_noqa=table.get("strict-noqa", False),
        cache=table.get("cache", True),
        certainty=certainty,
        root=root,
        source=os.path.abspath(file),
        rule_tables={key: value for key, value in table.items() if key not in KEYS},
        budget=_budget(table["budget"], file) if "budget" in table else None,
        models=tuple(os.path.normpath(os.path.join(root, path)) for path in texts("models") or ()),
        src=_source_roots(texts("src") or (), root, where),
    )


def _check_patterns(patterns: Iterable[str], where: str, key: str) -> None:
    if not patterns:
        return
    from poolint import globs

    for pattern in patterns:
        wrong = globs.problem(pattern)
        if wrong:
            raise ConfigError(f"{where} {key!r} has the pattern {clipped(pattern)}, which means nothing: {wrong}")


def _source_roots(written: tuple[str, ...], root: str, where: str) -> tuple[str, ...]:
    from poolint.roots import told

    if missing := [one for one in written if not told(one, root)]:
        raise ConfigError(f"{where} 'src' names {clipped(missing[0])}, and there is no such directory")
    return tuple(told(one, root) for one in written)


def _budget(table: object, file: str) -> Declared:
    from poolint.deployment import declared

    try:
        return declared.parse(table, os.path.abspath(file))
    except ValueError as error:
        raise ConfigError(f"{shown(file)}: [tool.poolint.budget] {error}") from error


def nearest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'select'?)`` for the nearest of the known words, or nothing when none is near."""
    if len(word) > 100:
        return ""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), 5, 0.65)
    if not found:
        return ""
    # Of codes many are equally near: then the one that has the most characters where they stand.
    best = max(found, key=lambda one: (sum(map(str.__eq__, one, word)), -found.index(one)))
    return f" (did you mean {best!r}?)"


def shown(path: str) -> str:
    """``path`` as a person at the terminal would write it: relative to the working directory when it is below it."""
    cwd = os.getcwd()
    prefix = cwd if cwd.endswith(os.sep) else cwd + os.sep
    return path[len(prefix) :] if path.startswith(prefix) else path


def _contents(file: str) -> bytes | None:
    try:
        return read_regular(file)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, NotRegularError):
        return None
    except OSError as error:
        raise ConfigError(f"{shown(file)}: cannot be read: {error.strerror or error}") from error


def _table(file: str, data: bytes) -> dict[str, Any] | None:
    """The ``[tool.poolint]`` table of a ``pyproject.toml``; None when the words stand there for another reason."""
    try:
        tool = tables.parsed(data).get("tool", {})
    except tables.TableError as error:
        where = f"{shown(file)}:{error.row}" if error.row else shown(file)
        raise ConfigError(f"{where}: {error}") from error
    table = tool.get("poolint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{shown(file)}: [tool] 'poolint' must be a table, not {kind_of(table)}")
    return table


def _texts(value: object, where: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ConfigError(f"{where} {clipped(key)} must be a list of strings, not {kind_of(value)}")
    for item in value:
        if not isinstance(item, str):
            raise ConfigError(
                f"{where} {clipped(key)} must be a list of strings; it has {kind_of(item)} in it: {clipped(item)}"
            )
        if "\0" in item:
            raise ConfigError(f"{where} {clipped(key)} has a NUL character in it: {clipped(item)}")
    return tuple(value)


def kind_of(value: object) -> str:
    """What a value of a TOML file is, in words."""
    names = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")
