"""supervisord: the programs that its configuration starts."""

from __future__ import annotations

import re
from typing import NamedTuple

from poolint.bounds import whole
from poolint.deployment import sections
from poolint.deployment.documents import unread
from poolint.deployment.values import Environment, Problem, Word

DEFAULT = "supervisord.conf"

_VARIABLE = re.compile(r"(?<!\w)(\w+)=(?:\"([^\"]*)\"|'([^']*)'|([^,]*))")


class Supervised(NamedTuple):
    """One program: its command, how many of it are started, and what is set for it."""

    name: str
    command: Word
    copies: int
    environment: Environment


def programs(path: str) -> tuple[list[Supervised], list[Problem]]:
    """The programs of a configuration that are started without being asked for."""
    try:
        return [one for section in sections.read(path) for one in _program(*section)], []
    except OSError as error:
        return [], [unread(path, error)]


def _program(section: str, settings: dict[str, Word]) -> list[Supervised]:
    kind, _, name = section.partition(":")
    command, starts = settings.get("command"), settings.get("autostart")
    if kind != "program" or command is None or (starts is not None and starts.text.lower() == "false"):
        return []
    copies = settings.get("numprocs")
    variables = settings.get("environment")
    environment: Environment = {}
    if variables is not None:
        for match in _VARIABLE.finditer(variables.text):
            environment[match[1]] = Word(match[2] or match[3] or match[4] or "", variables.place)
    return [Supervised(name, command, (whole(copies.text) or 1) if copies else 1, environment)]
