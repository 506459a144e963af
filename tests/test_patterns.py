"""Every expression of ours takes time in proportion to its text: read off the expressions, nothing is timed."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.growth import growth

PACKAGE = Path(__file__).parents[1] / "src" / "poolint"
FILES = sorted(PACKAGE.rglob("*.py"))
_ASKED_AT = frozenset({"match", "fullmatch"})
_ASKED = _ASKED_AT | {"search", "findall", "finditer", "sub", "subn", "split", "scanner"}

BOUNDED = {
    "screen/files.py": {"_BEFORE_CALL": "reads no more than MAX_HEAD bytes"},
    "analyses/statement_locks.py": {"_SELECT": "reads no more than MAX_TEXT characters"},
}
"""Expressions whose text has a bound of its own."""


class Used(NamedTuple):
    """An expression in a file of the package, with the methods by which it is asked; ``w`` stands for what is not known
    before poolint runs."""

    path: str
    row: int
    name: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


@cache
def _uses() -> dict[tuple[str, str], frozenset[str]]:
    """The methods by which a name is asked, by file and name."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for path, tree in _trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in _ASKED:
                owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
                key = (str(path), getattr(owner, "id", getattr(owner, "attr", "")))
                found[key] = found.get(key, frozenset()) | {node.attr}
    return found


def _methods(path: Path, name: str) -> frozenset[str]:
    uses = _uses()
    if name.startswith("_"):
        return uses.get((str(path), name), frozenset())
    return frozenset().union(*(methods for (_, other), methods in uses.items() if other == name))


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and isinstance(known.get(node.id), (str, bytes)):
        return known[node.id]
    if isinstance(node, ast.BinOp):
        parts = [_value(one, known) for one in (node.left, node.right)]
        as_bytes = any(isinstance(one, bytes) for one in parts)
        left, right = (one.encode() if as_bytes and isinstance(one, str) else one for one in parts)
        return left + right
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(_value(one.value if isinstance(one, ast.FormattedValue) else one, known)) for one in node.values
        )
    return "w"


def _flags(call: ast.Call) -> int:
    texts = [ast.unparse(one) for one in (*call.args[1:], *(one.value for one in call.keywords))]
    return sum(getattr(re, word) for text in texts for word in re.findall(r"\bre\.([A-Z]+)", text))


def collected() -> list[Used]:
    """All expressions of the package."""
    found = []
    for path, tree in _trees().items():
        calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
        calls = [
            one for one in calls if getattr(one.func.value, "id", "") == "re" and one.func.attr in {*_ASKED, "compile"}
        ]  # type: ignore[attr-defined]
        if not calls:
            continue
        dotted = ".".join(("poolint", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        known = vars(importlib.import_module(dotted))
        targets = {
            id(inner): getattr(target, "id", getattr(target, "attr", ""))
            for node in ast.walk(tree)
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            for inner in ast.walk(node.value)
        }
        for call in calls:
            assert isinstance(call.func, ast.Attribute)
            name = targets.get(id(call), "") if call.func.attr == "compile" else ""
            methods = _methods(path, name) if name else frozenset({call.func.attr}) - {"compile"}
            pattern = known.get(name)
            if not isinstance(pattern, re.Pattern):
                pattern = re.compile(_value(call.args[0], known), _flags(call))
            found.append(
                Used(str(path.relative_to(PACKAGE)), call.lineno, name, pattern, methods or frozenset({"search"}))
            )
    return found


@pytest.mark.parametrize("used", collected(), ids=lambda one: f"{one.path}:{one.name or one.row}")
def test_no_expression_grows_faster_than_its_text(used: Used) -> None:
    if used.name in BOUNDED.get(used.path, {}):
        pytest.skip(BOUNDED[used.path][used.name])
    grows = []
    if used.methods - _ASKED_AT:
        grows.append(growth(used.pattern))
    if "match" in used.methods:
        grows.append(growth(used.pattern, searches=False))
    if "fullmatch" in used.methods:
        grows.append(growth(used.pattern, searches=False, whole=True))
    assert not any(grows), f"{used.pattern.pattern!r} takes time that grows {next(filter(None, grows))}"


def test_all_are_looked_at() -> None:
    found = collected()
    assert len(found) > 150
    assert {name for each in BOUNDED.values() for name in each} <= {one.name for one in found}


PROPORTIONAL = [r"\b\w+\(", r"\b\w+\s*=", r"\w+", r"(?m)^[ \t]*x", r"\(\w+\)", r"\{[^{}]*\}", r"#\s*x\[[^\]]{0,99}\]"]
GROWING = [r"\w+\(", r"\s*foo", r"(a|a)*b", r"^(?:a*)*b", r"a(?:a*c)?", r"#\s*x\[[^\]]*\]", r"^ *,? *$"]


@pytest.mark.parametrize("pattern", [*PROPORTIONAL, r"#\s*x\[[^\]]*(?:\]|\Z)"])
def test_what_is_proportional_passes(pattern: str) -> None:
    assert not growth(re.compile(pattern))


@pytest.mark.parametrize("pattern", GROWING)
def test_what_grows_is_told(pattern: str) -> None:
    assert growth(re.compile(pattern))
