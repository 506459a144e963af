"""Programs as data: each module here that has a text ``PROGRAMS`` gets a test for each program in it.

A program begins with a comment that names it. Options may follow in comments: ``raises:`` what may raise (default:
nothing that can be asked about), ``never:`` the calls that do not return, ``suppresses:`` the context expressions that
may swallow, each written as in the program and separated by `` | ``, or ``all``. Below ``---`` stands the dump of the
graph of its first function, or of the whole module where the name begins with "module".
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from poolint.flow.cfg import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.flow.cfg import Graph

# The parts of the property test, which pytest's importlib mode would not find.
sys.path.insert(0, str(Path(__file__).parent))


class Program(NamedTuple):
    """A program with what its graph must be."""

    name: str
    options: dict[str, str]
    source: str
    expected: str

    def listed(self, option: str) -> Callable[[ast.expr], bool]:
        """A predicate for what the option names."""
        text = self.options.get(option, "")
        names = {name.strip() for name in text.split("|")}
        return lambda expression: text == "all" or ast.unparse(expression) in names

    def graph(self) -> Graph:
        tree = ast.parse(self.source)
        suppressing = self.listed("suppresses")
        return build(
            tree if self.name.startswith("module") else next(one for one in ast.walk(tree) if _has_flow(one)),
            raises=self.listed("raises"),
            never_returns=self.listed("never"),
            suppresses=lambda item, _: suppressing(item.context_expr),
        )


def _has_flow(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def parse(text: str) -> list[Program]:
    """The programs of a text."""
    programs = []
    for part in text.strip().split("\n\n\n"):
        source, _, expected = part.strip("\n").partition("\n---\n")
        first, *lines = source.split("\n")
        options = {}
        for line in lines:
            if line.startswith("# ") and ":" in line:
                key, _, value = line[2:].partition(":")
                options[key] = value.strip()
        programs.append(Program(first.removeprefix("# "), options, source, expected))
    return programs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "program" in metafunc.fixturenames:
        programs = parse(metafunc.module.PROGRAMS)
        metafunc.parametrize("program", programs, ids=[program.name.replace(" ", "-") for program in programs])
