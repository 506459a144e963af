"""``poolint clean``: what is kept for later runs goes."""

from __future__ import annotations

import os
import sys

from poolint.cache import NAME
from poolint.cache.folder import Folder
from poolint.cli.check import cache_directory
from poolint.config import ConfigError, Resolver, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def clean(paths: Sequence[str], cache_dir: str | None) -> int:
    """Remove caches, say which, and return the exit code: 0, or 2 where one could not be removed. Raises ``ConfigError``
    for a directory that is named and has not been made by poolint."""
    told = cache_directory(cache_dir)
    if told is not None and os.path.exists(told) and not Folder(told).is_ours():
        raise ConfigError(f"{shown(told)}: poolint has not made this directory, and removes nothing from it")
    code = 0
    for path in [told] if told is not None else dict.fromkeys(_below_roots(paths)):
        try:
            if Folder(path).clean():
                sys.stdout.write(f"Removed {shown(path)}\n")
        except OSError as error:
            sys.stderr.write(f"poolint: error: {shown(path)}: {error.strerror or error}\n")
            code = 2
    return code


def _below_roots(paths: Sequence[str]) -> Iterator[str]:
    """Where the files of some paths are kept: below the roots of their settings, and of what lies further down."""
    resolver = Resolver(os.getcwd())
    for path in map(os.path.abspath, paths):
        settings = resolver.for_directory(path) if os.path.isdir(path) else resolver.for_file(path)
        yield os.path.join(settings.root, NAME)
        for folder, folders, _ in os.walk(path):
            if NAME in folders:
                yield os.path.join(folder, NAME)
            folders[:] = sorted(one for one in folders if not one.startswith("."))
