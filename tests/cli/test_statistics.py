"""``--statistics`` and ``--max-findings``: what is counted, and when a run is a success."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

LEAK = """\
import asyncpg


async def total(pool: asyncpg.Pool) -> int:
    conn = await pool.acquire()
    conn.close(){}
    return 1
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two roots; of one leak in many places some are reported, and one is silent for each reason there is."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "POOLINT_CACHE_DIR", "FORCE_HYPERLINK"):
        monkeypatch.delenv(name, raising=False)
    for folder in ("app", "app/tests", "lib"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL101", "POL301"]\n')
    (tmp_path / "lib" / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL101"]\n')
    (tmp_path / "app" / "old.py").write_text(LEAK.format(""))
    main(["baseline", "app/old.py"])
    (tmp_path / "app" / "a.py").write_text(LEAK.format("  # poolint: ignore[POL101] known"))
    (tmp_path / "app" / "b.py").write_text(LEAK.format(""))
    (tmp_path / "app" / "tests" / "test_it.py").write_text(
        "from sqlalchemy.orm import Session\n\n\nasync def test_it(session: Session) -> None:\n    session.commit()\n"
    )
    (tmp_path / "lib" / "c.py").write_text(LEAK.format("") + LEAK.format(""))
    return tmp_path


TABLE = """\
  found  fixable  relaxed  commented  baselined  rule
      3        3        -          1          1  POL101 unawaited-release
      -        -        1          -          -  POL301 sync-session-in-async

  found  fixable  relaxed  commented  baselined  root
      2        2        -          -          -  lib
      1        1        1          1          1  .

  found  fixable  relaxed  commented  baselined  file
      2        2        -          -          -  lib/c.py
      1        1        -          -          -  app/b.py
      -        -        -          1          -  app/a.py
      -        -        -          -          1  app/old.py
      -        -        1          -          -  app/tests/test_it.py

Found 3 errors.
[*] 3 fixable with the `--fix` option.
1 finding known by poolint-baseline.txt.
"""


@pytest.mark.usefixtures("tree")
def test_tables(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in "cold", "warm":
        capfd.readouterr()
        assert main(["check", "--statistics", "."]) == 1
        shown = capfd.readouterr()
        assert shown.out == TABLE
        assert shown.err.startswith("Looked into "), "what was not seen"
    assert main(["check", "--statistics", "-j1", "--no-cache", "."]) == 1
    assert capfd.readouterr().out == TABLE


def test_as_json(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert main(["check", "--statistics", "--output-format=json", "--output-format=sarif=all.sarif", "."]) == 1
    shown = capfd.readouterr()
    assert shown.err == ""
    found = json.loads(shown.out)
    assert found["rules"][0] == {
        "code": "POL101",
        "name": "unawaited-release",
        "found": 3,
        "fixable": 3,
        "silenced": {"relaxed": 0, "commented": 1, "baselined": 1, "before": 0},
    }
    assert [one["root"] for one in found["roots"]] == [str(tree / "lib"), str(tree)]
    assert found["files"][0]["filename"] == str(tree / "lib" / "c.py")
    assert found["not_seen"]["unknown"] == 0
    assert found["not_seen"]["functions"] > 0
    assert json.loads((tree / "all.sarif").read_bytes())["runs"][0]["results"], "other formats have the findings"


def test_nothing_to_count(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tree / "app" / "a.py").write_text("import asyncpg\n")
    capfd.readouterr()
    assert main(["check", "--statistics", "app/a.py"]) == 0
    assert capfd.readouterr().out == "All checks passed!\n"
    assert main(["check", "--statistics", "--output-format=github", "."]) == 2
    assert "--statistics takes the place of findings for people and in json, not in github" in capfd.readouterr().err


def test_what_there_was_before(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import subprocess

    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], check=True, cwd=tree)
    capfd.readouterr()
    assert main(["check", "--statistics", "--changed", "lib"]) == 0
    assert capfd.readouterr().out.splitlines()[:2] == [
        "  found  fixable   before  rule",
        "      -        -        2  POL101 unawaited-release",
    ]


def test_so_many_are_let_pass(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--max-findings=3", "."]) == 0
    assert "Found 3 errors.\n" in (shown := capfd.readouterr().out)
    assert shown.endswith("3 of --max-findings 3: this is no failure.\n")
    assert main(["check", "--max-findings=2", "."]) == 1
    (tree / "app" / "broken.py").write_text(LEAK.format("") + "(")
    assert main(["check", "--max-findings=9", "."]) == 1, "what could not be read is none of them"
    with pytest.raises(SystemExit):
        main(["check", "--max-findings=-1", "."])
