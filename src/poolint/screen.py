"""Can this file concern a pool at all? Decided on bytes, before anything is parsed.

A file is interesting when it names a library of the models, or imports a name that carries something of one from
another file of the project: a file that only says ``async with SessionLocal() as session`` names no library, but
``SessionLocal`` comes from a module that does. Imports are followed on demand, to a fixpoint.

The screen is an optimisation and must be invisible: it errs on the side of *interesting*, and a test holds that
findings with and without it are the same.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.finder import Finder

STATE_HOLDERS = frozenset({"app", "application", "request", "req", "websocket", "ws", "_app", "fastapi_app"})
"""Names before ``.state.NAME`` that make it a framework's application state."""

_STATE = re.compile(rb"\b(?:" + b"|".join(sorted(name.encode() for name in STATE_HOLDERS)) + rb")\.state\.")
_FROM = re.compile(
    rb"^[ \t]*from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n(]*(?:\\\r?\n[^\n]*)*)", re.MULTILINE
)
_IMPORT = re.compile(rb"^[ \t]*import[ \t]+([^\n#;]+)", re.MULTILINE)
_COMMENT = re.compile(rb"#[^\n]*")
_SEGMENT = re.compile(rb"^(?=[A-Za-z_@])", re.MULTILINE)
_DEFINITION = re.compile(rb"(?:@[^\n]*\n|\s)*?(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_BOUND = re.compile(
    rb"^[ \t]*(\w+)(?:[ \t]*,[ \t]*\w+)*[ \t]*(?::[^=\n]*)?=(?!=)|\b(?:def|class|as|for)[ \t]+(\w+)", re.MULTILINE
)
_WORD = re.compile(rb"[A-Za-z_]\w*")


def ready() -> tuple[re.Pattern[bytes], frozenset[bytes]]:
    """What the models have made ready: a regex for the import roots of the libraries that make a file interesting, and
    the names in them (classes and functions) that carry anything of a pool."""
    path = os.path.join(os.path.dirname(__file__), "models", "ready.screen")  # noqa: PTH118, PTH120
    with open(path, "rb") as file:  # noqa: PTH123
        roots, names = file.read().split(b"\n")[:2]
    return re.compile(roots), frozenset(names.split())


class _Link:
    """One imported name: the first-party file it comes from, and the file of the submodule that it may be."""

    __slots__ = ("local", "name", "source", "submodule")

    def __init__(self, name: bytes, local: bytes, source: str | None, submodule: str | None) -> None:
        self.name = name
        self.local = local
        self.source = source
        self.submodule = submodule


class _File:
    """What the screen knows of one file: its imports, and which of its names carry something of a library."""

    __slots__ = ("_segments", "carried", "data", "links", "seeds")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.links: tuple[_Link, ...] = ()
        self.seeds: frozenset[bytes] = frozenset()
        """Local names that a library gives it."""
        self.carried: set[bytes] = set()
        """Top-level names that carry something, as far as is known yet."""
        self._segments: list[tuple[frozenset[bytes], frozenset[bytes]]] | None = None

    @property
    def segments(self) -> list[tuple[frozenset[bytes], frozenset[bytes]]]:
        """Top-level statements: the names that each may bind, and all words in it."""
        if self._segments is None:
            self._segments = [
                _segment(part)
                for part in _SEGMENT.split(self.data)
                if not part.startswith((b"import ", b"from "))
            ]
        return self._segments


