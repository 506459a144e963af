"""flake8 keeps what is found in the cache of the command line, and writes nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from poolint.cache import NAME, store

LEAK = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()
"""
HELPER = """\
import httpx


async def call(client: httpx.AsyncClient) -> None:
    await client.post("https://pay/")
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
FLAKE8 = "from flake8.main.cli import main"
POOLINT = "from poolint.cli.main import main"


def run(root: Path, program: str, *arguments: str, stdin: str = "", **variables: str) -> tuple[str, set[str]]:
    """What a command prints, and the modules of ours that its first process has loaded in the end."""
    code = (
        f"import sys\n{program}\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*(one for one in sys.modules if one.startswith('poolint.')), file=sys.stderr)"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("POOLINT")} | variables
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=root,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout, set(ran.stderr.split())


def flake8(root: Path, *arguments: str, stdin: str = "", **variables: str) -> tuple[str, set[str]]:
    given = arguments or ("--jobs=1", ".")
    return run(root, FLAKE8, "--isolated", "--select=POL", *given, stdin=stdin, **variables)


def check(root: Path, *arguments: str) -> tuple[str, set[str]]:
    return run(root, POOLINT, "check", "--output-format=json", *arguments, ".")


ENGINE = "poolint.detect.analysis"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    for name, text in {"__init__": "", "leak": LEAK, "helper": HELPER, "caller": CALLER}.items():
        (root / "shop" / f"{name}.py").write_text(text)
    return root


def kept(root: Path) -> set[str]:
    """The names of the files of which something is kept."""
    found = set()
    for file in (root / NAME).glob("*.msgpack"):
        stored = store.decoded(file.read_bytes())
        assert stored is not None
        found |= {Path(one).name for one in stored.entries}
    return found


def test_processes_keep_what_each_has_found(project: Path) -> None:
    first, _ = flake8(project, "--jobs=2", ".")
    assert first.count("POL") == 2
    assert kept(project) == {"__init__.py", "leak.py", "helper.py", "caller.py"}
    again, loaded = flake8(project)
    assert sorted(again.splitlines()) == sorted(first.splitlines())
    assert ENGINE not in loaded
    assert "poolint.models.loader" not in loaded


def test_the_command_line_and_flake8_serve_each_other(project: Path) -> None:
    cold, loaded = check(project, "--no-cache")
    assert ENGINE in loaded
    flake8(project)
    warm, loaded = check(project)
    assert ENGINE not in loaded
    assert warm == cold
    (project / "shop/helper.py").write_text(HELPER.replace("await client", "client"))
    check(project)
    found, loaded = flake8(project)
    assert ENGINE not in loaded
    assert found == flake8(project, POOLINT_NO_CACHE="1")[0]


def test_what_a_helper_does_now_counts(project: Path) -> None:
    assert "POL402" in flake8(project)[0]
    (project / "shop/helper.py").write_text("async def call(client):\n    pass\n")
    found, _ = flake8(project)
    assert "POL402" not in found
    assert found == flake8(project, POOLINT_NO_CACHE="1")[0]


def test_comments_that_flake8_deals_with_itself_are_kept_apart(project: Path) -> None:
    (project / "shop/leak.py").write_text(LEAK.replace("commit()", "commit()  # noqa: POL102"))
    assert "leak.py" not in check(project)[0]
    shown, _ = flake8(project, "--disable-noqa", "--jobs=1", ".")
    assert "leak.py" in shown
    assert flake8(project, "--disable-noqa", "--jobs=1", ".")[0] == shown
    assert "leak.py" not in check(project)[0]
    assert "leak.py" not in flake8(project)[0]


def test_what_comes_from_standard_input_is_nobodys_file(project: Path) -> None:
    given = ("--stdin-display-name=shop/helper.py", "-")
    assert "helper.py:5:5: POL102" in flake8(project, *given, stdin=LEAK)[0]
    assert not (project / NAME).exists()
    flake8(project)
    before = {one: one.read_bytes() for one in (project / NAME).iterdir()}
    assert "helper.py:5:5: POL102" in flake8(project, *given, stdin=LEAK)[0]
    assert {one: one.read_bytes() for one in (project / NAME).iterdir()} == before


def test_nothing_is_written_where_nobody_wants_it(project: Path, tmp_path: Path) -> None:
    cold, _ = flake8(project, POOLINT_NO_CACHE="1")
    assert not (project / NAME).exists()
    (project / "pyproject.toml").write_text("[tool.poolint]\ncache = false\n")
    assert flake8(project)[0] == cold
    check(project)
    assert not (project / NAME).exists()
    (project / "pyproject.toml").unlink()
    assert flake8(project)[0] == cold, "no project: nowhere to keep anything"
    assert flake8(tmp_path)[0].count("POL") == cold.count("POL")
    assert not list(tmp_path.rglob(NAME))
    assert flake8(project, POOLINT_CACHE_DIR=str(tmp_path / "elsewhere"))[0] == cold
    assert [one.name for one in tmp_path.iterdir() if one.name != "project"] == ["elsewhere"]
    assert not (project / NAME).exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to this user")
def test_a_tree_that_cannot_be_written_is_checked_all_the_same(project: Path) -> None:
    cold, _ = flake8(project, POOLINT_NO_CACHE="1")
    project.chmod(0o555)
    try:
        assert flake8(project, "--jobs=2", ".")[0].count("POL") == cold.count("POL")
        assert not (project / NAME).exists()
    finally:
        project.chmod(0o755)
