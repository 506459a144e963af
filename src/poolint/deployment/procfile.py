"""Procfiles, and the ``app.json`` beside them that may say how many of each process type there are."""

from __future__ import annotations

import os
import re

from poolint import recording
from poolint.deployment.documents import Node, load, text_of, unread
from poolint.deployment.values import Environment, Figure, Place, Problem, Unit, Word, in_shell, of_platform

_LINE = re.compile(r"[ \t]*([\w-]+)[ \t]*:[ \t]*(.*)$")


def read(path: str) -> tuple[list[Unit], list[str], list[Problem]]:
    """The process types of a Procfile, the files that were read, and what is wrong with them."""
    folder = os.path.dirname(path)
    problems: list[Problem] = []
    files = [path]
    beside = Node(Place(path, 1))
    manifest = os.path.join(folder, "app.json")
    if recording.is_file(manifest):
        documents, problems = load(manifest)  # JSON is YAML
        files.append(manifest)
        beside = documents[0] if documents else beside
    try:
        text = text_of(path)
    except OSError as error:
        return [], files, [unread(path, error)]
    units = []
    for row, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place = Place(path, row)
        match = _LINE.match(line)
        command = match[2].rstrip(" \t") if match is not None else ""
        if match is None or not command:
            problems.append(Problem(place, "broken Procfile: a line is `name: command`"))
            continue
        environment, replicas = _environment(beside, place), _replicas(match[1], place, beside)
        units.append(Unit(match[1], place, in_shell(command, place), environment, replicas, folder))
    return units, files, problems


def _environment(manifest: Node, place: Place) -> Environment:
    found = of_platform(place)
    for name, node in manifest.get("env").fields.items():
        value = node if node.text is not None else node.get("value")
        if value.text is not None:
            found[name] = Word(value.text, value.place)
    return found


def _replicas(name: str, place: Place, manifest: Node) -> Figure:
    if name == "release":
        return Figure(1, "runs once for each release", place)
    quantity = manifest.get("formation", name, "quantity").figure("`quantity`")
    if quantity is not None:
        return quantity
    return Figure(None, "a Procfile does not say how many run", place)
