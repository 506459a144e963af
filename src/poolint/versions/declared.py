"""What the files of one folder say about the version of a library: lock files, requirements, ``pyproject.toml``."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from poolint import recording
from poolint.files import decoded, read_regular
from poolint.versions.ranges import Range, allowed, both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
PIPENV = "Pipfile.lock"

_REQUIREMENTS = re.compile(r"requirements[\w.-]*\.(?:txt|in|lock)|constraints[\w.-]*\.txt")
_ENTRY = re.compile(r"^\[\[packages?\]\][ \t]*$", re.MULTILINE)
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:\(([^)]*)\)|([^;@#]*))")
_INCLUDED = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]?\s*(\S+)")
_PINNED = re.compile(r"===?[^*]+")


class Declared(NamedTuple):
    """What one folder says of a library: locked and pinned versions, and the range that its requirements allow.

    Each is None where nothing is said.
    """

    locked: Range | None = None
    pinned: Range | None = None
    wanted: Range | None = None


class Reader:
    """Reads the files of folders; each is read once. ``problems`` has a line for each that is broken."""

    def __init__(self, listing: Callable[[str], Iterable[str]]) -> None:
        self.problems: list[str] = []
        self._listing = listing
        self._texts: dict[str, str] = {}
        self._tables: dict[str, dict[str, Any]] = {}

    def declared(self, folder: str, library: str) -> Declared:
        """What is said of ``library``, by its normalized name, in ``folder``."""
        names = sorted(self._listing(folder))
        locked = [
            found for name in names if name in LOCKS for found in self._locked(os.path.join(folder, name), library)
        ]
        if PIPENV in names:
            locked += self._locked_by_pipenv(os.path.join(folder, PIPENV), library)
        said = [
            one
            for name in names
            if _REQUIREMENTS.fullmatch(name) or name == "requirements"
            for file in self._requirement_files(os.path.join(folder, name))
            for one in self._required(file, library, frozenset())
        ]
        pins = [text for text in said if _PINNED.fullmatch(text)]
        if "pyproject.toml" in names:
            said += self._in_project(os.path.join(folder, "pyproject.toml"), library)
        return Declared(_any_of(locked), _any_of(list(_ranges(pins))), _all_of(list(_ranges(said))))

    def _locked(self, path: str, library: str) -> Iterator[Range]:
        """The versions that a lock file has; several where they depend on the platform. Only their tables are parsed."""
        text = self._text(path)
        if f'"{library}"' not in text.lower():
            return
        starts = [one.start() for one in _ENTRY.finditer(text)]
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
            entry = text[start:end]
            if f'"{library}"' not in entry.lower():
                continue
            parsed = self._parsed(path, entry)
            for one in [*_list(parsed.get("package")), *_list(parsed.get("packages"))]:
                if normalized(str(one.get("name"))) == library:
                    yield from _ranges([f"=={one.get('version', '')}"])

    def _locked_by_pipenv(self, path: str, library: str) -> Iterator[Range]:
        try:
            table = _table(json.loads(self._text(path) or "{}"))
        except (ValueError, RecursionError):
            self._ignored(path, "it is broken JSON")
            return
        for group in map(_table, table.values()):
            for name, wanted in group.items():
                if normalized(name) == library:
                    yield from _ranges(_of_poetry(wanted))

    def _requirement_files(self, path: str) -> Iterator[str]:
        if os.path.basename(path) != "requirements":
            yield path
            return
        for name in sorted(self._listing(path)):
            if name.endswith((".txt", ".in")):
                yield os.path.join(path, name)

    def _required(self, path: str, library: str, above: frozenset[str]) -> Iterator[str]:
        """The specifiers that a requirements file, or one that it includes, has for a library."""
        for line in self._text(path).replace("\\\n", " ").splitlines():
            line = line.partition(" #")[0].strip()
            included = _INCLUDED.match(line)
            if included is not None:
                other = os.path.normpath(os.path.join(os.path.dirname(path), included[1]))
                if other != path and other not in above and recording.is_file(other):
                    yield from self._required(other, library, above | {path})
            else:
                yield from _specifier(line.partition(" --")[0], library)

    def _in_project(self, path: str, library: str) -> list[str]:
        """The specifiers of a ``pyproject.toml``: of the standard, of uv, Poetry and PDM."""
        if library not in normalized(self._text(path)):
            return []
        if path not in self._tables:
            self._tables[path] = self._parsed(path, self._text(path))
        return list(_of_project(self._tables[path], library))

    def _text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = ""
            try:
                self._texts[path] = decoded(read_regular(path))
            except UnicodeDecodeError:
                self._ignored(path, "it is not UTF-8")
            except OSError as error:
                self._ignored(path, error.strerror or str(error))
        return self._texts[path]

    def _parsed(self, path: str, text: str) -> dict[str, Any]:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
        try:
            found: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._ignored(path, f"it is broken TOML: {str(error).partition(' (at ')[0]}")
            return {}
        except RecursionError:
            self._ignored(path, "it is nested too deeply")
            return {}
        return found

    def _ignored(self, path: str, reason: str) -> None:
        line = f"{path}: not asked for the versions of libraries: {reason}"
        if line not in self.problems:
            self.problems.append(line)


def normalized(name: str) -> str:
    """The name of a distribution as all its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _ranges(specifiers: Iterable[str]) -> Iterator[Range]:
    """What some specifiers allow; without those that are none: a link, the name of a build, a number past all bounds."""
    for text in specifiers:
        try:
            yield allowed(text)
        except ValueError:
            continue


