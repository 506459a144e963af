"""``poolint dev new-rule``: its scaffold, filled in, is a rule that passes what rules are held to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from conftest import Run

ROOT = Path(__file__).parents[2]
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


def fill_in(checkout: Path) -> list[Path]:
    """Replace the marks in all new files, and give these."""
    files = [path for path in checkout.rglob("*.py") if "FILL IN:" in path.read_text() and path.parent.name != "dev"]
    code = BODY.replace('("SELECT 1")', '("SELECT 1")  # expect: POL609 "`AsyncConnection.stream` keeps a cursor open"')
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


def test_a_filled_in_rule_passes(checkout: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "new-rule", "POL609", "streamed-result"]) == 0
    out = capsys.readouterr().out
    files = fill_in(checkout)
    assert len(files) == 4
    assert all(f"wrote {path.relative_to(checkout)}\n" in out for path in files)

    assert run("poolint.docs").splitlines()[:3] == [
        "wrote docs/rules.md", "wrote README.md", "wrote pyproject.toml"
    ]  # fmt: skip
    points = (checkout / "pyproject.toml").read_text().partition('[project.entry-points."poolint.rules"]')[2]
    points = points.partition("[")[0].replace('"', "")
    info = checkout / "src/poolint-0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poolint\nVersion: 0.0\n")
    (info / "entry_points.txt").write_text(f"[poolint.rules]\n{points}")

    sources = [str(path.relative_to(checkout)) for path in files if "fixtures" not in path.parts]
    run("ruff", "check", *sources)
    run("ruff", "format", "--check", *sources)
    run("mypy", *(f"-m{name}" for name in modules(sources)))
    wanted = "POL609 and not enough or announces or fresh or streamed_result or no_cycle"
    ran = run("pytest", "-q", "-n0", "-pno:cacheprovider", "tests", "-k", wanted)
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
            ("POL609", "sleep-while-held"),
            "src/poolint/rules/holding/sleep_while_held.py is POL403 sleep-while-held already",
        ),
        (("POL999", "a-name"), "'POL999' is no code of a rule"),
        (("POL609", "A Name"), "'A Name' is no name of a rule"),
        (("POL701", "a-name"), "say with --group in which folder of "),
        (("POL609", "a-name", "--group", "nowhere"), "say with --group in which folder of "),
        (("POL609", "spending-spree"), "src/poolint/detect/spending_spree.py exists already: nothing was written"),
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
    assert main(["dev", "new-rule", "POL609", "a-name"]) == 2
    assert f"{tmp_path} is in no checkout of poolint" in capsys.readouterr().err
