"""What the metadata of a project say of the versions of Python that it is for."""

from __future__ import annotations

from poolint.config.settings import TARGETS
from poolint.versions.ranges import SpecifierError, allowed


def oldest(data: bytes) -> str:
    """The oldest version that the ``requires-python`` of a ``pyproject.toml`` allows, as ``target-version`` has it; empty
    where that says none that is known.

    Rows are read, and not TOML: to import what reads that takes longer than a clean file does, and a file that is none of
    ours may be wrong.
    """
    table = ""
    for line in data.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if text.startswith("["):
            table = text[1:].partition("]")[0].strip()
            continue
        key, equals, value = text.partition("=")
        if equals and table == "project" and key.strip() == "requires-python":
            return _oldest(_text(value.strip()))
    return ""


def _text(value: str) -> str:
    """What stands in the quotes that a value begins with; empty where there are none."""
    return value[1:].partition(value[0])[0] if value[:1] in ("'", '"') else ""


def _oldest(specifier: str) -> str:
    try:
        spans = allowed(specifier)
    except SpecifierError:
        return ""
    numbers = (*min((low for low, _ in spans), default=()), 0, 0)
    found = f"py{numbers[0]}{numbers[1]}"
    return found if found in TARGETS else ""
