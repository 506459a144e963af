"""``[tool.poolint.budget]``: what a project says itself of its deployment, over whatever is found.

::

    [tool.poolint.budget]
    max-connections = 200
    reserve = 3                 # kept for superusers
    migrations = 1
    surge = true                # count the pods that a rolling update starts beside the old ones
    files = ["deploy/prod.yaml"]    # read these, and no others

    [tool.poolint.budget.services.web]
    processes = 4
    replicas = 3
    threads = 8                 # where an engine keeps no pool
    engines = ["engine"]        # names, or module.name; or with how far each grows: {engine = 20}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from poolint.bounds import MAX_DIGITS, clipped
from poolint.deployment.values import Figure, Place
from poolint.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERS = ("max-connections", "reserve", "migrations")
_KEYS = (*_NUMBERS, "surge", "files", "services")
_MAX_TREES = 2
"""How often a pattern may ask for all folders below: each time, all that is there is looked through once more."""

_OF_SERVICE = ("processes", "threads", "replicas", "engines")


class DeclaredService(NamedTuple):
    """What is said of one service; None for what is not. ``engines`` are names as they were written, ``limits`` how far
    some of them grow."""

    processes: Figure | None = None
    threads: Figure | None = None
    replicas: Figure | None = None
    engines: tuple[str, ...] | None = None
    place: Place | None = None
    limits: Mapping[str, Figure] = {}


class Declared(NamedTuple):
    """All of the table. ``files`` is None where the repository is to be searched for them."""

    max_connections: Figure | None = None
    reserve: Figure | None = None
    migrations: Figure | None = None
    surge: bool = False
    files: tuple[str, ...] | None = None
    services: Mapping[str, DeclaredService] = {}


def parse(table: object, path: str) -> Declared:
    """The table, checked. ``path`` is the file that it stands in. Raises ``ValueError`` saying which key and why."""
    if not isinstance(table, dict):
        raise ValueError(f"'budget' must be a table, not {_kind(table)}")
    _check_keys(table, _KEYS, "")
    rows = _Rows(path)
    figures = {key: _figure(table, key, rows, ()) for key in _NUMBERS}
    surge = table.get("surge", False)
    if not isinstance(surge, bool):
        raise ValueError(f"'surge' must be true or false, not {_kind(surge)}")
    services = table.get("services", {})
    if not isinstance(services, dict):
        raise ValueError(f"'services' must be a table, not {_kind(services)}")
    return Declared(
        figures["max-connections"],
        figures["reserve"],
        figures["migrations"],
        surge,
        _texts(table, "files", ""),
        {name: _service(name, value, rows) for name, value in services.items()},
    )


def _service(name: str, table: object, rows: _Rows) -> DeclaredService:
    where = f"services.{name}: "
    if not isinstance(table, dict):
        raise ValueError(f"{where}it must be a table, not {_kind(table)}")
    _check_keys(table, _OF_SERVICE, where)
    below = ("services", name)
    processes, threads, replicas = (
        _figure(table, key, rows, below, where) for key in ("processes", "threads", "replicas")
    )
    place = Place(rows.path, rows.of((*below, "")))
    engines = table.get("engines")
    if not isinstance(engines, dict):
        return DeclaredService(processes, threads, replicas, _texts(table, "engines", where), place)
    limits = {}
    for one in engines:
        figure = _figure(engines, one, rows, (*below, "engines"), f"{where}engines: ")
        if figure is not None:
            limits[one] = figure
    return DeclaredService(processes, threads, replicas, tuple(engines), place, limits)


def _check_keys(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise ValueError(f"{where}unknown key {clipped(key)}; there are {', '.join(known)}")


def _figure(table: dict[str, Any], key: str, rows: _Rows, below: tuple[str, ...], where: str = "") -> Figure | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**MAX_DIGITS:
        raise ValueError(f"{where}{key!r} must be a number from 0, not {clipped(value)}")
    return Figure(value, f"`{key}`", Place(rows.path, rows.of((*below, key))))


def _texts(table: dict[str, Any], key: str, where: str) -> tuple[str, ...] | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{where}{key!r} must be a list of strings")
    for item in value:
        if "\0" in item:
            raise ValueError(f"{where}{key!r} has a NUL character in it: {clipped(item)}")
        if key == "files" and item.split("/").count("**") > _MAX_TREES:
            raise ValueError(f"{where}{key!r} has {clipped(item)} in it: `**` may stand there {_MAX_TREES} times")
    return tuple(value)


def _kind(value: object) -> str:
    return {bool: "a boolean", str: "a string", int: "a number", list: "a list"}.get(type(value), "something else")


class _Rows:
    """Where keys stand in a TOML file, which its reader does not tell. Read only when a key is asked for."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._rows: dict[tuple[str, ...], int] | None = None

    def of(self, key: tuple[str, ...]) -> int:
        """The row of a key below ``tool.poolint.budget``, or of the nearest table around it."""
        if self._rows is None:
            self._rows = self._read()
        while key and key != ("",):
            if key in self._rows:
                return self._rows[key]
            key = (*key[:-2], "") if key[-1] == "" else (*key[:-1], "")
        return self._rows.get(("",), 1)

    def _read(self) -> dict[tuple[str, ...], int]:
        found: dict[tuple[str, ...], int] = {}
        try:
            lines = read_regular(self.path).decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        except OSError:
            return found
        ours = _TABLE if self.path.endswith("pyproject.toml") else _TABLE[2:]
        depth = len(ours)
        table: tuple[str, ...] = ()
        for row, line in enumerate(lines, 1):
            header = re.match(r"\s*\[([^\[\]]+)\]", line)
            if header is not None:
                table = _parts(header[1])
                if table[:depth] == ours:
                    found.setdefault((*table[depth:], ""), row)
                continue
            key = re.match(r"\s*([\w\"'.-]+)\s*=", line)
            if key is not None:
                whole = (*table, *_parts(key[1]))
                if whole[:depth] == ours:
                    found.setdefault(whole[depth:], row)
                    found.setdefault((*whole[depth:], ""), row)
        return found


_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")
_TABLE = ("tool", "poolint", "budget")


def _parts(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key, some of which may be quoted."""
    return tuple(match[1] or match[2] or match[3] for match in _PART.finditer(dotted))
