"""Writes what is generated from the rules: ``python -m poolint.docs [--check]``.

That is ``docs/rules.md``, ``docs/configuration.md``, the JSON Schema of the settings, the families of rules in ``README.md``,
the words of models in ``docs/extending.md``,
the entry points of the rules in ``pyproject.toml``, and what the commands in ``docs/architecture.md`` print.
It is run in a checkout, and writes below the working directory. With ``--check`` nothing is written; the exit code
is 1 when a file is not what would be written.
"""

from __future__ import annotations

import argparse
import ast
import collections
import contextlib
import importlib
import inspect
import io
import json
import os
import pkgutil
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]

from poolint import rules as rules_package
from poolint.config import page as settings_page
from poolint.config import schema as settings_schema
from poolint.models import words as words_module
from poolint.options import described
from poolint.relaxations import KINDS
from poolint.rules.base import Rule, documentation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path("docs/rules.md")
CONFIGURATION = Path("docs/configuration.md")
SCHEMAS = (Path("docs", settings_schema.FILE), Path("src/poolint/config", settings_schema.FILE))
FINDINGS = (Path("src/poolint/output/findings.schema.json"), Path("docs/findings.schema.json"))
README = Path("README.md")
PYPROJECT = Path("pyproject.toml")
ARCHITECTURE = Path("docs/architecture.md")
EXTENDING = Path("docs/extending.md")
LABELS = Path("benchmarks/labels.toml")
_ENOUGH = 8
"""Findings of a rule that have to be judged before a share of them says something."""
_POINTS = '[project.entry-points."poolint.rules"]\n'
_TABLE = ("<!-- The table is written by `python -m poolint.docs`. -->\n\n", "\n<!-- Here the table ends. -->\n")

HEAD = """\
# Rules

<!-- Written by `python -m poolint.docs` from the docstrings of the rules. Edit those, then run it again. -->

Codes are stable. A rule is chosen by its code or by a prefix of it (`POL101`, `POL1`, `POL`), all of them by `ALL`.
A *safe* fix keeps the meaning of the code but for the mistake and is applied by `--fix`; an *unsafe* one may change
behaviour and wants `--unsafe-fixes` as well.

What a rule is worth is measured: findings in public packages and services, at most fifteen of each and drawn by lot
where there are more, were read by somebody who saw the finding and the code around it, and asked whether it is true,
and whether the maintainer of that code would change something for it. [labels.toml](../benchmarks/labels.toml) has
each of them with the reason. Under each rule stands how many would be acted on, how many are true and would get a
shrug, and how many are false; with fewer than eight it is not measured.
"""

RELAXED = """\
In some places other expectations hold, and rules are off, or off for what the end of the process releases:
"""


def own_rules() -> list[type[Rule]]:
    """The rules that poolint itself brings, in the order of their codes; plugins document themselves.

    They are all classes with a ``meta`` in the modules below ``poolint.rules``: the entry points are written from these.
    """
    found: list[type[Rule]] = []
    for module in pkgutil.walk_packages(rules_package.__path__, f"{rules_package.__name__}."):
        classes = [one for one in vars(importlib.import_module(module.name)).values() if isinstance(one, type)]
        found += [
            one for one in classes if issubclass(one, Rule) and "meta" in vars(one) and one.__module__ == module.name
        ]
    return sorted(found, key=lambda rule: rule.meta.code)


def page(rules: Iterable[type[Rule]]) -> str:
    """The whole page."""
    rules = list(rules)
    counts = verdicts()
    sections = (section(rule, counts[rule.meta.code]) for rule in rules)
    return "\n".join([HEAD, _table(rules), RELAXED, _relaxed(rules), *sections])


def verdicts() -> collections.defaultdict[str, collections.Counter[str]]:
    """How often the findings of each rule got each verdict; of none where the checkout has no labels."""
    counts: collections.defaultdict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    if LABELS.is_file():
        for one in tomllib.loads(LABELS.read_text(encoding="utf-8"))["finding"]:
            counts[one["code"]][one["verdict"]] += 1
    return counts


