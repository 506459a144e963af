"""A client of ``poolint server``, as an editor would be one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

COMMAND = [sys.executable, "-c", "from poolint.cli.main import run; run()", "server"]


class Editor:
    """What a person does, and sees."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self._versions: dict[str, int] = {}

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    async def open(self, name: str, text: str | None = None) -> list[types.Diagnostic]:
        """Open a file, perhaps with a text that is not saved, and wait for what is told."""
        uri, text = self.uri(name), (self.root / name).read_bytes().decode() if text is None else text
        self._versions[uri] = 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text))
        )
        return await self.told(uri)

    async def type(self, name: str, text: str) -> list[types.Diagnostic]:
        """Put another text in the place of all of it."""
        uri = self.uri(name)
        self.change(name, text)
        return await self.told(uri)

    def change(self, name: str, text: str) -> None:
        uri = self.uri(name)
        self._versions[uri] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._versions[uri], uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def save(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)
        self.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(self.uri(name)))
        )

    async def told(self, uri: str) -> list[types.Diagnostic]:
        """What is told next of a file."""
        while True:
            await asyncio.wait_for(
                self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), timeout=120
            )
            if uri in self.client.diagnostics:
                return list(self.client.diagnostics[uri])

    async def actions(self, name: str, row: int, column: int = 1) -> list[types.CodeAction]:
        at = types.Position(row - 1, column - 1)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri(name)), types.Range(at, at), types.CodeActionContext([])
            )
        )
        return [one for one in found or [] if isinstance(one, types.CodeAction)]

    async def applied(self, name: str, text: str, action: types.CodeAction) -> str:
        """A text after an action."""
        done = await self.client.code_action_resolve_async(action)
        assert done.edit is not None and done.edit.changes is not None, action.title
        lines = text.splitlines(keepends=True)
        for edit in reversed(done.edit.changes[self.uri(name)]):
            first, last = edit.range.start, edit.range.end
            head = lines[first.line][: first.character] if first.line < len(lines) else ""
            tail = lines[last.line][last.character :] if last.line < len(lines) else ""
            lines[first.line : last.line + 1] = [head + edit.new_text + tail]
            lines = "".join(lines).splitlines(keepends=True)
        return "".join(lines)

    async def hover(self, name: str, row: int, column: int = 1) -> str:
        found = await self.client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(self.uri(name)), types.Position(row - 1, column - 1))
        )
        return found.contents.value if found is not None and isinstance(found.contents, types.MarkupContent) else ""


Opened = Callable[[Path], Awaitable[Editor]]


@pytest_lsp.fixture(config=ClientServerConfig(server_command=COMMAND))
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def opened(client: LanguageClient) -> Opened:
    """Opens a folder in an editor."""

    async def begin(root: Path) -> Editor:
        await client.initialize_session(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(),
                root_uri=root.as_uri(),
                workspace_folders=[types.WorkspaceFolder(root.as_uri(), "project")],
            )
        )
        return Editor(client, root)

    return begin
