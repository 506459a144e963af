"""What is asked of one run: which files make up the unit, what is known of others, and where the results go."""

from __future__ import annotations

import os
from typing import Literal

import msgspec

from poolint.config import ConfigError
from poolint.discovery import SUFFIXES
from poolint.files import read_regular

MAX_NAME = 4_096
"""Characters of a path."""


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """A request as it stands in a file of JSON.

    ``sources`` (the unit) and ``files`` (settings, lock files, manifests: what is no source, and is read all the same) are
    relative to ``root``, with ``/`` between names. ``others`` are the facts of other units, ``findings`` and ``facts``
    what is written, relative to the working directory; what is not named is not made.
    """

    version: Literal[1]
    sources: list[str]
    root: str = "."
    files: list[str] = []
    others: list[str] = []
    findings: str = ""
    facts: str = ""


def read(path: str) -> Request:
    """The request in a file. Raises ``ConfigError``."""
    try:
        found = msgspec.json.decode(read_regular(path), type=Request)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:  # those of msgspec are ValueErrors
        raise ConfigError(f"{path}: this is no request for `poolint unit`: {error}") from None
    for key, names in (("sources", found.sources), ("files", found.files)):
        for name in names:
            if not is_below(name):
                raise ConfigError(f"{path}: '{key}' has {name[:200]!r}, which is no path below the root")
            if key == "sources" and not name.endswith(SUFFIXES):
                raise ConfigError(f"{path}: 'sources' has {name[:200]!r}, which is no Python file")
    if not found.findings and not found.facts:
        raise ConfigError(f"{path}: neither 'findings' nor 'facts' says where results go")
    for name in (found.root, found.findings, found.facts, *found.others):
        if "\0" in name:
            raise ConfigError(f"{path}: no path has a NUL character in it")
    return found


def is_below(name: str) -> bool:
    """Whether a name stands for a file below the folder that it is relative to, whatever the system."""
    is_plain = "\0" not in name and (os.sep == "/" or (os.sep not in name and ":" not in name))
    return is_plain and len(name) <= MAX_NAME and not {"", ".", ".."} & set(name.split("/"))
