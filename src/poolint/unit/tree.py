"""A tree that holds what a request names, and nothing else, for as long as the unit is checked in it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from poolint import recording
from poolint.config import ConfigError
from poolint.files import SOURCE_LIMIT, TooLargeError, read_regular, read_source, write_all
from poolint.unit.facts import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poolint.unit.request import Request


def sources_of(request: Request) -> dict[str, bytes | None]:
    """The texts of the unit by their names; None for one that is too large. Raises ``ConfigError``."""
    found: dict[str, bytes | None] = {}
    for name in request.sources:
        path = os.path.join(request.root, name)
        try:
            found[name] = read_source(path)
        except TooLargeError:
            found[name] = None
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    return found


@contextmanager
def laid_out(request: Request, sources: Mapping[str, bytes | None]) -> Iterator[str]:
    """A folder with the sources, what other units offer, and the other files that the request names; the working
    directory meanwhile. It is the root of a repository: nobody looks further up. Raises ``ConfigError``.
    """
    texts = unpacked(request.others)
    for name, data in sources.items():
        if texts.setdefault(name, data) != data:
            raise ConfigError(
                f"{os.path.join(request.root, name)}: this is not what the facts of another unit say it is"
            )
    for name in request.files:
        path = os.path.join(request.root, name)
        try:
            texts.setdefault(name, read_regular(path))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="poolint-", ignore_cleanup_errors=True) as folder:
        root = os.path.realpath(folder)
        if not any(name.partition("/")[0] in recording.REPOSITORY for name in texts):
            os.mkdir(os.path.join(root, ".git"))
        made = {root}
        for name, data in texts.items():
            path = os.path.join(root, *name.split("/"))
            try:
                _put(path, data, made)
            except OSError as error:
                raise ConfigError(f"{name}: cannot be laid out: {error.strerror or error}") from None
        os.chdir(root)
        try:
            yield root
        finally:
            os.chdir(before)


def _put(path: str, data: bytes | None, made: set[str]) -> None:
    above = os.path.dirname(path)
    if above not in made:
        os.makedirs(above, exist_ok=True)
        made.add(above)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        if data is None:
            os.ftruncate(handle, SOURCE_LIMIT + 1)
            return
        write_all(handle, data)
    finally:
        os.close(handle)