def _measured(counts: collections.Counter[str]) -> str:
    """What was found out about the findings of one rule, in a sentence."""
    total = counts.total()
    if total < _ENOUGH:
        return f"Not measured: of its findings on real code {total or 'none'} {'was' if total == 1 else 'were'} judged."
    share = round(100 * counts["act"] / total)
    return (
        f"Of {total} findings on real code {counts['act']} ({share} %) would be acted on, {counts['shrug']} would get a "
        f"shrug, {counts['false'] or 'none'} {'is' if counts['false'] == 1 else 'are'} false."
    )


def _table(rules: list[type[Rule]]) -> str:
    rows = ["| code | name | finds | fix | by default |", "|---|---|---|---|---|"]
    for rule in rules:
        meta = rule.meta
        link = f"[{meta.code}](#{_anchor(rule)})"
        rows.append(f"| {link} | {meta.name} | {meta.summary} | {meta.fix} | {_default(rule)} |")
    return "\n".join(rows) + "\n"


def with_table(readme: str, rules: Iterable[type[Rule]]) -> str:
    """The README with a fresh table: the families of rules, what each of them is about, and its rules."""
    before, opening, rest = readme.partition(_TABLE[0])
    _, closing, after = rest.partition(_TABLE[1])
    rows = ["| family | finds | rules |", "|---|---|---|"]
    for title, finds, members in families(rules):
        links = " ".join(f"[{one.meta.code}](docs/rules.md#{_anchor(one)})" for one in members)
        rows.append(f"| {title} | {finds} | {links} |")
    return f"{before}{opening}" + "\n".join(rows) + f"\n{closing}{after}"


def families(rules: Iterable[type[Rule]]) -> Iterator[tuple[str, str, list[type[Rule]]]]:
    """The packages of rules: title, what they find, and their rules. The docstring of a package has the first two."""
    by_package: dict[str, list[type[Rule]]] = {}
    for rule in rules:
        by_package.setdefault(rule.__module__.rpartition(".")[0], []).append(rule)
    for name, members in by_package.items():
        title, _, finds = (importlib.import_module(name).__doc__ or name.rpartition(".")[2]).partition(": ")
        yield title, " ".join(finds.split()).rstrip("."), members


def _anchor(rule: type[Rule]) -> str:
    """Where a rule stands in the page of all rules."""
    return f"{rule.meta.code.lower()}-{rule.meta.name}"


def with_words(text: str, _: Iterable[type[Rule]]) -> str:
    """A page with fresh tables of the words that models are written in, each where a comment names its type."""
    for name, words in model_words().items():
        before, opening, rest = text.partition(f"<!-- {name}: written by `python -m poolint.docs`. -->\n\n")
        closing, after = rest.partition("\n<!-- end -->\n")[1:]
        if opening:
            table = [f"| `{word}` | {meaning} |" for word, meaning in words.items()]
            text = f"{before}{opening}" + "\n".join(["| word | meaning |", "|---|---|", *table]) + f"\n{closing}{after}"
    return text


def model_words() -> dict[str, dict[str, str]]:
    """All words that are legal in models, by the type that lists them, with the comment beside each."""
    source = inspect.getsource(words_module)
    lines = source.splitlines()
    found: dict[str, dict[str, str]] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Subscript):
            [name] = [ast.unparse(one) for one in statement.targets]
            words = [one for one in ast.walk(statement.value.slice) if isinstance(one, ast.Constant)]
            found[name] = {str(one.value) or '""': lines[one.lineno - 1].partition("# ")[2] for one in words}
    return found


def with_entry_points(pyproject: str, rules: Iterable[type[Rule]]) -> str:
    """The settings of the project with an entry point for each rule, by which an installed poolint finds it."""
    before, opening, rest = pyproject.partition(_POINTS)
    _, closing, after = rest.partition("\n[")
    rows = [f'{rule.meta.code} = "{rule.__module__}:{rule.__name__}"\n' for rule in rules]
    return f"{before}{opening}{''.join(rows)}{closing}{after}" if opening else pyproject


