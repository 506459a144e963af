"""The command line, as argparse sees it."""

from __future__ import annotations

import argparse
import os

from poolint import __version__
from poolint.baseline import NAME
from poolint.cli.check import need_paths
from poolint.cli.flags import add_configuration, add_settings, overrides, resolver
from poolint.cli.main import COMMANDS, ENVIRONMENT
from poolint.cli.parsing import Parser
from poolint.cli.subcommands import (
    add_baseline,
    add_budget,
    add_clean,
    add_completions,
    add_config,
    add_coverage,
    add_dev,
    add_fleet,
    add_formats,
    add_holds,
    add_merge,
    add_rule,
    add_server,
    add_unit,
    add_why,
    count,
    jobs,
    shard,
)
from poolint.config import ConfigError
from poolint.config.settings import CODE, FILES, RULES
from poolint.output.formats import FOR_PEOPLE, outputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

COLORS = {"auto": None, "always": True, "never": False}


def parse(argv: list[str]) -> int:
    """Parse ``argv`` and run what it says; without a subcommand it means ``check``. argparse itself exits with 2."""
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help", "-V", "--version"):
        argv = ["check", *argv]
    options, unknown = parser(argv[0] if argv[0] in COMMANDS else "").parse_known_args(argv)
    if unknown:
        parser().parse_args(argv)  # which knows the options of all commands, and says what is wrong
    need_paths([*getattr(options, "paths", ()), getattr(options, "path", None)])
    if options.command == "rule":
        from poolint.cli.rule import rule

        return rule(options.code, options.all, options.output_format)
    if options.command == "config":
        from poolint.cli.settings import config

        return config(options.key, options.paths, options.output_format, resolver(options))
    if options.command == "why":
        from poolint.cli.why import why

        return why(options.place, options.output_format, resolver(options))
    if options.command == "holds":
        from poolint.cli.holds import holds

        return holds(options.paths or ["."], options.output_format, options.limit, resolver(options))
    if options.command == "budget":
        from poolint.cli.budget import budget

        return budget(options.path, options.output_format, options.surge, resolver(options))
    if options.command == "coverage":
        from poolint.cli.coverage import coverage

        return coverage(options.paths or ["."], options.output_format, resolver(options))
    if options.command == "merge":
        from poolint.cli.merge import merge

        return merge(
            options.paths, outputs(options.output_format, options.output_file), options.quiet, options.exit_zero
        )
    if options.command == "baseline":
        from poolint.cli.baseline import baseline
        from poolint.cli.check import Arguments

        return baseline(
            Arguments(paths=options.paths, overrides=overrides(options), quiet=True, baseline=options.baseline),
            options.renew,
        )
    if options.command == "unit":
        from poolint.cli.unit import unit

        return unit(options.path)
    if options.command == "fleet":
        from poolint.cli.fleet import fleet

        return fleet(options.paths, options.output_dir, options.time_limit, options.jobs, options.ray)
    if options.command == "clean":
        from poolint.cli.clean import clean

        return clean(options.paths or ["."], options.cache_dir)
    if options.command == "server":
        from poolint.cli.server import server

        return server()
    if options.command == "completions":
        from poolint.cli.completions import completions

        return completions(options.shell)
    if options.command == "dev":
        from poolint.cli.dev import dev

        return dev(options)
    if options.command is None:
        parser().print_help()
        return 0
    if options.show_settings or options.show_files:
        from poolint.cli.settings import show_files, show_settings

        show = show_settings if options.show_settings else show_files
        return show(options.paths or ["."], resolver(options))
    if options.watch:
        from poolint.cli.watching import is_asked, watch

        if is_asked(options):
            return watch(argv, options, resolver(options))
    from poolint.cli.check import Arguments, check

    return check(
        Arguments(
            paths=options.paths,
            overrides=overrides(options),
            fix=options.fix,
            unsafe=options.unsafe_fixes,
            diff=options.diff,
            outputs=_outputs(options),
            color=COLORS[options.color],
            exit_zero=options.exit_zero,
            exit_non_zero_on_fix=options.exit_non_zero_on_fix,
            isolated=options.isolated,
            quiet=options.quiet,
            stdin_filename=options.stdin_filename,
            jobs=options.jobs,
            shard=options.shard,
            cache=not options.no_cache,
            cache_dir=options.cache_dir,
            baseline="" if options.no_baseline else options.baseline,
            diff_base="HEAD" if options.changed else options.diff_base,
            add_noqa=options.noqa_reason if options.add_noqa else None,
            statistics=options.statistics,
            max_findings=options.max_findings,
            interactive=options.interactive,
        )
    )


def _outputs(options: argparse.Namespace) -> dict[str | None, str]:
    """Where which format goes: the environment says it where the command line does not."""
    given, file = options.output_format, options.output_file
    if not given:
        named = os.environ.get(ENVIRONMENT[0], "")
        given = [named] if named else None
        file = file or os.environ.get(ENVIRONMENT[1]) or None
    found = outputs(given, file)
    if options.statistics and found.get(None, "json") not in (*FOR_PEOPLE, "json"):
        raise ConfigError(f"--statistics takes the place of findings for people and in json, not in {found[None]}")
    return found


