"""What ``[tool.poolint.<rule-name>]`` may say, what a rule gets of it, and what is said when it cannot be used."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from poolint import options
from poolint.cli.main import main
from poolint.config import ConfigError, load
from poolint.detect.observation import Observation
from poolint.detect.sharing import SharedByTasks
from poolint.rules.base import Meta, Option, Rule, Subscription, Verdict
from poolint.rules.contract import problems

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (
    Option("min-size", 5, "A smaller one is reported."),
    Option("strict", False, "Whether it is."),
    Option("poolers", ("pgbouncer",), "What pools elsewhere."),
    Option("prefix", "db", "How it begins."),
)
SUBSCRIPTION = Subscription(observations=frozenset({SharedByTasks}))


class Sized(Rule):
    """A pool has a size.

    ## What it does
    Measures.

    ## Why is this bad?
    It is small.

    ## Example
    None.

    ## Use instead
    Nothing.

    ## When to ignore
    Never.
    """

    meta = Meta("XYZ1", "pool-sized", "sizes", SUBSCRIPTION, options=SIZES)

    def visit_Call(self, node: object) -> None:
        self.consider(node)  # type: ignore[arg-type]

    def judge(self, observation: Observation) -> Verdict | None:
        del observation
        return Verdict(f"{self.options['min-size']} {self.options['poolers']} {self.options['strict']}")


class Plain(Sized):
    __doc__ = Sized.__doc__

    meta = Meta("XYZ2", "plain", "nothing to set", SUBSCRIPTION)


RULES = [Sized, Plain]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def resolved(directory: Path, text: str) -> options.Given:
    (directory / "pyproject.toml").write_text(text, encoding="utf-8")
    return options.resolved(load(str(directory)), RULES)


def test_defaults_hold_where_nothing_is_said(tmp_path: Path) -> None:
    defaults = {"min-size": 5, "strict": False, "poolers": ("pgbouncer",), "prefix": "db"}
    assert resolved(tmp_path, "[tool.poolint]\n") == {"XYZ1": defaults, "XYZ2": {}}


def test_what_is_said_has_the_type_of_the_default(tmp_path: Path) -> None:
    found = resolved(tmp_path, "[tool.poolint.pool-sized]\nmin-size = 2\nstrict = true\npoolers = ['a', 'b']\n")
    assert found["XYZ1"] == {"min-size": 2, "strict": True, "poolers": ("a", "b"), "prefix": "db"}


def test_an_empty_table_says_nothing(tmp_path: Path) -> None:
    assert resolved(tmp_path, "[tool.poolint.plain]\n")["XYZ2"] == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.poolint.pool-size]", "[tool.poolint.pool-size] no rule has this name (did you mean 'pool-sized'?)"),
        ("[tool.poolint.xyz1]", "[tool.poolint.xyz1] no rule has this name (did you mean 'pool-sized'?)"),
        (
            "[tool.poolint.per-file-ignore]",
            "[tool.poolint.per-file-ignore] no rule has this name (did you mean 'per-file-ignores'?)",
        ),
        ("[tool.poolint.other]\na = 1", "[tool.poolint.other] no rule has this name"),
        (
            "[tool.poolint.pool-sized]\nmin_size = 1",
            "[tool.poolint.pool-sized] unknown key 'min_size' (did you mean 'min-size'?)",
        ),
        ("[tool.poolint.plain]\na = 1", "[tool.poolint.plain] unknown key 'a': the rule has no options"),
        (
            "[tool.poolint.pool-sized]\nmin-size = '1'",
            "[tool.poolint.pool-sized] 'min-size' must be a number, not a string",
        ),
        ("[tool.poolint.pool-sized]\nmin-size = true", "'min-size' must be a number, not a boolean"),
        ("[tool.poolint.pool-sized]\nmin-size = -1", "'min-size' must be 0 or more, not -1"),
        ("[tool.poolint.pool-sized]\nstrict = 1", "'strict' must be true or false, not a number"),
        ("[tool.poolint.pool-sized]\npoolers = 'a'", "'poolers' must be a list of strings, not a string"),
        ("[tool.poolint.pool-sized]\npoolers = [1]", "'poolers' must be a list of strings; it has a number in it: 1"),
        ("[tool.poolint.pool-sized]\nprefix = []", "'prefix' must be a string, not a list"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolved(tmp_path, text + "\n")
    message = str(caught.value)
    assert message.startswith("pyproject.toml: ")
    assert told in message
    assert "\n" not in message


def test_a_key_that_is_no_table_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.poolint]\npool-sized = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'pool-sized'"):
        load(str(tmp_path))


def test_a_rule_with_an_option_that_cannot_be_written_is_refused() -> None:
    class Bad(Sized):
        __doc__ = Sized.__doc__
        meta = Meta("XYZ3", "bad", "bad", SUBSCRIPTION, options=(Option("Min Size", 3, "Small."),))

    assert problems(Sized) == []
    assert "option 'Min Size'" in problems(Bad)[0]


def test_the_documentation_shows_them_as_toml_would() -> None:
    assert options.described(Plain.meta) == ""
    assert options.described(Sized.meta).splitlines() == [
        "Set in the table `[tool.poolint.pool-sized]` of `pyproject.toml`:",
        "",
        "- `min-size` (default `5`): A smaller one is reported.",
        "- `strict` (default `false`): Whether it is.",
        '- `poolers` (default `["pgbouncer"]`): What pools elsewhere.',
        '- `prefix` (default `"db"`): How it begins.',
    ]


SHARED = """\
import asyncio
from sqlalchemy.ext.asyncio import AsyncSession

async def both(session: AsyncSession) -> None:
    await asyncio.gather(session.execute("a"), session.execute("b"))
"""


class Point:
    name, value = "XYZ1", "plugin:Sized"
    dist = SimpleNamespace(name="plugin", version="2.1")

    def load(self) -> type[Rule]:
        return Sized


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: (Point(),) if group == "poolint.rules" else ())
    monkeypatch.setattr("poolint.rules.registry.has_plugins", lambda *_: True)


@pytest.mark.usefixtures("plugin")
def test_a_rule_judges_by_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(SHARED, encoding="utf-8")
    assert main(["check", "--output-format", "concise", "a.py"]) == 1
    assert "XYZ1 5 ('pgbouncer',) False" in capsys.readouterr().out
    (tmp_path / "pyproject.toml").write_text("[tool.poolint.pool-sized]\nmin-size = 9\n", encoding="utf-8")
    assert main(["check", "--output-format", "concise", "a.py"]) == 1
    assert "XYZ1 9 ('pgbouncer',) False" in capsys.readouterr().out


@pytest.mark.usefixtures("plugin")
def test_a_bad_one_is_told_and_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text(SHARED, encoding="utf-8")
    (tmp_path / "b.py").write_text(SHARED, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.poolint.pool-sized]\nmin = 9\n", encoding="utf-8")
    assert main(["check", "."]) == 2
    error = capsys.readouterr().err
    assert error.count("pyproject.toml: [tool.poolint.pool-sized] unknown key 'min'") == 1
    assert "POL900" not in error


@pytest.mark.usefixtures("plugin")
def test_poolint_rule_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "XYZ1"]) == 0
    out = capsys.readouterr().out
    assert "## Options\nSet in the table `[tool.poolint.pool-sized]`" in out
    assert "- `min-size` (default `5`): A smaller one is reported." in out
