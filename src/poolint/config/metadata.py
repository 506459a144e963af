"""What the metadata of a project say of the versions of Python that it is for."""

from __future__ import annotations

import re

from poolint.config.settings import TARGETS
from poolint.versions.ranges import SpecifierError, allowed

_HEADER = re.compile(r"\[\s*(.+?)\s*\]\s*(?:#.*)?")
_REQUIRES = re.compile(r"""requires-python\s*=\s*(["'])([^"']*)\1\s*(?:#.*)?""")


def oldest(data: bytes) -> str:
    """The oldest version that the ``requires-python`` of a ``pyproject.toml`` allows, as ``target-version`` has it; empty
    where that says none that is known.

    Rows are read, and not TOML: to import what reads that takes longer than a clean file does, and a file that is none of
    ours may be wrong.
    """
    table = ""
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if header := _HEADER.fullmatch(text):
            table = header[1]
        elif table == "project" and (written := _REQUIRES.fullmatch(text)):
            return _oldest(written[2])
    return ""


def _oldest(specifier: str) -> str:
    try:
        spans = allowed(specifier)
    except SpecifierError:
        return ""
    numbers = (*min((low for low, _ in spans), default=()), 0, 0)
    found = f"py{numbers[0]}{numbers[1]}"
    return found if found in TARGETS else ""
