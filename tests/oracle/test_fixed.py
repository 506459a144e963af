"""What fixes claim, seen on the real libraries: what a text did before, and does when its fixes are made, unsafe ones too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from poolint.config import Overrides, Resolver, Selectors
from poolint.runner import Options, Runner

if TYPE_CHECKING:
    from conftest import Outcome, Run

SNIPPETS = Path(__file__).parent / "snippets"
MOVES = sorted(file.stem for file in SNIPPETS.glob("moves_*.py"))


def before_and_after(
    run: Run, name: str, directory: Path, *, unsafe: bool = True, select: str = "POL4"
) -> tuple[Outcome, Outcome]:
    """The outcomes of a snippet as it stands and as it is fixed; the fixed one has no finding."""
    text = (SNIPPETS / f"{name}.py").read_bytes()
    where = directory / "fixed.py"
    resolver = Resolver(str(directory), isolated=True, overrides=Overrides(Selectors(select=(select,), origin="--")))
    outcome, fixed = Runner(resolver, Options(fix=True, unsafe=unsafe)).run_text(text, str(where))
    assert fixed != text
    assert not outcome.diagnostics
    where.write_bytes(fixed)
    return run(name), run(str(where.with_suffix("")))


@pytest.mark.parametrize("name", MOVES)
def test_while_it_waits_others_get_a_connection(run: Run, name: str, tmp_path: Path) -> None:
    before, after = before_and_after(run, name, tmp_path)
    assert before.error is None
    assert after.error is None
    assert (before.server_starved, after.server_starved) == ([True], [False])
    assert (before.items, before.value) == (after.items, after.value)
    assert (after.checked_out, after.starved) == (0, False)


def test_a_session_that_has_begun_goes_on(run: Run, tmp_path: Path) -> None:
    before, after = before_and_after(run, "begins_once", tmp_path, unsafe=False)
    assert isinstance(before.error, InvalidRequestError)
    assert before.items == ["coffee"]
    assert after.error is None
    assert after.items == ["coffee", "tea 1"]
    assert (after.checked_out, after.starved) == (0, False)


def test_what_raises_then_is_rolled_back_by_the_block_of_the_session(run: Run, tmp_path: Path) -> None:
    before, after = before_and_after(run, "begins_once_and_raises", tmp_path, unsafe=False)
    assert isinstance(before.error, InvalidRequestError)
    assert isinstance(after.error, LookupError)
    assert after.items == ["coffee"]
    assert (after.checked_out, after.starved) == (0, False)


def test_the_connection_in_hand_does_the_work_of_another(run: Run, tmp_path: Path) -> None:
    before, after = before_and_after(run, "works_with_the_one_in_hand", tmp_path)
    assert isinstance(before.error, PoolTimeout)
    assert after.error is None
    assert (after.value, after.items) == (1, ["coffee", "tea"])
    assert (after.checked_out, after.starved) == (0, False)


def test_what_a_helper_has_connected_is_given_back(run: Run, tmp_path: Path) -> None:
    before, after = before_and_after(run, "repaired_helper_has_connected", tmp_path, unsafe=False, select="POL2")
    assert (before.error, before.checked_out, before.starved) == (None, 1, True)
    assert (after.error, after.checked_out, after.starved) == (None, 0, False)
    assert before.value == after.value == "coffee"


def test_a_raw_connection_is_given_back_in_any_version(run: Run, tmp_path: Path) -> None:
    _, after = before_and_after(run, "repaired_raw_connection", tmp_path, select="POL2")
    assert (after.error, after.checked_out, after.starved) == (None, 0, False)
    assert after.value == "coffee"
    assert b"finally" in (tmp_path / "fixed.py").read_bytes()


def test_what_uses_an_engine_later_is_returned_with_it(run: Run) -> None:
    outcome = run("fine_returned_engine_used_later")
    assert (outcome.error, outcome.value, outcome.open) == (None, ["coffee"], 0)


def test_a_handler_that_relies_on_an_early_release_still_may(run: Run, tmp_path: Path) -> None:
    _, after = before_and_after(run, "repaired_early_close", tmp_path, select="POL2")
    assert after.error is None
    assert (after.value, after.checked_out, after.starved) == ("coffee", 0, False)
