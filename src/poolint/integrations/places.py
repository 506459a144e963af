"""What poolint says of a place that was seen while a program ran. A process of its own is asked: a test run must not have
the analysis in it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from poolint.runtime.sampling import shown

if TYPE_CHECKING:
    from typing import Any

    from poolint.runtime.frames import Step

PATIENCE = 60
"""Seconds after which no answer is waited for."""

NEAREST = 4
"""Frames, from the checkout out, that a finding is looked for at."""

_LOST = ("POL2", "POL1", "POL4")
"""The rules that say what becomes of connections, those first that say that one is lost."""

_SHARED = ("POL405", "POL4", "POL2")


def finding_at(place: tuple[Step, ...], root: str, *, is_shared: bool) -> str:
    """The finding that tells of a place, as a line; empty where there is none.

    A finding tells of it where it stands on a row of the place, or leads over one, or else is in the same function: first
    those that say that a connection is lost, or that it is shared by tasks.
    """
    families = _SHARED if is_shared else _LOST
    for step in place[:NEAREST]:
        first, last = step.rows
        near = []
        for one in _findings(step.file, root):
            family = next((i for i, code in enumerate(families) if one["code"].startswith(code)), None)
            is_exact = step.row in _rows(one, step.file)
            if family is not None and (is_exact or first <= one["location"]["row"] <= last):
                near.append((family, not is_exact, one["location"]["row"], one))
        if near:
            found = min(near, key=lambda each: each[:3])[3]
            return f"{shown(found['filename'], root)}:{found['location']['row']}: {found['code']} {found['message']}"
    return ""


def _rows(finding: dict[str, Any], file: str) -> set[int]:
    places = [finding, *finding["path"], *finding["also"]]
    return {row for one in places if one["filename"] == file for row in _span(one)}


def _span(place: dict[str, Any]) -> range:
    return range(place["location"]["row"], place["end_location"]["row"] + 1)


@lru_cache(maxsize=64)
def _findings(file: str, root: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "poolint", "check", "--output-format", "json", "--exit-zero", "--quiet", file]
    try:
        answer = subprocess.run(
            command,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
        found = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return found if isinstance(found, list) else []
