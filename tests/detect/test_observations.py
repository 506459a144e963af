"""Observations can be stored and sent: plain values, and nodes of the one module that they are about, which have a place."""

from __future__ import annotations

import ast
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec
from tests.support import fixtures

from poolint.config import Settings, load
from poolint.detect.detector import detectors
from poolint.detect.observation import GivenUp, Observation
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.syntax.uses import Usage
from poolint.text.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = (str, bytes, int, float, bool, type(None))

PER_RULE = 3
"""Bad fixtures of each rule that are looked at first; where kinds are missing then, all are."""


def kinds(of: type[Observation] = Observation) -> Iterator[type[Observation]]:
    """All kinds of observations."""
    for one in of.__subclasses__():
        if one.__struct_fields__ and one.__module__.startswith("poolint."):
            yield one
        yield from kinds(one)


def stored(value: Any, nodes: dict[int, ast.AST], kind: type[Observation]) -> Any:
    """A value in the form in which it can be stored; fails for what has none."""
    if isinstance(value, Enum):
        return stored(value.value, nodes, kind)
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, ast.AST):
        assert nodes.get(id(value)) is value, f"a node of another module: {ast.dump(value)[:200]}"
        place = [getattr(value, name, 0) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")]
        return [type(value).__name__, *place]
    if isinstance(value, dict):
        return [[key, stored(one, nodes, kind)] for key, one in sorted(value.items())]
    if isinstance(value, (tuple, list)):
        return [stored(one, nodes, kind) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((stored(one, nodes, kind) for one in value), key=repr)
    if isinstance(value, Usage):
        return [stored(getattr(value, name), nodes, kind) for name in value.__slots__]
    assert isinstance(value, msgspec.Struct), f"{type(value).__name__} cannot be stored: {value!r}"
    return [type(value).__name__, *(stored(getattr(value, name), nodes, kind) for name in value.__struct_fields__)]


def observed(tmp_path: Path) -> Iterator[tuple[Observation, dict[int, ast.AST]]]:
    """What is observed in the fixtures, rule by rule, each with the nodes of its module."""
    counted: dict[str, int] = {}
    bad = [one for one in fixtures() if not one.is_good]
    for one in bad:
        counted[one.name] = sum(one.code == other.code for other in bad[: bad.index(one)])
    for number, fixture in enumerate(sorted(bad, key=lambda one: counted[one.name] // PER_RULE)):
        folder = tmp_path / str(number)
        folder.mkdir()
        root = fixture.lay_out(folder)
        settings = Settings(extend_select=("POL",), certainty="possible", root=str(root), budget=load(str(root)).budget)
        checker = Checker(settings, LazyRules())
        for name in fixture.files:
            module, _, found, crashes = checker.observed(Source.read(str(root / name)), asks_why=True)
            assert not crashes.messages()
            nodes = {id(node): node for node in ast.walk(module.tree)}
            yield from ((one, nodes) for _, one in found)


def test_every_kind_of_observation_can_be_stored_and_sent(tmp_path: Path) -> None:
    for one in detectors():
        assert one.name  # all are loaded, so all kinds are known
    missing = set(kinds()) - {GivenUp}  # what is too large for a fixture
    assert len(missing) > 40
    for observation, nodes in observed(tmp_path):
        missing.discard(type(observation))
        known = stored(observation, nodes, type(observation))
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(known)) == known
        if not missing:
            break
    assert not {one.__name__ for one in missing}, "no fixture has one of these"
