"""Modules that start a server themselves: ``uvicorn.run("app.main:app", workers=4)``."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, NamedTuple

from poolint import recording
from poolint.deployment import gunicorn
from poolint.deployment.documents import text_of
from poolint.deployment.programs import PROGRAMS
from poolint.deployment.values import Figure, Place
from poolint.trees import tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.deployment.values import Environment

_SERVERS = frozenset({"uvicorn", "hypercorn", "granian", "waitress"})
_RUNS = frozenset({"run", "serve"})
_AS_PROGRAMS = {"waitress": "waitress-serve"}
"""Servers with a number of threads, by the program that starts them as a module does by their function."""


class Asked(NamedTuple):
    """What a module asks of the server that it starts: how many processes and threads it has, where that is said. ``program`` is
    what does the same, where the server is known for its threads."""

    program: str
    processes: Figure | None
    threads: Figure | None


def asked(target: str, folder: str, environment: Environment) -> Asked | None:
    """What a module or file asks of the server that it starts; None where it starts none."""
    path = _path(target, folder)
    if path is None:
        return None
    try:
        tree = tree_of(text_of(path))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None  # whoever checks this file reports what is wrong with it
    names = gunicorn.Fold(path, environment)
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            names.bind(statement.targets[0].id, statement.value)
    imported = {
        alias.asname or alias.name: one.module
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and one.module in _SERVERS and not one.level
        for alias in one.names
        if alias.name in _RUNS
    }
    found: Asked | None = None
    for node in ast.walk(tree):
        server = _server(node.func, imported) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and server:
            given = {one.arg: one.value for one in node.keywords}
            processes = names.figure("workers", given["workers"]) if "workers" in given else None
            program = _AS_PROGRAMS.get(server, "")
            threads = _threads(program, given, Place(path, node.lineno), names) if program else None
            found = Asked(program, processes, threads)
            if processes is not None:
                return found
    return found


def _threads(program: str, given: Mapping[str | None, ast.expr], place: Place, names: gunicorn.Fold) -> Figure | None:
    """The threads of a server: those that it is given, or else as many as its program has; None where nobody can see."""
    if "threads" in given:
        return names.figure("threads", given["threads"])
    return None if None in given else Figure(PROGRAMS[program].threads.default, f"the default of `{program}`", place)


def _server(function: ast.expr, imported: Mapping[str, str | None]) -> str:
    """The server that a function starts: ``uvicorn.run``, or ``serve`` as it is imported from one; empty for all else."""
    if isinstance(function, ast.Name):
        return imported.get(function.id) or ""
    is_run = isinstance(function, ast.Attribute) and function.attr in _RUNS
    owner = _owner(function) if is_run else ""
    return owner if owner in _SERVERS else ""


def _owner(node: ast.expr) -> str:
    return node.value.id if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""


def _path(target: str, folder: str) -> str | None:
    parts = target.split("/") if target.endswith(".py") else target.split(".")
    if ".." in parts:
        return None
    recording.looked("entries", folder)
    try:
        below = sorted(entry.path for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return None
    for each in (folder, os.path.join(folder, "src"), *below):
        base = os.path.join(each, *(part for part in parts if part))
        for path in (base,) if target.endswith(".py") else (f"{base}.py", os.path.join(base, "__main__.py")):
            if recording.is_file(path):
                return path
    return None
