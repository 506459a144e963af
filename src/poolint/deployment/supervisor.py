"""supervisord: the programs that its configuration starts."""

from __future__ import annotations

import re
from typing import NamedTuple

from poolint.bounds import MAX_TEXT, whole
from poolint.deployment.documents import text_of, unread
from poolint.deployment.values import Environment, Place, Problem, Word

DEFAULT = "supervisord.conf"

_SECTION = re.compile(r"[ \t]*\[([^\]]+)\]")
_SETTING = re.compile(r"([\w-]+)[ \t]*[=:][ \t]*(.*)")
_VARIABLE = re.compile(r"(?<!\w)(\w+)=(?:\"([^\"]*)\"|'([^']*)'|([^,]*))")
_EXPANDED = re.compile(r"%\(ENV_(\w+)\)s")


class Supervised(NamedTuple):
    """One program: its command, how many of it are started, and what is set for it."""

    name: str
    command: Word
    copies: int
    environment: Environment


def programs(path: str) -> tuple[list[Supervised], list[Problem]]:
    """The programs of a configuration that are started without being asked for."""
    try:
        text = text_of(path)
    except OSError as error:
        return [], [unread(path, error)]
    found: list[Supervised] = []
    section = ""
    settings: dict[str, Word] = {}
    last = ""
    for row, line in enumerate([*text.split("\n"), "[end]"], 1):
        bare = _EXPANDED.sub(r"${\1}", re.sub(r"(?:^|[ \t]);.*$", "", line).rstrip())
        header = _SECTION.match(bare)
        setting = _SETTING.match(bare)
        if header is not None:
            found += _program(section, settings)
            section, settings = header[1], {}
        elif setting is not None and not bare.startswith("#"):
            last = setting[1]
            settings[last] = Word(setting[2], Place(path, row))
        elif bare[:1] in (" ", "\t") and last in settings and bare.strip() and len(settings[last].text) <= MAX_TEXT:
            settings[last] = settings[last]._replace(text=f"{settings[last].text} {bare.strip()}")
    return found, []


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
