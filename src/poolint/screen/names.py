"""Names that the files of a project define: cheap first questions about what a call can mean."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from poolint.screen.files import File


class Names:
    """The names in all files that the screen knows. It learns of more files while it is asked, and so do its answers.

    What an import renames may be any of them, and stands among them under its new name.
    """

    def __init__(self, files: Mapping[str, File | None]) -> None:
        self._files = files
        self._coroutines: set[str] = set()
        self._definitions: set[str] = set()
        self._seen = [0, 0]

    def coroutines(self) -> Set[str]:
        """The names of ``async def``\\ s."""
        for file in self._fresh(0):
            self._coroutines.update(_renamed(file))
            if b"async" in file.data:
                self._coroutines.update(map(bytes.decode, file.coroutines))
        return self._coroutines

    def definitions(self) -> Set[str]:
        """The names of functions and classes, inner ones too."""
        for file in self._fresh(1):
            self._definitions.update(_renamed(file))
            self._definitions.update(map(bytes.decode, file.defined))
        return self._definitions

    def _fresh(self, kind: int) -> Iterator[File]:
        """The files that have come to be known since the last time."""
        if self._seen[kind] != len(self._files):
            for file in list(self._files.values())[self._seen[kind] :]:
                if file is not None:
                    yield file
            self._seen[kind] = len(self._files)


def _renamed(file: File) -> Iterator[str]:
    return (link.local.decode() for link in file.links if link.local != link.name)
