"""Writing scaffolds: new files only, all of them or none, into a checkout of poolint or below the working directory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poolint.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGN = Path("src/poolint/models/schema.py")
"""What shows that a folder is a checkout."""

MARK = "FILL IN:"
"""Stands in a scaffold before each text that is left to its author."""


@dataclass(frozen=True)
class Scaffold:
    """New files by their paths, and what is left to do, in order."""

    files: Mapping[Path, str]
    steps: tuple[str, ...]


def checkout(start: str) -> Path | None:
    """The checkout of poolint that the folder ``start`` is in, or None."""
    here = Path(start).absolute()
    return next((folder for folder in (here, *here.parents) if (folder / _SIGN).is_file()), None)


def need_checkout(start: str) -> Path:
    """The same; raises ``ConfigError`` where there is none."""
    found = checkout(start)
    if found is None:
        raise ConfigError(f"{start} is in no checkout of poolint: there is no {_SIGN.as_posix()} in it or above it")
    return found


def write(scaffold: Scaffold) -> None:
    """Write the files of a scaffold. Raises ``ConfigError`` where one is there already, and then none is written."""
    for path in scaffold.files:
        if os.path.lexists(path):
            raise ConfigError(f"{path} exists already: nothing was written")
    written: list[Path] = []
    try:
        for path, text in scaffold.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise ConfigError(f"{error.filename or path}: cannot be written: {error.strerror or error}") from error
