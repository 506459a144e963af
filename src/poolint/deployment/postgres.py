"""Database servers: PostgreSQL as a command line, an image with its settings, or a ``postgresql.conf`` configures it.

A server whose definition is seen, and sets nothing, has what PostgreSQL itself sets; one that is not seen is unknown.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from poolint.bounds import whole
from poolint.deployment.documents import text_of, unread
from poolint.deployment.options import last_value, number
from poolint.deployment.values import Figure, Place, Problem, Server, Unit, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.deployment.documents import Node

MAX_CONNECTIONS = 100
RESERVED = 3
"""What PostgreSQL sets for ``max_connections`` and ``superuser_reserved_connections``."""

DEFAULT = "PostgreSQL's own default"

_IMAGE = re.compile(r"(?:^|/)(?:postgres|postgresql|postgis|pgvector|timescaledb(?:-ha)?|pgautoupgrade)(?:$|[:@-])")
_POOLER = re.compile(r"(?<![^/\w.-])(pgbouncer|pgcat|odyssey|supavisor|pgpool)")
_KEYS = {
    "max_connections": "max_connections",
    "superuser_reserved_connections": "reserved",
    "reserved_connections": "also_reserved",
}
_LINE = re.compile(r"^[ \t]*(\w+)[ \t]*(?:=[ \t]*|[ \t])'?(\d+)'?[ \t]*(?:#.*)?$", re.MULTILINE)
_VARIABLES = {"POSTGRESQL_MAX_CONNECTIONS": "max_connections"}
_CLIENTS = ("MAX_CLIENT_CONN", "PGBOUNCER_MAX_CLIENT_CONN")


def is_server(image: str) -> bool:
    """Whether an image is that of a server, or of what stands in front of one."""
    return _POOLER.search(image) is not None or _IMAGE.search(image) is not None


def server(unit: Unit) -> Server | None:
    """The server that a unit is, if it is one."""
    program = os.path.basename(unit.words[0].text) if unit.words else ""
    name = unit.image.rpartition("@")[0] or unit.image
    pooler = _POOLER.search(name)
    if pooler is not None:
        return _pooler(unit, pooler[1])
    if not (program == "postgres" or _IMAGE.search(name)):
        return None
    found: dict[str, Figure] = {}
    for variable, key in _VARIABLES.items():
        if variable in unit.environment:
            found[key] = number(unit.environment[variable], f"`{variable}`")
    for text in unit.texts:
        found.update(in_text(text.text, text.place))
    found.update(_in_words(unit.words))
    if "POSTGRES_INITDB_ARGS" in unit.environment:
        word = unit.environment["POSTGRES_INITDB_ARGS"]
        for key, figure in _in_words(tuple(word._replace(text=part) for part in word.text.split())).items():
            found.setdefault(key, figure)
    unread = next((word for word in unit.words if word.text.startswith("config_file=")), None)
    default = Figure(MAX_CONNECTIONS, DEFAULT, unit.place)
    if unread is not None and not unit.texts:
        default = Figure(None, f"`{unread.text}` is not in the repository", unread.place)
    return of_figures(unit.name, found, default)


def of_figures(name: str, found: dict[str, Figure], default: Figure) -> Server:
    """A server by the figures that were found; ``default`` stands where nothing sets ``max_connections``."""
    reserved = found.get("reserved") or Figure(RESERVED, f"superuser_reserved_connections, {DEFAULT}")
    also = found.get("also_reserved")
    if also is not None and also.value and reserved.value is not None:
        reserved = Figure(reserved.value + also.value, f"{reserved.how}, and {also.how}", also.place)
    return Server(name, found.get("max_connections", default), reserved)


def stated(server: Server) -> Server:
    """The server as far as something is stated of it: where templates are rendered in part only, what is not seen may
    be set all the same."""
    if server.max_connections.how != DEFAULT:
        return server
    unknown = Figure(None, f"nothing that is understood says it of `{server.name}`", server.max_connections.place)
    return server._replace(max_connections=unknown)


def _pooler(unit: Unit, name: str) -> Server:
    """What shares out the connections of servers: what counts is how many clients it takes."""
    for variable in _CLIENTS:
        if variable in unit.environment:
            clients = number(unit.environment[variable], f"`{variable}`")
            break
    else:
        clients = Figure(None, f"{name} shares out the connections of the server; nothing says to how many", unit.place)
        for text in unit.texts:
            for match in _LINE.finditer(text.text):
                if match[1] == "max_client_conn":
                    clients = Figure(whole(match[2]), "`max_client_conn`", _at(text, match))
    return Server(unit.name, clients, Figure(0, f"{name} keeps none back"), name)


def _in_words(words: tuple[Word, ...]) -> dict[str, Figure]:
    """``-c max_connections=200``, ``--max-connections=200``, ``-N 200``."""
    found: dict[str, Figure] = {}
    for word in words:
        text = word.text.removeprefix("-c").removeprefix("--")
        key, _, value = text.partition("=")
        key = key.replace("-", "_")
        if value and key in _KEYS:
            found[_KEYS[key]] = number(word._replace(text=value), f"`postgres -c {key}`")
    given = last_value(words, ("-N",))
    if given is not None:
        found["max_connections"] = number(given, "`postgres -N`")
    return found


def in_text(text: str, place: Place) -> dict[str, Figure]:
    """What a ``postgresql.conf`` sets, wherever its text stands; the last one counts."""
    found: dict[str, Figure] = {}
    for match in _LINE.finditer(text):
        if match[1] in _KEYS:
            found[_KEYS[match[1]]] = Figure(whole(match[2]), f"`{match[1]}`", _at(Word(text, place), match))
    return found


def _at(word: Word, match: re.Match[str]) -> Place:
    return Place(word.place.path, word.place.row + word.text.count("\n", 0, match.start()))


def configured(path: str) -> tuple[Server | None, list[Problem]]:
    """The server that a ``postgresql.conf`` of the repository configures."""
    try:
        text = text_of(path)
    except OSError as error:
        return None, [unread(path, error)]
    found = in_text(text, Place(path, 1))
    default = Figure(MAX_CONNECTIONS, DEFAULT, Place(path, 1))
    return of_figures(os.path.basename(path), found, default), []


def in_parameters(name: str, node: Node) -> Server | None:
    """The server that a custom resource or a chart's values describe: parameters, or the text of a configuration."""
    found: dict[str, Figure] = {}
    for key, inner in _scalars(node):
        if "\n" in inner.text or "=" in inner.text:
            # The text of a block scalar begins in the row after its key.
            row = inner.place.row + ("\n" in inner.text)
            found.update(in_text(inner.text, Place(inner.place.path, row)))
        elif key in _KEYS and (count := whole(inner.text)) is not None:
            found[_KEYS[key]] = Figure(count, f"`{key}`", inner.place)
    if "max_connections" not in found:
        return None
    return of_figures(name, found, found["max_connections"])


def _scalars(node: Node) -> Iterator[tuple[str, Word]]:
    for key, inner in node.walk():
        if inner.text is not None:
            yield re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match[1].lower()}", key), Word(inner.text, inner.place)
