"""``poolint check --watch``: the same check again whenever something that it rests on is saved.

Each check is a process of its own, which finds most of its work done in the cache: so nothing is kept between two of them but
what a later run may rely on, and code, settings and plugins are what they are then.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from poolint.config import ConfigError, shown
from poolint.output.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poolint.config import Resolver

IS_CHECK = "POOLINT_WATCHED"
"""A variable that a check finds set which another process repeats."""

SUFFIXES = (".py", ".pyi", ".ipynb", ".toml", ".lock", ".cfg", ".txt", ".yaml", ".yml")
"""How files end on which findings may rest."""

CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def is_asked(options: argparse.Namespace) -> bool:
    """Whether this process is the one that watches."""
    return bool(options.watch) and not os.environ.get(IS_CHECK)


def watch(argv: Sequence[str], options: argparse.Namespace, resolver: Resolver) -> int:
    """Check, and check again after each change, until somebody interrupts. Raises ``ConfigError``."""
    for name in ("fix", "diff", "add_noqa", "interactive"):
        if getattr(options, name):
            raise ConfigError(f"--watch only looks: it cannot be used with --{name.replace('_', '-')}")
    paths = options.paths or ["."]
    if "-" in paths or options.stdin_filename is not None:
        raise ConfigError("--watch: standard input is no file that could be saved again")
    for path in paths:
        if not os.path.lexists(path):
            raise ConfigError(f"{path}: there is nothing to watch")
    batches = changes([*paths, *_settings(paths, resolver)])
    try:
        repeat([sys.executable, "-m", "poolint", *argv], batches)
    except KeyboardInterrupt:
        pass
    return 0


def repeat(
    command: Sequence[str], batches: Iterable[Sequence[str]], run: Callable[..., object] = subprocess.run
) -> None:
    """Run ``command`` now, and once more for each batch of files that have changed."""
    environment = {**os.environ, IS_CHECK: "1"}
    run(command, env=environment, check=False)
    _say("watching; Ctrl-C ends it")
    for batch in batches:
        if sys.stdout.isatty():
            sys.stdout.write(CLEAR)
            sys.stdout.flush()
        names = ", ".join(shown(path) for path in batch[:3])
        _say(f"{names}{f' and {len(batch) - 3} more' if len(batch) > 3 else ''} changed")
        run(command, env=environment, check=False)


def changes(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """The files that are saved, made or deleted below ``paths`` and on which findings may rest, batch by batch. Raises
    ``ConfigError`` where the library is missing that sees them."""
    try:
        import watchfiles
    except ImportError as error:
        raise ConfigError("--watch needs watchfiles: pip install 'poolint[watch]'") from error
    seen = watchfiles.watch(*paths, watch_filter=watchfiles.DefaultFilter(), raise_interrupt=True)
    return (batch for batch in map(_relevant, seen) if batch)


def _relevant(batch: Iterable[tuple[object, str]]) -> Sequence[str]:
    return sorted({path for _, path in batch if is_relevant(path)})


def is_relevant(path: str) -> bool:
    """Whether findings may rest on a file: by its name, and never on what poolint itself keeps."""
    return path.lower().endswith(SUFFIXES) and ".poolint_cache" not in path.split(os.sep)


def _settings(paths: Sequence[str], resolver: Resolver) -> Iterator[str]:
    """The files with the settings of ``paths``, where these lie outside of them."""
    for path in paths:
        folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path) or ".")
        root = resolver.for_directory(folder).root
        if os.path.abspath(root) != folder:
            for name in ("pyproject.toml", "poolint.toml", ".poolint.toml"):
                if os.path.isfile(file := os.path.join(root, name)):
                    yield file


def _say(line: str) -> None:
    sys.stderr.write(f"poolint: {printable(line)}\n")
    sys.stderr.flush()
