"""A baseline: what is known is not reported, what is new is, and it only shrinks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolint import recording
from poolint.baseline import NAME
from poolint.cli.main import main

HEAD = "import asyncpg\n\n\n"
ONE = "async def one(pool: asyncpg.Pool) -> None:\n    conn = await pool.acquire()\n    conn.close()\n"
TWO = ONE.replace("one", "two")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL101"]\n')
    (root / "app/a.py").write_text(HEAD + ONE)
    (root / "app/b b.py").write_text(HEAD + TWO)
    monkeypatch.chdir(root)
    monkeypatch.delenv("POOLINT_CACHE_DIR", raising=False)
    return root


class Ran:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.out = ""

    def __call__(self, *arguments: str) -> int:
        code = main(list(arguments))
        self.out, self.err = self._capfd.readouterr()
        return code

    def found(self, *arguments: str) -> list[str]:
        """The places of what is reported."""
        self("check", "--output-format=json", *arguments, ".")
        return [f"{Path(one['filename']).name}:{one['location']['row']}" for one in json.loads(self.out)]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Ran:
    return Ran(capfd)


def lines(project: Path) -> list[str]:
    return [one for one in (project / NAME).read_text().splitlines() if not one.startswith("#")]


def test_what_is_known_is_not_reported(project: Path, run: Ran) -> None:
    assert run("check", ".") == 1
    assert run("baseline") == 0
    assert run.out == f"{NAME}: 2 findings written\n"
    assert [one.split()[0] for one in lines(project)] == ["POL101", "POL101"]
    assert [one.split(" ")[2] for one in lines(project)] == ["app/a.py", "app/b%20b.py"]
    assert run("check", ".") == 0
    assert run.out == f"All checks passed!\n2 findings known by {NAME}.\n"
    assert run.found("--no-baseline") == ["a.py:6", "b b.py:6"]
    (project / NAME).rename(project / "known.txt")
    assert run.found("--baseline=known.txt") == []
    assert run("check", "--baseline=no.txt", ".") == 2
    assert "no.txt: there is no such baseline" in run.err


def test_what_is_kept_for_later_runs_outlives_a_baseline(project: Path, run: Ran) -> None:
    before = [recording.state_of(kind, str(project)) for kind in ("names", "entries", "marks")]
    run("baseline")
    assert before == [recording.state_of(kind, str(project)) for kind in ("names", "entries", "marks")]


def test_rows_may_move_and_files_be_renamed(project: Path, run: Ran) -> None:
    run("baseline")
    (project / "app/a.py").write_text(
        HEAD + "LIMIT = 1\n\n\n" + ONE.replace("    conn.close()", "    # odd\n    conn.close()")
    )
    (project / "app/b b.py").rename(project / "app/c.py")
    assert run.found() == []
    assert run("baseline") == 0
    assert run.out == f"{NAME}: 2 findings left, 0 gone\n"
    assert [one.split(" ")[2] for one in lines(project)] == ["app/a.py", "app/c.py"]


def test_what_is_new_beside_what_is_known_is_reported(project: Path, run: Ran) -> None:
    run("baseline")
    again = "    conn = await pool.acquire()\n    conn.close()\n"
    (project / "app/a.py").write_text(HEAD + ONE + again)  # in the same function, in the same words
    assert len(run.found()) == 1
    (project / "app/a.py").write_text(HEAD + ONE + "    await pool.release(conn)\n    pool.close()\n")
    assert run.found() == ["a.py:8"]
    (project / "app/copy.py").write_text(HEAD + ONE)
    assert run.found() == ["a.py:8", "copy.py:6"]


def test_it_only_shrinks(project: Path, run: Ran) -> None:
    run("baseline")
    (project / "app/a.py").write_text(HEAD + ONE.replace("conn.close", "await conn.close"))
    (project / "app/new.py").write_text(HEAD + TWO)
    assert run("check", ".") == 1
    assert f"1 finding of {NAME} no more: `poolint baseline` takes them out." in run.out
    assert run("baseline") == 0
    assert run.out.splitlines() == [
        f"{NAME}: 1 finding left, 1 gone",
        "1 finding not in it, and reported: `poolint baseline --renew` takes them in",
    ]
    assert run.found() == ["new.py:6"]
    assert run("baseline", "--renew") == 0
    assert run.found() == []
    assert len(lines(project)) == 2
    (project / "app/new.py").unlink()
    assert run("baseline") == 0
    assert len(lines(project)) == 1


def test_of_files_that_are_not_checked_nothing_is_said(project: Path, run: Ran) -> None:
    run("baseline")
    before = (project / NAME).read_bytes()
    assert run("check", "app/a.py") == 0
    assert "no more" not in run.out
    assert run("baseline", "app/a.py") == 0
    assert (project / NAME).read_bytes() == before


def test_each_root_has_its_own(project: Path, run: Ran) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL101"]\n')
    (inner / "c.py").write_text(HEAD + ONE)
    assert run("baseline") == 0
    assert (len(lines(project)), len(lines(inner))) == (2, 1)
    (project / NAME).unlink()
    assert run.found() == ["a.py:6", "b b.py:6"]


@pytest.mark.parametrize("text", ["POL101 too few\n", "\n# words\nPOL101  0 a b c\n"])
def test_what_is_no_baseline_is_refused(text: str, project: Path, run: Ran) -> None:
    (project / NAME).write_text(text)
    assert run("check", ".") == 2
    assert f"{NAME}:{text.count(chr(10))}: this is no line of a baseline" in run.err
    assert run("baseline") == 2
    assert (project / NAME).read_text() == text
    assert run("baseline", "--renew") == 0
    assert run.found() == []


def test_nothing_is_written_where_something_cannot_be_checked(project: Path, run: Ran) -> None:
    (project / "pyproject.toml").write_text('[tool.poolint]\nselect = ["NOPE"]\n')
    assert run("baseline") == 2
    assert not (project / NAME).exists()


def test_files_that_cannot_be_read_are_never_known(project: Path, run: Ran) -> None:
    (project / "app/a.py").write_text(HEAD + ONE + "def broken(:\n")
    run("baseline")
    assert "POL901" not in (project / NAME).read_text()
    assert run.found() == ["a.py:7"]


def test_it_merges_line_by_line(project: Path, run: Ran) -> None:
    run("baseline")
    both = (project / NAME).read_text()
    assert [one.split(" ")[2:] for one in lines(project)] == sorted(one.split(" ")[2:] for one in lines(project))
    (project / NAME).write_text("\n".join(reversed(both.splitlines())) + "\n")
    assert run.found() == []
    run("baseline")
    assert (project / NAME).read_text() == both


HELD = """import httpx
from sqlalchemy import text
from sqlalchemy.orm import Session