def with_outputs(page: str, _: Iterable[type[Rule]]) -> str:
    """A page with fresh outputs: those of the commands in its blocks of the console, beside its files in Python.

    The first line of such a file is a comment with its name, that of such a block is the command.
    """
    with tempfile.TemporaryDirectory() as folder:
        for block in _blocks(page, "python\n# "):
            name, text = block.split("\n", 1)
            if name.endswith(".py"):
                (Path(folder) / name).write_text(text, encoding="utf-8")
        here = os.getcwd()
        os.chdir(folder)
        try:
            for block in _blocks(page, "console\n$ poolint "):
                command = block.partition("\n")[0]
                page = page.replace(f"$ poolint {block}", f"$ poolint {command}\n{_output(command)}")
            return page
        finally:
            os.chdir(here)


def _blocks(page: str, opening: str) -> list[str]:
    """The texts of the fenced blocks of a page that begin in some way, from there up to their last row."""
    return [one.partition("\n```")[0] + "\n" for one in page.split(f"```{opening}")[1:]]


def _output(command: str) -> str:
    """What poolint prints on standard output."""
    from poolint.cli.main import main as poolint

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        poolint(shlex.split(command))
    return out.getvalue()


def configuration(rules: Iterable[type[Rule]]) -> str:
    """The page about settings."""
    metas = [rule.meta for rule in rules]
    return settings_page.page((one.name, one.summary, described(one)) for one in metas if one.options)


def schema(rules: Iterable[type[Rule]]) -> str:
    """The JSON Schema of the settings."""
    metas = [rule.meta for rule in rules]
    tables = ((one.name, one.summary, {each.key: each.default for each in one.options}) for one in metas if one.options)
    return json.dumps(settings_schema.schema(tables), indent=2, ensure_ascii=False) + "\n"


def _relaxed(rules: list[type[Rule]]) -> str:
    rows = ["| place | off | off for what lives until the process ends |", "|---|---|---|"]
    for kind, recognised in KINDS.items():
        off = [rule.meta.code for rule in rules if kind in rule.meta.off_in]
        partly = [rule.meta.code for rule in rules if kind in rule.meta.off_for_process_in]
        rows.append(f"| {kind}: {recognised} | {', '.join(off)} | {', '.join(partly)} |")
    return "\n".join(rows) + "\n"


def _default(rule: type[Rule]) -> str:
    """Whether a rule runs without being asked for."""
    if rule.meta.preview:
        return "on with `preview`" if rule.meta.default else "off, and wants `preview`"
    return "on" if rule.meta.default else "off"


def section(rule: type[Rule], counts: collections.Counter[str] | None = None) -> str:
    """What a rule says of itself, as a section of the page of all rules; ``counts`` are the verdicts on its findings."""
    meta, written = rule.meta, documentation(rule)
    lines = [
        f"## {meta.code} {meta.name}",
        "",
        f"Since {meta.since}. Fix: {meta.fix}. By default {_default(rule)}.",
        "",
        _measured(verdicts()[meta.code] if counts is None else counts),
        "",
        written.summary,
        "",
    ]
    for title, body in written.sections.items():
        lines += [f"### {title}", "", body, ""]
    if meta.options:
        lines += ["### Options", "", described(meta), ""]
    lines += ["[Back to the top](#rules)", ""]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write what is generated, or with ``--check`` say what of it is stale."""
    parser = argparse.ArgumentParser(
        prog="python -m poolint.docs", description="Write what is generated from the rules."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    check: bool = parser.parse_args(arguments).check

    rules = own_rules()
    settings = schema(rules)
    wanted = {PAGE: page(rules), CONFIGURATION: configuration(rules), SCHEMAS[0]: settings}
    if SCHEMAS[1].parent.is_dir():
        wanted[SCHEMAS[1]] = settings
    if FINDINGS[0].is_file():
        wanted[FINDINGS[1]] = FINDINGS[0].read_text(encoding="utf-8")
    for path, renewed in (
        (README, with_table),
        (PYPROJECT, with_entry_points),
        (ARCHITECTURE, with_outputs),
        (EXTENDING, with_words),
    ):
        if path.exists():
            wanted[path] = renewed(path.read_text(encoding="utf-8"), rules)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path} is stale: run `python -m poolint.docs`", file=sys.stderr)
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8", newline="\n")
        print(f"wrote {path}")
        if path == PYPROJECT:
            print("install poolint again (`pip install -e .`): entry points are read when it is installed")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
