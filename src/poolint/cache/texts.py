"""The sources as they were, beside what came of them: what a change has altered is told by what stood there before.

They have a file of their own, which is read only where something has changed.
"""

from __future__ import annotations

import zlib

import msgspec

from poolint import recording
from poolint.bounds import MAX_CACHED_TEXT
from poolint.cache import store
from poolint.cache.folder import ENDING, TEXTS
from poolint.files import read_unseen, source_limit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.cache.folder import Folder
    from poolint.recording import Stamp

_LEVEL = 1
"""How hard to compress: a tenth of a second for ten million bytes, to a quarter of them."""


class Texts:
    """The sources that are kept beside the file of this name in a folder."""

    def __init__(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._name = name.removesuffix(ENDING) + TEXTS
        self._kept: dict[str, tuple[bytes, bytes]] | None = None

    def of(self, path: str, digest: bytes) -> bytes | None:
        """The source at ``path`` that has this digest; None where it is not known."""
        found = self._all().get(path)
        if found is None or found[0] != digest:
            return None
        unpacking = zlib.decompressobj()
        try:
            data = unpacking.decompress(found[1], source_limit(path))
        except zlib.error:
            return None
        return data if recording.digest(data) == digest else None  # whoever else wrote it would have to know one

    def keep(self, sources: Mapping[str, Stamp]) -> None:
        """Put down the sources that these are the stamps of, as far as they are still there and not too many."""
        known, kept, total = self._all(), dict[str, tuple[bytes, bytes]](), 0
        for path, stamp in sorted(sources.items()):
            total += stamp[0]
            if total > MAX_CACHED_TEXT:
                break
            old = known.get(path)
            if old is not None and old[0] == stamp[3]:
                kept[path] = old
                continue
            try:
                data = read_unseen(path, source_limit(path))
            except (OSError, ValueError):
                continue
            if recording.digest(data) == stamp[3]:
                kept[path] = (stamp[3], zlib.compress(data, _LEVEL))
        if kept != known:
            self._folder.write(self._name, store.sealed(msgspec.msgpack.encode(kept)))
            self._kept = kept

    def _all(self) -> dict[str, tuple[bytes, bytes]]:
        if self._kept is None:
            self._kept = {}
            data = self._folder.read(self._name)
            body = store.opened(data) if data is not None else None
            if body is not None:
                try:
                    self._kept = msgspec.msgpack.decode(body, type=dict[str, tuple[bytes, bytes]])
                except (msgspec.MsgspecError, ValueError, RecursionError):
                    pass
        return self._kept
