"""``--diff-base`` and ``--changed``: what has come since a revision, on changed rows and elsewhere because of them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from poolint.cli.main import main

LEAK = """\
import asyncpg


async def total(pool: asyncpg.Pool) -> None:
    conn = await pool.acquire()
    conn.close()
"""
HELPER = """\
import httpx


async def call(client: httpx.AsyncClient) -> None:
    pass
"""
CALLER = """\
import asyncpg
import httpx

from shop.helper import call


async def order(pool: asyncpg.Pool, client: httpx.AsyncClient) -> None:
    async with pool.acquire() as conn:
        await conn.fetchval("SELECT 1")
        await call(client)
"""


def git(root: Path, *arguments: str) -> None:
    named = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *named, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.poolint]\nselect = ["POL101", "POL402"]\n')
    for name, text in {"__init__": "", "leak": LEAK, "helper": HELPER, "caller": CALLER}.items():
        (root / "shop" / f"{name}.py").write_text(text)
    for name in [one for one in os.environ if one.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(root)
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "begin")
    return root


def found(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    main(["check", "--no-cache", "--output-format=json", *arguments])
    out = capfd.readouterr().out
    return [f"{Path(one['filename']).name}:{one['location']['row']} {one['code']}" for one in json.loads(out)]


def test_only_what_has_come_is_reported(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert found(capfd, ".") == ["leak.py:6 POL101"]
    assert found(capfd, "--changed", ".") == []
    assert main(["check", "--no-cache", "--changed", "."]) == 0
    capfd.readouterr()
    (project / "shop/leak.py").write_text("# moved\n" + LEAK + "    conn.terminate()\n    pool.close()\n")
    assert found(capfd, "--changed", ".") == ["leak.py:9 POL101"]
    (project / "shop/new.py").write_text(LEAK)  # which git does not know yet
    assert found(capfd, "--diff-base=HEAD", ".") == ["leak.py:9 POL101", "new.py:6 POL101"]
    git(project, "add", ".")
    git(project, "commit", "-m", "more")
    assert found(capfd, "--changed", ".") == []
    assert found(capfd, "--diff-base=HEAD~1", "shop") == ["leak.py:9 POL101", "new.py:6 POL101"]


def test_what_a_change_causes_elsewhere_is_reported(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "shop/helper.py").write_text(HELPER.replace("pass", 'await client.post("https://pay/")'))
    assert found(capfd, "--changed", ".") == ["caller.py:10 POL402"]
    assert found(capfd, "--changed", "shop/caller.py") == ["caller.py:10 POL402"]


def test_from_a_folder_below(project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "shop")
    (project / "shop/leak.py").write_text(LEAK + "    pool.close()\n")
    assert found(capfd, "--changed", "leak.py") == ["leak.py:7 POL101"]
    assert found(capfd, "--changed", "--select=POL402", ".") == []


def test_nothing_of_the_repository_is_touched(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "shop/leak.py").write_text(LEAK + "    pool.close()\n")
    git(project, "add", "shop/leak.py")

    def state() -> tuple[bytes, list[str]]:
        told = subprocess.run(["git", "status", "--porcelain=v2"], cwd=project, check=True, capture_output=True).stdout
        return told, sorted(str(one) for one in project.rglob("*") if ".git/" not in f"{one}/")

    before = state()
    found(capfd, "--changed", ".")
    assert state() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--diff-base=nope"], "--diff-base: 'nope' is no revision of this repository"),
        (["--diff-base=--output=x"], "--diff-base: '--output=x' is no revision of this repository"),
    ],
)
def test_what_is_no_revision(project: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    del project
    assert main(["check", *arguments, "."]) == 2
    assert said in capfd.readouterr().err


def test_outside_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "leak.py").write_text(LEAK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["check", "--changed", "."]) == 2
    assert "--diff-base: git rev-parse: " in capfd.readouterr().err


def test_beside_a_baseline(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "."]) == 0
    git(project, "add", ".")
    git(project, "commit", "-m", "known")
    capfd.readouterr()
    assert main(["check", "--changed", "."]) == 0
    assert capfd.readouterr().out == "All checks passed!\n", "nothing of the baseline is gone"
    twice = LEAK + "    conn = await pool.acquire()\n    conn.close()\n"
    (project / "shop" / "leak.py").write_text(twice)
    assert main(["check", "--changed", "--output-format=concise", "."]) == 1
    shown = capfd.readouterr().out
    assert shown.count("POL101") == 1, "in the very same words, beside the old one"
    assert "no more" not in shown
    (project / "shop" / "leak.py").write_text("")
    assert main(["check", "--changed", "."]) == 0
    assert "1 finding of poolint-baseline.txt no more" in capfd.readouterr().out
