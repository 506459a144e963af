"""From files with settings, and from what they extend, to :class:`Settings`.

Each table is checked for itself (:func:`checked`), then they are laid one over the other (:func:`combined`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from poolint import __version__, tables
from poolint.bounds import clipped
from poolint.config.kinds import KINDS, Place
from poolint.config.resolver import PYPROJECT, contents, lay_over
from poolint.config.settings import KEYS, SELECTORS, Selectors, Settings
from poolint.config.words import ConfigError, kind_of, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

INLINE = "--config"
"""Where settings stand that are given one by one on the command line."""

_PATTERNS = ("exclude", "extend_exclude")
_IGNORES = ("per_file_ignores", "extend_per_file_ignores")


class Given(NamedTuple):
    """What one table says: values by the attributes of settings, and the options of rules by their names.

    ``where`` is how an error names the table, ``origin`` what shows where a value is from, ``root`` where its paths begin.
    """

    where: str
    origin: str
    root: str
    values: dict[str, object]
    rules: dict[str, dict[str, Any]]
    prefix: str

    def place(self, rule: str) -> str:
        """The table of a rule, as an error names it."""
        return f"{self.origin}: [{self.prefix}{rule}]"


def table_of(file: str, data: bytes) -> dict[str, Any] | None:
    """The table that speaks of us: all of a ``poolint.toml``, and ``[tool.poolint]`` in a ``pyproject.toml``, where it is
    None if there is none."""
    try:
        whole = tables.parsed(data)
    except tables.TableError as error:
        raise ConfigError(f"{_row(file, error.row)}: {error}") from error
    if os.path.basename(file) != PYPROJECT:
        if isinstance(tool := whole.get("tool"), dict) and "poolint" in tool:
            row = row_of(data, "", "[tool.poolint")
            raise ConfigError(f"{_row(file, row)}: [tool.poolint] is for {PYPROJECT}; here keys stand without it")
        return whole
    tool = whole.get("tool", {})
    table = tool.get("poolint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{shown(file)}: [tool] 'poolint' must be a table, not {kind_of(table)}")
    return table


def read(file: str, data: bytes, inline: Iterable[Mapping[str, Any]] = (), root: str = "") -> Settings | None:
    """The settings in a file, with those over them that are given one by one; None where it does not speak of us.

    ``root`` is where paths begin, where that is not the folder of the file. Raises :class:`ConfigError`.
    """
    table = table_of(file, data)
    if table is None:
        return None
    root = root or os.path.dirname(os.path.abspath(file))
    return combined([*_chain(file, table, data, root), *given_inline(inline, root)], root, os.path.abspath(file))


def inline_table(text: str) -> dict[str, Any]:
    """A setting that is given on the command line, as a table. Raises :class:`ConfigError`."""
    try:
        table = tables.parsed(text.encode("utf-8", "surrogateescape"))
    except tables.TableError as error:
        hint = "is neither a file nor a key with a value as TOML has it, such as \"certainty = 'possible'\""
        raise ConfigError(f"{INLINE}: {clipped(text)} {hint} ({error})") from error
    if not table:
        raise ConfigError(f"{INLINE}: an empty setting was given: is a variable not set?")
    return table


def given_inline(inline: Iterable[Mapping[str, Any]], root: str) -> list[Given]:
    """Settings that are given one by one. Raises :class:`ConfigError`."""
    found = []
    for table in inline:
        if "extend" in table:
            raise ConfigError(f"{INLINE}: 'extend' is for files")
        found.append(checked(table, Place(f"{INLINE}:", root, "", f"{INLINE}: [budget]"), INLINE, ""))
        if version := table.get("required-version"):
            _must_be_version(version, f"{INLINE}: 'required-version'")
    return found


def _chain(file: str, table: dict[str, Any], data: bytes, root: str) -> list[Given]:
    """What a file says, behind what those say that it extends."""
    found: list[Given] = []
    files = [os.path.abspath(file)]
    while True:
        file = files[-1]
        found.insert(0, _of_file(file, table, data, root))
        if "extend" not in table:
            return found
        row = row_of(data, "extend")
        wanted = os.path.expandvars(os.path.expanduser(table["extend"]))
        above = os.path.normpath(os.path.join(os.path.dirname(file), wanted))
        if os.path.normcase(above) in map(os.path.normcase, files):
            circle = " → ".join(
                map(shown, [*files[list(map(os.path.normcase, files)).index(os.path.normcase(above)) :], above])
            )
            raise ConfigError(f"{_row(file, row)}: 'extend' goes in a circle: {circle}")
        read_data = contents(above)
        if read_data is None:
            raise ConfigError(
                f"{_row(file, row)}: 'extend' names {clipped(table['extend'])}, and there is no such file"
            )
        data, root = read_data, os.path.dirname(above)
        files.append(above)
        table = table_of(above, data) or {}


def _of_file(file: str, table: dict[str, Any], data: bytes, root: str) -> Given:
    prefix = "tool.poolint." if os.path.basename(file) == PYPROJECT else ""
    where = f"{shown(file)}: [tool.poolint]" if prefix else f"{shown(file)}:"
    version = table.get("required-version")
    if isinstance(version, str):
        _must_be_version(version, f"{_row(file, row_of(data, 'required-version'))}: 'required-version'")
    if isinstance(lint := table.get("lint"), dict):
        row = row_of(data, "", f"[{prefix}lint")
        belongs = f"[{prefix[:-1]}]" if prefix else "the top of the file"
        names = ", ".join(map(repr, lint)) or "what stands in it"
        raise ConfigError(f"{_row(file, row)}: there is no table [{prefix}lint]: {names} belongs in {belongs}")
    return checked(table, Place(where, root, file, f"{shown(file)}: [{prefix}budget]"), shown(file), prefix)


def checked(table: Mapping[str, Any], place: Place, origin: str, prefix: str) -> Given:
    """Check a table. Raises :class:`ConfigError` that names file and key."""
    values: dict[str, object] = {}
    rules: dict[str, dict[str, Any]] = {}
    for name, value in table.items():
        key = KEYS.get(name)
        if key is not None:
            values[key.attribute] = KINDS[key.kind].read(value, place, key)
        elif isinstance(value, dict):
            rules[name] = value
        else:
            raise ConfigError(f"{place.where} unknown key {clipped(name)}{nearest(name, KEYS)}")
    return Given(place.where, origin, place.root, values, rules, prefix)


def combined(given: list[Given], root: str, source: str) -> Settings:
    """Settings of which each table goes over those before it."""
    values: dict[str, Any] = {}
    origins: dict[str, tuple[str, ...]] = {}
    rules: dict[str, dict[str, Any]] = {}
    places: dict[str, str] = {}
    for one in given:
        lay_over(values, origins, _anchored(one, root), one.origin)
        for name, table in one.rules.items():
            rules[name] = {**rules.get(name, {}), **table}
            places[name] = one.place(name)
    layers = [
        Selectors(**{name: one.values[name] for name in SELECTORS if name in one.values}, origin=f"{one.where} ")  # type: ignore[arg-type]
        for one in given
    ]
    for name in SELECTORS:  # those of the last file; what is below it has layers of its own
        values.pop(name, None)
        if given and name in given[-1].values:
            values[name] = given[-1].values[name]
    return Settings(
        root=root,
        source=source,
        where=given[-1].where if given else "",
        below=tuple(layers[:-1]),
        rule_tables=rules,
        places=places,
        origins=origins,
        **values,
    )


def _anchored(one: Given, root: str) -> dict[str, object]:
    """The values of a table, whose patterns begin at its own root, as they are seen from another one."""
    values = dict(one.values)
    if one.root == root:
        return values
    for name in _PATTERNS:
        if isinstance(patterns := values.get(name), tuple):
            values[name] = tuple(_at(each, one.root) for each in patterns)
    for name in _IGNORES:
        if isinstance(rows := values.get(name), tuple):
            values[name] = tuple((_at(pattern, one.root), codes) for pattern, codes in rows)
    return values


def _at(pattern: str, root: str) -> str:
    """A pattern from another root: one of a mere name means that name anywhere, and stays as it is."""
    mark = "!" if pattern.startswith("!") else ""
    bare = pattern.removeprefix("!")
    return mark + os.path.join(root, bare) if "/" in bare.rstrip("/") else pattern


def _must_be_version(wanted: str, where: str) -> None:
    from poolint.versions.ranges import SpecifierError, admits

    try:
        is_right = admits(wanted, __version__)
    except SpecifierError as error:
        raise ConfigError(f"{where} says nothing of versions: {clipped(wanted)}") from error
    if not is_right:
        raise ConfigError(f"{where} is {clipped(wanted)}, and this is poolint {__version__}")


def row_of(data: bytes, key: str, header: str = "") -> int:
    """The row (from 1) in which a key of ours stands, or a header that begins with some text; 0 where none is found."""
    inside = everywhere = b"tool.poolint" not in data
    for row, line in enumerate(data.splitlines(), 1):
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("["):
            inside = text.replace(" ", "").startswith("[tool.poolint]") or everywhere
            if header and text.replace(" ", "").startswith(header):
                return row
        elif key and inside and text.startswith(key) and text[len(key) :].lstrip().startswith("="):
            return row
    return 0


def _row(file: str, row: int) -> str:
    return f"{shown(file)}:{row}" if row else shown(file)
