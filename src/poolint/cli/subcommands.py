"""The subcommands and their options, as argparse sees them; those of ``check`` are in :mod:`poolint.cli.arguments`."""

from __future__ import annotations

import argparse

from poolint.baseline import NAME
from poolint.cli.flags import add_configuration, add_settings
from poolint.config.settings import RULES
from poolint.outcome import Shard
from poolint.output.formats import FORMATS

MOST_SECONDS = 1_000_000.0


def add_formats(output: argparse._ActionsContainer) -> None:
    output.add_argument(
        "--output-format",
        action="append",
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(FORMATS)}; several, where all but one name a file (default: full)",
    )
    output.add_argument("--output-file", metavar="FILE", help="where a format goes that names no file")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


def jobs(text: str) -> int | None:
    if text == "auto":
        return None
    number = int(text) if _is_number(text) else 0
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 1 or more, or auto")
    return number


def count(text: str) -> int:
    if not _is_number(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number: give 0 or more")
    return int(text)


def shard(text: str) -> Shard:
    index, _, count = text.partition("/")
    if _is_number(index) and _is_number(count) and 1 <= int(index) <= int(count):
        return Shard(int(index), int(count))
    raise argparse.ArgumentTypeError(f"{text!r} is no part: 2/5 is the second of five")


def add_merge(merge: argparse.ArgumentParser) -> None:
    merge.description = (
        "Join what `poolint check --shard I/N --output-format json` has written for each part: the findings of the whole, in "
        "the order of one run. Exit code 0: nothing found; 1: something found; 2: a crash, or a file that is no such output."
    )
    merge.add_argument("paths", nargs="+", metavar="FILE", help="the JSON of a part")
    add_formats(merge)
    merge.add_argument("-q", "--quiet", action="store_true", help="print findings and nothing else")
    merge.add_argument("-e", "--exit-zero", action="store_true", help="exit with 0 even when something is found")


def add_baseline(baseline: argparse.ArgumentParser) -> None:
    baseline.description = (
        f"Write what is found now into {NAME} at the root of the settings: `poolint check` reports only what is new. Where there "
        "is one, take out what has been mended; what is new is reported all the same, unless --renew takes it in. Exit code "
        "0: written; 2: bad configuration, or a crash."
    )
    baseline.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    baseline.add_argument("--renew", action="store_true", help="write it anew, with all that is found")
    baseline.add_argument("--baseline", metavar="FILE", help="write this file instead")
    add_settings({RULES: baseline}, ("certainty",))


def add_unit(unit: argparse.ArgumentParser) -> None:
    unit.description = (
        "Check the sources that a request names, with the facts of other units in place of the rest of the tree, and write "
        "their findings as JSON for `poolint merge`, and their own facts. Exit code 0: written, whatever was found; 2: the "
        "request, or the settings, cannot be used."
    )
    unit.add_argument("path", metavar="REQUEST", help="a JSON file, see docs/scale.md")


def add_fleet(fleet: argparse.ArgumentParser) -> None:
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
    fleet.add_argument("-j", "--jobs", type=jobs, metavar="N", help="how many at the same time (default: the cores)")
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


def add_rule(rule: argparse.ArgumentParser) -> None:
    rule.description = "Explain a rule, or list all of them with --all."
    rule.add_argument("code", nargs="?", metavar="RULE", help="the code or the name of a rule")
    rule.add_argument("--all", action="store_true", help="list all rules")
    rule.add_argument("--output-format", choices=("text", "json"), default="text", help="default: %(default)s")


def add_why(why: argparse.ArgumentParser) -> None:
    why.description = (
        "Say what poolint knows at one line: types, obligations and how they end, findings and why some are not reported, "
        "and what it could not resolve."
    )
    why.add_argument("place", metavar="FILE:LINE", help="the line to explain; in a notebook FILE:cell CELL:LINE")
    why.add_argument("--output-format", choices=("text", "json"), default="text", help="default: %(default)s")
    add_configuration(why)


def add_holds(holds: argparse.ArgumentParser) -> None:
    holds.description = (
        "List each stretch of code over which a connection is held, longest first: where it begins and ends, how many "
        "awaits and queries run inside, and what else it waits for, through which calls. Exit code 0: listed; 2: a file could "
        "not be read, or settings not be used."
    )
    holds.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    holds.add_argument("--limit", type=int, default=30, metavar="N", help="rows to show, 0 for all (default: 30)")
    holds.add_argument("--output-format", choices=("table", "json"), default="table", help="default: %(default)s")
    add_configuration(holds)


def add_budget(budget: argparse.ArgumentParser) -> None:
    budget.description = (
        "Add up how many connections the pools of all services may open, in all processes and replicas, against what "
        "the server takes, each figure with the file and line that it is from. Exit code 0: it fits, as far as is "
        "known; 1: it does not, or a file could not be read."
    )
    budget.add_argument("path", nargs="?", default=".", metavar="PATH", help="folder of the project (default: .)")
    budget.add_argument("--surge", action="store_true", help="count the replicas that a rolling update adds")
    budget.add_argument("--output-format", choices=("table", "json"), default="table", help="default: %(default)s")
    add_configuration(budget)


def add_coverage(coverage: argparse.ArgumentParser) -> None:
    coverage.description = (
        "Say what poolint could not see: functions that reach a database by a value whose type is unknown, and why it is; "
        "awaited calls of libraries without a model while a connection is held, and rows of the models that describe them."
    )
    coverage.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    formats = ("table", "json", "models")
    coverage.add_argument("--output-format", choices=formats, default="table", help="default: %(default)s")
    add_configuration(coverage)


def add_server(server: argparse.ArgumentParser) -> None:
    server.description = (
        "Serve an editor on standard input and output, over the language server protocol: findings as one types, repairs, what "
        "is held where. Settings are those of the files with settings. Needs `pip install 'poolint[lsp]'`."
    )
    server.add_argument("--stdio", action="store_true", help="the default, and the only way; some clients pass it")


def add_completions(completions: argparse.ArgumentParser) -> None:
    completions.description = "Print a script by which a shell completes commands, options and files."
    completions.add_argument("shell", metavar="SHELL", help="bash, zsh, tcsh, or another one that shtab knows")


def add_config(config: argparse.ArgumentParser) -> None:
    config.description = (
        "List all settings, or explain one. `poolint config verify` reads all files with settings below PATH, and says what is "
        "wrong with them; `poolint config schema` prints their JSON Schema, `poolint config "
        "findings-schema` that of findings in JSON. Exit code 0: right; 2: something is wrong."
    )
    config.add_argument("key", nargs="?", metavar="KEY", help="a setting, verify, schema, or findings-schema")
    config.add_argument("paths", nargs="*", metavar="PATH", help="files and directories, for verify (default: .)")
    config.add_argument("--output-format", choices=("text", "json"), default="text", help="default: %(default)s")
    add_configuration(config)


def add_clean(clean: argparse.ArgumentParser) -> None:
    clean.description = (
        "Remove the directories in which `poolint check` keeps what it has found: those of the projects that the paths lie "
        "in, or the one that --cache-dir or POOLINT_CACHE_DIR names."
    )
    clean.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    clean.add_argument("--cache-dir", metavar="DIR", help="the directory, where it is another one")


def add_dev(dev: argparse.ArgumentParser) -> None:
    dev.description = "Tools to work on poolint itself, and on models of libraries."
    tools = dev.add_subparsers(dest="tool", metavar="TOOL", required=True)
    rule = tools.add_parser("new-rule", help="write the scaffold of a rule")
    rule.description = "Write a rule, its detector and two fixtures into the checkout of poolint around this directory."
    rule.add_argument("code", metavar="CODE", help="the code of the rule: POL and three digits")
    rule.add_argument("name", metavar="NAME", help="its name, in words joined by hyphens: sleep-while-held")
    rule.add_argument("--group", metavar="FOLDER", help="its folder below rules/; default: where its neighbours are")
    model = tools.add_parser("new-model", help="draft the model of an installed package")
    model.description = (
        "Draft the model of a package from its signatures: which calls are coroutines or context managers, and what they "
        "give. The package is imported, so it has to be installed beside poolint. In a checkout of poolint the draft "
        "becomes one of its models, elsewhere a file for `models = [...]`."
    )
    model.add_argument("package", metavar="PACKAGE", help="as it stands in an import: acme, or acme.client")
    model.add_argument("--output", metavar="FILE", help="where the draft goes; default: PACKAGE_models.toml here")
    framework = tools.add_parser("new-framework", help="write the scaffold of a framework")
    framework.description = "Write the model of a framework and two fixtures into the checkout around this directory."
    framework.add_argument("name", metavar="NAME", help="the framework, as it is imported: fastapi")
    dump = tools.add_parser("dump", help="print what the engines know of a function")
    dump.description = (
        "Print, as plain text, what poolint knows of one function: its control-flow graph, the states of its obligations "
        "at each event, its summary, the types of its expressions, or what detectors observe in it."
    )
    kinds = ("graph", "states", "summary", "types", "observations")
    dump.add_argument("kind", choices=kinds, metavar="KIND", help=", ".join(kinds))
    dump.add_argument("function", metavar="FILE:FUNCTION", help="app/orders.py:Orders.pay; <module> is the whole file")
    add_configuration(dump)
