"""``poolint check``: settings in, findings out, and the exit code."""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os
import sys

from poolint.baseline import NAME
from poolint.cache import DIRECTORY, NO_CACHE
from poolint.cli.printing import report, report_coverage, say, troubles
from poolint.config import Overrides, Resolver
from poolint.config.settings import SEVERITIES
from poolint.files import keep, source_limit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.cli.progress import Progress
    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Shard
    from poolint.runner import MakeChecker, Outcome, Runner, Share


DEFAULT = ["."]


class Arguments:
    """What was asked for on the command line; see ``arguments`` for the meaning of each."""

    __slots__ = (
        "_resolver",
        "add_noqa",
        "baseline",
        "cache",
        "cache_dir",
        "color",
        "cwd",
        "diff",
        "diff_base",
        "exit_non_zero_on_fix",
        "exit_zero",
        "fix",
        "interactive",
        "isolated",
        "jobs",
        "max_findings",
        "outputs",
        "overrides",
        "paths",
        "quiet",
        "shard",
        "statistics",
        "stdin_filename",
        "unsafe",
    )

    def __init__(
        self,
        paths: Sequence[str],
        overrides: Overrides | None = None,
        fix: bool = False,
        unsafe: bool = False,
        diff: bool = False,
        outputs: dict[str | None, str] | None = None,
        color: bool | None = None,
        exit_zero: bool = False,
        exit_non_zero_on_fix: bool = False,
        isolated: bool = False,
        quiet: bool = False,
        stdin_filename: str | None = None,
        jobs: int | None = None,
        shard: Shard | None = None,
        cache: bool = True,
        cache_dir: str | None = None,
        baseline: str | None = None,
        diff_base: str | None = None,
        add_noqa: str | None = None,
        statistics: bool = False,
        max_findings: int = 0,
        interactive: bool = False,
    ) -> None:
        self.paths = paths or DEFAULT
        self.overrides = overrides
        self.fix = fix
        self.unsafe = unsafe
        self.diff = diff
        self.outputs = outputs or {None: "full"}
        """The format for each file, None for standard output; see :func:`poolint.output.formats.outputs`."""
        self.color = color
        """Whether there are colours; None for where somebody sees them."""
        self.exit_zero = exit_zero
        self.exit_non_zero_on_fix = exit_non_zero_on_fix
        self.isolated = isolated
        self.quiet = quiet
        self.stdin_filename = stdin_filename
        self.jobs = jobs
        """How many processes there may be; None for as many as there are cores."""
        self.shard = shard
        self.cache = cache
        self.cache_dir = cache_dir
        self.baseline = baseline
        """The file with what is known; None for the one at the root of the settings, and an empty text for none."""
        self.diff_base = diff_base
        """The revision whose findings are known."""
        self.add_noqa = add_noqa
        """The reason that comments give which silence what is found; None where there are to be none."""
        self.statistics = statistics
        """Whether standard output gets counts in place of findings."""
        self.max_findings = max_findings
        """So many findings still are a success."""
        self.interactive = interactive
        """Whether each fix is asked for."""
        self.cwd = os.getcwd()
        self._resolver: Resolver | None = None

    @property
    def resolver(self) -> Resolver:
        """Finds the settings of files: one for all of a run, so that each file with settings is read once."""
        if self._resolver is None:
            self._resolver = Resolver(self.cwd, self.isolated, self.overrides)
        return self._resolver

    def at(self, paths: Sequence[str], cwd: str) -> Arguments:
        """The same for other files, checked from another directory, where nothing is written."""
        other = Arguments(paths, self.overrides, isolated=self.isolated, quiet=True, jobs=self.jobs, cache=False)
        other.cwd = cwd
        return other


def check(arguments: Arguments, make: MakeChecker | None = None) -> int:
    """Run the check, print what it says, return the exit code. Raises ``ConfigError``."""
    need_paths((*arguments.paths, arguments.stdin_filename))
    if arguments.stdin_filename is not None or "-" in arguments.paths:
        outcome = _stdin(_runner(arguments, make), arguments)
        notes = []
    else:
        outcome = run(arguments, make)
        notes = _without_known(outcome, arguments)
        if arguments.add_noqa is not None:
            from poolint.suppression.adding import add

            outcome.diagnostics, problems = add(outcome.diagnostics, arguments.add_noqa, arguments.paths)
            outcome.errors += problems
        _decide(outcome)
        notes += _why_passed(outcome, arguments)
        report(outcome, arguments, sys.stdout.write, notes)
    for line in outcome.refused:
        say("error", line)
    for line in outcome.errors:
        say("warning", line)
    if outcome.seen and _tells_coverage(arguments) and not outcome.refused and not outcome.is_idle:
        report_coverage(outcome, arguments)
    return exit_code(outcome, arguments)


