"""The command line, as argparse sees it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from poolint import __version__
from poolint.baseline import NAME
from poolint.cli.check import need_paths
from poolint.cli.main import COMMANDS
from poolint.config import CERTAINTIES, ConfigError, Overrides, Selectors
from poolint.outcome import Shard
from poolint.output.formats import FORMATS, outputs

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COLORS = {"auto": None, "always": True, "never": False}
MOST_SECONDS = 1_000_000.0


def parse(argv: list[str]) -> int:
    """Parse ``argv`` and run what it says; without a subcommand it means ``check``. argparse itself exits with 2."""
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help", "-V", "--version"):
        argv = ["check", *argv]
    options = parser().parse_args(argv)
    need_paths([*getattr(options, "paths", ()), getattr(options, "path", None)])
    if options.command == "rule":
        from poolint.cli.rule import rule

        return rule(options.code, options.all, options.output_format)
    if options.command == "why":
        from poolint.cli.why import why

        return why(options.place, options.output_format, options.isolated)
    if options.command == "holds":
        from poolint.cli.holds import holds

        return holds(options.paths or ["."], options.output_format, options.limit, options.isolated)
    if options.command == "budget":
        from poolint.cli.budget import budget

        return budget(options.path, options.output_format, options.surge, options.isolated)
    if options.command == "coverage":
        from poolint.cli.coverage import coverage

        return coverage(options.paths or ["."], options.output_format, options.isolated)
    if options.command == "merge":
        from poolint.cli.merge import merge

        return merge(
            options.paths, outputs(options.output_format, options.output_file), options.quiet, options.exit_zero
        )
    if options.command == "baseline":
        from poolint.cli.baseline import baseline
        from poolint.cli.check import Arguments

        overrides = Overrides(Selectors(None, (), (), (), "--"), False, options.certainty)
        return baseline(
            Arguments(paths=options.paths, overrides=overrides, quiet=True, baseline=options.baseline), options.renew
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
    if options.command == "dev":
        from poolint.cli.dev import dev

        return dev(options)
    if options.command is None:
        parser().print_help()
        return 0
    from poolint.cli.check import Arguments, check

    selectors = Selectors(
        None if options.select is None else _split("--select", options.select),
        _split("--ignore", options.ignore),
        _split("--extend-select", options.extend_select),
        _split("--extend-ignore", options.extend_ignore),
        "--",
    )
    return check(
        Arguments(
            paths=options.paths,
            overrides=Overrides(selectors, options.force_exclude, options.certainty),
            fix=options.fix,
            unsafe=options.unsafe_fixes,
            diff=options.diff,
            outputs=outputs(options.output_format, options.output_file),
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
        )
    )


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        # argparse would take a help text that cannot be written for one that has been read.
        (file or sys.stderr).write(message)


def parser() -> argparse.ArgumentParser:
    """The parser of everything."""
    top = _Parser(
        prog="poolint",
        description="Find connection-pool leaks in Python source. `poolint PATH` is short for `poolint check PATH`.",
        allow_abbrev=False,
    )
    top.add_argument("-V", "--version", action="version", version=f"poolint {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    _add_check(commands.add_parser("check", help="check files and directories (the default)", allow_abbrev=False))
    _add_rule(commands.add_parser("rule", help="explain a rule, or list all of them", allow_abbrev=False))
    _add_why(commands.add_parser("why", help="say what poolint knows at one line", allow_abbrev=False))
    _add_holds(commands.add_parser("holds", help="list where connections are held, longest first", allow_abbrev=False))
    _add_budget(commands.add_parser("budget", help="add up the connections of all services", allow_abbrev=False))
    _add_coverage(commands.add_parser("coverage", help="say what could not be seen, and why", allow_abbrev=False))
    _add_baseline(
        commands.add_parser("baseline", help="know what is found now, and report what is new", allow_abbrev=False)
    )
    _add_merge(commands.add_parser("merge", help="join the JSON of several parts of a check", allow_abbrev=False))
    _add_unit(commands.add_parser("unit", help="check a part of a tree for a build system", allow_abbrev=False))
    _add_fleet(commands.add_parser("fleet", help="check many repositories", allow_abbrev=False))
    _add_clean(commands.add_parser("clean", help="remove what is kept for later runs", allow_abbrev=False))
    _add_dev(commands.add_parser("dev", help="scaffolds, drafts and dumps, to work on poolint", allow_abbrev=False))
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
    fixes.add_argument("--diff", action="store_true", help="show what --fix would change as a diff, and write nothing")

    rules = check.add_argument_group("rules", "RULES are codes, prefixes of codes, names or ALL, separated by commas.")
    for flag, text in (
        ("--select", "run these rules instead of the configured ones"),
        ("--ignore", "do not run these"),
        ("--extend-select", "run these as well"),
        ("--extend-ignore", "do not run these either"),
    ):
        rules.add_argument(flag, action="append", metavar="RULES", help=text)
    rules.add_argument("--certainty", choices=CERTAINTIES, help="report possible findings too (default: certain)")

    rules.add_argument(
        "--baseline", metavar="FILE", help=f"what is known (default: {NAME} at the root of the settings)"
    )
    rules.add_argument("--diff-base", metavar="REV", help="report only what has come since this revision of git")
    rules.add_argument("--changed", action="store_true", help="the same as --diff-base HEAD: what is not committed yet")
    rules.add_argument("--no-baseline", action="store_true", help="report also what is known")

    output = check.add_argument_group("output")
    _add_formats(output)
    output.add_argument(
        "--color", choices=tuple(COLORS), default="auto", help="default: auto, where somebody sees them"
    )
    output.add_argument("-q", "--quiet", action="store_true", help="print findings and nothing else")
    output.add_argument("-e", "--exit-zero", action="store_true", help="exit with 0 even when something is found")
    output.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit with 1 when something was fixed")

    run = check.add_argument_group("processes and machines")
    run.add_argument(
        "-j",
        "--jobs",
        type=_jobs,
        metavar="N",
        help="check files in up to N processes where that pays (default: auto, the number of cores)",
    )

    run.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="check the I-th of N parts of the files; `poolint merge` joins the JSON",
    )

    files = check.add_argument_group("files")
    files.add_argument("--force-exclude", action="store_true", help="exclude also what is named on the command line")
    files.add_argument("--isolated", action="store_true", help="read no pyproject.toml")
    files.add_argument("--no-cache", action="store_true", help="neither use nor keep what is found for later runs")
    files.add_argument("--cache-dir", metavar="DIR", help="where that is kept (default: .poolint_cache)")
    files.add_argument("--stdin-filename", metavar="PATH", help="the name of what is read from stdin")


def _add_formats(output: argparse._ActionsContainer) -> None:
    output.add_argument(
        "--output-format",
        action="append",
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(FORMATS)}; several, where all but one name a file (default: full)",
    )
    output.add_argument("--output-file", metavar="FILE", help="where a format goes that names no file")


def _jobs(text: str) -> int | None:
    if text == "auto":
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 1 or more, or auto")
    return number


def _shard(text: str) -> Shard:
    index, _, count = text.partition("/")
    if all(one.isascii() and one.isdigit() and len(one) < 7 for one in (index, count)) and 1 <= int(index) <= int(
        count
    ):
        return Shard(int(index), int(count))
    raise argparse.ArgumentTypeError(f"{text!r} is no part: 2/5 is the second of five")


def _add_merge(merge: argparse.ArgumentParser) -> None:
    merge.description = (
        "Join what `poolint check --shard I/N --output-format json` has written for each part: the findings of the whole, in "
        "the order of one run. Exit code 0: nothing found; 1: something found; 2: a crash, or a file that is no such output."
    )
    merge.add_argument("paths", nargs="+", metavar="FILE", help="the JSON of a part")
    _add_formats(merge)
    merge.add_argument("-q", "--quiet", action="store_true", help="print findings and nothing else")
    merge.add_argument("-e", "--exit-zero", action="store_true", help="exit with 0 even when something is found")


def _add_baseline(baseline: argparse.ArgumentParser) -> None:
    baseline.description = (
        f"Write what is found now into {NAME} at the root of the settings: `poolint check` reports only what is new. Where there "
        "is one, take out what has been mended; what is new is reported all the same, unless --renew takes it in. Exit code "
        "0: written; 2: bad configuration, or a crash."
    )
    baseline.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    baseline.add_argument("--renew", action="store_true", help="write it anew, with all that is found")
    baseline.add_argument("--baseline", metavar="FILE", help="write this file instead")
    baseline.add_argument("--certainty", choices=CERTAINTIES, help="know possible findings too (default: certain)")


def _add_unit(unit: argparse.ArgumentParser) -> None:
    unit.description = (
        "Check the sources that a request names, with the facts of other units in place of the rest of the tree, and write "
        "their findings as JSON for `poolint merge`, and their own facts. Exit code 0: written, whatever was found; 2: the "
        "request, or the settings, cannot be used."
    )
    unit.add_argument("path", metavar="REQUEST", help="a JSON file, see docs/scale.md")


def _add_fleet(fleet: argparse.ArgumentParser) -> None:
    fleet.description = (
        "Check many repositories, each as a task of its own, and keep their findings in a folder for `poolint merge`. What is "
        "there and has not changed is not checked again. Exit code 0: nothing found; 1: something found; 2: a repository "
        "could not be checked."
    )
    fleet.add_argument("paths", nargs="+", metavar="REPOSITORY", help="a folder, or a TOML file, see docs/scale.md")
    fleet.add_argument("--output-dir", required=True, metavar="DIR", help="where findings are kept")
    fleet.add_argument(
        "--time-limit", type=_seconds, default=600.0, metavar="SECONDS", help="for one repository (default: 600)"
    )
    fleet.add_argument("-j", "--jobs", type=_jobs, metavar="N", help="how many at the same time (default: the cores)")
    fleet.add_argument(
        "--ray", nargs="?", const="", metavar="ADDRESS", help="on Ray: the cluster there, or one of this machine"
    )


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return found


def _add_rule(rule: argparse.ArgumentParser) -> None:
    rule.description = "Explain a rule, or list all of them with --all."
    rule.add_argument("code", nargs="?", metavar="RULE", help="the code or the name of a rule")
    rule.add_argument("--all", action="store_true", help="list all rules")
    rule.add_argument("--output-format", choices=("text", "json"), default="text", help="default: %(default)s")


def _add_why(why: argparse.ArgumentParser) -> None:
    why.description = (
        "Say what poolint knows at one line: types, obligations and how they end, findings and why some are not reported, "
        "and what it could not resolve."
    )
    why.add_argument("place", metavar="FILE:LINE", help="the line to explain")
    why.add_argument("--output-format", choices=("text", "json"), default="text", help="default: %(default)s")
    why.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def _add_holds(holds: argparse.ArgumentParser) -> None:
    holds.description = (
        "List each stretch of code over which a connection is held, longest first: where it begins and ends, how many "
        "awaits and queries run inside, and what else it waits for, through which calls."
    )
    holds.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    holds.add_argument("--limit", type=int, default=30, metavar="N", help="rows to show, 0 for all (default: 30)")
    holds.add_argument("--output-format", choices=("table", "json"), default="table", help="default: %(default)s")
    holds.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def _add_budget(budget: argparse.ArgumentParser) -> None:
    budget.description = (
        "Add up how many connections the pools of all services may open, in all processes and replicas, against what "
        "the server takes, each figure with the file and line that it is from. Exit code 0: it fits, as far as is "
        "known; 1: it does not, or a file could not be read."
    )
    budget.add_argument("path", nargs="?", default=".", metavar="PATH", help="folder of the project (default: .)")
    budget.add_argument("--surge", action="store_true", help="count the replicas that a rolling update adds")
    budget.add_argument("--output-format", choices=("table", "json"), default="table", help="default: %(default)s")
    budget.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def _add_coverage(coverage: argparse.ArgumentParser) -> None:
    coverage.description = (
        "Say what poolint could not see: functions that reach a database by a value whose type is unknown, and why it is; "
        "awaited calls of libraries without a model while a connection is held, and rows of the models that describe them."
    )
    coverage.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    formats = ("table", "json", "models")
    coverage.add_argument("--output-format", choices=formats, default="table", help="default: %(default)s")
    coverage.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def _add_clean(clean: argparse.ArgumentParser) -> None:
    clean.description = (
        "Remove the directories in which `poolint check` keeps what it has found: those of the projects that the paths lie "
        "in, or the one that --cache-dir or POOLINT_CACHE_DIR names."
    )
    clean.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    clean.add_argument("--cache-dir", metavar="DIR", help="the directory, where it is another one")


def _add_dev(dev: argparse.ArgumentParser) -> None:
    dev.description = "Tools to work on poolint itself, and on models of libraries."
    tools = dev.add_subparsers(dest="tool", metavar="TOOL", required=True)
    rule = tools.add_parser("new-rule", help="write the scaffold of a rule", allow_abbrev=False)
    rule.description = "Write a rule, its detector and two fixtures into the checkout of poolint around this directory."
    rule.add_argument("code", metavar="CODE", help="the code of the rule: POL and three digits")
    rule.add_argument("name", metavar="NAME", help="its name, in words joined by hyphens: sleep-while-held")
    rule.add_argument("--group", metavar="FOLDER", help="its folder below rules/; default: where its neighbours are")
    model = tools.add_parser("new-model", help="draft the model of an installed package", allow_abbrev=False)
    model.description = (
        "Draft the model of a package from its signatures: which calls are coroutines or context managers, and what they "
        "give. The package is imported, so it has to be installed beside poolint. In a checkout of poolint the draft "
        "becomes one of its models, elsewhere a file for `models = [...]`."
    )
    model.add_argument("package", metavar="PACKAGE", help="as it stands in an import: acme, or acme.client")
    model.add_argument("--output", metavar="FILE", help="where the draft goes; default: PACKAGE_models.toml here")
    framework = tools.add_parser("new-framework", help="write the scaffold of a framework", allow_abbrev=False)
    framework.description = "Write the model of a framework and two fixtures into the checkout around this directory."
    framework.add_argument("name", metavar="NAME", help="the framework, as it is imported: fastapi")
    dump = tools.add_parser("dump", help="print what the engines know of a function", allow_abbrev=False)
    dump.description = (
        "Print, as plain text, what poolint knows of one function: its control-flow graph, the states of its obligations "
        "at each event, its summary, the types of its expressions, or what detectors observe in it."
    )
    kinds = ("graph", "states", "summary", "types", "observations")
    dump.add_argument("kind", choices=kinds, metavar="KIND", help=", ".join(kinds))
    dump.add_argument("function", metavar="FILE:FUNCTION", help="app/orders.py:Orders.pay; <module> is the whole file")
    dump.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def _split(option: str, values: list[str] | None) -> tuple[str, ...]:
    """The selectors in the values of an option. Raises ``ConfigError`` for a value without any: an unset variable of a
    shell would make a run that checks nothing, and looks clean."""
    found: list[str] = []
    for value in values or ():
        selectors = [part.strip() for part in value.split(",") if part.strip()]
        if not selectors:
            raise ConfigError(
                f"{option}: {value!r} names no rule; leave the option out, or name a code, a prefix or ALL"
            )
        found += selectors
    return tuple(found)
