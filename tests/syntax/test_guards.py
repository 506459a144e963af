"""Which tests a node is only reached through, also where the node is one that the analysis has made for itself."""

from __future__ import annotations

import ast

import pytest

from poolint.roots.finder import Finder
from poolint.syntax import guards
from poolint.syntax.project import Project
from poolint.syntax.scopes import Scope, parent_of, placed
from poolint.text.source import Source


def read(text: str) -> tuple[ast.expr, Scope]:
    """The first read of an attribute ``found`` in a function ``f``, and that function."""
    module = Project(Finder()).replace(Source.from_bytes("/nowhere/app.py", text.encode()))
    (scope,) = (one for node, one in module.scopes.items() if isinstance(node, ast.FunctionDef))
    reads = [one for one in ast.walk(scope.node) if isinstance(one, ast.Attribute) and one.attr == "found"]
    return reads[0], scope


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return memo.title or memo.found", [("memo.title", False)]),
        ("return memo and memo.title and memo.found", [("memo.title", True), ("memo", True)]),
        ("return 1 if memo.found else 2", []),
        ("return memo.found if memo.title else 2", [("memo.title", True)]),
        ("if memo.found:\n        return 1", []),
        ("if memo.title:\n        return 1\n    return memo.found", [("memo.title", False)]),
    ],
)
def test_a_call_that_a_read_makes_stands_where_the_read_does(body: str, expected: list[tuple[str, bool]]) -> None:
    node, scope = read(f"def f(memo):\n    {body}\n")
    made = placed(ast.Call(node, [], []), node, parent_of(node))
    for one in (node, made):
        assert [(ast.unparse(test), holds) for test, holds in guards.tests_before(one, scope)] == expected
