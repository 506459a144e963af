"""What the server knows of a project, and keeps: texts that are open, settings, and a checker for each of them.

A checker keeps the parsed modules of a project. When the text of one changes, what was learned of it goes, and of all that
rests on it; the rest stays. Nothing in here knows the protocol: paths, bytes and findings go in and out.
"""

from __future__ import annotations

import gc
import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from poolint.config import ConfigError, Overrides, Resolver
from poolint.decisions import merged
from poolint.discovery import Discovery
from poolint.engine import Checker
from poolint.explain.holds import in_source
from poolint.files import SOURCE_LIMIT, read_source
from poolint.fixes.rounds import fix_source
from poolint.integrations.known import Known
from poolint.recording import Links
from poolint.reporting import may_be_reviewed, reportable, tellable
from poolint.rules.registry import LazyRules
from poolint.suppression.adding import silenced
from poolint.text import slices
from poolint.text.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.config import Settings
    from poolint.diagnostics import Diagnostic
    from poolint.explain.holds import Stretch

MOST_LOADED = 48_000_000
"""Bytes of source that are known as a whole, from which on all that is known is let go of."""


class Findings(NamedTuple):
    """What is found in a text, which is with it: ranges are in that."""

    source: Source
    found: list[Diagnostic]


class Resident:
    """The project below ``root``, with the texts of an editor laid over the files on disk."""

    def __init__(self, root: str) -> None:
        self.root = root
        slices.kept = slices.kept or slices.Kept()
        self._texts: dict[str, bytes] = {}
        self._has_frozen = False
        self.links = Links()
        """What has led to what, in any look at a file."""
        self.reload()

    def reload(self) -> None:
        """Read settings anew, and let go of all that rests on the old ones, or on which files there are."""
        self._resolver = Resolver(self.root, overrides=Overrides(values={"force_exclude": True}))
        self._rules = LazyRules()
        self._known = Known()
        self._checkers: dict[int, Checker] = {}
        self._stale: set[str] = set()
        self._stamps: dict[str, float] = {}

    # Texts

    @property
    def open(self) -> list[str]:
        """The paths of the texts that are open."""
        return list(self._texts)

    def take(self, path: str, text: str) -> None:
        """A text is open, or has changed."""
        self._texts[path] = text.encode(_encoding(text), "surrogatepass")
        self._stale.add(path)

    def close(self, path: str) -> None:
        """A text is closed: what is on disk counts again."""
        if self._texts.pop(path, None) is not None:
            self.changed([path])

    def changed(self, paths: Iterable[str]) -> None:
        """Files have other texts than before. What was learned of them is let go of before another one is asked for; the
        checker sees by itself that the one that is asked for has changed."""
        self._stale.update(paths)

    # Answers

    def findings(self, path: str) -> Findings | None:
        """All that is to be told of a file; None while it cannot be parsed, as in the midst of a word. Raises
        ``ConfigError``."""
        with self.links:
            return self._findings(path)

    def _findings(self, path: str) -> Findings | None:
        if not self._is_checked(path):
            return Findings(self._source(path), [])
        settings, checker = self._checker(path)
        try:
            source = self._source(path)
            looked_at = checker.is_interesting(path, source.data)
            if len(source.data) > SOURCE_LIMIT or not (looked_at or may_be_reviewed(settings, source.data)):
                return Findings(source, [])
            found = reportable(checker, settings, source, looked_at=looked_at)
        except (SourceError, RecursionError):
            return None
        found = self._known.without(found, settings, path, source.lines, lambda: source)
        return Findings(source, tellable(merged(sorted(found, key=lambda one: one.sort_key)), settings, path))

    def held(self, path: str) -> list[Stretch]:
        """The stretches over which connections are held in a file."""
        if not self._is_checked(path):
            return []
        try:
            with self.links:
                return in_source(self._checker(path)[1], self._source(path))
        except (SourceError, RecursionError, ConfigError):
            return []

    # Repairs

    def repaired(self, path: str, one: Diagnostic | None, *, unsafe: bool = False) -> Source | None:
        """The text after ``--fix``, or after the fix of ``one`` finding alone; None where that changes nothing."""
        with self.links:
            settings, checker = self._checker(path)
        source = self._source(path)
        check = partial(reportable, checker, settings)
        is_first = True

        def check_one(text: Source) -> list[Diagnostic]:
            nonlocal is_first
            found = check(text)
            if one is None:
                return found
            begins, is_first = is_first, False
            return [each if begins and _is_same(each, one) else replace(each, fix=None) for each in found]

        with self.links:
            fixed = fix_source(source, check_one, unsafe or one is not None)
        return fixed.source if fixed.applied else None

    def silenced(self, path: str, one: Diagnostic) -> Source | None:
        """The text with a comment that silences a finding, None where no comment can."""
        return silenced(self._source(path), one)

    def rest(self) -> None:
        """There is nothing to do: collect what was let go of. What stays for long is not looked through again."""
        for checker in self._checkers.values():
            if checker.kept > MOST_LOADED:
                checker.rest()
        gc.collect()
        if not self._has_frozen and self._checkers:
            self._has_frozen = True
            gc.freeze()

    # Below

    def _source(self, path: str) -> Source:
        return Source.from_bytes(path, self._read(path))

    def _read(self, path: str) -> bytes:
        found = self._texts.get(path)
        return read_source(path) if found is None else found

    def _is_checked(self, path: str) -> bool:
        """Whether a file is not left out by settings; one that is not on disk yet is checked."""
        return not os.path.isfile(path) or bool(list(Discovery(self._resolver).files([path])))

    def _checker(self, path: str) -> tuple[Settings, Checker]:
        """The settings of a file and their checker. Raises ``ConfigError``."""
        if any(_stamp(one) != stamp for one, stamp in self._stamps.items()):
            self.reload()
        settings = self._resolver.for_file(path)
        if settings.source:
            self._stamps.setdefault(settings.source, _stamp(settings.source))
        checker = self._checkers.get(id(settings))
        if checker is None:
            checker = self._checkers[id(settings)] = Checker(settings, self._rules, read=self._read, links=self.links)
        if self._stale - {path}:
            for each in self._checkers.values():
                each.renew(self._stale)
            self._stale.clear()
        return settings, checker


def _is_same(one: Diagnostic, other: Diagnostic) -> bool:
    return one.code == other.code and one.range.start == other.range.start


def _stamp(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _encoding(text: str) -> str:
    """The encoding that a text declares for its file."""
    import io
    import tokenize

    try:
        head = "".join(text.splitlines(keepends=True)[:2]).encode("utf-8", "replace")
        found = tokenize.detect_encoding(io.BytesIO(head).readline)[0]
        text.encode(found, "surrogatepass" if found.startswith("utf") else "strict")
    except (SyntaxError, LookupError, UnicodeError):
        return "utf-8"
    return found
