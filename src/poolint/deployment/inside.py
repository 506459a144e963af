"""Files of the repository by the paths that they have in a container: where they were copied to is not followed, the end
of the path is."""

from __future__ import annotations

import os

from poolint import recording
from poolint.files import read_beginning

_FOLDERS = ("", "scripts", "docker", "bin", "deploy", "conf", "config", "supervisor", "src")
"""Folders in which a file may stand that a container has somewhere else."""


def found(name: str, folder: str) -> str | None:
    """The file that a path in a container means: the longest end of the path that is there below ``folder``."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        return None
    paths = [os.path.join(folder, *parts[start:]) for start in range(len(parts))]
    paths += [os.path.join(folder, below, parts[-1]) for below in _FOLDERS]
    return next((path for path in paths if recording.is_file(path)), None)


def script(name: str, folder: str) -> str | None:
    """The same for a shell script: by its ending, or by its first line where it has no ending."""
    is_shell = name.endswith(".sh")
    if not is_shell and "." in os.path.basename(name):
        return None
    path = found(name, folder)
    return path if path is not None and (is_shell or _is_script(path)) else None


def _is_script(path: str) -> bool:
    try:
        first = read_beginning(path, 200).partition(b"\n")[0]
    except OSError:
        return False
    return first.startswith(b"#!") and b"sh" in first
