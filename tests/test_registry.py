"""How rules are found: order, refusals, and that nothing is imported without need."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from poolint.rules import registry
from poolint.rules.base import Meta, Rule, Subscription
from poolint.rules.contract import problems

GOOD = """Finds it.

## What it does
x

## Why is this bad?
x

## Example
x

## Use instead
x

## When to ignore
x
"""


def rule(code: str, **changes: Any) -> type[Rule]:
    wanted = changes.pop("wanted", None) or Subscription(names=frozenset({"a.b"}))
    name = changes.pop("name", f"named-{code.lower()}")
    meta = Meta(code, name, "finds it", wanted, **changes.pop("more", {}))
    return type("Made", (Rule,), {"meta": meta, "__doc__": GOOD, **changes})


class Point:
    def __init__(self, name: str, loaded: object, distribution: str = "other") -> None:
        self.name = name
        self.value = f"{distribution}:{name}"
        self.loaded = loaded
        self.dist = SimpleNamespace(name=distribution, version="1.0")

    def load(self) -> object:
        if isinstance(self.loaded, BaseException):
            raise self.loaded
        return self.loaded


def loaded(monkeypatch: pytest.MonkeyPatch, *points: Point) -> registry.Registry:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points if group == "poolint.rules" else ())
    monkeypatch.setattr(registry, "has_plugins", lambda: True)
    return registry.load()


def test_rules_come_in_the_order_of_codes_with_their_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(
        monkeypatch, Point("XYZ1", rule("XYZ1")), Point("POL2", rule("POL2"), "poolint"), Point("ABC1", rule("ABC1"))
    )
    assert (list(found.rules), found.errors) == (["ABC1", "POL2", "XYZ1"], [])
    assert found.origins == {"ABC1": "other", "POL2": "poolint", "XYZ1": "other"}
    assert registry.codes() == ["ABC1", "POL2", "XYZ1"]


def test_plugins_are_seen_without_importing_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path), str(tmp_path / "missing")])
    for folder, group in (("poolint-1.dist-info", "poolint.rules"), ("other-1.dist-info", "console_scripts")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "entry_points.txt").write_text(f"[{group}]\nXYZ1 = other:Rule\n")
    assert not registry.has_plugins(), "ours alone are no plugins"
    assert registry.has_plugins("console_scripts")
    monkeypatch.setattr(registry, "_groups", {})
    (tmp_path / "other-1.dist-info" / "entry_points.txt").write_text("[poolint.rules]\nXYZ1 = other:Rule\n")
    assert registry.has_plugins()


@pytest.mark.parametrize(
    ("point", "why"),
    [
        (Point("XYZ1", ImportError("No module\nnamed x")), "cannot be loaded: ImportError: No module named x"),
        (Point("XYZ1", AttributeError("no X")), "cannot be loaded: AttributeError: no X"),
        (Point("XYZ1", SystemExit(3)), "cannot be loaded: SystemExit: 3"),
        (Point("XYZ1", SyntaxError("bad")), "cannot be loaded: SyntaxError: bad"),
        (Point("XYZ1", 3), "is not a subclass of poolint.rules.base.Rule"),
        (Point("XYZ1", rule("XYZ1", __doc__="Finds it.")), "lacks documentation: no section What it does"),
        (Point("XYZ1", rule("XYZ1", meta=None)), "has no `meta`"),
        (Point("XYZ1", rule("XYZ1", name="A Name")), "has the name 'A Name'"),
        (
            Point("XYZ1", rule("XYZ2")),
            "has the code XYZ2, but its entry point is named XYZ1; they must be equal",
        ),
        (Point("POL2", rule("POL2")), "is refused: 'poolint' already brings a rule POL2"),
        (Point("POL901", rule("POL901")), "is refused: POL901 is what poolint says of itself"),
        (Point("XYZ1", rule("XYZ1", name="crash")), "is refused: 'crash' is what poolint says of itself"),
        (
            Point("XYZ1", rule("XYZ1", name="named-pol2")),
            "is refused: 'poolint' already has a rule named 'named-pol2', POL2",
        ),
        (
            Point("XYZ1", rule("XYZ1", wanted=Subscription(roles=frozenset({"strem"})))),
            "subscribes to the role 'strem' (did you mean 'stream'?); it is one of open, checkout, create,",
        ),
        (
            Point("XYZ1", rule("XYZ1", wanted=Subscription(names=cast("Any", "httpx.get")))),
            "has `subscription.names` = 'httpx.get'; it is a frozenset of strings",
        ),
        (
            Point("XYZ1", rule("XYZ1", wanted=Subscription(names=frozenset({"httpx get"})))),
            "subscribes to 'httpx get', which is no dotted name",
        ),
        (
            Point("XYZ1", rule("XYZ1", wanted=Subscription(observations=cast("Any", frozenset({int}))))),
            "subscribes to int, which is no kind of poolint.detect.observation.Observation; subscribes to observations but",
        ),
        (Point("XYZ1", rule("XYZ1", wanted=Subscription())), "subscribes to nothing, so it would never run"),
        (
            Point("XYZ1", rule("XYZ1", more={"fix": "yes"})),
            "has the fix 'yes'; it is one of safe, unsafe, safe or unsafe, none, sometimes",
        ),
        (
            Point("XYZ1", rule("XYZ1", more={"relaxed_in": frozenset({"test"})})),
            "has relaxed_in 'test'; it is one of tests, alembic, scripts",
        ),
    ],
)
def test_a_rule_that_cannot_be_used_is_named_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, point: Point, why: str
) -> None:
    ours = rule("POL2")
    found = loaded(monkeypatch, point, Point("POL2", ours, "poolint"), Point("ZZZ1", rule("ZZZ1")))
    assert set(found.rules) == {"POL2", "ZZZ1"}
    assert found.rules["POL2"] is ours
    [error] = found.errors
    assert error.startswith(f"other 1.0: rule {point.name!r} (other:{point.name}) ")
    assert why in error
    assert "\n" not in error


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sqlalchemy.ext.asyncio.AsyncSession.refrsh", "(did you mean 'refresh'?)"),
        (
            "sqlalchemy.ext.asyncio.session.AsyncSession.refresh",
            "(it goes by 'sqlalchemy.ext.asyncio.AsyncSession.refresh')",
        ),
        ("sqlalchemy.ext.asyncio.AsyncSession.refresh", None),
        ("sqlalchemy.ext.asyncio.AsyncSession", None),
        ("some.library.call", None),
    ],
)
def test_a_name_that_is_subscribed_to_in_vain_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, hint: str | None
) -> None:
    found = loaded(monkeypatch, Point("XYZ1", rule("XYZ1", wanted=Subscription(names=frozenset({name})))))
    assert list(found.rules) == ["XYZ1"], "models of others may know the name"
    told = [f"other 1.0: rule 'XYZ1' (other:XYZ1) subscribes to {name!r}, which no call is known by {hint}"]
    assert found.errors == (told if hint else [])
    assert not found.broken


def test_a_code_that_two_plugins_bring_cannot_be_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(monkeypatch, Point("XYZ1", rule("XYZ1"), "one"), Point("XYZ1", rule("XYZ1"), "two"))
    assert list(found.broken) == ["XYZ1"]
    assert "two 1.0: rule 'XYZ1' (two:XYZ1) is refused: 'one' already brings a rule XYZ1" in found.broken["XYZ1"]


def test_codes_import_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: EntryPoint) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr(EntryPoint, "load", refuse)
    assert isinstance(registry.codes(), list)


def test_the_rules_that_pyproject_announces_can_all_be_used() -> None:
    found = registry.load()
    assert found.errors == []
    for code, each in found.rules.items():
        assert (each.meta.code, problems(each)) == (code, [])
