"""``poolint completions SHELL``: a script by which a shell completes commands, options and files; shtab writes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from poolint.config import ConfigError, nearest

if TYPE_CHECKING:
    import argparse

_FILES = frozenset({"PATH", "FILE", "REQUEST", "REPOSITORY", "FILE|KEY=VALUE"})
_FOLDERS = frozenset({"DIR"})


def completions(shell: str) -> int:
    """Print the script. Raises ``ConfigError`` for a shell that shtab does not know."""
    import shtab

    from poolint.cli.arguments import parser
    from poolint.cli.parsing import commands

    shells = list(shtab.SUPPORTED_SHELLS)
    if shell not in shells:
        raise ConfigError(
            f"there are no completions for {shell!r}{nearest(shell, shells)}; there are some for {', '.join(shells)}"
        )
    top = parser()
    for one in (top, *commands(top).values()):
        _complete_files(one, shtab.FILE, shtab.DIRECTORY)
    sys.stdout.write(f"{shtab.complete(top, shell)}\n")
    return 0


def _complete_files(parser: argparse.ArgumentParser, file: object, folder: object) -> None:
    for action in parser._actions:
        metavar = str(action.metavar or "")
        if metavar in _FILES or metavar.startswith("FILE"):
            action.complete = file  # type: ignore[attr-defined]
        elif metavar in _FOLDERS:
            action.complete = folder  # type: ignore[attr-defined]
