"""``poolint rule``: what it says of our rules, of a plugin's and of poolint's own codes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from poolint.rules.base import Facts, Meta, Rule, Subscription

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


class Sleeping(Rule):
    """A connection sleeps.

    ## What it does
    Finds sleep.

    ## Why is this bad?
    Others wait.

    ## Example
    ```python
    sleep()
    ```

    ## Use instead
    Nothing.

    ## When to ignore
    Never.
    """

    meta = Meta(
        "XYZ1",
        "sleeping",
        "sleep while connected",
        Subscription(names=frozenset({"time.sleep"})),
        fix="unsafe",
        default=False,
        since="2.0",
        relaxed_in=frozenset({"tests"}),
        relaxed_for_process_in=frozenset({"scripts", "alembic"}),
    )

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)


class Point:
    name, value = "XYZ1", "plugin:Sleeping"
    dist = SimpleNamespace(name="plugin", version="2.1")

    def load(self) -> type[Rule]:
        return Sleeping


@pytest.fixture(autouse=True)
def plugin(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    monkeypatch.setattr("poolint.rules.registry._points", lambda: [Point()])


def test_explained(run: Run) -> None:
    ran = run("rule", "XYZ1")
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == """\
# sleeping (XYZ1)

Off by default: select it by its code or name.
Off in tests.
Off for what lives as long as the process in alembic, notebooks, scripts.
Has an unsafe fix: `--fix --unsafe-fixes` applies it.
Since plugin 2.0.

A connection sleeps.

## What it does
Finds sleep.

## Why is this bad?
Others wait.

## Example
```python
sleep()
```

## Use instead
Nothing.

## When to ignore
Never.
"""
    )
    assert run("rule", "sleeping").out == run("rule", "xyz1").out == ran.out


def test_listed(run: Run) -> None:
    assert (
        run("rule", "--all").out
        == """\
CODE    NAME                 FIX     DEFAULT  SUMMARY
XYZ1    sleeping             unsafe  opt-in   sleep while connected
POL900  crash                none    on       poolint or a rule crashed while it checked this file
POL901  unreadable-file      none    on       a file cannot be read or parsed
POL902  unused-suppression   safe    on       a comment silences nothing
POL903  bound-hit            none    on       a file is too large to be analysed, or a function for its lifetimes to be followed
POL904  unknown-suppression  none    on       a comment that is to silence something names no rule, or is not written as one
"""
    )


def test_as_json(run: Run) -> None:
    one = json.loads(run("rule", "XYZ1", "--output-format", "json").out)
    assert {key: one[key] for key in ("code", "name", "fix", "default", "since", "distribution", "relaxed_in")} == {
        "code": "XYZ1",
        "name": "sleeping",
        "fix": "unsafe",
        "default": False,
        "since": "2.0",
        "distribution": "plugin",
        "relaxed_in": ["tests"],
    }
    assert "## Example\n```python" in one["explanation"]
    listed = json.loads(run("rule", "--all", "--output-format=json").out)
    assert [each["code"] for each in listed] == ["XYZ1", "POL900", "POL901", "POL902", "POL903", "POL904"]


def test_its_own_codes(run: Run) -> None:
    assert "POOLINT_TRACEBACK" in run("rule", "POL900").out
    assert run("rule", "unreadable-file").out.startswith("# unreadable-file (POL901)\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["XYZ2"], "unknown rule 'XYZ2' (did you mean 'XYZ1'?)"),
        (["sleepin"], "unknown rule 'sleepin' (did you mean 'sleeping'?)"),
        ([], "`poolint rule` wants the code of a rule (`poolint rule POL101`), or --all"),
        (["XYZ1", "--all"], "`poolint rule` wants the code of a rule (`poolint rule POL101`), or --all"),
    ],
)
def test_asked_wrongly(run: Run, arguments: list[str], told: str) -> None:
    ran = run("rule", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"poolint: error: {told}\n")


def test_a_path_of_that_name_needs_a_hint(project: Path, run: Run) -> None:
    (project / "rule").mkdir()
    assert run("check", "rule").code == 0
    assert run("./rule").code == 0