def pay(session: Session, client: httpx.Client) -> None:
    session.execute(text("SELECT 1"))
    client.get("https://pay.example/state")
    session.commit()
"""


def test_what_is_new_does_not_hide_behind_what_is_known_of_the_same_decision(project: Path, run: Ran) -> None:
    (project / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL402"]\n')
    held = project / "app/held.py"
    held.write_text(HELD)
    run("baseline")
    assert run.found() == []
    charge = '    client.post("https://pay.example/charges")\n'
    held.write_text(HELD.replace("    session.commit()\n", f"{charge}{charge}    session.commit()\n"))
    assert run.found() == ["held.py:9"]
    assert [one["location"]["row"] for one in json.loads(run.out)[0]["also"]] == [10]
    assert run.found("--no-baseline") == ["held.py:8"]
    assert run("baseline", "--renew") == 0
    assert run.out == f"{NAME}: 3 findings written\n"


def test_each_call_of_one_decision_gets_its_comment(project: Path, run: Ran) -> None:
    (project / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL402"]\n')
    held = project / "app/held.py"
    charge = '    client.post("https://pay.example/charges")\n'
    held.write_text(HELD.replace("    session.commit()\n", f"{charge}    session.commit()\n"))
    assert run("check", "--add-noqa", "--noqa-reason", "known", ".") == 0
    assert [one.endswith("# poolint: ignore[POL402] known") for one in held.read_text().splitlines()[7:9]] == [
        True,
        True,
    ]
