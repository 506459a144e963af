"""The format of what is kept: one file for each set of settings, MessagePack behind a header with a check sum.

What somebody else may have written is decoded into these types, and nothing else; bounds are looked at before.
"""

from __future__ import annotations

import zlib

import msgspec

_MAGIC = b"poolint cache 1\n"
_SUM = 4

PlacePlain = tuple[str, str, int]
SeenPlain = tuple[
    tuple[tuple[PlacePlain, str], ...],
    tuple[PlacePlain, ...],
    tuple[tuple[PlacePlain, tuple[str, ...], tuple[PlacePlain, ...]], ...],
    tuple[tuple[str, int, int, str, str, str], ...],
]
"""What :class:`poolint.analyses.seen.Settled` says, without the ways to calls that have no model."""


class Entry(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """What came of one file: its diagnostics, encoded for themselves, since most files have none, and what is seen of
    it. ``is_summed``: the latter was asked for."""

    diagnostics: bytes
    is_summed: bool
    seen: SeenPlain | None


class Stored(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """All that is kept. ``edges`` are numbers of ``nodes`` by the numbers of those that ask, and so are the others where
    the recorder has paths; for the rest see :class:`poolint.recording.Recorder`."""

    world: dict[str, bytes]
    sought: dict[str, dict[str, bool]]
    sources: dict[str, tuple[int, int, int, bytes]]
    nodes: list[str]
    edges: dict[int, list[int]]
    imports: dict[int, list[int]]
    answers: dict[str, dict[int, bool | None]]
    names: dict[int, bytes]
    entries: dict[str, msgspec.Raw]


def encoded(stored: Stored) -> bytes:
    """The bytes of a file."""
    return sealed(msgspec.msgpack.encode(stored))


def sealed(body: bytes) -> bytes:
    """The bytes of a file that has these in it, behind a header."""
    return _MAGIC + zlib.crc32(body).to_bytes(_SUM, "big") + body


def opened(data: bytes) -> memoryview | None:
    """What stands behind the header of a file; None where it is none that we have written."""
    start = len(_MAGIC) + _SUM
    if data[: len(_MAGIC)] != _MAGIC or len(data) < start:
        return None
    body = memoryview(data)[start:]
    return body if zlib.crc32(body) == int.from_bytes(data[len(_MAGIC) : start], "big") else None


def decoded(data: bytes) -> Stored | None:
    """What stands in the bytes of a file; None where it is nothing that we have written."""
    body = opened(data)
    if body is None:
        return None
    try:
        found = msgspec.msgpack.decode(body, type=Stored)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    count = len(found.nodes)
    for graph in (found.edges, found.imports):
        if any(not 0 <= one < count for key, ends in graph.items() for one in (key, *ends)):
            return None
    if any(not 0 <= one < count for one in found.names):
        return None
    if any(not 0 <= one < count for known in found.answers.values() for one in known):
        return None
    return found


def nothing(is_summed: bool) -> bytes:
    """An entry of a file in which nothing was found or seen."""
    return msgspec.msgpack.encode(Entry(b"", is_summed, None))


def entry(data: msgspec.Raw) -> Entry | None:
    """One entry; None where it is none."""
    try:
        return msgspec.msgpack.decode(data, type=Entry)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
