"""POL304, which is off by default: what it tells is what happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import MissingGreenlet

from poolint.config import Overrides, Resolver, Selectors
from poolint.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

SNIPPETS = Path(__file__).parent / "snippets"


@pytest.mark.parametrize(("kind", "codes"), [("bad", ["POL304"]), ("good", [])])
def test_it_is_told(kind: str, codes: list[str], tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_bytes((SNIPPETS / "shop.py").read_bytes())
    selected = Overrides(Selectors(extend_select=("POL304",), origin="--"))
    runner = Runner(Resolver(str(tmp_path), isolated=True, overrides=selected))
    data = (SNIPPETS / f"lazy_expired.{kind}.py").read_bytes()
    outcome, _ = runner.run_text(data, str(tmp_path / "snippet.py"))
    assert [one.code for one in outcome.diagnostics] == codes


@pytest.mark.filterwarnings("ignore:coroutine 'Connection.cursor' was never awaited")
def test_reading_what_a_commit_has_expired_raises(run: Callable[[str], Any]) -> None:
    bad, good = run("lazy_expired.bad"), run("lazy_expired.good")
    assert isinstance(bad.error, MissingGreenlet) or "MissingGreenlet" in str(bad.error)  # wrapped, under aiosqlite
    assert (good.error, good.value) == (None, "coffee")
