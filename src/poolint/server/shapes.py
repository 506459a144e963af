"""Findings, repairs and holds in the shapes of the language server protocol.

Rows and columns count from 0 there, and columns in units of UTF-16 unless the client wants others.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.uris import from_fs_path

from poolint.explanations import ALWAYS, as_object, internal
from poolint.rules.registry import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygls.workspace import PositionCodec

    from poolint.diagnostics import Diagnostic, Position, Range
    from poolint.explain.holds import Stretch

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
NAME = "poolint"


class Shapes:
    """For one text: its rows, and how its client counts columns."""

    def __init__(self, lines: Sequence[str], codec: PositionCodec) -> None:
        self._lines = lines
        self._codec = codec

    def position(self, one: Position) -> types.Position:
        plain = types.Position(line=one.row - 1, character=one.column - 1)
        return self._codec.position_to_client_units(self._lines, plain)

    def range(self, one: Range) -> types.Range:
        return types.Range(start=self.position(one.start), end=self.position(one.end))

    def diagnostic(self, one: Diagnostic) -> types.Diagnostic:
        """A finding, with the steps of its path, and the places that it is told for as well."""
        related = [self._related(step.filename, step.range, step.message, one) for step in one.path]
        related += [self._related(also.filename, also.range, f"so does `{one.code}` here", one) for also in one.also]
        return types.Diagnostic(
            range=self.range(one.range),
            severity=SEVERITIES[one.severity],
            code=one.code,
            code_description=types.CodeDescription(href=one.url) if one.url else None,
            source=NAME,
            message=one.message,
            related_information=related or None,
        )

    def _related(self, path: str, where: Range, message: str, one: Diagnostic) -> types.DiagnosticRelatedInformation:
        if path == one.filename:
            found = self.range(where)
        else:  # the rows of others are not at hand: their columns are those of characters
            found = types.Range(
                start=types.Position(line=where.start.row - 1, character=where.start.column - 1),
                end=types.Position(line=where.end.row - 1, character=where.end.column - 1),
            )
        return types.DiagnosticRelatedInformation(
            location=types.Location(uri=from_fs_path(path) or "", range=found), message=message
        )

    def edits(self, after: Sequence[str]) -> list[types.TextEdit]:
        """What turns the text into other rows: whole rows, and no more of them than differ."""
        before = self._lines
        found = []
        for tag, start, end, first, last in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag != "equal":
                where = types.Range(start=self._row(start), end=self._row(end))
                found.append(types.TextEdit(range=where, new_text="".join(after[first:last])))
        return found

    def _row(self, index: int) -> types.Position:
        """Where a row begins, or the text ends."""
        if index and index == len(self._lines) and not self._lines[-1].endswith(("\n", "\r")):
            return self._codec.position_to_client_units(
                self._lines, types.Position(line=index - 1, character=len(self._lines[-1]))
            )
        return types.Position(line=index, character=0)

    def lens(self, one: Stretch) -> types.CodeLens:
        start = types.Position(line=one.first - 1, character=0)
        return types.CodeLens(
            range=types.Range(start=start, end=start), command=types.Command(title=of_stretch(one), command="")
        )


def of_stretch(one: Stretch) -> str:
    """A stretch over which a connection is held, in a line."""
    kind = "the transaction of " if one.in_transaction else ""
    over = f"line {one.first}" if one.first == one.last else f"lines {one.first} to {one.last}"
    counts = ((len(one.waits), "wait"), (one.awaits, "await"), (one.queries, "quer"))
    told = [f"{count} {_plural(word, count)}" for count, word in counts if count]
    text = f"{kind}`{one.resource}` holds a connection over {over}"
    return f"{text}: {', '.join(told)}" if told else text


def _plural(word: str, count: int) -> str:
    if word == "quer":
        return "query" if count == 1 else "queries"
    return word if count == 1 else f"{word}s"


def explained(one: Diagnostic) -> str:
    """A finding with the explanation of its rule, as Markdown."""
    registry = load()
    if one.code in registry.rules:
        rule: dict[str, Any] = as_object(registry.rules[one.code], registry)
    elif one.code in ALWAYS:
        rule = internal(one.code)
    else:
        return f"**{one.code}** {one.message}"
    text = str(rule["explanation"]).replace("\n## ", "\n#### ")
    return f"**{one.code} {one.name}** {one.message}\n\n{text}"


def holding(stretches: Sequence[Stretch], row: int) -> list[str]:
    """What is held at a row, as Markdown."""
    return [
        f"{of_stretch(one)}, since `{one.how}` (line {one.first})" for one in stretches if one.first <= row <= one.last
    ]
