"""What is read after a commit: what POL304 tells, which is off by default, is what happens, and a session takes a connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, QueuePool, create_engine
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.orm import Session, declarative_base

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


@pytest.mark.parametrize(("options", "held"), [({}, 1), ({"expire_on_commit": False}, 0)])
def test_reading_what_a_commit_has_expired_takes_a_connection_again(options: dict[str, bool], held: int) -> None:
    engine = create_engine("sqlite://", poolclass=QueuePool)
    base = declarative_base()

    class Order(base):  # type: ignore[misc, valid-type]
        __tablename__ = "orders"
        number = Column(Integer, primary_key=True)

    base.metadata.create_all(engine)
    with Session(engine, **options) as session:
        order = Order(number=1)
        session.add(order)
        session.commit()
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert order.number == 1
        assert engine.pool.checkedout() == held  # type: ignore[attr-defined]
