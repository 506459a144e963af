"""The flake8 plugin: the findings of the command line, at the same rows and columns.

``[tool.poolint]`` decides which rules run, flake8's own select and ignore filter after that. ``# poolint: ignore`` and the
baseline are honoured here; ``# noqa`` and files that cannot be parsed (E999) are flake8's.
"""

from __future__ import annotations

import io
import os
import sys
import tokenize
from pathlib import Path

from poolint import __version__
from poolint.baseline import NAME
from poolint.files import SOURCE_LIMIT, TOO_LARGE, is_notebook, read_regular, read_source
from poolint.integrations.known import Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterator
    from typing import Any

    from poolint.cache.hosted import Hosted
    from poolint.config import Resolver, Settings
    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Checker
    from poolint.runner import Runner
    from poolint.text.source import Source

    Reported = tuple[int, int, str, type["Plugin"]]

_runners: dict[str, tuple[Resolver, Runner]] = {}
"""By working directory, and for the life of the process: what one file teaches about its neighbours stays known."""

_kept: list[str | None] = []
"""The directory in which things are kept for later runs, or None for the usual one. Empty if nothing is kept: unless it is
flake8 that runs, with files to read."""

_known: list[Known] = [Known()]
"""What knows the findings that are not to be reported."""

_caches: dict[int, Hosted] = {}
"""By process: what a fork has brought along is its parent's."""


class Plugin:
    """What flake8 makes for each file. It asks for the tree only to be called once a file; poolint reads its own."""

    name = "poolint"
    version = __version__

    def __init__(self, tree: ast.AST, filename: str, lines: list[str]) -> None:
        del tree
        self.filename = filename
        self.lines = lines

    @staticmethod
    def add_options(manager: Any) -> None:
        """What flake8 asks for the options of a plugin."""
        manager.add_option(
            "--poolint-baseline",
            metavar="FILE",
            parse_from_config=True,
            normalize_paths=True,
            help=f"the findings that are known (default: {NAME} at the root of poolint's settings)",
        )
        manager.add_option(
            "--no-poolint-baseline", action="store_true", parse_from_config=True, help="report also what is known"
        )

    @classmethod
    def parse_options(cls, manager: object, options: argparse.Namespace, arguments: list[str]) -> None:
        """What flake8 calls once it knows its options. Raises flake8's ``ExecutionError`` for codes ``POL…`` that mean
        no rule, which flake8 itself would pass over; says on standard error which rules of plugins cannot be used."""
        del cls, manager, arguments
        from poolint.rules.registry import LazyRules, has_plugins

        error = _unknown(options)
        if error:
            from flake8.exceptions import ExecutionError  # type: ignore[import-untyped,unused-ignore]

            raise ExecutionError(error)
        if has_plugins():
            for line in LazyRules().registry.errors:
                sys.stderr.write(f"poolint: warning: {line}\n")
        _open(options)
        _known[:] = [Known("" if getattr(options, "no_poolint_baseline", False) else options.poolint_baseline)]

    def run(self) -> Iterator[Reported]:
        """Row, column from 0, text and this class for each finding. Whatever goes wrong becomes one of them.

        It is a generator, so that nothing happens inside flake8's call of it, where some errors would be swallowed.
        """
        try:
            found = _findings(self.filename, self.lines)
        except Exception as error:
            found = [(1, 0, f"POL900 {_crash(error)}")]
        for row, column, text in found:
            yield row, column, text, type(self)


def _unknown(options: argparse.Namespace) -> str:
    """An error for the first code of ours in flake8's options that means no rule; empty where each means one."""
    from poolint.config import nearest
    from poolint.rules.registry import INTERNAL, OWN, codes
    from poolint.rules.renamed import current

    known = [*codes(), *INTERNAL, *OWN]
    for option in ("select", "extend_select", "ignore", "extend_ignore", "per_file_ignores"):
        value = getattr(options, option, None) or ()
        words = value.replace(",", " ").replace(":", " ").split() if isinstance(value, str) else map(str, value)
        for word in words:
            is_ours = word[:3] == "POL" and (word[3:].isdigit() or word == "POL")
            if is_ours and not any(code.startswith(word) for code in known):
                flag = option.replace("_", "-")
                hint = f": it is called {current(word)} now" if current(word) != word else nearest(word, known)
                return f"poolint: --{flag} (or {flag} in flake8's configuration): no rule has {word!r}{hint}"
    return ""


