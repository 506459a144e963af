"""Writes the man page: ``python tools/manpage.py [--check]``, in a checkout.

It is made of what ``poolint --help`` says by argparse-manpage. With ``--check`` nothing is written, and the exit code is 1
where the page is stale; how argparse shows options differs between versions of Python, so one of them is what counts.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from argparse_manpage.manpage import Manpage

from poolint import __version__
from poolint.cli.arguments import parser
from poolint.cli.parsing import commands

PAGE = Path(__file__).parents[1] / "docs" / "poolint.1"
PYTHON = (3, 11)
"""The version of Python with which the page is made."""


def text() -> str:
    """The page. It bears no date, so that it changes only with what it says."""
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    os.environ["COLUMNS"] = "100"
    top = parser()
    for one in (top, *commands(top).values()):
        one.formatter_class = argparse.HelpFormatter
    data = {"project_name": "poolint", "version": __version__, "manual_section": 1, "prog": "poolint"}
    page = str(Manpage(top, _data={**data, "manual_title": "poolint manual"}))
    return page.replace('"1970\\-01\\-01"', '""').rstrip() + "\n"


def main() -> int:
    if sys.version_info[:2] != PYTHON:
        print(f"made with Python {PYTHON[0]}.{PYTHON[1]} only", file=sys.stderr)
        return 0
    made = text()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == made:
        return 0
    if "--check" in sys.argv:
        print(f"{PAGE.name} is stale: run `python tools/manpage.py`", file=sys.stderr)
        return 1
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
