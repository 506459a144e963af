"""Builds the documentation as a site: ``python tools/documentation.py [FOLDER]``, with what the extra ``docs`` installs.

Every warning is an error: a link that leads nowhere, a page that nothing leads to, a heading that is skipped. The pages are
those in ``docs``, and one for each rule, which is written before (``docs/rules/``, not kept in git).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from poolint import docs

ROOT = Path(__file__).parents[1]

PARTS = {
    "Start": ("how-a-pool-dies", "usage", "configuration", "suppression", "notebooks", "adoption"),
    "Tools": ("ci", "editors", "outputs", "why", "budget", "runtime", "scale"),
    "Reference": ("rules", "extending", "imports", "limits", "accuracy", "speed", "comparison"),
    "Inside": ("architecture", "stability"),
}
"""The pages by the part of the menu that they stand in; those of the rules stand below ``rules``."""


def write_rules(folder: Path) -> None:
    """Write a page for each rule into ``rules`` below ``folder``, and take away those of rules that are gone."""
    pages = {}
    for family, _, rules in docs.families(docs.own_rules()):
        for rule in rules:
            text = docs.section(rule).replace("\n## ", "\n# ").replace("\n### ", "\n## ")
            text = text.replace("## ", "# ", 1) if text.startswith("## ") else text
            pages[f"{rule.meta.code}.md"] = text.replace(
                "[Back to the top](#rules)", f"{family}: [all rules](../rules.md)"
            )
    (folder / "rules").mkdir(exist_ok=True)
    for path in (folder / "rules").glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / "rules" / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")


def add_menu(_: Any, name: str, content: list[str]) -> None:
    """Give the first page the menu of all, and that of the rules theirs: without it they are plain Markdown."""
    if name == "index":
        for title, pages in PARTS.items():
            content[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n" + "\n".join(pages) + "\n```\n"
    elif name == "rules":
        pages = tuple(f"rules/{rule.meta.code}" for rule in docs.own_rules())
        content[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"


def main(arguments: list[str]) -> int:
    """Build the site, and return the exit code of what builds it."""
    target = arguments[0] if arguments else str(ROOT / "build" / "site")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-E",
        "-b",
        "html",
        str(ROOT / "docs"),
        target,
    ]
    return subprocess.run(command, check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
