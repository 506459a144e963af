"""Modules that start a server themselves: ``uvicorn.run("app.main:app", workers=4)``."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from poolint import recording
from poolint.deployment import gunicorn
from poolint.deployment.documents import text_of
from poolint.trees import tree_of

if TYPE_CHECKING:
    from poolint.deployment.values import Environment, Figure

_SERVERS = frozenset({"uvicorn", "hypercorn", "granian", "waitress"})


def workers(target: str, folder: str, environment: Environment) -> Figure | None:
    """The number of processes that a module or file asks a server for; None where it asks for none."""
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
    for node in ast.walk(tree):
        is_run = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("run", "serve")
        )
        if isinstance(node, ast.Call) and is_run and _owner(node.func) in _SERVERS:
            for keyword in node.keywords:
                if keyword.arg == "workers":
                    return names.figure("workers", keyword.value)
    return None


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
