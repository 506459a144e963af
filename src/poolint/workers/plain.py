"""What goes through the pipes between processes: plain values, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import convert, to_builtins

from poolint.config import ConfigError
from poolint.outcome import FileResult

if TYPE_CHECKING:
    Result = FileResult | Exception


def dumped(value: object) -> bytes:
    """A message. Not in one of msgspec's own formats: names of files and messages may have halves of surrogate pairs."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def plain(result: Result) -> dict[str, Any]:
    """What came of a file, for :func:`dumped`. Of a text only the bytes of its file travel, where something stands in it."""
    if isinstance(result, Exception):
        return {"refused": str(result)}
    source = result.source.raw.decode("latin-1") if result.source is not None and result.diagnostics else None
    return {
        "diagnostics": to_builtins([*result.diagnostics, *result.silenced]),
        "source": source,
        "seen": None if result.seen is None else to_builtins(result.seen.settled()),
        "crashed": result.crashed,
    }


def restored(path: str, value: dict[str, Any]) -> Result:
    """What :func:`plain` was given."""
    if "refused" in value:
        return ConfigError(value["refused"])
    from poolint.diagnostics import Diagnostic

    result = FileResult()
    result.take(convert(value["diagnostics"], list[Diagnostic]))
    result.crashed = value["crashed"]
    if value["source"] is not None:
        from poolint.text.source import Source

        result.source = Source.from_bytes(path, value["source"].encode("latin-1"))
    if value["seen"] is not None:
        from poolint.analyses.seen import Settled

        result.seen = convert(value["seen"], Settled)
    return result
