"""Many files: from paths to an :class:`Outcome`. What happens to one file is :meth:`Runner.check_file`, one call.

Nothing that goes wrong with one file keeps the others from being checked: it becomes a finding of that file.
"""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property, partial

from poolint.bounds import SLACK
from poolint.config import ConfigError, shown
from poolint.files import TOO_LARGE, TooLargeError, read_source, source_limit
from poolint.outcome import FileResult as FileResult
from poolint.outcome import Options as Options
from poolint.outcome import Outcome as Outcome
from poolint.reporting import code_in, may_be_reviewed, reportable, reviewed, tellable
from poolint.rules.registry import LazyRules, has_plugins
from poolint.selection import INTERNAL, internal_ignored, is_applicable, leaves_nothing, validate, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.cache.session import Session
    from poolint.config import Resolver, Settings
    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Checker as Checker
    from poolint.rules.base import Rule
    from poolint.text.source import Source

    MakeChecker = Callable[[Settings, Mapping[str, type[Rule]]], Checker]
    Share = Callable[["Runner", Sequence[str], Outcome], bool]


class Runner:
    """Checks files; makes one checker for each set of settings, and loads the rules when a file first needs them.

    ``share`` may check all files in place of the runner, with its help; ``done`` gets their number after each of them.
    """

    def __init__(
        self,
        resolver: Resolver,
        options: Options | None = None,
        make: MakeChecker | None = None,
        share: Share | None = None,
        done: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.rules = LazyRules()
        self._resolver = resolver
        self._done = done
        self._options = options or Options()
        self._make = make
        self._share = share
        self._paths: Sequence[str] = ()
        self._files: Sequence[str] = ()
        self._own: Sequence[str] = ()  # those that this process is to check, as far as that is known
        self._processes = 1  # that share what may be kept parsed
        self._told: tuple[dict[str, None], dict[str, None]] = ({}, {})
        """What other processes had to say in the end."""
        self._enlarged: set[int] = set()  # the checkers that keep more (see :data:`SLACK`)
        self._swept: set[str] = set()  # directories in which nothing is left of a run that was killed
        self._checkers: dict[int, tuple[Settings, Checker | ConfigError]] = {}
        self._usable: dict[int, tuple[Settings, ConfigError | None]] = {}
        """The settings that were looked at, and what is wrong with them."""
        self._cache: Session | None = None
        self._idle: list[str] = []
        """A line for each settings that leave no rule to run."""

    def run(self, paths: Sequence[str]) -> Outcome:
        """Check the files that ``paths`` stand for.

        Settings that cannot be used keep the files that they govern from being checked, and no others.
        """
        from poolint.discovery import Discovery

        outcome = Outcome()
        discovery = Discovery(self._resolver)
        self._paths = paths
        self._swept.clear()
        self._files = list(discovery.files(paths))
        outcome.files = len(self._files)
        if self._options.shard is not None:
            self._files = self._options.shard.of(self._files, self._resolver)
        self._cache, outcome.paths = self._session(), self._files
        self._own = left = self._left(outcome)
        if self._share is None or not self._share(self, left, outcome):
            for path in left:
                outcome.take(path, self.checked(path))
                self.rest(outcome)
                self.done()
        if discovery.leftovers and not self._options.diff:
            from poolint.fixes.writing import remove_leftovers

            remove_leftovers(discovery.leftovers)
        for refusal in discovery.refused:
            outcome.refuse(refusal)
        for path, reason in discovery.problems:
            result = FileResult()
            self._internal(result, self._resolver.for_file(path), "POL901", path, reason)
            outcome.add(path, result)
        if not self._usable and not outcome.refused:
            # Without a single file nobody has looked at the selectors yet.
            self.checker(self._resolver.for_directory(self._resolver.cwd))
        self._finished(outcome)
        if self._cache is not None:
            self._cache.finish(is_kept=not (outcome.errors or outcome.refused or outcome.crashed))
        return outcome

    def _session(self) -> Session | None:
        """What is known from earlier runs; None where that is not asked for, or cannot be known."""
        options = self._options
        if not options.cache or options.fix or options.diff or has_plugins() or has_plugins("poolint.models"):
            return None
        from poolint.cache.session import Session

        return Session(options.cache_dir, options.coverage, lambda settings: self.checker(settings).screen)

    def _left(self, outcome: Outcome) -> Sequence[str]:
        """The files of which no earlier run says what comes of them. What is found in them is kept from now on."""
        if (cache := self._cache) is None:
            return self._files
        left = []
        for path in self._files:
            result = None
            try:
                settings = self._resolver.for_file(path)
                self._must_be_usable(settings)
                result = cache.served(settings, path)
            except ConfigError:
                pass  # which will be said in its turn
            if result is None:
                left.append(path)
            else:
                outcome.add(path, result)
                self.done()
        outcome.keep = lambda path, result: cache.add(self._resolver.for_file(path), path, result)
        return left

    def run_text(self, data: bytes, path: str) -> tuple[Outcome, bytes]:
        """Check bytes that come from elsewhere as if they stood in ``path``; also returns them as fixed."""
        outcome = Outcome()
        outcome.files = 1
        result = self._check(path, data, write=False) if len(data) <= source_limit(path) else self._too_large(path)
        outcome.add(path, result)
        return self._finished(outcome), data if result.source is None else result.source.raw

    def check_file(self, path: str) -> FileResult:
        """All of one file: read, screened, checked, suppressed, and fixed where that is asked for.

        One that is of no interest is not parsed: whether Python takes it is for others to say.
        """
        try:
            data = read_source(path)
        except TooLargeError:
            return self._too_large(path)
        except OSError as error:
            result = FileResult()
            self._internal(result, self._resolver.for_file(path), "POL901", path, _os_reason(error))
            return result
        return self._check(path, data, write=True)

    def done(self) -> None:
        """Tell that a file is done with."""
        self._done(len(self._files))

    def checked(self, path: str) -> FileResult | ConfigError:
        """What comes of one file, or why its settings cannot be used."""
        try:
            return self.check_file(path)
        except ConfigError as error:
            return error

    def weight(self, path: str) -> int:
        """The bytes of a file that takes an analysis; 0 where :meth:`check_file` is done with it soon."""
        try:
            data = code_in(path, read_source(path))
            return len(data) if self.checker(self._resolver.for_file(path)).is_interesting(path, data) else 0
        except Exception:
            return 0  # what this is will be reported when the file is checked

    def _too_large(self, path: str) -> FileResult:
        """A bound that was hit is reported, not hidden. The settings have to be usable all the same."""
        result = FileResult()
        settings = self._resolver.for_file(path)
        self.checker(settings)
        self._internal(result, settings, "POL903", path, TOO_LARGE)
        return result

    def checker(self, settings: Settings) -> Checker:
        """The checker for these settings. Raises ``ConfigError`` for selectors that mean no rule."""
        if id(settings) not in self._checkers:
            self._must_be_usable(settings)
            self._checkers[id(settings)] = (settings, self._made(settings))
        found = self._checkers[id(settings)][1]
        if isinstance(found, ConfigError):
            raise found
        return found

    def _made(self, settings: Settings) -> Checker | ConfigError:
        try:
            checker = (self._make or _engine())(settings, self.rules)
            self._divide(checker)
            checker.expect(lambda: self._own)
            return checker
        except ConfigError as error:
            return error

    def _must_be_usable(self, settings: Settings) -> None:
        """Raises ``ConfigError``, each time the same, for selectors that mean no rule."""
        if id(settings) not in self._usable:
            wrong = None
            try:
                if any(one.select is not None for one in settings.layers()) or written(settings):
                    self._validate(settings)
            except ConfigError as error:
                wrong = error
            self._usable[id(settings)] = (settings, wrong)
        if (found := self._usable[id(settings)][1]) is not None:
            raise found

    def _validate(self, settings: Settings) -> None:
        selectors = written(settings)
        if any(one.islower() for one in selectors) or self.rules.is_brought(selectors):
            self.rules.registry
        names = self.rules.names()
        validate(settings, names, self.rules.broken)
        if leaves_nothing(settings, names):
            if settings.command_line.select is not None:
                raise ConfigError("--select: what it names is ignored as a whole; no rule is left to run")
            where = shown(settings.source) or "the command line"
            self._idle.append(f"{where} leaves no rule to run: nothing was looked for")

    def _check(self, path: str, data: bytes, write: bool) -> FileResult:
        settings = self._resolver.for_file(path)
        checker = self.checker(settings)
        result = FileResult()
        try:
            self._look(result, checker, settings, path, data, write)
        except ConfigError:
            raise
        except Exception as error:
            self._failed(result, settings, path, error)
        result.crashed = result.crashed or any(one.code == "POL900" for one in result.diagnostics)
        result.diagnostics = tellable(result.diagnostics, settings, path)
        return result

    def _look(
        self, result: FileResult, checker: Checker, settings: Settings, path: str, data: bytes, write: bool
    ) -> None:
        code = code_in(path, data)
        is_interesting = checker.is_interesting(path, code)
        if is_interesting or may_be_reviewed(settings, code):
            self._check_source(result, checker, settings, path, data, write, is_interesting)

    def rest(self, outcome: Outcome) -> None:
        """Let go of what takes memory, where that is much; what comes of the files that were checked is kept plain."""
        full = [one for _, one in self._checkers.values() if not isinstance(one, ConfigError) and one.is_full]
        for checker in full:
            if id(checker) not in self._enlarged and self._bytes <= checker.most * SLACK:
                self._enlarged.add(id(checker))
                checker.most = int(checker.most * SLACK)
        full = [one for one in full if one.is_full]
        if full:
            outcome.settle()
            for checker in full:
                checker.rest()

    def divide(self, processes: int, files: Sequence[str], own: Sequence[str]) -> None:
        """Be one of so many processes that check ``files``, this one ``own``, and others perhaps. In large trees they share
        what two of them would keep."""
        self._processes = processes
        self._files, self._own = files, own
        for _, one in self._checkers.values():
            if not isinstance(one, ConfigError):
                self._divide(one)

    def _divide(self, checker: Checker) -> None:
        # What is let go of has to be parsed again: two that keep half each are no faster than one that keeps all.
        if self._processes > 2 and self._bytes > checker.most * SLACK:
            checker.most = checker.most * 2 // self._processes

    @cached_property
    def _bytes(self) -> int:
        """Bytes of all files that there are to check."""
        return sum(map(os.path.getsize, filter(os.path.isfile, self._files)))

    def _check_source(
        self,
        result: FileResult,
        checker: Checker,
        settings: Settings,
        path: str,
        data: bytes,
        write: bool,
        looked_at: bool,
    ) -> None:
        from poolint.text.source import Source

        source = result.source = Source.from_bytes(path, data)
        check = partial(reportable, checker, settings, looked_at=looked_at)
        result.take(reviewed(checker, settings, source, looked_at=looked_at))
        options = self._options
        if (options.fix or options.diff) and any(is_applicable(one, options.unsafe) for one in result.diagnostics):
            self._fix(result, source, check, write)
            if result.fixed and result.silenced:
                result.hush(reviewed(checker, settings, result.source, looked_at=looked_at))
        result.seen = checker.seen(result.source) if options.coverage else None

    def _fix(
        self, result: FileResult, source: Source, check: Callable[[Source], list[Diagnostic]], write: bool
    ) -> None:
        from poolint.fixes.rounds import fix_source

        fixed = fix_source(source, check, self._options.unsafe, self._options.ask)
        if not fixed.applied:
            return
        if self._options.diff:
            from poolint.fixes.diff import unified_diff
            from poolint.fixes.writing import target_of

            if write:
                target_of(source.path, self._paths)
            result.diff = unified_diff(source, fixed.source, self._resolver.cwd)
        elif write:
            from poolint.fixes.writing import write_atomically

            write_atomically(source, fixed.source, self._paths, self._swept)
        result.fixed = fixed.applied
        result.diagnostics = fixed.remaining
        result.source = fixed.source

    def _failed(self, result: FileResult, settings: Settings, path: str, error: Exception) -> None:
        """Turn what went wrong in a file into a finding of that file; what had been found before it stays."""
        from poolint.crashes import REPORT, TOO_DEEP, summary, trace
        from poolint.text.source import SourceError

        if isinstance(error, SourceError):
            self._internal(result, settings, "POL901", path, error.message, error.row, error.column)
        elif isinstance(error, OSError):
            self._internal(result, settings, "POL901", path, _os_reason(error))
        elif isinstance(error, (RecursionError, MemoryError)):
            self._internal(result, settings, "POL901", path, TOO_DEEP)
        else:
            result.crashed = True
            trace(error)
            self._internal(result, settings, "POL900", path, f"poolint crashed here: {summary(error)}; {REPORT}")

    def crashed(self, path: str, how: str) -> FileResult:
        """The result of a file that no process has survived."""
        from poolint.crashes import REPORT

        result = FileResult()
        result.crashed = True
        self._internal(result, self._resolver.for_file(path), "POL900", path, f"poolint crashed here: {how}; {REPORT}")
        return result

    def told(self) -> list[list[str]]:
        """A line for each rule that could not be loaded, and one for each file that could not be asked, so far."""
        checkers = [one for _, one in self._checkers.values() if not isinstance(one, ConfigError)]
        warnings = {shown(line): None for one in checkers for line in one.warnings}
        return [list({**dict.fromkeys(self.rules.errors), **self._told[0]}), sorted({**warnings, **self._told[1]})]

    def tell(self, lines: list[list[str]]) -> None:
        """Take in what another process had to say."""
        for known, told in zip(self._told, lines, strict=True):
            known.update(dict.fromkeys(told))

    def _internal(
        self, result: FileResult, settings: Settings, code: str, path: str, message: str, row: int = 1, column: int = 1
    ) -> None:
        from poolint.diagnostics import Diagnostic, Position, Range

        if not internal_ignored(settings, code, path):
            place = Position(max(row, 1), max(column, 1))
            result.diagnostics.append(Diagnostic(code, INTERNAL[code], message, path, Range(place, place)))

    def _finished(self, outcome: Outcome) -> Outcome:
        outcome.sort()
        outcome.errors = [*(line for lines in self.told() for line in lines), *self._idle]
        outcome.roots = [settings.root for settings, wrong in self._usable.values() if wrong is None]
        outcome.is_idle = bool(self._idle) and len(self._idle) == sum(one is None for _, one in self._usable.values())
        return outcome


def _engine() -> MakeChecker:
    from poolint.engine import Checker

    return Checker


def _os_reason(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
