"""Which repositories make up a fleet: folders, or tables of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from poolint import tables
from poolint.config import ConfigError
from poolint.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_NAME = 100
"""Characters of the name of a repository, which files are called by."""


class Repository(NamedTuple):
    """A folder at an absolute path, and what it is called among the others."""

    name: str
    path: str


def repositories(given: Sequence[str]) -> list[Repository]:
    """The repositories that paths stand for: folders, and TOML files with a table ``[repositories]`` of names and paths,
    which are relative to the file. Raises ``ConfigError``.
    """
    found: dict[str, Repository] = {}
    for one in (each for path in given for each in _named(path)):
        known = found.setdefault(one.name.lower(), one)
        if known.path != one.path:
            raise ConfigError(
                f"{one.path}: {known.path} is called {known.name!r} as well; give both a name in a TOML file"
            )
    return list(found.values())


def _named(path: str) -> Iterator[Repository]:
    if not path.endswith(".toml"):
        yield _repository(os.path.basename(os.path.abspath(path)), os.path.abspath(path), path)
        return
    try:
        table = tables.parsed(read_regular(path))
    except tables.TableError as error:
        where = f"{path}:{error.row}" if error.row else path
        raise ConfigError(f"{where}: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    listed = table.get("repositories")
    if not isinstance(listed, dict) or table.keys() != {"repositories"}:
        raise ConfigError(f"{path}: it has to hold one table, [repositories], of names and folders")
    for name, folder in listed.items():
        if not isinstance(folder, str) or not folder or "\0" in folder:
            raise ConfigError(f"{path}: [repositories] {name[:MAX_NAME]!r} has to be the path of a folder")
        yield _repository(name, os.path.abspath(os.path.join(os.path.dirname(path), folder)), path)


def _repository(name: str, path: str, where: str) -> Repository:
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not plain.isascii() or not plain.isalnum() or name.startswith(".") or len(name) > MAX_NAME:
        raise ConfigError(
            f"{where}: {name[:MAX_NAME]!r} cannot be the name of a repository; use letters, digits, '.', '_' and '-'"
        )
    return Repository(name, path)
