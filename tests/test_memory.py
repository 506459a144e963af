"""What a run keeps in memory: what was learned of files is let go of when it is much, and no finding depends on that."""

from __future__ import annotations

import gc
import weakref
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.support import Fixture, Project, fixtures

from poolint import engine
from poolint.config import Resolver
from poolint.engine import Checker
from poolint.explain.coverage import totals
from poolint.rules.registry import LazyRules
from poolint.runner import Options, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poolint.diagnostics import Diagnostic
    from poolint.outcome import Outcome
    from poolint.syntax.project import Module
    from poolint.text.source import Source

DATABASE = """\
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("postgresql://db/shop")
SessionLocal = sessionmaker(engine)


def rows(session: Session, limit: int):
    return session.execute(text("select 1")).all()[:limit]
"""

MODULE = """\
import acme
from database import SessionLocal, rows
from orders{n} import total{n}


def total{i}(limit):
    session = SessionLocal()
    return rows(session, limit)


def report{i}(limit):
    return total{n}(limit)


def show{i}(limit):
    return report{i}(limit)


async def tell{i}(limit):
    with SessionLocal() as session:
        rows(session, limit)
        await acme.tell(limit)
"""

COUNT = 6


@pytest.fixture(autouse=True)
def let_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much has to be loaded again."""
    monkeypatch.setattr(engine, "MOST_AGAIN", 1_000)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "database.py").write_text(DATABASE)
    for i in range(COUNT):
        text = MODULE.replace("{i}", str(i)).replace("{n}", str((i + 1) % COUNT))
        (tmp_path / f"orders{i}.py").write_text(text)
    (tmp_path / "broken.py").write_text("import asyncpg\npool = asyncpg.create_pool()\ndef plain(:\n")
    return tmp_path


class Watched(Checker):
    """A checker that puts down which modules it has had, and how often it has let go of them."""

    rests = 0
    had: list[weakref.ref[Module]]

    def analysed(self, source: Source):  # type: ignore[no-untyped-def]
        module, analysis = super().analysed(source)
        if not hasattr(self, "had"):
            self.had = []
        self.had.append(weakref.ref(module))
        return module, analysis

    def rest(self) -> None:
        super().rest()
        self.rests += 1
        assert not [one for one in self.had if one() is not None], (
            "something outside of the project holds on to a module"
        )


def run(root: Path, most: int | None = None, options: Options | None = None) -> tuple[Outcome, list[Watched]]:
    made: list[Watched] = []

    def make(settings, rules):  # type: ignore[no-untyped-def]
        made.append(Watched(settings, rules) if most is None else Watched(settings, rules, most))
        return made[-1]

    return Runner(Resolver(str(root), isolated=True), options, make).run([str(root)]), made


def test_modules_are_let_go_of_when_too_much_source_is_loaded(project: Path) -> None:
    _, [checker] = run(project, most=0, options=Options(coverage=True))
    assert checker.rests == COUNT + 1, "one rest after each file of interest"


def test_they_are_let_go_of_each_time_without_a_collector_that_runs_by_itself(project: Path) -> None:
    gc.disable()
    try:
        _, [checker] = run(project, most=0)
    finally:
        gc.unfreeze()
        gc.enable()
    assert checker.rests == COUNT + 1


def test_what_nearly_all_files_need_is_not_loaded_for_each(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_AGAIN", 1)
    _, [checker] = run(project, most=0)
    assert 1 <= checker.rests < COUNT


def test_a_project_of_usual_size_is_kept(project: Path) -> None:
    _, [checker] = run(project)
    assert checker.rests == 0


def test_what_is_told_does_not_depend_on_what_is_kept(project: Path) -> None:
    kept, _ = run(project, options=Options(coverage=True))
    for most in (0, 1_000):
        rested, _ = run(project, most, Options(coverage=True))
        assert rested.diagnostics == kept.diagnostics
        assert totals(rested.seen) == totals(kept.seen)
    sums = totals(kept.seen)
    assert sums.functions == 1 + 4 * COUNT, "each reaches the database, by itself or by others"
    assert sums.packages == (("acme", COUNT),)
    assert {one.code for one in kept.diagnostics} >= {"POL201", "POL901"}


def test_what_is_shown_of_a_fix_does_not_depend_on_what_is_kept(project: Path) -> None:
    kept, _ = run(project, options=Options(diff=True, unsafe=True))
    rested, _ = run(project, 0, Options(diff=True, unsafe=True))
    assert kept.diffs
    assert rested.diffs == kept.diffs
    assert rested.diagnostics == kept.diagnostics


def findings(root: Path, fixture: Fixture, most: int) -> list[Diagnostic]:
    """The findings of a fixture, in each file of which the checker starts anew where ``most`` is nothing."""
    project = Project(root, fixture.files)
    project.checker = Checker(project.settings, LazyRules(), most)
    found = []
    for name in project.names:
        found += project._check(project._source(name))
        if project.checker.is_full:
            project.checker.rest()
    return found


@pytest.fixture
def apart() -> Iterator[None]:
    """The collections of garbage that checks ask for do not look at what other tests have left."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("fixture", [one for one in fixtures() if len(one.files) > 1], ids=str)
def test_findings_of_fixtures_do_not_depend_on_what_is_kept(fixture: Fixture, tmp_path: Path) -> None:
    ask = partial(findings, fixture.lay_out(tmp_path), fixture)
    assert ask(most=0) == ask(most=1_000_000)


def test_the_screen_keeps_each_word_once_and_no_text_twice(project: Path) -> None:
    _, [checker] = run(project)
    files = [one for one in checker.screen._files.values() if one is not None]
    kept: dict[bytes, set[int]] = {}
    for file in files:
        for segment in file.segments:
            for word in (*segment.words, *segment.telling):
                kept.setdefault(word, set()).add(id(word))
    assert len(files) > COUNT
    assert kept[b"SessionLocal"]
    assert not {word for word, objects in kept.items() if len(objects) > 1}
    assert not [answer for answer in checker.screen._interesting.values() if isinstance(answer[0], bytes)]