def _why_passed(outcome: Outcome, arguments: Arguments) -> list[str]:
    """Why a run is no failure in which something is found; nothing to say where it is one, or nobody cares."""
    if not outcome.diagnostics or arguments.exit_zero or outcome.fixed or exit_code(outcome, arguments):
        return []
    if not (grave := len(failing(outcome, arguments))):
        return ["None of that is so grave that it is a failure (--fail-on)."]
    return [f"{grave} of --max-findings {arguments.max_findings}: this is no failure."]


def run(arguments: Arguments, make: MakeChecker | None = None) -> Outcome:
    """Check the files that were asked for. Raises ``ConfigError``."""
    progress = _progress(arguments)
    runner = _runner(arguments, make, progress)
    keep(is_on=not (arguments.fix or arguments.diff))
    try:
        return runner.run(arguments.paths)
    finally:
        keep(is_on=False)
        if progress is not None:
            progress.close()


def _runner(arguments: Arguments, make: MakeChecker | None, progress: Progress | None = None) -> Runner:
    from poolint.runner import Options, Runner

    ask = None
    if arguments.interactive:
        from poolint.cli.asking import Asker

        _must_be_heard(arguments)
        ask = Asker(arguments.cwd, arguments.color, arguments.unsafe)
    options = Options(
        arguments.fix,
        arguments.unsafe,
        arguments.diff,
        _needs_coverage(arguments),
        arguments.shard,
        arguments.cache and make is None and not os.environ.get(NO_CACHE),
        cache_directory(arguments.cache_dir),
        ask,
    )
    return Runner(arguments.resolver, options, make, _sharing(arguments), progress or (lambda _: None))


def _without_known(outcome: Outcome, arguments: Arguments) -> list[str]:
    """Take out of the findings what a baseline knows, and give what there is to say of that."""
    if arguments.diff_base is not None:
        from poolint.cli import since

        since.apply(outcome, arguments, arguments.diff_base)
    if arguments.baseline == "" or arguments.isolated or not outcome.paths:
        return []
    if arguments.baseline is None and not any(os.path.lexists(os.path.join(one, NAME)) for one in outcome.roots):
        return []
    from poolint.cli import baseline

    return list(baseline.apply(outcome, arguments))


def _sharing(arguments: Arguments) -> Share | None:
    """What shares the files with other processes: never where files are written, or in a process that is not our own."""
    from poolint.cli import main

    if not main.is_own or arguments.fix or arguments.diff:
        return None

    def share(runner: Runner, files: Sequence[str], outcome: Outcome) -> bool:
        if len(files) < 2:
            return False
        from poolint.workers import Sharing, cores

        jobs = arguments.jobs or cores()
        coverage = _needs_coverage(arguments)
        sharing = Sharing(jobs, arguments.cwd, arguments.isolated, arguments.overrides, coverage)
        return sharing(runner, files, outcome)

    return share


def _progress(arguments: Arguments) -> Progress | None:
    """The bar, where somebody may see one."""
    from poolint.cli import main

    if not main.is_own or arguments.quiet or arguments.interactive:
        return None
    from poolint.cli.progress import Progress, is_wanted

    return Progress() if is_wanted() else None


def _must_be_heard(arguments: Arguments) -> None:
    """Raises ``ConfigError`` where nobody could be asked, or there is nothing to ask for."""
    from poolint.config import ConfigError

    if not arguments.fix or arguments.diff:
        raise ConfigError("--interactive asks before each fix that --fix would apply: give it with --fix")
    if arguments.stdin_filename is not None or "-" in arguments.paths:
        raise ConfigError("--interactive: standard input cannot be the code and the answers")
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("--interactive asks at a terminal, and there is none")


def cache_directory(given: str | None) -> str | None:
    """The absolute path of the directory of the cache that the command line or the environment names."""
    named = given if given is not None else os.environ.get(DIRECTORY, "")
    return os.path.abspath(named) if named else None


