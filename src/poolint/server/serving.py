"""The language server: what a client asks, and when findings are told anew."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from poolint import __version__
from poolint.config import ConfigError
from poolint.config.resolver import NAMES
from poolint.files import is_notebook
from poolint.server.resident import Findings, Resident
from poolint.server.shapes import NAME, Shapes, explained, holding
from poolint.text.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.diagnostics import Diagnostic
    from poolint.text.source import Source

PAUSE = 0.1
"""Seconds without a change after which a text is looked at."""

QUIET = 2.0
"""Seconds without any question after which there is time to tidy up."""

FIX_ALL = "source.fixAll.poolint"

log = logging.getLogger("poolint.server")


class Server(LanguageServer):
    """One client, and the project in its first folder."""

    def __init__(self) -> None:
        super().__init__(NAME, f"v{__version__}", text_document_sync_kind=types.TextDocumentSyncKind.Incremental)
        self.resident = Resident(os.getcwd())
        self._told: dict[str, Findings] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._tidying: asyncio.TimerHandle | None = None
        self._complaint = ""

    # When

    def begin(self, root: str | None) -> None:
        if root:
            self.resident = Resident(root)

    def took(self, uri: str) -> None:
        """A text has come or has changed; it is looked at when nothing comes behind it."""
        path = self._path(uri)
        if path is None:
            return
        self.resident.take(path, self.workspace.get_text_document(uri).source)
        self._forget(path)
        self._waiting[path] = asyncio.get_running_loop().call_later(PAUSE, self.tell, path)

    def gone(self, uri: str) -> None:
        path = self._path(uri)
        if path is None:
            return
        self._forget(path)
        self._told.pop(path, None)
        self.resident.close(path)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def wrote(self, paths: Iterable[str]) -> None:
        """Files were written: what is open may rest on them, whatever it looks like itself."""
        written = set(paths)
        self.resident.changed(written)
        for path in self.resident.open:
            if written - {path}:
                self.tell(path)

    def reload(self) -> None:
        """Settings, or which files there are, have changed."""
        self.resident.reload()
        for path in self.resident.open:
            self.tell(path)

    def tell(self, path: str) -> None:
        """Find anew what there is to find in a text, and tell it."""
        self._forget(path)
        findings = self._find(path)
        if findings is None:
            return
        self._told[path] = findings
        shapes = self._shapes(path, findings.source)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=self._uri(path), diagnostics=[shapes.diagnostic(one) for one in findings.found]
            )
        )
        self._tidy_later()

    def _find(self, path: str) -> Findings | None:
        try:
            findings = self.resident.findings(path)
        except ConfigError as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"poolint: {error}"))
            return None
        except (SourceError, OSError):
            return None
        except Exception:
            log.exception("poolint crashed over %s", path)
            return None
        self._complaint = ""
        return findings

    def _forget(self, path: str) -> None:
        waiting = self._waiting.pop(path, None)
        if waiting is not None:
            waiting.cancel()

    def _tidy_later(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.get_running_loop().call_later(QUIET, self.resident.rest)

    # What

    def now(self, uri: str) -> tuple[str, Findings] | None:
        """What is found in a text as it is now."""
        path = self._path(uri)
        if path is None:
            return None
        if path in self._waiting or path not in self._told:
            self.tell(path)
        return (path, self._told[path]) if path in self._told else None

    def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The repairs of what is found in a range. What they do is found out when one of them is wanted."""
        current = self.now(params.text_document.uri)
        if current is None:
            return []
        path, findings = current
        shapes = self._shapes(path, findings.source)
        only = params.context.only
        found = []
        for one in findings.found:
            told = shapes.diagnostic(one)
            if not _meet(told.range, params.range):
                continue
            if one.fix is not None and one.fix.edits and one.fix.applicability != "display":
                unsafe = " (may change what the code does)" if one.fix.applicability == "unsafe" else ""
                action = self._action(f"{one.fix.message}{unsafe}", params, "one", one, told)
                action.is_preferred = not unsafe
                found.append(action)
            found.append(self._action(f"Silence {one.code} here", params, "silence", one, told))
        if any(one.fix is not None and one.fix.applicability == "safe" for one in findings.found):
            found.append(self._action("Apply all safe repairs of poolint", params, "all", None, None))
        return [one for one in found if not only or any(_is_of_kind(one, kind) for kind in only)]

    def _action(
        self,
        title: str,
        params: types.CodeActionParams,
        what: str,
        one: Diagnostic | None,
        told: types.Diagnostic | None,
    ) -> types.CodeAction:
        place = [one.code, one.range.start.row, one.range.start.column] if one is not None else None
        return types.CodeAction(
            title=title,
            kind=FIX_ALL if one is None else types.CodeActionKind.QuickFix,
            diagnostics=[told] if told is not None else None,
            data={"uri": params.text_document.uri, "what": what, "place": place},
        )

    def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Find out what a repair does to the text."""
        data: Any = action.data
        current = self.now(data["uri"])
        if current is None:
            return action
        path, findings = current
        one = next((each for each in findings.found if _place(each) == data["place"]), None)
        after: Source | None = None
        if data["what"] == "all":
            after = self.resident.repaired(path, None)
        elif one is not None:
            make = self.resident.repaired if data["what"] == "one" else self.resident.silenced
            after = make(path, one)
        if after is not None:
            edits = self._shapes(path, findings.source).edits(after.lines)
            action.edit = types.WorkspaceEdit(changes={data["uri"]: edits})
        return action

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        """The rule of what is found at a place, and what is held on its row."""
        current = self.now(params.text_document.uri)
        if current is None:
            return None
        path, findings = current
        shapes = self._shapes(path, findings.source)
        at = params.position
        parts = [
            explained(one) for one in findings.found if _meet(shapes.range(one.range), types.Range(start=at, end=at))
        ]
        held = holding(self.resident.held(path), at.line + 1)
        parts += ["Held here:\n\n" + "\n".join(f"- {one}" for one in held)] if held else []
        text = "\n\n---\n\n".join(parts)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    def lenses(self, uri: str) -> list[types.CodeLens]:
        """Over which rows connections are held."""
        current = self.now(uri)
        if current is None:
            return []
        path, findings = current
        shapes = self._shapes(path, findings.source)
        return [shapes.lens(one) for one in self.resident.held(path)]

    def _shapes(self, path: str, source: Source) -> Shapes:
        return Shapes(source.lines, self.workspace.get_text_document(self._uri(path)).position_codec)

    def _uri(self, path: str) -> str:
        return self._uris.get(path) or from_fs_path(path) or ""

    def _path(self, uri: str) -> str | None:
        path = to_fs_path(uri) if uri.startswith("file:") else None
        if path is not None and is_notebook(path):
            return None  # of which an editor sends cells, not the file
        if path is not None:
            path = os.path.abspath(path)
            self._uris[path] = uri
        return path

    @property
    def _uris(self) -> dict[str, str]:
        """How the client writes the paths of files."""
        return self.__dict__.setdefault("_by_path", {})  # type: ignore[no-any-return]


def serve() -> None:
    """Serve one client on standard input and output, until it has had enough."""
    make().start_io()


def make() -> Server:
    """A server with all that it answers."""
    server = Server()

    @server.feature(types.INITIALIZED)
    def initialized(one: Server, _: types.InitializedParams) -> None:
        one.begin(one.workspace.root_path)
        workspace = one.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace is not None else None
        if watching is None or not watching.dynamic_registration:
            return
        watchers = [types.FileSystemWatcher(f"**/{name}") for name in (*NAMES, "*.py", "poolint-baseline.txt")]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        one.client_register_capability(
            types.RegistrationParams(
                [types.Registration("poolint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)]
            )
        )

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(one: Server, params: types.DidOpenTextDocumentParams) -> None:
        one.took(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(one: Server, params: types.DidChangeTextDocumentParams) -> None:
        one.took(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(one: Server, params: types.DidSaveTextDocumentParams) -> None:
        path = to_fs_path(params.text_document.uri)
        one.wrote([os.path.abspath(path)] if path else [])

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(one: Server, params: types.DidCloseTextDocumentParams) -> None:
        one.gone(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(one: Server, _: types.DidChangeConfigurationParams) -> None:
        one.reload()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_files(one: Server, params: types.DidChangeWatchedFilesParams) -> None:
        paths = [path for change in params.changes if (path := to_fs_path(change.uri)) is not None]
        is_other = any(change.type != types.FileChangeType.Changed for change in params.changes)
        if is_other or not all(path.endswith(".py") for path in paths):
            one.reload()
        else:
            one.wrote(set(map(os.path.abspath, paths)) - set(one.resident.open))

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True),
    )
    def code_action(one: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        return one.actions(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def code_action_resolve(one: Server, action: types.CodeAction) -> types.CodeAction:
        return one.resolve(action)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(one: Server, params: types.HoverParams) -> types.Hover | None:
        return one.hover(params)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def code_lens(one: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
        return one.lenses(params.text_document.uri)

    return server


def _place(one: Diagnostic) -> list[object]:
    return [one.code, one.range.start.row, one.range.start.column]


def _meet(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges share a place; one that is empty is a place."""
    first, last = max(_at(one.start), _at(other.start)), min(_at(one.end), _at(other.end))
    return first <= last


def _at(one: types.Position) -> tuple[int, int]:
    return one.line, one.character


def _is_of_kind(action: types.CodeAction, kind: str) -> bool:
    """Whether an action is of a kind, or of one below it, such as ``source.fixAll``."""
    own, wanted = (getattr(one, "value", one) for one in (action.kind, kind))
    return isinstance(own, str) and (own == wanted or own.startswith(f"{wanted}."))
