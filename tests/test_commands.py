"""Every command that the README and the documentation show is run, or is said here to be run elsewhere."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from poolint.cli.main import main

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = "poolint @ git+https://git.example.com/poolint@v0.1.0"

ELSEWHERE = {
    "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/poolint examples/orders": ".ci/run",
    "python3 -m venv .venv-test && .venv-test/bin/pip install -q '.[dev]'"
    " && .venv-test/bin/python -m pytest --everyday": ".ci/run",
    ".venv-test/bin/python -m pytest --rest": ".ci/run",
    ".venv-test/bin/python -m pytest": "this is it",
    ".venv/bin/ruff check && .venv/bin/mypy && .venv/bin/python -m pytest --everyday": ".ci/run",
    "pytest --poolint": "tests/runtime/test_plugin.py",
    "poolint dev new-rule POL608 streamed-result": "tests/dev/test_new_rule.py",
    "poolint dev new-model aiosmtplib": "tests/dev/test_new_model.py",
    "poolint dev new-framework acme": "tests/dev/test_new_framework.py",
    "poolint fleet fleet.toml --output-dir found --time-limit 300": "tests/fleet/test_fleet.py",
    "poolint merge found/findings/*.json": "tests/fleet/test_fleet.py",
    "pytest --poolint-trace trace.json": "tests/runtime",
    "poolint check --trace trace.json": "tests/runtime",
    "python -m venv others && others/bin/pip install flake8 flake8-async pyright": "needs what is on PyPI; by hand",
    "pip download --no-deps prefect==3.9.1 langflow-base==1.13.0 skypilot==0.14.1": "needs what is on PyPI; by hand",
}
"""Commands that are not run here, with who runs them."""

ORDERS = """\
import asyncpg
import httpx
from acme.billing import refund


class Orders:
    def __init__(self, pool: asyncpg.Pool, session) -> None:
        self.pool = pool
        self.session = session

    async def pay(self, client: httpx.AsyncClient) -> None:
        async with self.pool.acquire() as conn:
            await conn.fetch("SELECT 1")
            await client.post("https://pay.example/charges")
            await refund()
        await self.session.execute("SELECT 1")


async def job(pool: asyncpg.Pool) -> None:
    conn = await pool.acquire()
    await conn.execute("x")
    await pool.release(conn)
"""


class Command(NamedTuple):
    """A line of a page that somebody is to type, and what is shown of what it prints."""

    page: str
    line: str
    shown: str


def commands() -> Iterator[Command]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for kind, body in re.findall(r"^ *```(sh|console|text|bash)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
            if kind == "sh":
                lines = [(line, "") for line in body.splitlines() if line.strip() and not line.startswith("#")]
            else:
                parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
                lines = [(part.split("\n", 1)[0], part.partition("\n")[2]) for part in parts]
            for line, shown in lines:
                yield Command(page.name, re.sub(r"\s+# .*", "", line).strip(), shown)


ALL = sorted(set(commands()))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the names that the pages use are there."""
    for name in ("NO_COLOR", "POOLINT_NO_CACHE"):
        monkeypatch.setenv(name, "1")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".poolint_cache"))
    (tmp_path / "pyproject.toml").write_text("[tool.poolint]\n", encoding="utf-8")
    for folder in ("app", "src/shop"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()
        (tmp_path / folder / "orders.py").write_text(f"{ORDERS}{chr(10) * 20}x = 1\n", encoding="utf-8")
    (tmp_path / "app" / "jobs.py").write_text(ORDERS, encoding="utf-8")
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for block in page.split("```python\n# ")[1:]:
        name, text = block.partition("\n```")[0].split("\n", 1)
        if name.endswith(".py"):
            (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ALL, ids=lambda one: f"{one.page}: {one.line}"[:90])
def test_a_command(
    command: Command, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = command.line
    if line in ELSEWHERE:
        where = ELSEWHERE[line]
        if where.startswith(("tests/", ".ci/")):
            assert (ROOT / where).exists()
        return
    words = shlex.split(line)
    if words[0] != "poolint":
        _other(words, project)
        return
    if "<" in words:
        text = (project / words[words.index("<") + 1]).read_bytes()
        words = words[: words.index("<")]
        stdin = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stdin)
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", stdout)
    assert main(words[1:]) in (0, 1), line
    printed = stdout.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
    assert "error:" not in capsys.readouterr().err
    if "examples/orders" in line and command.shown:
        _is_in(command.shown, printed)


def _is_in(shown: str, printed: str) -> None:
    """Each row that a page shows was printed, up to its ``…`` and but for the width of columns."""
    rows = [" ".join(row.split()) for row in printed.splitlines()]
    for row in filter(None, (" ".join(row.removesuffix("…").split()) for row in shown.splitlines())):
        assert any(one.startswith(row) for one in rows), row


def _other(words: list[str], project: Path) -> None:
    """Commands of other programs: what they name is there."""
    program = os.path.basename(words[0])
    if program in ("pip", "uv", "pipx") or words[1:3] == ["-m", "venv"]:
        [requirement] = [one for one in words if "poolint" in one or one.startswith(".[")] or ["."]
        if "git+" in requirement:
            assert requirement in (SOURCE, SOURCE.partition(" @ ")[2])
        else:
            extras = re.findall(r"\[(.*)\]", requirement)
            assert set(",".join(extras).split(",")) - {""} <= set(PROJECT["optional-dependencies"])
    elif program == "git":
        subprocess.run(["git", "init", "-q"], cwd=project, check=True)
        (project / words[-1]).touch()
        subprocess.run(words, cwd=project, check=True)
    elif program == "python":
        ran = subprocess.run(
            [sys.executable, str(ROOT / words[1]), "--help"], capture_output=True, text=True, check=False, timeout=120
        )
        assert ran.returncode == 0, ran.stderr
        for option in (one for one in words if one.startswith("--")):
            assert option in ran.stdout
    else:
        raise AssertionError(f"nobody runs {words}")


def test_what_is_run_elsewhere_is_shown() -> None:
    assert set(ELSEWHERE) <= {one.line for one in ALL}
