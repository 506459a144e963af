"""The language server, asked by a real client."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from poolint.text.source import Source

if TYPE_CHECKING:
    from tests.server.conftest import Editor

Opened = Callable[[Path], Awaitable["Editor"]]

FIXTURES = Path(__file__).parents[1] / "fixtures"

SHOP = """\
import asyncpg
import httpx


async def pay(pool: asyncpg.Pool, client: httpx.AsyncClient) -> None:
    conn = await pool.acquire()
    amount = await conn.fetchval("SELECT amount FROM orders")
    await client.post("https://pay.example/charges", json={"💰": amount})
    await pool.release(conn)
"""


def codes(found: list[types.Diagnostic]) -> list[tuple[str | int | None, int]]:
    return [(one.code, one.range.start.line + 1) for one in found]


@pytest.mark.asyncio
async def test_what_is_told_and_shown(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    editor = await opened(tmp_path)
    found = await editor.open("shop.py")
    assert codes(found) == [("POL202", 6), ("POL402", 8)]
    leak = found[0]
    assert leak.source == "poolint"
    assert leak.severity == types.DiagnosticSeverity.Error
    assert leak.range == types.Range(types.Position(5, 17), types.Position(5, 31))
    assert leak.related_information is not None
    steps = [(one.location.uri, one.location.range.start.line + 1, one.message) for one in leak.related_information]
    assert [(uri, row) for uri, row, _ in steps] == [(editor.uri("shop.py"), 6), (editor.uri("shop.py"), 7)]
    assert steps[1][2].endswith("may raise")

    shown = await editor.hover("shop.py", 6, 20)
    assert shown.startswith("**POL202 leak-on-exception** `conn` from `pool.acquire()` is not released when")
    assert "#### " in shown, "the rule is explained"
    assert "`conn` holds a connection over lines 6 to 9: 1 wait" in shown
    assert (await editor.hover("shop.py", 8, 1)).startswith(
        "Held here:\n\n- `conn` holds a connection over lines 6 to 9"
    )
    assert await editor.hover("shop.py", 2) == ""

    lenses = await editor.client.text_document_code_lens_async(
        types.CodeLensParams(types.TextDocumentIdentifier(editor.uri("shop.py")))
    )
    assert lenses is not None
    [lens] = lenses
    assert lens.range.start.line + 1 == 6
    assert lens.command is not None
    assert lens.command.title.startswith("`conn` holds a connection over lines 6 to 9: 1 wait, ")


@pytest.mark.asyncio
async def test_notebooks_are_left_alone(opened: Opened, tmp_path: Path) -> None:
    """An editor shows their cells, and sends one of these for the file."""
    (tmp_path / "shop.ipynb").write_text(SHOP)
    (tmp_path / "shop.py").write_text(SHOP)
    editor = await opened(tmp_path)
    editor.client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(editor.uri("shop.ipynb"), "python", 1, SHOP))
    )
    assert codes(await editor.open("shop.py")) == [("POL202", 6), ("POL402", 8)]
    assert await editor.hover("shop.ipynb", 6, 20) == ""


@pytest.mark.asyncio
async def test_texts_that_are_not_saved_count(opened: Opened, tmp_path: Path) -> None:
    """Also those of other files: what one imports is what stands in the editor."""
    (tmp_path / "gateway.py").write_text("async def charge(amount: int) -> None:\n    return None\n")
    (tmp_path / "shop.py").write_text(
        "import asyncpg\n\nfrom gateway import charge\n\n\nasync def pay(pool: asyncpg.Pool) -> None:\n"
        "    async with pool.acquire() as conn:\n        await charge(await conn.fetchval('SELECT 1'))\n"
    )
    editor = await opened(tmp_path)
    assert await editor.open("shop.py") == []
    await editor.open("gateway.py")
    slow = (
        "import httpx\n\n\nasync def charge(amount: int) -> None:\n    await httpx.AsyncClient().post('https://pay')\n"
    )
    await editor.type("gateway.py", slow)
    text = (tmp_path / "shop.py").read_text()
    assert codes(await editor.type("shop.py", f"{text}\n")) == [("POL402", 8)]
    assert await editor.type("shop.py", text.replace("await charge(", "print(")) == []
    editor.change("shop.py", "async def (")  # what cannot be parsed leaves what was told
    assert codes(await editor.type("shop.py", text)) == [("POL402", 8)]

    # Closed without being saved, the file on disk counts again; a save is seen by what is open.
    editor.client.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(editor.uri("gateway.py")))
    )
    await editor.told(editor.uri("gateway.py"))
    assert await editor.type("shop.py", f"{text}\n\n") == []
    await editor.save("gateway.py", slow)
    assert codes(await editor.told(editor.uri("shop.py"))) == [("POL402", 8)]


@pytest.mark.asyncio
async def test_who_runs_something_is_seen_in_texts_that_are_not_saved(opened: Opened, tmp_path: Path) -> None:
    """Also in files that have nothing to do with a database, which are never looked into themselves."""
    (tmp_path / "Procfile").write_text("web: python main.py\n")
    (tmp_path / "main.py").write_text("import shop\n\nprint(shop)\n")
    text = (
        "import asyncpg\n\n\nasync def lose(pool: asyncpg.Pool) -> None:\n    conn = await pool.acquire()\n"
        "    await conn.fetchval('SELECT 1')\n    await pool.release(conn)\n"
    )
    (tmp_path / "shop.py").write_text(text)
    editor = await opened(tmp_path)
    assert await editor.open("shop.py") == []
    await editor.open("main.py")
    await editor.type("main.py", "import shop\n\nprint(shop.lose)\n")
    assert codes(await editor.type("shop.py", f"{text}\n")) == [("POL202", 5)]
    await editor.type("main.py", "import shop\n\nprint(shop)\n")
    assert await editor.type("shop.py", text) == []


@pytest.mark.asyncio
async def test_settings_are_read_again(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "pyproject.toml").write_text("[tool.poolint]\n")
    editor = await opened(tmp_path)
    assert codes(await editor.open("shop.py")) == [("POL202", 6), ("POL402", 8)]

    async def settings(text: str) -> list[types.Diagnostic]:
        (tmp_path / "pyproject.toml").write_text(f"[tool.poolint]\n{text}\n")
        change = types.FileEvent(editor.uri("pyproject.toml"), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        return await editor.told(editor.uri("shop.py"))

    assert codes(await settings('ignore = ["POL4"]')) == [("POL202", 6)]
    [found] = await settings('ignore = ["POL4"]\nseverity = { POL202 = "note" }')
    assert found.severity == types.DiagnosticSeverity.Information
    assert await settings('exclude = ["shop.py"]') == []
    assert len(await settings("")) == 2


@pytest.mark.asyncio
async def test_comments_silence_what_is_found(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    editor = await opened(tmp_path)
    await editor.open("shop.py")
    actions = {one.title: one for one in await editor.actions("shop.py", 6, 20)}
    assert list(actions) == [
        "Release `conn` in a `finally`",
        "Silence POL202 here",
        "Apply all safe repairs of poolint",
    ]
    after = await editor.applied("shop.py", SHOP, actions["Silence POL202 here"])
    assert after == SHOP.replace("pool.acquire()\n", "pool.acquire()  # poolint: ignore[POL202]\n")
    assert codes(await editor.type("shop.py", after)) == [("POL402", 8)]


async def _one_by_one(editor: Editor, name: str, text: str) -> str:
    """A text after the repair of what is found, and of what that brings to light."""
    while True:
        found = await editor.type(name, text)
        places = [(one.range.start.line + 1, one.range.start.character + 1) for one in found]
        actions = [action for place in places for action in await editor.actions(name, *place) if action.is_preferred]
        if not actions:
            return text
        text = await editor.applied(name, text, actions[-1])


def _fix(folder: Path) -> None:
    command = [sys.executable, "-m", "poolint", "check", "--fix", "--exit-zero", "--quiet", "."]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


REPAIRED = ("POL101", "POL202", "POL301")


@pytest.mark.asyncio
@pytest.mark.parametrize("code", REPAIRED)
async def test_repairs_are_those_of_the_command_line(opened: Opened, tmp_path: Path, code: str) -> None:
    """All at once give the same bytes as `--fix`, and where there is one, so does that by itself."""
    sources = [file.with_name(file.name.replace(".fixed.py", ".py")) for file in FIXTURES.glob(f"{code}/*.fixed.py")]
    there, here = tmp_path / "there", tmp_path / "here"
    for folder in (there, here):
        folder.mkdir()
        for file in sources:
            shutil.copy(file, folder)
    _fix(there)
    editor = await opened(here)
    alone = 0
    for name in sorted(file.name for file in sources):
        text, wanted = (Source.read(str(folder / name)).text for folder in (here, there))
        found = await editor.open(name, text)
        assert text != wanted
        at = next(one for one in found if one.code == code).range.start
        actions = await editor.actions(name, at.line + 1, at.character + 1)
        [everything] = [one for one in actions if one.kind == "source.fixAll.poolint"]
        assert await editor.applied(name, text, everything) == wanted, name
        if len(found) == 1:
            alone += 1
            assert await _one_by_one(editor, name, text) == wanted, name
    assert alone or code not in ("POL101", "POL202")


def test_without_pygls_it_says_what_is_missing(tmp_path: Path) -> None:
    program = "import sys; sys.modules['pygls'] = None; from poolint.cli.main import main; sys.exit(main(['server']))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == "poolint: error: poolint server needs pygls: pip install 'poolint[lsp]'\n"