def need_paths(paths: Iterable[str | None]) -> None:
    """Raises ``ConfigError`` where a path that was given is empty, which would mean the working directory, or has a NUL."""
    paths = tuple(paths)
    if "" in paths:
        from poolint.config import ConfigError

        raise ConfigError("an empty path was given: is a variable not set?")
    for path in paths:
        if path is not None and "\0" in path:
            from poolint.config import ConfigError

            raise ConfigError(f"{path}: no path has a NUL character in it")


def _decide(outcome: Outcome) -> None:
    """Tell those of one decision as one: all that leaves findings out one at a time has done so."""
    if not outcome.diagnostics:
        return
    from poolint.decisions import merged

    outcome.diagnostics = merged(outcome.diagnostics)


def _stdin(runner: Runner, arguments: Arguments) -> Outcome:
    """Check standard input. What ``--fix`` makes of it goes to standard output, so findings make way for it."""
    from poolint.config import ConfigError

    if arguments.stdin_filename is None and len(arguments.paths) > 1:
        raise ConfigError("`-` reads standard input and cannot be combined with paths")
    if arguments.shard is not None:
        raise ConfigError("--shard: standard input is one file, of which there are no parts")
    for path in () if arguments.paths == DEFAULT else arguments.paths:
        if path != "-":
            say("warning", f"ignoring {path}: standard input is read for {arguments.stdin_filename}")
    path = os.path.abspath(arguments.stdin_filename) if arguments.stdin_filename else os.path.abspath("-")
    data = _input(limit := source_limit(path))
    outcome, after = runner.run_text(data, path)
    _decide(outcome)
    fixing = arguments.fix and not arguments.diff
    report(outcome, arguments, sys.stderr.write if fixing else sys.stdout.write)
    if fixing:
        sys.stdout.flush()
        sys.stdout.buffer.write(after)
        while len(data) > limit and (rest := sys.stdin.buffer.read(limit)):
            sys.stdout.buffer.write(rest)
    return outcome


def _input(limit: int) -> bytes:
    """Standard input, and no more of it than tells that it is more than ``limit``. Raises ``ConfigError`` where there is none."""
    from poolint.config import ConfigError

    if sys.stdin is None:
        raise ConfigError("standard input is closed")
    try:
        return sys.stdin.buffer.read(limit + 1)
    except OSError as error:
        raise ConfigError(f"standard input cannot be read: {error.strerror or error}") from None


def _tells_coverage(arguments: Arguments) -> bool:
    """Whether to say at the end what could not be seen: to people who check their code, not to what checks some files of
    it for them, such as an editor or pre-commit, which says so by ``--force-exclude``."""
    from poolint.output.formats import FOR_PEOPLE

    is_for_people = arguments.outputs.get(None) in FOR_PEOPLE and not arguments.quiet
    given_by_tool = arguments.overrides is not None and bool(arguments.overrides.values.get("force_exclude"))
    from_stdin = arguments.stdin_filename is not None or "-" in arguments.paths
    return is_for_people and not (given_by_tool or from_stdin)


def _needs_coverage(arguments: Arguments) -> bool:
    """Whether a run has to keep what could not be seen."""
    return _tells_coverage(arguments) or arguments.statistics


def exit_code(outcome: Outcome, arguments: Arguments) -> int:
    if outcome.crashed or outcome.refused:
        return 2
    if arguments.exit_zero:
        return 0
    if arguments.diff:
        return 1 if outcome.diffs or any(troubles(outcome)) else 0
    if outcome.fixed and arguments.exit_non_zero_on_fix:
        return 1
    return 1 if troubles(outcome) or len(failing(outcome, arguments)) > arguments.max_findings else 0


def failing(outcome: Outcome, arguments: Arguments) -> list[Diagnostic]:
    """The findings that are grave enough for the settings of their files to make a run fail."""
    if all(one.severity == SEVERITIES[0] for one in outcome.diagnostics):
        return outcome.diagnostics

    def is_grave(one: Diagnostic) -> bool:
        return SEVERITIES.index(one.severity) <= SEVERITIES.index(arguments.resolver.for_file(one.filename).fail_on)

    return [one for one in outcome.diagnostics if is_grave(one)]