def _findings(filename: str, lines: list[str]) -> list[tuple[int, int, str]]:
    from poolint.config import ConfigError

    resolver, runner = _runner()
    cache = _hosted(runner)
    text = "".join(lines)
    try:
        settings = resolver.for_file(filename)
        checker = runner.checker(settings)
    except ConfigError as error:
        return [(1, 0, f"POL900 {error}")]
    from poolint.selection import internal_ignored

    if is_notebook(filename):
        refused = "POL901 flake8 reads no notebooks; `poolint check` does"
        return [] if internal_ignored(settings, "POL901", filename) else [(1, 0, refused)]
    # What the screen looks for has the same bytes in every encoding that Python source can have.
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) > SOURCE_LIMIT and len(_bytes(filename, text)) > SOURCE_LIMIT:
        return [] if internal_ignored(settings, "POL903", filename) else [(1, 0, f"POL903 {TOO_LARGE}")]
    try:
        found = _served(cache, checker, settings, filename, encoded, text)
        told = [one for one in found if one.silence is None]
        told = _known[0].without(told, settings, filename, lines, lambda: _source(filename, text))
    except ConfigError as error:
        return [(1, 0, f"POL900 {error}")]
    except Exception as error:
        from poolint.text.source import SourceError

        if not isinstance(error, SourceError):
            raise
        if internal_ignored(settings, "POL901", filename):
            return []
        return [(error.row, max(error.column - 1, 0), f"POL901 {error.message}")]
    told.sort(key=lambda one: one.sort_key)
    return [(one.range.start.row, one.range.start.column - 1, f"{one.code} {one.message}") for one in told]


def _served(
    cache: Hosted | None, checker: Checker, settings: Settings, filename: str, encoded: bytes, text: str
) -> list[Diagnostic]:
    """What there is to say of a file, from an earlier run where that is known. Only what stands on the disk is kept."""
    if cache is None:
        return _checked(checker, settings, filename, encoded, text)
    path = os.path.abspath(filename)
    data = _on_disk(path, text)
    if data is None:
        return _checked(checker, settings, filename, encoded, text)
    found = cache.served(settings, path, data)
    if found is None:
        found = _checked(checker, settings, path, encoded, text)
        cache.add(settings, path, data, found, checker.is_interesting(path, encoded))
    return found


def _checked(checker: Checker, settings: Settings, filename: str, encoded: bytes, text: str) -> list[Diagnostic]:
    """What there is to say of a file; see :meth:`poolint.runner.Runner.check_file`."""
    interesting = checker.is_interesting(filename, encoded)

    from poolint.reporting import may_be_reviewed, reviewed, tellable

    if not interesting and not may_be_reviewed(settings, encoded):
        return []

    source = _source(filename, text)
    found = reviewed(checker, settings, source, noqa=False, looked_at=interesting)
    return tellable(found, settings, filename)


def _source(filename: str, text: str) -> Source:
    from poolint.text.source import Source

    return Source.from_bytes(filename, _bytes(filename, text))


def _open(options: argparse.Namespace) -> None:
    """Let what is found be kept, unless flake8 reads from its standard input, or somebody does not want that."""
    from poolint.cache import DIRECTORY, NO_CACHE
    from poolint.rules.registry import has_plugins

    _kept.clear()
    is_unwanted = "-" in (getattr(options, "filenames", None) or "-") or os.environ.get(NO_CACHE)
    if not is_unwanted and not has_plugins() and not has_plugins("poolint.models"):
        directory = os.environ.get(DIRECTORY, "")
        _kept.append(os.path.abspath(directory) if directory else None)


def _hosted(runner: Runner) -> Hosted | None:
    """What this process keeps when it ends, if it is to keep anything. To be asked for before anything is read."""
    if not _kept:
        return None
    found = _caches.get(os.getpid())
    if found is None:
        from multiprocessing.util import Finalize

        from poolint.cache.hosted import Hosted

        found = _caches[os.getpid()] = Hosted("flake8", _kept[0], lambda settings: runner.checker(settings).screen)
        Finalize(None, found.finish, exitpriority=1)  # processes of a pool end without what is registered with atexit
    return found


def _runner() -> tuple[Resolver, Runner]:
    cwd = str(Path.cwd())
    if cwd not in _runners:
        from poolint.config import Resolver
        from poolint.runner import Runner

        resolver = Resolver(cwd)
        _runners[cwd] = (resolver, Runner(resolver))
    return _runners[cwd]


def _bytes(filename: str, text: str) -> bytes:
    """The bytes that ``text`` was decoded from.

    Those on disk where they say the same, since only they tell the encoding and the ends of lines. What flake8 got
    from its standard input may go by the name of a file that says something else.
    """
    try:
        data = read_regular(filename)
    except OSError:
        data = b""
    try:
        if _says(data, text):
            return data
    except (SyntaxError, UnicodeDecodeError):
        return data  # flake8 has guessed; poolint says that it cannot be read
    data = text.encode("utf-8", "surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return text.encode(encoding)
    except (SyntaxError, UnicodeEncodeError):
        return data


def _on_disk(path: str, text: str) -> bytes | None:
    """The bytes of a file, where they say what flake8 was given."""
    try:
        data = read_source(path)
        return data if _says(data, text) else None
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None


def _says(data: bytes, text: str) -> bool:
    """Whether bytes are decoded to a text. Raises ``SyntaxError`` or ``UnicodeDecodeError`` where they are to none."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    decoded = io.TextIOWrapper(io.BytesIO(data), encoding).read()  # as flake8 reads: every newline becomes "\n"
    return decoded.removeprefix("\ufeff") == text


def _crash(error: Exception) -> str:
    from poolint.crashes import REPORT, summary

    return f"poolint crashed here: {summary(error)}; {REPORT}"
