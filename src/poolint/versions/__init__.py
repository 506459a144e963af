"""Which versions of a library a project may have installed, as its own files say.

A version in a lock file comes before one that a requirements file pins, and that before a range. They are looked for
from the folder of the file that is checked up to the root of the repository; of each kind the nearest counts, unless it
contradicts a requirement that is nearer: a lock of something else. Nothing is read before somebody asks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint import recording
from poolint.versions.ranges import ANY, Range, both, release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.roots.finder import Finder
    from poolint.versions.declared import Declared, Reader

__all__ = ["ANY", "Range", "Versions"]


class Versions:
    """Answers for the files of one project; each folder is asked once for each library."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._reader: Reader | None = None
        self._declared: dict[tuple[str, str], Declared] = {}
        self._allowed: dict[tuple[str, str], Range] = {}

    @property
    def problems(self) -> list[str]:
        """A line for each file that was to be asked and is broken."""
        return self._reader.problems if self._reader is not None else []

    def allowed(self, library: str, path: str) -> Range:
        """The versions of a distribution that may be installed where the file at absolute ``path`` runs.

        All versions, where the project says nothing.
        """
        key = (os.path.dirname(path), library)
        if key not in self._allowed:
            self._allowed[key] = self._found(library, path)
        return self._allowed[key]

    def asks_for(self, library: str, path: str) -> bool:
        """Whether the project of the file at absolute ``path`` asks for a distribution, in whatever version."""
        said = (self._of(folder, library) for folder in self._folders(path))
        return any(part is not None for one in said for part in one)

    def is_any(self, library: str, path: str) -> bool:
        """Whether nothing is said of the versions of a distribution: what is installed anew is the latest."""
        return self.allowed(library, path) == ANY

    def may_be_since(self, version: str, library: str, path: str) -> bool:
        """Whether ``version`` of a distribution, or a later one, may be installed where the file at ``path`` runs."""
        return bool(both(self.allowed(library, path), ((release(version), None),)))

    def may_be_before(self, version: str, library: str, path: str) -> bool:
        """Whether an earlier version than ``version`` may be installed there."""
        return bool(both(self.allowed(library, path), (((), release(version)),)))

    def holding(self, since: Mapping[str, str], library: str, path: str) -> frozenset[str]:
        """What is true of the versions of a distribution that may be installed where the file at ``path`` runs: the values of
        ``since``, each from the version on that is its key.

        An empty text stands for versions of which nothing is said, where the project asks for such.
        """
        installed = self.allowed(library, path)
        found = set(_told(since, installed))
        first = min(map(release, since))
        if first and installed != ANY and both(installed, (((), first),)):
            found.add("")
        return frozenset(found)

    def holding_anew(self, since: Mapping[str, str], library: str, path: str) -> frozenset[str]:
        """What is true, as in :meth:`holding`, of what an installer takes where the file at ``path`` runs: of a range that
        nothing locks or pins, the newest that it allows. All values, where the project does not ask for the distribution.
        """
        declared = [self._of(folder, library) for folder in self._folders(path)]
        is_open = all(one.locked is None and one.pinned is None for one in declared)
        if is_open and any(one.wanted is not None for one in declared):
            return frozenset(_told(since, self.allowed(library, path))[-1:])
        return self.holding(since, library, path)

    def _found(self, library: str, path: str) -> Range:
        found = [self._of(folder, library) for folder in self._folders(path)]
        for kind in range(2):
            wanted = ANY
            for one in found:
                wanted = both(wanted, one.wanted or ANY) or wanted
                exact = one[kind]
                if exact is not None and both(exact, wanted):
                    return both(exact, wanted)
        return next((one.wanted for one in found if one.wanted is not None), ANY)

    def _folders(self, path: str) -> list[str]:
        """The folders from that of a file up to the root of its repository, or of its project where there is none."""
        folders = [os.path.dirname(path)]
        while not recording.REPOSITORY & self._finder.marks(folders[-1]):
            parent = os.path.dirname(folders[-1])
            if parent == folders[-1]:
                root = self._finder.top(path)
                return folders[: folders.index(root) + 1] if root in folders else folders[:1]
            folders.append(parent)
        return folders

    def _of(self, folder: str, library: str) -> Declared:
        key = (folder, library)
        if key not in self._declared:
            from poolint.versions.declared import Reader, normalized

            if self._reader is None:
                self._reader = Reader(self._finder.listing)
            self._declared[key] = self._reader.declared(folder, normalized(library))
        return self._declared[key]


def _told(since: Mapping[str, str], installed: Range) -> list[str]:
    """The values of ``since`` for the versions in a range, those of the newest last."""
    steps = sorted((release(version), value) for version, value in since.items())
    ends = [version for version, _ in steps[1:]] + [None]
    return [value for (low, value), high in zip(steps, ends, strict=True) if both(installed, ((low, high),))]
