"""Commands that a project brings itself: the scripts in its ``pyproject.toml``."""

from __future__ import annotations

import os
from functools import cache

from poolint import tables
from poolint.files import read_regular


def script(name: str, folder: str) -> str | None:
    """The module that a command of the project runs, as ``package.module``; None where the project has none."""
    target = _scripts(os.path.join(folder, "pyproject.toml")).get(name)
    return target.partition(":")[0].strip() if target else None


@cache
def _scripts(path: str) -> dict[str, str]:
    try:
        data = read_regular(path)
    except OSError:
        return {}
    if b"scripts" not in data:
        return {}
    try:
        table = tables.parsed(data)
    except ValueError:
        return {}  # what is wrong with this file is reported by whoever reads the settings in it
    found: dict[str, str] = {}
    tools = table.get("tool")
    for around in (table.get("project"), tools.get("poetry") if isinstance(tools, dict) else None):
        scripts = around.get("scripts") if isinstance(around, dict) else None
        if isinstance(scripts, dict):
            found.update((key, value) for key, value in scripts.items() if isinstance(value, str))
    return found
