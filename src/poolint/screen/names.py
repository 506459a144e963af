"""Names that the files of a project define: cheap first questions about what a call can mean."""

from __future__ import annotations

import zlib
from array import array

from poolint import recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set

    from poolint.screen.files import File


class Names:
    """The names in all files that the screen knows. It learns of more files while it is asked, and so do its answers.

    What an import renames may be any of them, and stands among them under its new name.
    """

    def __init__(self, files: Mapping[str, File | None]) -> None:
        self._files = files
        self._coroutines: set[str] = set()
        self._definitions: set[str] = set()
        self._properties: set[str] = set()
        self._renames_property = False
        self._seen = [0, 0, 0]

    def coroutines(self) -> Set[str]:
        """The names of ``async def``\\ s."""
        for path, file in self._fresh(0):
            found = _renamed(file)
            if b"async" in file.data:
                found.update(map(bytes.decode, file.coroutines))
            self._coroutines |= found
            _put_down(path, file)
        return self._coroutines

    def definitions(self) -> Set[str]:
        """The names of functions and classes, inner ones too."""
        for path, file in self._fresh(1):
            found = _renamed(file)
            found.update(map(bytes.decode, file.defined))
            self._definitions |= found
            _put_down(path, file)
        return self._definitions

    def properties(self) -> Set[str]:
        """The names of properties; where a file gives their decorator another name, those of all functions."""
        for path, file in self._fresh(2):
            self._renames_property = self._renames_property or file.renames_property
            self._properties.update(map(bytes.decode, file.properties))
            _put_down(path, file)
        return self.definitions() if self._renames_property else self._properties

    def _fresh(self, kind: int) -> Iterator[tuple[str, File]]:
        """The files that have come to be known since the last time."""
        if self._seen[kind] != len(self._files):
            for path, file in list(self._files.items())[self._seen[kind] :]:
                if file is not None:
                    yield path, file
            self._seen[kind] = len(self._files)


def _renamed(file: File) -> set[str]:
    return {link.local.decode() for link in file.links if link.local != link.name}


def _put_down(path: str, file: File) -> None:
    """Let be put down what a file adds to the answers, to any of them."""
    if recording.active is not None and path not in recording.active.names:
        renamed = {one.encode() for one in _renamed(file)}
        added = (renamed.union(file.defined), file.coroutines, file.properties)
        found = {mark + name for mark, names in zip(_MARKS, added, strict=True) for name in names}
        recording.active.names[path] = signs(found)


_MARKS = (b"", b"async ", b"@")
"""What stands before a name in its signs: what is a function may become a coroutine or a property by its own file alone."""

_BEGUN = tuple(map(zlib.crc32, _MARKS))


def signs(names: Iterable[bytes]) -> bytes:
    """What stands for some names: four bytes for each. Two that differ may have the same, and then one is taken for the
    other, which a caller must be able to bear."""
    return array("I", sorted({zlib.crc32(name) for name in names})).tobytes()


def signs_of(word: bytes) -> Iterator[int]:
    """All that may stand for a word among :func:`signs`."""
    return (zlib.crc32(word, begun) for begun in _BEGUN)
