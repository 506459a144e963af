"""What a unit offers to others, in a file: its modules' texts, packed.

Plain values of msgpack, the same bytes for the same texts. They are read as what anybody may have written: no more is
unpacked than a tree of some five million lines takes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec

from poolint.bounds import Allowance, OverBoundError
from poolint.config import ConfigError
from poolint.discovery import SUFFIXES
from poolint.files import SOURCE_LIMIT, is_notebook, read_regular
from poolint.unit.request import is_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 1
MAX_TEXTS = 200_000
"""Modules that are laid out for one unit."""

MAX_BYTES = 250_000_000
"""Bytes of their texts."""


class _Text(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    name: str
    packed: bytes | None
    """None for a source that is too large to be analysed: that there is one is all that is asked of it."""


class _Facts(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    kind: str
    version: int
    texts: list[_Text]


class _Head(msgspec.Struct, array_like=True):
    kind: str
    version: int


def packed(texts: Mapping[str, bytes | None]) -> bytes:
    """The facts of a unit, from the texts of its sources by their names; None is one that is too large. Of notebooks there are
    none: nobody imports them."""
    rows = [
        _Text(name, None if data is None else zlib.compress(data, 6))
        for name, data in sorted(texts.items())
        if not is_notebook(name)
    ]
    return msgspec.msgpack.encode(_Facts("poolint facts", VERSION, rows))


def unpacked(paths: Iterable[str]) -> dict[str, bytes | None]:
    """The texts in files of facts together.

    Raises ``ConfigError`` for a file that holds no facts, for too many of them, and where two say something else of one
    module.
    """
    found: dict[str, bytes | None] = {}
    bytes_left, texts_left = Allowance(MAX_BYTES, "their bytes"), Allowance(MAX_TEXTS, "their modules")
    for path in dict.fromkeys(paths):
        try:
            facts = _decoded(read_regular(path))
            texts_left.spend(len(facts.texts))
            for one in facts.texts:
                data = _text(one)
                bytes_left.spend(len(data or b""))
                if found.setdefault(one.name, data) != data:
                    raise ValueError(f"{one.name!r} is not what other facts say it is")
        except OverBoundError as error:
            raise ConfigError(f"{path}: these facts are too many: {error}") from None
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: these are no facts of a unit: {error}") from None
    return found


def _decoded(data: bytes) -> _Facts:
    head = msgspec.msgpack.decode(data, type=_Head)
    if head.kind != "poolint facts":
        raise ValueError("they do not say that they are")
    if head.version != VERSION:
        raise ValueError(f"they are of version {head.version}, and this poolint reads {VERSION}")
    return msgspec.msgpack.decode(data, type=_Facts)


def _text(one: _Text) -> bytes | None:
    if not is_below(one.name) or not one.name.endswith(SUFFIXES):
        raise ValueError(f"{one.name[:200]!r} is no path of a module")
    if one.packed is None:
        return None
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(one.packed, SOURCE_LIMIT + 1)
    except zlib.error as error:
        raise ValueError(f"{one.name!r} is broken: {error}") from None
    if len(data) > SOURCE_LIMIT or not reader.eof or reader.unused_data:
        raise ValueError(f"{one.name!r} is broken: not one text of at most {SOURCE_LIMIT} bytes")
    return data