def _specifier(requirement: str, library: str) -> Iterator[str]:
    """The specifier of a requirement, if that is for ``library``; none of a link, which says where to get one version."""
    match = _REQUIREMENT.match(requirement.strip())
    is_link = match is not None and requirement.strip()[match.end() :].startswith("@")
    if match is not None and normalized(match[1]) == library and not is_link:
        yield (match[2] or match[3] or "").strip()


def _of_project(table: dict[str, Any], library: str) -> Iterator[str]:
    project, tool = _table(table.get("project")), _table(table.get("tool"))
    uv, pdm, poetry = (_table(tool.get(name)) for name in ("uv", "pdm", "poetry"))
    listed = [
        project.get("dependencies"),
        *_table(project.get("optional-dependencies")).values(),
        *_table(table.get("dependency-groups")).values(),
        *(uv.get(key) for key in ("dev-dependencies", "constraint-dependencies", "override-dependencies")),
        *_table(pdm.get("dev-dependencies")).values(),
    ]
    for requirements in listed:
        for one in requirements if isinstance(requirements, list) else ():
            yield from _specifier(one, library) if isinstance(one, str) else ()
    groups = [poetry, *map(_table, _table(poetry.get("group")).values())]
    for group in groups:
        for key in ("dependencies", "dev-dependencies"):
            for name, wanted in _table(group.get(key)).items():
                if normalized(name) == library:
                    yield from _of_poetry(wanted)


def _of_poetry(wanted: object) -> Iterator[str]:
    """``"^1.2"``, ``{version = "^1.2"}``, or a list of such tables, of which one holds on each platform."""
    if isinstance(wanted, list):
        yield "||".join(text for one in wanted for text in _of_poetry(one))
    elif isinstance(wanted, dict):
        yield from _of_poetry(wanted.get("version"))
    elif isinstance(wanted, str):
        yield re.sub(r"^(?=\d)", "==", wanted)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _any_of(ranges: list[Range]) -> Range | None:
    return tuple(dict.fromkeys(span for one in ranges for span in one)) or None


def _all_of(ranges: list[Range]) -> Range | None:
    """What all allow; where nothing is left they are not meant for one environment, and any may hold."""
    if not ranges:
        return None
    left = ranges[0]
    for one in ranges[1:]:
        left = both(left, one)
    return left or _any_of(ranges)