def _commands() -> dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]:
    """What is said of each command, and what adds its options."""
    return {
        "check": ("check files and directories (the default)", _add_check),
        "rule": ("explain a rule, or list all of them", add_rule),
        "config": ("list, explain and verify settings", add_config),
        "why": ("say what poolint knows at one line", add_why),
        "holds": ("list where connections are held, longest first", add_holds),
        "budget": ("add up the connections of all services", add_budget),
        "coverage": ("say what could not be seen, and why", add_coverage),
        "baseline": ("know what is found now, and report what is new", add_baseline),
        "merge": ("join the JSON of several parts of a check", add_merge),
        "unit": ("check a part of a tree for a build system", add_unit),
        "fleet": ("check many repositories", add_fleet),
        "clean": ("remove what is kept for later runs", add_clean),
        "server": ("serve an editor, over the language server protocol", add_server),
        "completions": ("print completions for a shell", add_completions),
        "dev": ("scaffolds, drafts and dumps, to work on poolint", add_dev),
    }


def parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of everything, or of all that ``command`` takes: the others would take longer to make than it."""
    top = Parser(
        prog="poolint",
        fromfile_prefix_chars="@",
        description="Find connection-pool leaks in Python source. `poolint PATH` is short for `poolint check PATH`.",
    )
    top.add_argument("-V", "--version", action="version", version=f"poolint {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", prog="poolint")
    for name, (told, add) in _commands().items():
        if name == command or not command:
            add(commands.add_parser(name, help=told))
    return top


def _add_check(check: argparse.ArgumentParser) -> None:
    check.description = (
        "Check Python files for connection-pool leaks. Exit code 0: nothing found; 1: something found; 2: bad "
        "configuration, a bad selector, or a crash."
    )
    check.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .); - reads stdin")
    check.add_argument("-V", "--version", action="version", version=f"poolint {__version__}")

    fixes = check.add_argument_group("fixes")
    fixes.add_argument("--fix", action="store_true", help="apply safe fixes, then report what is left")
    fixes.add_argument("--unsafe-fixes", action="store_true", help="use fixes that may change behaviour, too")
    fixes.add_argument(
        "--interactive", action="store_true", help="with --fix: show each fix and ask before it is applied"
    )
    fixes.add_argument("--diff", action="store_true", help="show what --fix would change as a diff, and write nothing")

    fixes.add_argument("--add-noqa", action="store_true", help="silence what is found by comments in the code")
    fixes.add_argument("--noqa-reason", metavar="TEXT", default="", help="what those comments say behind the codes")

    rules = check.add_argument_group("rules", "RULES are codes, prefixes of codes, names or ALL, separated by commas.")
    rules.add_argument(
        "--baseline", metavar="FILE", help=f"what is known (default: {NAME} at the root of the settings)"
    )
    rules.add_argument("--diff-base", metavar="REV", help="report only what has come since this revision of git")
    rules.add_argument("--changed", action="store_true", help="the same as --diff-base HEAD: what is not committed yet")
    rules.add_argument("--no-baseline", action="store_true", help="report also what is known")

    output = check.add_argument_group("output")
    add_formats(output)
    output.add_argument(
        "--color", choices=tuple(COLORS), default="auto", help="default: auto, where somebody sees them"
    )
    output.add_argument(
        "--statistics",
        action="store_true",
        help="count what is found, and what is not reported, in place of the findings",
    )
    output.add_argument("-q", "--quiet", action="store_true", help="print findings and nothing else")
    output.add_argument("-e", "--exit-zero", action="store_true", help="exit with 0 even when something is found")
    output.add_argument(
        "--max-findings", type=count, default=0, metavar="N", help="exit with 0 as long as no more than N are found"
    )
    output.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit with 1 when something was fixed")

    run = check.add_argument_group("processes and machines")
    run.add_argument(
        "--watch", action="store_true", help="check again whenever a file is saved (needs the extra `watch`)"
    )
    run.add_argument(
        "-j",
        "--jobs",
        type=jobs,
        metavar="N",
        help="check files in up to N processes where that pays (default: auto, the number of cores)",
    )

    run.add_argument(
        "--shard",
        type=shard,
        metavar="I/N",
        help="check the I-th of N parts of the files; `poolint merge` joins the JSON",
    )

    files = check.add_argument_group("files")
    add_settings({RULES: rules, FILES: files, CODE: files})
    add_configuration(files)
    files.add_argument(
        "--show-settings", action="store_true", help="print each setting, and where it is from; check nothing"
    )
    files.add_argument("--show-files", action="store_true", help="print which files would be checked; check nothing")
    files.add_argument("--no-cache", action="store_true", help="neither use nor keep what is found for later runs")
    files.add_argument("--cache-dir", metavar="DIR", help="where that is kept (default: .poolint_cache)")
    files.add_argument("--stdin-filename", metavar="PATH", help="the name of what is read from stdin")
