"""Each fix of a measured text is run as well: what it makes does what the good twin does, and the harm is gone."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poolint.config import Overrides, Resolver, Selectors
from poolint.runner import Options, Runner

if TYPE_CHECKING:
    from conftest import Load, Outcome, Run

pytestmark = pytest.mark.filterwarnings("ignore")  # the bad ones lose coroutines and connections

SNIPPETS = Path(__file__).parent / "snippets"
AS_IT_IS = {"POL102_begin_not_entered"}
"""What a fix makes of these is only half of the good one: awaited, the transaction begins, and still nobody commits it."""

GIVEN = {"engine", "sync_engine", "client", "path"}
"""What snippets may be handed here; those that ask for a server are run in ``test_pools.py``."""


def fixed(name: str, directory: Path, *, unsafe: bool) -> bytes | None:
    """The text of a bad snippet as fixes of its own rule make it; None where they change nothing."""
    text = (SNIPPETS / f"{name}.bad.py").read_bytes()
    code, _, _ = name.partition("_")
    overrides = Overrides(Selectors(select=(code,), origin="--"))
    resolver = Resolver(str(directory), isolated=True, overrides=overrides)
    _, after = Runner(resolver, Options(fix=True, unsafe=unsafe)).run_text(text, str(directory / "fixed.py"))
    return after if after != text else None


def _names(*, unsafe: bool) -> list[str]:
    """The snippets that fixes change: all fixes, or the safe ones."""
    return [one for one in ALL if fixed(one, SNIPPETS.parent / "nowhere", unsafe=unsafe) is not None]


ALL = sorted({file.name.partition(".")[0] for file in SNIPPETS.glob("POL*.bad.py")})
SAFE = _names(unsafe=False)
UNSAFE = [one for one in _names(unsafe=True) if one not in SAFE]


def seen(outcome: Outcome) -> tuple[object, ...]:
    """What is compared: how it ended, what is out, who waits, what is in the database."""
    return type(outcome.error), outcome.checked_out, outcome.starved, outcome.items, outcome.value


@pytest.mark.parametrize("name", [*SAFE, *UNSAFE])
def test_what_a_fix_makes_does_what_the_good_one_does(run: Run, load: Load, name: str, tmp_path: Path) -> None:
    if not inspect.signature(load(f"{name}.bad")).parameters.keys() <= GIVEN:
        pytest.skip("it needs a server")
    after = fixed(name, tmp_path, unsafe=name in UNSAFE)
    assert after is not None
    (tmp_path / "after.py").write_bytes(after)
    cancels = 1 if name.startswith("POL203") else 0
    wanted = run(f"{name}.{'bad' if name in AS_IT_IS else 'good'}", cancels=cancels)
    assert seen(run(str(tmp_path / "after"), cancels=cancels)) == seen(wanted)
