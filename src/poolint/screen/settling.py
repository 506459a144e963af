"""Which names of a project's files carry something of a library: a least fixpoint over the files and their imports."""

from __future__ import annotations

from collections import deque

from poolint.screen.files import File, Link, taken_from
from poolint.screen.spreading import spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.screen.ready import Ready

FAR = 1
"""Over how many imports a coroutine's way to a database is followed at most."""


class Settling:
    """Settles files, each with all that it reaches by imports.

    ``file`` gives what stands in a path, or None, and ``ready`` knows the libraries. A file of which the text has changed is
    to be taken out of ``settled``.
    """

    def __init__(self, file: Callable[[str], File | None], ready: Ready) -> None:
        self._file = file
        self._ready = ready
        self.settled: set[str] = set()
        self.distance: dict[str, int] = {}
        """Over how many imports a file has to do with one that carries something; none that are too far."""

    def settle(self, start: str) -> None:
        """Find out which names carry something, in all files that ``start`` reaches by imports."""
        reached = self._reached(start)
        importers: dict[str, list[str]] = {}
        for path in reached:
            for target in self._targets(path):
                importers.setdefault(target, []).append(path)
            if self._fills_own(path):
                importers.setdefault(path, []).append(path)

        def resolve(file: File, path: str) -> bool:
            known = self._targets(path)
            is_new = self._resolve_modules(file)
            for target in self._targets(path) - known:
                importers.setdefault(target, []).append(path)
            return is_new

        self._until_stable(reached, importers, resolve)
        self._until_stable(reached, importers, lambda file, _: self._spread(file))
        self.settled.update(reached)
        self._measure(reached, importers)

    def _reached(self, start: str) -> list[str]:
        """The files that ``start`` reaches by imports and that are not settled, imported ones before their importers."""
        found: list[str] = []
        seen = {start}
        stack = [(start, iter(sorted(self._targets(start))))]
        while stack:
            path, targets = stack[-1]
            target = next((one for one in targets if one not in seen and one not in self.settled), None)
            if target is None:
                stack.pop()
                if self._file(path) is not None:
                    found.append(path)
            else:
                seen.add(target)
                stack.append((target, iter(sorted(self._targets(target)))))
        return found

    def _targets(self, path: str) -> frozenset[str]:
        """The files that a file imports, as far as is known."""
        file = self._file(path)
        found = file.targets if file is not None else frozenset[str]()
        return found - {path} if path in found else found

    def _fills_own(self, path: str) -> bool:
        """Whether a class in a file fills an interface in it, so that what is learned of the one tells of the other."""
        file = self._file(path)
        return file is not None and path in file.targets and any(link.source == path for link in file.links)

    def _until_stable(
        self, paths: list[str], importers: dict[str, list[str]], step: Callable[[File, str], bool]
    ) -> None:
        """Take a step for each file, and again for those that import one in which it has changed something."""
        queue = deque(paths)
        waiting = set(paths)
        while queue:
            path = queue.popleft()
            waiting.discard(path)
            file = self._file(path)
            if file is not None and step(file, path):
                fresh = [one for one in importers.get(path, ()) if one not in waiting]
                waiting.update(fresh)
                queue.extend(fresh)

    def _measure(self, reached: list[str], importers: dict[str, list[str]]) -> None:
        """How far the files that were reached are from one that carries something."""
        for path in reached:
            if (file := self._file(path)) is not None and file.carried:
                self.distance[path] = 0
        for far in range(FAR):
            for path in [one for one in importers if self.distance.get(one) == far]:
                for importer in importers[path]:
                    self.distance.setdefault(importer, far + 1)

    def _resolve_modules(self, file: File) -> bool:
        """Add links to the modules that a file reads off others, as in ``shop.storage.database.engine``, and what it has of
        libraries that others have imported; whether there is anything new.
        """
        links = list(file.links)
        known, brought = len(links), len(file.libraries)
        seen = {(link.local, target) for link in links for target in (link.submodule, link.source)}
        for link in links:  # grows
            source = self._file(link.source) if link.source is not None else None
            found = []
            if source is not None and source.modules and link.name:
                names = source.modules if link.name == b"*" else (link.name,)
                found += [(link.local if link.name != b"*" else one, source, one) for one in names]
            below = link.submodule if link.name else link.source
            module = self._file(below) if below is not None else None
            if module is not None and module.modules:
                found += [(link.local, module, one) for one in file.read_off(link.local) & module.modules.keys()]
            self._bring(file, link, source, module)
            for local, holder, name in found:
                for target in holder.modules.get(name, ()):
                    if (local, target) not in seen and self._file(target) is not file:
                        seen.add((local, target))
                        links.append(Link(b"", local, target, None))
                        file.modules.setdefault(local, set()).add(target)
        if len(links) > known:
            file.relink(links)
        return len(links) > known or len(file.libraries) > brought

    def _bring(self, file: File, link: Link, source: File | None, module: File | None) -> None:
        """Let a file have the modules of libraries that another one has imported: ``from shop.compat import asyncpg``."""
        fresh: dict[bytes, str] = {}
        if source is not None and link.name in source.libraries:
            fresh[link.local] = source.libraries[link.name]
        elif source is not None and link.name == b"*":
            fresh.update(source.libraries)
        if module is not None and module.libraries:
            read = sorted(file.read_off(link.local) & module.libraries.keys())
            fresh.update((link.local, module.libraries[one]) for one in read)
        for local, dotted in fresh.items():
            if local not in file.libraries:
                file.libraries[local] = dotted
                carrying, blocking = self._ready.seeds(file, b"", local, dotted)
                file.seeds, file.blocking_seeds = file.seeds | carrying, file.blocking_seeds | blocking

    def imported(self, file: File) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Local names of a file that come from elsewhere and carry something, carry a session, may block."""
        found = (set(file.seeds), set(file.blocking_seeds), set[bytes]())
        targets = ((path, self._file(path)) for path in file.targets)
        telling = {path: one for path, one in targets if one is not None and (one.carried or one.blocking)}
        for link in file.links if telling else ():
            source = telling.get(link.source) if link.source is not None else None
            below = telling.get(link.submodule) if link.submodule is not None else None
            if source is not None:
                for into, told in zip(found, source.told, strict=True):
                    if link.name in told:  # most imports are of one name
                        into.add(link.local)
                    elif told and link.name in (b"", b"*"):
                        into |= taken_from(file, link, told)
            if below is not None:
                for into, told in zip(found, below.told, strict=True):
                    into |= told & file.read_off(link.local)
        return found

    def _spread(self, file: File) -> bool:
        """Let what a file imports spread over its own names; whether any name is new in any of the sets."""
        before = sum(map(len, file.told))
        fresh = []
        for own, imported in zip(file.told, self.imported(file), strict=True):
            fresh.append(imported - own if file.is_spread else imported | own)
            own |= imported
        if any(fresh):
            file.is_spread = True
            spread(file, fresh, self._ready.reaches)
        return sum(map(len, file.told)) > before
