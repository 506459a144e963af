"""``poolint dev new-rule``: its scaffold, filled in, is a rule that passes what rules are held to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poolint.cli.main import main

ROOT = Path(__file__).parents[2]
COPIED = ("src", "docs", "pyproject.toml", "README.md", "tests/support.py", "tests/test_registry.py", "tests/test_docs.py",
          "tests/test_fixtures.py", "tests/test_architecture.py")  # fmt: skip

EXAMPLE = """\
from sqlalchemy.ext.asyncio import AsyncConnection


    async def first(conn: AsyncConnection) -> object:
        result = await conn.stream("SELECT 1")
        return await result.first()"""
INSTEAD = EXAMPLE.replace("stream(", "execute(").replace("return await", "return")
BODY = EXAMPLE.partition("\n\n\n")[2].replace("    async", "async").replace("        r", "    r")

TEXTS = {
    "what is found, in a few words.": "a result that is streamed.",
    "one sentence that says what is wrong.": "A result is streamed.",
    "what is reported, and what is not although it looks alike.": "Reports streams.",
    "what happens in production.": "A cursor stays open.",
    "code that is reported": EXAMPLE,
    "the same code, mended": INSTEAD,
    "where it is right nevertheless.": "When the result is large.",
    "one line for the tables, without a full stop": "a result is streamed",
    "what it does, and what that leads to": "keeps a cursor open",
    "what is observed, in a few words.": "Observations about streams.",
    "what it is.": "A stream.",
    "which calls in ``scope`` are observed.": "The streams in ``scope``.",
    "a role of the models": "stream",
    "the story: what goes wrong here.": "A stream of one row.",
    "the story: what looks alike, and is right.": "A query of one row.",
    "imports": "from sqlalchemy.ext.asyncio import AsyncConnection",
    "message": "`AsyncConnection.stream` keeps a cursor open",
}
"""What takes the place of each mark."""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this checkout, and the working directory in it."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill_in(checkout: Path) -> list[Path]:
    """Replace the marks in all new files, and give these."""
    files = [path for path in checkout.rglob("*.py") if "FILL IN:" in path.read_text() and path.parent.name != "dev"]
    code = BODY.replace('("SELECT 1")', '("SELECT 1")  # expect: POL608 "`AsyncConnection.stream` keeps a cursor open"')
    for path in files:
        text = re.sub(r"FILL IN: code, with .*", lambda _: code, path.read_text())
        text = re.sub(
            r"FILL IN: code$",
            lambda _: BODY.replace("stream(", "execute(").replace("return await", "return"),
            text,
            flags=re.MULTILINE,
        )
        for mark, filled in TEXTS.items():
            text = text.replace(f"FILL IN: {mark}", filled)
        assert "FILL IN:" not in text, text
        path.write_text(text)
    return files


def run(checkout: Path, *command: str) -> str:
    """Run a module of Python in the copy, which must succeed; its output."""
    environment = {**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", *command], cwd=checkout, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_filled_in_rule_passes(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "new-rule", "POL608", "streamed-result"]) == 0
    out = capsys.readouterr().out
    files = fill_in(checkout)
    assert len(files) == 4
    assert all(f"wrote {path.relative_to(checkout)}\n" in out for path in files)

    analysis = checkout / "src/poolint/detect/analysis.py"
    row = '("generators", lambda scope: generators.observe(ev, scope)),'
    text = analysis.read_text()
    assert row in text
    text = text.replace(
        row, f'{row}\n            ("streamed_result", lambda scope: streamed_result.observe(ev, scope)),'
    )
    analysis.write_text(text.replace("    responding,\n", "    responding,\n    streamed_result,\n", 1))

    assert run(checkout, "poolint.docs").splitlines()[:3] == [
        "wrote docs/rules.md", "wrote README.md", "wrote pyproject.toml"
    ]  # fmt: skip
    points = (checkout / "pyproject.toml").read_text().partition('[project.entry-points."poolint.rules"]')[2]
    points = points.partition("[")[0].replace('"', "")
    info = checkout / "src/poolint-0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poolint\nVersion: 0.0\n")
    (info / "entry_points.txt").write_text(f"[poolint.rules]\n{points}")

    sources = [str(path.relative_to(checkout)) for path in [*files, analysis] if "fixtures" not in path.parts]
    run(checkout, "ruff", "check", *sources)
    run(checkout, "ruff", "format", "--check", *sources)
    run(checkout, "mypy", *(f"-m{name}" for name in modules(sources)))
    wanted = "POL608 and not enough or announces or fresh or streamed_result or no_cycle"
    ran = run(checkout, "pytest", "-q", "-n0", "-pno:cacheprovider", "tests", "-k", wanted)
    passed = re.search(r"^(\d+) passed", ran, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) > 15


def modules(sources: list[str]) -> list[str]:
    """The dotted names of files below ``src``."""
    return [source.removeprefix("src/").removesuffix(".py").replace("/", ".") for source in sources]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("POL607", "a-name"),
            "src/poolint/rules/api/retry_without_backoff.py is POL607 retry-without-backoff already",
        ),
        (
            ("POL608", "sleep-while-held"),
            "src/poolint/rules/holding/sleep_while_held.py is POL403 sleep-while-held already",
        ),
        (("POL999", "a-name"), "'POL999' is no code of a rule"),
        (("POL608", "A Name"), "'A Name' is no name of a rule"),
        (("POL701", "a-name"), "say with --group in which folder of "),
        (("POL608", "a-name", "--group", "nowhere"), "say with --group in which folder of "),
        (("POL608", "spending-spree"), "src/poolint/detect/spending_spree.py exists already: nothing was written"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    arguments: tuple[str, ...],
    error: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("models/schema.py", "rules/api/retry_without_backoff.py", "rules/holding/sleep_while_held.py"):
        (tmp_path / "src/poolint" / name).parent.mkdir(parents=True)
        shutil.copy2(ROOT / "src/poolint" / name, tmp_path / "src/poolint" / name)
    (tmp_path / "src/poolint/rules/api/__init__.py").touch()
    (tmp_path / "src/poolint/detect").mkdir()
    (tmp_path / "src/poolint/detect/spending_spree.py").touch()
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path / "src")
    assert main(["dev", "new-rule", *arguments]) == 2
    err = capsys.readouterr().err
    assert error in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_outside_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["dev", "new-rule", "POL608", "a-name"]) == 2
    assert f"{tmp_path} is in no checkout of poolint" in capsys.readouterr().err