def _segment(part: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    words = frozenset(_WORD.findall(part))
    match = _DEFINITION.match(part)
    if match is None:
        return frozenset(one[0] or one[1] for one in _BOUND.findall(part)), words
    if b"global" in words:
        declared = b" ".join(re.findall(rb"\bglobal[ \t]+([^\n]+)", part))
        return frozenset([match[1], *_WORD.findall(declared)]), words
    return frozenset([match[1]]), words


def _imports(data: bytes) -> Iterator[tuple[int, str, tuple[tuple[bytes, bytes], ...]]]:
    """Each import as (level, dotted name, ((name, local name), …)); no names for ``import x``."""
    for match in _FROM.finditer(data):
        listed = _COMMENT.sub(b"", match[3]).strip(b"() \t\r\n").replace(b"\\", b" ")
        names = []
        for item in listed.split(b","):
            parts = item.split()
            if parts:
                names.append((parts[0], parts[-1]))
        yield len(match[1]), match[2].decode("ascii", "replace"), tuple(names)
    for match in _IMPORT.finditer(data):
        for item in match[1].split(b","):
            parts = item.split()
            if parts:
                local = parts[-1] if len(parts) == 3 else parts[0].partition(b".")[0]
                yield 0, parts[0].decode("ascii", "replace"), ((b"", local),)


class Screen:
    """Decides for files of one project; remembers what it has read."""

    def __init__(self, finder: Finder, read_bytes: Callable[[str], bytes] | None = None) -> None:
        self.finder = finder
        self._read = read_bytes or _bytes_of
        self._library, self._names = ready()
        self._files: dict[str, _File | None] = {}
        self._settled: set[str] = set()
        self._qualified: dict[bytes, re.Pattern[bytes]] = {}

    def is_interesting(self, path: str, data: bytes) -> bool:
        """Whether the file at ``path`` with these bytes can hold a finding."""
        if self._library.search(data) is not None or _STATE.search(data) is not None:
            return True
        path = os.path.abspath(path)  # noqa: PTH100
        known = self._files.get(path)
        if known is None or known.data != data:
            known = self._files[path] = self._opened(path, data)
            self._settled.discard(path)
        if path not in self._settled:
            self._settle(path)
        return bool(self._imported_carriers(known))

    def _file(self, path: str) -> _File | None:
        if path not in self._files:
            try:
                self._files[path] = self._opened(path, self._read(path))
            except OSError:
                self._files[path] = None
        return self._files[path]

    def _opened(self, path: str, data: bytes) -> _File:
        """A file with its imports resolved."""
        file = _File(data)
        links, seeds = [], set()
        for level, dotted, names in _imports(data):
            source = self._target(path, level, dotted)
            if source is None and not level:
                if self._library.search(dotted.encode()) is not None:
                    seeds.update(local for name, local in names if self._is_seed(name, local, data))
                continue
            for name, local in names:
                submodule = None
                if name and name != b"*":
                    inner = name.decode("ascii", "replace")
                    submodule = self._target(path, level, f"{dotted}.{inner}" if dotted else inner)
                if source not in (None, path) or submodule not in (None, path):
                    links.append(_Link(name, local, source, submodule))
        file.links = tuple(links)
        file.seeds = frozenset(seeds)
        return file

    def _is_seed(self, name: bytes, local: bytes, data: bytes) -> bool:
        """Whether a name imported from a library carries anything: ``create_engine``, or ``sa`` for ``sa.create_engine``."""
        if name in self._names or name == b"*":
            return True
        chain = self._qualified.get(local)
        if chain is None:
            chain = self._qualified[local] = re.compile(rb"\b" + re.escape(local) + rb"\.([\w.]+)")
        return any(not self._names.isdisjoint(one.split(b".")) for one in chain.findall(data))

    def _target(self, path: str, level: int, dotted: str) -> str | None:
        if level:
            return self.finder.find_relative(dotted, level, path)
        return self.finder.find(dotted, path)

    def _settle(self, start: str) -> None:
        """Find out which names carry something, in all files that ``start`` reaches by imports."""
        reached: list[str] = []
        importers: dict[str, list[str]] = {}
        stack, seen = [start], {start}
        while stack:
            path = stack.pop()
            file = self._file(path)
            if file is None:
                continue
            reached.append(path)
            for target in {one for link in file.links for one in (link.source, link.submodule)} - {None, path}:
                assert target is not None
                importers.setdefault(target, []).append(path)
                if target not in seen and target not in self._settled:
                    seen.add(target)
                    stack.append(target)
        queue = list(reached)
        waiting = set(queue)
        while queue:
            path = queue.pop()
            waiting.discard(path)
            file = self._file(path)
            if file is not None and self._spread(file):
                fresh = [one for one in importers.get(path, ()) if one not in waiting]
                waiting.update(fresh)
                queue.extend(fresh)
        self._settled.update(reached)

    def _imported_carriers(self, file: _File) -> set[bytes]:
        """Local names of a file that are imported and carry something."""
        found = set(file.seeds)
        for link in file.links:
            source = self._files.get(link.source) if link.source is not None else None
            if source is not None and source.carried:
                if link.name == b"*":
                    found |= source.carried
                elif link.name in source.carried or not link.name:
                    found.add(link.local)
            below = self._files.get(link.submodule) if link.submodule is not None else None
            if below is not None and below.carried:
                found.add(link.local)
        return found

    def _spread(self, file: _File) -> bool:
        """Let what a file imports spread over its own names; whether anything new carries something."""
        carriers = self._imported_carriers(file)
        if not carriers:
            return False
        before = len(file.carried)
        carriers |= file.carried
        changed = True
        while changed:
            changed = False
            for bound, words in file.segments:
                if not bound <= carriers and not words.isdisjoint(carriers):
                    carriers |= bound
                    changed = True
        file.carried = carriers
        return len(carriers) > before


def _bytes_of(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()
