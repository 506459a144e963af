"""The hooks under the real pre-commit, in a scratch git repository."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).parents[2]
PARTS = ("src", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")

DB = """\
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://localhost/app")
Sessions = async_sessionmaker(engine)
"""
API = """\
from app.db import Sessions
from app.models import User


async def rename(user_id: int, name: str) -> None:
    async with Sessions() as session:
        user = await session.get_one(User, user_id)
        user.name = name
        await session.commit()
"""
MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""
OLD = """\
from app.db import engine


async def stop() -> None:
    engine.dispose()
"""
BROKEN = API.replace("await session.commit()", "session.commit()")


class Repository:
    """A git repository whose commits go through pre-commit with one hook of poolint."""

    def __init__(self, path: Path, run: Run, env: dict[str, str], hooks: tuple[Path, str]) -> None:
        self.path = path
        self._run = run
        self.env = env
        self._hooks = hooks

    def git(self, *arguments: str) -> str:
        ran = self._run("git", *arguments, cwd=self.path, env=self.env)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout.strip()

    def commit(self) -> tuple[bool, str]:
        """Commit all there is: whether it went through, and what was said about it."""
        self.git("add", "--all")
        before = self.git("rev-parse", "HEAD")
        ran = self._run("git", "commit", "--message", "next", cwd=self.path, env=self.env)
        assert (ran.returncode == 0) == (self.git("rev-parse", "HEAD") != before)
        return ran.returncode == 0, ran.stdout + ran.stderr

    def use(self, hook: str, language: str) -> None:
        """Let commits go through this hook and nothing else."""
        where, revision = self._hooks
        override = "" if language == "python" else f"\n        language: {language}"
        (self.path / ".pre-commit-config.yaml").write_text(
            f"repos:\n  - repo: {where}\n    rev: {revision}\n    hooks:\n      - id: {hook}{override}\n"
        )
        self.git("add", "--all")
        self.git("commit", "--no-verify", "--allow-empty", "--message", f"use {hook}")

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.path / name).read_text()


@pytest.fixture
def repository(tmp_path: Path, command: Run, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a small application in it, and the hooks of this very checkout in another one beside it."""
    monkeypatch.delenv("PYTHONPATH", raising=False)  # the hook has an environment of its own
    env = {
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PATH": f"{Path(sys.executable).parent}:{Path(shutil.which('git') or '').parent}:/usr/bin:/bin",
    }
    (tmp_path / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n")

    hooks = tmp_path / "poolint"
    hooks.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, hooks / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, hooks / part)
    published = Repository(hooks, command, env, (hooks, ""))
    published.git("init", "--quiet")
    published.git("add", "--all")
    published.git("commit", "--quiet", "--message", "poolint")
    revision = published.git("rev-parse", "HEAD")

    work = tmp_path / "work"
    (work / "app").mkdir(parents=True)
    made = Repository(work, command, env, (hooks, revision))
    made.git("init", "--quiet")
    for name, text in {"__init__": "", "db": DB, "models": MODELS, "api": API, "old": OLD}.items():
        made.write(f"app/{name}.py", text)
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "first")
    ran = command(sys.executable, "-m", "pre_commit", "install", cwd=work, env=env)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


@pytest.fixture
def language(repository: Repository, command: Run) -> str:
    """``python``, as the hooks say; ``system`` where pip reaches no index to install them from."""
    repository.use("poolint", "python")
    ran = command(sys.executable, "-m", "pre_commit", "install-hooks", cwd=repository.path, env=repository.env)
    if ran.returncode == 0:
        return "python"
    offline = ("No matching distribution", "Could not find a version", "Connection", "Temporary failure")
    assert any(sign in ran.stdout + ran.stderr for sign in offline), ran.stdout + ran.stderr
    return "system"


def test_a_commit_is_blocked_fixed_and_then_passes(repository: Repository, language: str) -> None:
    repository.use("poolint", language)
    repository.write("app/api.py", API + "\n\n# Unchanged but for this.\n")
    passed, told = repository.commit()
    assert passed, told

    repository.write("app/api.py", BROKEN)
    passed, told = repository.commit()
    assert not passed
    assert "POL102" in told, "the type comes from app/db.py, which has not changed"
    assert "app/api.py:9:9" in told
    assert "old.py" not in told, "only what has changed is checked"
    assert repository.read("app/api.py") == BROKEN

    repository.git("reset", "--quiet", "--hard")
    repository.use("poolint-fix", language)
    repository.write("app/api.py", BROKEN)
    passed, told = repository.commit()
    assert not passed, "what was fixed has to be looked at and added"
    assert "files were modified by this hook" in told
    assert repository.read("app/api.py") == API
    assert repository.read("app/old.py") == OLD

    passed, told = repository.commit()
    assert passed, told


def test_what_a_change_brings_is_blocked_and_nothing_else(repository: Repository, language: str) -> None:
    repository.use("poolint-changed", language)
    repository.write("app/old.py", OLD + "\n\nLIMIT = 1\n")
    passed, told = repository.commit()
    assert passed, f"what was there before blocks nobody: {told}"
    repository.write("app/old.py", OLD + "    engine.dispose()\n")
    passed, told = repository.commit()
    assert not passed, "a new leak beside an old one, in the same words"
    assert told.count("POL101") == 1
    repository.write("app/old.py", OLD.replace("    engine", "    await engine"))
    passed, told = repository.commit()
    assert passed, told


def test_excluded_files_are_left_alone(repository: Repository, language: str) -> None:
    repository.use("poolint", language)
    repository.write("pyproject.toml", '[tool.poolint]\nextend-exclude = ["app/generated.py"]\n')
    repository.write("app/generated.py", BROKEN)
    passed, told = repository.commit()
    assert passed, told
