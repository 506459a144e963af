"""The texts that were measured, linted: the bad one has the finding that is borne out, the others none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from poolint.config import Overrides, Resolver, Selectors
from poolint.diagnostics import Certainty
from poolint.runner import Runner

SNIPPETS = Path(__file__).parent / "snippets"
NAMES = sorted({file.name.partition(".")[0] for file in SNIPPETS.glob("POL*.py")})
FINE = sorted(file.stem for file in SNIPPETS.glob("fine_*.py"))


SELDOM = frozenset({"POL402_failed_commit"})
"""Harm that comes only where something has failed before: told with ``certainty = "possible"``."""

HELD = re.compile("POL4|POL302")
"""Rules about what is waited for, also while a connection is held: many a text sleeps where something has to wait."""


def codes(name: str, directory: Path) -> list[str]:
    """The codes of what is found in a snippet, as a file of ``directory``: where it stands, rules are relaxed.

    Those about held connections count only where the snippet is about one. The rule that it is about is on.
    """
    about = (name[:6],) if name.startswith("POL") else ()
    values = {"certainty": Certainty.POSSIBLE} if name.partition(".")[0] in SELDOM else {}
    overrides = Overrides(Selectors(extend_select=about, origin="--"), values)
    runner = Runner(Resolver(str(directory), isolated=True, overrides=overrides))
    outcome, _ = runner.run_text((SNIPPETS / f"{name}.py").read_bytes(), str(directory / "snippet.py"))
    assert not outcome.errors
    return [one.code for one in outcome.diagnostics if HELD.match(name) or not HELD.match(one.code)]


@pytest.mark.parametrize("name", NAMES)
def test_the_bad_one_is_found(name: str, tmp_path: Path) -> None:
    code, _, _ = name.partition("_")
    assert codes(f"{name}.bad", tmp_path) == [code]


@pytest.mark.parametrize("name", NAMES)
def test_the_good_one_is_not(name: str, tmp_path: Path) -> None:
    assert codes(f"{name}.good", tmp_path) == []


@pytest.mark.parametrize("name", FINE)
def test_what_was_measured_to_be_fine_is_not(name: str, tmp_path: Path) -> None:
    assert codes(name, tmp_path) == []


def test_each_snippet_has_its_twin() -> None:
    wanted = {f"{name}.{kind}.py" for name in NAMES for kind in ("bad", "good")}
    assert {file.name for file in SNIPPETS.glob("POL*.py")} == wanted
