"""Files by which platforms that build a repository are told what to start: ``nixpacks.toml``, and Railway's ``railway.toml``
and ``railway.json``; and the module that Passenger starts, as hosters have it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from poolint.deployment.documents import load, text_of, unread
from poolint.deployment.values import Figure, Place, Problem, Unit, in_shell, of_platform
from poolint.tables import TableError, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

FILES: Mapping[str, tuple[str, str]] = {
    "nixpacks.toml": ("start", "cmd"),
    "railway.toml": ("deploy", "startCommand"),
    "railway.json": ("deploy", "startCommand"),
}
"""What they are called, and where each has the command that it starts."""

PASSENGER = "passenger_wsgi.py"
"""The file by whose name Passenger finds an application, without any command (Passenger 6)."""


def read(path: str) -> tuple[list[Unit], list[Problem]]:
    """The one service that a file starts, none where it leaves that to the platform; and what is wrong with the file."""
    if os.path.basename(path) == PASSENGER:
        return [_passengers(path)], []
    section, key = FILES[os.path.basename(path)]
    if path.endswith(".json"):
        documents, problems = load(path)  # JSON is YAML
        found = documents[0].get(section, key) if documents else None
        command, place = (found.text, found.place) if found is not None else (None, Place(path, 1))
    else:
        command, place, problems = _in_table(path, section, key)
    if not command:
        return [], problems
    replicas = Figure(None, "nothing says how many of it run", place)
    return [Unit("app", place, in_shell(command, place), of_platform(place), replicas, os.path.dirname(path))], problems


def _passengers(path: str) -> Unit:
    place = Place(path, 1)
    command = f"passenger {PASSENGER.removesuffix('.py')}:application"
    replicas = Figure(1, "its processes are those of one server", place)
    return Unit("app", place, in_shell(command, place), of_platform(place), replicas, os.path.dirname(path))


def _in_table(path: str, section: str, key: str) -> tuple[str | None, Place, list[Problem]]:
    try:
        text = text_of(path)
        table = parsed(text.encode()).get(section)
    except OSError as error:
        return None, Place(path, 1), [unread(path, error)]
    except TableError as error:
        return None, Place(path, 1), [Problem(Place(path, error.row or 1), str(error))]
    value = table.get(key) if isinstance(table, dict) else None
    rows = (row for row, line in enumerate(text.split("\n"), 1) if re.match(rf"\s*{key}\s*=", line))
    return value if isinstance(value, str) else None, Place(path, next(rows, 1)), []
