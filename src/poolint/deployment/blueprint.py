"""Blueprints, ``render.yaml``: the services that Render starts from a repository, each with its command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint.deployment.documents import Node, load
from poolint.deployment.values import Environment, Figure, Problem, Unit, Word, in_shell, of_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMANDS = ("startCommand", "dockerCommand")


def read(path: str) -> tuple[list[Unit], list[Problem]]:
    """The services of a blueprint that say how they are started, and what is wrong with the file. What is built from an image
    without a word is started by that."""
    documents, problems = load(path)
    return [unit for one in documents for unit in _units(one, os.path.dirname(path))], problems


def _units(blueprint: Node, folder: str) -> Iterator[Unit]:
    listed = [*blueprint.get("services").items]
    for project in blueprint.get("projects").items:
        for stage in project.get("environments").items:
            listed += stage.get("services").items
    for service in listed:
        name = service.get("name").text or service.get("type").text or "service"
        root = os.path.normpath(os.path.join(folder, service.get("rootDir").text or ""))
        environment = _environment(service)
        before = service.get("preDeployCommand")
        if before.text:
            once = Figure(1, "runs once for each release", before.place)
            words = in_shell(before.text, before.place)
            yield Unit(f"{name} before it is deployed", before.place, words, environment, once, root)
        command = next((one for key in _COMMANDS if (one := service.get(key)).text), None)
        if command is not None:
            words = in_shell(command.text or "", command.place)
            yield Unit(name, command.place, words, environment, _replicas(service), root)


def _environment(service: Node) -> Environment:
    found = of_platform(service.place)
    for one in service.get("envVars").items:
        key, value = one.get("key").text, one.get("value")
        if key and value.text is not None:
            found[key] = Word(value.text, value.place)
    return found


def _replicas(service: Node) -> Figure:
    most = service.get("scaling", "maxInstances").figure("`maxInstances`")
    given = most or service.get("numInstances").figure("`numInstances`")
    return given or Figure(1, "a blueprint starts one", service.place)
