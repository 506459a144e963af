"""What a run is asked to do, and what comes of it: values that the runner fills in and the command line shows."""

from __future__ import annotations

import os

from poolint.config import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Protocol

    from poolint.config import Resolver
    from poolint.diagnostics import Diagnostic, Silence
    from poolint.engine import Seen, Settled
    from poolint.rules.base import Rule
    from poolint.screen import Screen
    from poolint.text.source import Source

    class Checker(Protocol):
        """What the runner needs of :class:`poolint.engine.Checker`."""

        def is_interesting(self, path: str, data: bytes) -> bool: ...

        rules: Mapping[str, type[Rule]]
        screen: Screen
        most: int

        @property
        def warnings(self) -> list[str]: ...

        def judged(self, source: Source) -> tuple[list[Diagnostic], list[Diagnostic]]: ...

        def seen(self, source: Source) -> Seen | None: ...

        def expect(self, paths: Callable[[], Iterable[str]]) -> None: ...

        @property
        def is_full(self) -> bool: ...

        def rest(self) -> None: ...


class Shard:
    """The ``index``-th (from 1) of ``count`` parts of the files of a run, which need not be of one machine.

    It is the hash of its name that gives a file to a part, and nothing else: the same everywhere, whatever other files
    there are and however large they are, so that no file is left out where machines differ in that.
    """

    __slots__ = ("count", "index")

    def __init__(self, index: int, count: int) -> None:
        self.index = index
        self.count = count

    def of(self, files: Sequence[str], resolver: Resolver) -> list[str]:
        """Those of ``files`` that are in this part. They go by their names below the root of their settings, wherever that
        is checked out."""
        return [path for path in files if self._has(path, resolver)]

    def _has(self, path: str, resolver: Resolver) -> bool:
        from zlib import crc32

        try:
            root = resolver.for_file(path).root
        except ConfigError:
            root = resolver.cwd
        name = os.path.relpath(path, root).replace(os.sep, "/")
        return crc32(os.fsencode(name)) % self.count == self.index - 1


class Options:
    """What to do: ``fix`` writes, ``diff`` only shows; ``unsafe`` lets both use unsafe fixes, ``coverage`` sums up. With a
    ``shard`` only its files are checked.

    ``cache``: what is found is kept for later runs, and what earlier ones have found is used: in ``cache_dir``, or
    below the root of the settings. ``ask`` is asked before each fix, see :func:`poolint.fixes.rounds.fix_source`.
    """

    __slots__ = ("ask", "cache", "cache_dir", "coverage", "diff", "fix", "shard", "unsafe")

    def __init__(
        self,
        fix: bool = False,
        unsafe: bool = False,
        diff: bool = False,
        coverage: bool = False,
        shard: Shard | None = None,
        cache: bool = False,
        cache_dir: str | None = None,
        ask: Callable[[Diagnostic, Source, Source], bool | None] | None = None,
    ) -> None:
        self.ask = ask
        self.fix = fix
        self.unsafe = unsafe
        self.diff = diff
        self.coverage = coverage
        self.shard = shard
        self.cache = cache
        self.cache_dir = cache_dir


class FileResult:
    """What came of one file. ``source`` is its final text, None when it was of no interest or could not be read;
    ``silenced`` is what is found and not reported, with why that is."""

    __slots__ = ("crashed", "diagnostics", "diff", "fixed", "seen", "silenced", "source")

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.silenced: list[Diagnostic] = []
        self.fixed: list[Diagnostic] = []
        self.diff = ""
        self.source: Source | None = None
        self.seen: Seen | Settled | None = None
        self.crashed = False

    def take(self, found: Iterable[Diagnostic]) -> None:
        """Take in what was found, silenced or not, in place of what there is."""
        self.diagnostics, self.silenced = [], []
        for one in found:
            (self.diagnostics if one.silence is None else self.silenced).append(one)

    def hush(self, found: Iterable[Diagnostic]) -> None:
        """Take in only what of this is silenced."""
        self.silenced = [one for one in found if one.silence is not None]


class Outcome:
    """What came of a run: what is left to be reported, sorted, and what was fixed (or, under ``diff``, would be).

    ``silenced`` is what is found and not reported.

    ``sources`` holds the texts that the positions of ``diagnostics`` refer to; ``errors`` is a line for each rule that
    could not be loaded and each file that could not be asked for versions, ``refused`` one for all settings that cannot
    be used, ``seen`` what is seen of each file of interest, where that was asked for. ``paths`` are the files that were
    checked, ``roots`` those of the settings that govern them. ``is_idle``: no file was checked for anything, since the
    settings leave no rule to run. ``keep`` is given what comes of each file that is taken in.
    """

    __slots__ = (
        "crashed",
        "diagnostics",
        "diffs",
        "errors",
        "files",
        "fixed",
        "is_idle",
        "keep",
        "paths",
        "refused",
        "roots",
        "seen",
        "silenced",
        "sources",
    )

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.silenced: list[Diagnostic] = []
        self.fixed: list[Diagnostic] = []
        self.diffs: list[str] = []
        self.sources: dict[str, Source] = {}
        self.errors: list[str] = []
        self.refused: list[str] = []
        self.roots: list[str] = []
        self.seen: list[Seen | Settled] = []
        self.files = 0
        self.paths: Sequence[str] = ()
        self.crashed = False
        self.is_idle = False
        self.keep: Callable[[str, FileResult], None] | None = None

    def take(self, path: str, result: FileResult | Exception) -> None:
        """Take in what comes of one file: its result, or why its settings cannot be used."""
        if isinstance(result, Exception):
            self.refuse(result)
        else:
            if self.keep is not None:
                self.keep(path, result)
            self.add(path, result)

    def add(self, path: str, result: FileResult) -> None:
        """Take in the result of one file."""
        self.diagnostics += result.diagnostics
        self.silenced += result.silenced
        self.fixed += result.fixed
        if result.diff:
            self.diffs.append(result.diff)
        if result.source is not None and result.diagnostics:
            self.sources[path] = result.source.bare()
        self.seen += [result.seen] if result.seen is not None else []
        self.crashed = self.crashed or result.crashed

    def drop(self, known: Iterable[Diagnostic], silence: Silence) -> None:
        """Take these very findings out of those that are to be reported, for this reason."""
        from msgspec.structs import replace

        taken = set(map(id, known))
        self.silenced += (replace(one, silence=silence) for one in self.diagnostics if id(one) in taken)
        self.diagnostics = [one for one in self.diagnostics if id(one) not in taken]

    def sort(self) -> None:
        """Put findings into their order."""
        for found in (self.diagnostics, self.silenced):
            found.sort(key=lambda one: one.sort_key)

    def settle(self) -> None:
        """Keep of what is seen no more than plain values, so that what was analysed can be let go of."""
        self.seen = [one.settled() for one in self.seen]

    def refuse(self, error: Exception) -> None:
        """Put down that some files were not checked because of their settings, once for all of them."""
        if str(error) not in self.refused:
            self.refused.append(str(error))
