"""Writes ``docs/rules.md``, and the table of rules in ``README.md``, out of what the rules say of themselves:
``python -m poolint.docs [--check]``.

It is run in a checkout, and writes below the working directory. With ``--check`` nothing is written; the exit code
is 1 when a page is not what would be written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from poolint.options import described
from poolint.relaxations import KINDS
from poolint.rules import registry
from poolint.rules.base import documentation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.rules.base import Rule

PAGE = Path("docs/rules.md")
README = Path("README.md")
_TABLE = ("<!-- The table is written by `python -m poolint.docs`. -->\n\n", "\n<!-- Here the table ends. -->\n")

HEAD = """\
# Rules

<!-- Written by `python -m poolint.docs` from the docstrings of the rules. Edit those, then run it again. -->

Codes are stable. A rule is chosen by its code or by a prefix of it (`POL101`, `POL1`, `POL`), all of them by `ALL`.
A *safe* fix keeps the meaning of the code but for the mistake and is applied by `--fix`; an *unsafe* one may change
behaviour and wants `--unsafe-fixes` as well.
"""

RELAXED = """\
In some places other expectations hold, and rules are off, or off for what the end of the process releases:
"""


def own_rules() -> list[type[Rule]]:
    """The rules that poolint itself brings, in the order of their codes; plugins document themselves."""
    loaded = registry.load()
    return [rule for _, rule in sorted(loaded.rules.items()) if rule.__module__.startswith("poolint.rules.")]


def page(rules: Iterable[type[Rule]]) -> str:
    """The whole page."""
    rules = list(rules)
    return "\n".join([HEAD, _table(rules), RELAXED, _relaxed(rules), *(_section(rule) for rule in rules)])


def _table(rules: list[type[Rule]]) -> str:
    rows = ["| code | name | finds | fix | by default |", "|---|---|---|---|---|"]
    for rule in rules:
        meta = rule.meta
        link = f"[{meta.code}](#{meta.code.lower()}-{meta.name})"
        rows.append(f"| {link} | {meta.name} | {meta.summary} | {meta.fix} | {_default(rule)} |")
    return "\n".join(rows) + "\n"


def with_table(readme: str, rules: Iterable[type[Rule]]) -> str:
    """The README with a fresh table: what each rule finds, and whether its fix wants ``--unsafe-fixes``."""
    before, opening, rest = readme.partition(_TABLE[0])
    _, closing, after = rest.partition(_TABLE[1])
    rows = ["| code | finds | fix |", "|---|---|---|"]
    for rule in rules:
        meta = rule.meta
        finds = meta.summary + ("" if meta.default else " (off by default)")
        rows.append(f"| {meta.code} | {finds} | {meta.fix if meta.fix != 'none' else ''} |")
    return f"{before}{opening}" + "\n".join(rows) + f"\n{closing}{after}"


def _relaxed(rules: list[type[Rule]]) -> str:
    rows = ["| place | off | off for what lives until the process ends |", "|---|---|---|"]
    for kind, recognised in KINDS.items():
        off = [rule.meta.code for rule in rules if kind in rule.meta.relaxed_in]
        partly = [rule.meta.code for rule in rules if kind in rule.meta.relaxed_for_process_in]
        rows.append(f"| {kind}: {recognised} | {', '.join(off)} | {', '.join(partly)} |")
    return "\n".join(rows) + "\n"


def _default(rule: type[Rule]) -> str:
    """Whether a rule runs without being asked for."""
    return "on" if rule.meta.default else "off"


def _section(rule: type[Rule]) -> str:
    meta, written = rule.meta, documentation(rule)
    lines = [
        f"## {meta.code} {meta.name}",
        "",
        f"Since {meta.since}. Fix: {meta.fix}. By default {_default(rule)}.",
        "",
        written.summary,
        "",
    ]
    for title, body in written.sections.items():
        lines += [f"### {title}", "", body, ""]
    if meta.options:
        lines += ["### Options", "", described(meta), ""]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with ``--check`` say whether it is fresh."""
    parser = argparse.ArgumentParser(prog="python -m poolint.docs", description="Write docs/rules.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    check: bool = parser.parse_args(arguments).check

    rules = own_rules()
    readme = README.read_text(encoding="utf-8") if README.exists() else ""
    stale = 0
    for path, wanted in ((PAGE, page(rules)), (README, with_table(readme, rules) if readme else "")):
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if there == wanted:
            continue
        stale = 1
        if check:
            print(f"{path} is stale: run `python -m poolint.docs`", file=sys.stderr)
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    return stale if check else 0


if __name__ == "__main__":
    sys.exit(main())
