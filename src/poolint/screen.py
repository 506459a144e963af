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
    from collections.abc import Callable, Iterator, Set

    from poolint.finder import Finder

STATE_HOLDERS = frozenset({"app", "application", "request", "req", "websocket", "ws", "_app", "fastapi_app"})
"""Names before ``.state.NAME`` that make it a framework's application state."""

UNTOLD = frozenset({b"Any", b"Self", b"object", b"T"})
"""Words in a return annotation that say less than the body does."""

_STATE = re.compile(rb"\b(?:" + b"|".join(sorted(name.encode() for name in STATE_HOLDERS)) + rb")\.state\.")
_FROM = re.compile(
    rb"^[ \t]*from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n(]*(?:\\\r?\n[^\n]*)*)", re.MULTILINE
)
_IMPORT = re.compile(rb"^[ \t]*import[ \t]+([^\n#;]+)", re.MULTILINE)
_COMMENT = re.compile(rb"#[^\n]*")
_SEGMENT = re.compile(rb"^(?=[A-Za-z_@])", re.MULTILINE)
_PROSE = re.compile(rb'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'')
"""Doc strings: their words tell nothing of types."""

_DEFINITION = re.compile(rb"(?:@[^\n]*\n|\s)*?(?:async[ \t]+)?(def|class)[ \t]+(\w+)")
_METHOD = re.compile(rb"^[ \t]+(?=(?:async[ \t]+)?def[ \t])", re.MULTILINE)
_RETURNS = re.compile(rb"\)[ \t]*->[ \t]*([^\n]*(?:\n(?![ \t]*[\w@\"'#])[^\n]*)*?):[ \t]*(?:#[^\n]*)?\n")
_ON_SELF = re.compile(rb"\bself\.\w+[ \t]*(?::[^=\n]+)?=(?!=)")
_GIVES = re.compile(rb"\b(?:return|yield)\b")
_BOUND = re.compile(
    rb"^[ \t]*(\w+)(?:[ \t]*,[ \t]*\w+)*[ \t]*(?::[^=\n]*)?=(?!=)|\b(?:def|class|as|for)[ \t]+(\w+)", re.MULTILINE
)
_GLOBAL = re.compile(rb"\bglobal[ \t]+([^\n]+)")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_AWAITED_USE = re.compile(
    rb"await[ \t(]+(?:self\.)?\w*(?:sess|conn|db|database|tx|transaction)\w*\s*\.\s*"
    rb"(?:execute|scalar|commit|rollback|flush|refresh|fetch|exec)",
    re.IGNORECASE,
)
"""The shape that evidence of use needs (see :mod:`poolint.semantics.evidence`), and a little more."""


class Ready:
    """What the models have made ready for the screen.

    ``library`` finds a mention of a library that makes a file interesting; ``carrying`` are the names in these
    libraries that carry something of a pool, ``blocking`` those of synchronous sessions, and ``reaching`` finds a call
    of a method by which these reach the database.
    """

    __slots__ = ("blocking", "carrying", "library", "reaching")

    def __init__(self) -> None:
        path = os.path.join(os.path.dirname(__file__), "models", "ready.screen")
        with open(path, "rb") as file:
            roots, carrying, blocking, reaching = file.read().split(b"\n")[:4]
        self.library = re.compile(roots)
        self.reaching = re.compile(rb"\.(?:" + b"|".join(reaching.split()) + rb")\b")
        self.carrying = frozenset(carrying.split())
        self.blocking = frozenset(blocking.split())


class _Link:
    """One imported name: the first-party file it comes from, and the file of the submodule that it may be."""

    __slots__ = ("local", "name", "source", "submodule")

    def __init__(self, name: bytes, local: bytes, source: str | None, submodule: str | None) -> None:
        self.name = name
        self.local = local
        self.source = source
        self.submodule = submodule


class _Segment:
    """A top-level statement: the names that it may bind, all words in it, and those that tell what the names are."""

    __slots__ = ("bound", "part", "telling", "words")

    def __init__(self, part: bytes) -> None:
        self.part = part
        self.words = frozenset(_WORD.findall(part))
        match = _DEFINITION.match(part)
        if match is None:
            self.bound = frozenset(one[0] or one[1] for one in _BOUND.findall(part))
            self.telling = self.words
            return
        self.bound = frozenset([match[2]])
        if match[1] == b"def":
            self.telling = _told_by_function(part)
        else:
            head, *methods = _METHOD.split(part)
            self.telling = frozenset(_WORD.findall(head)).union(*map(_told_by_method, methods))
        if b"global" in self.words:
            self.bound |= frozenset(_WORD.findall(b" ".join(_GLOBAL.findall(part))))
            self.telling = self.words


def _told_by_function(part: bytes) -> frozenset[bytes]:
    """The words that tell what calling a function gives: its return annotation, or else what it returns."""
    returns = _RETURNS.search(part)
    if returns is not None and b":\n" not in part[: returns.start()].rpartition(b"def ")[2]:
        words = frozenset(_WORD.findall(returns[1]))
        if words.isdisjoint(UNTOLD):
            return words
    return frozenset(_WORD.findall(part)) if _GIVES.search(part) is not None else frozenset()


def _told_by_method(part: bytes) -> frozenset[bytes]:
    """The same for a method; one that sets attributes tells what they are as well."""
    return frozenset(_WORD.findall(part)) if _ON_SELF.search(part) is not None else _told_by_function(part)


class _File:
    """What the screen knows of one file: its imports, and which of its names carry something of a library."""

    __slots__ = (
        "_read_off",
        "_segments",
        "blocking",
        "blocking_seeds",
        "carried",
        "data",
        "links",
        "seeds",
        "sessions",
    )

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.links: tuple[_Link, ...] = ()
        self.seeds: frozenset[bytes] = frozenset()
        """Local names that a library gives it."""
        self.blocking_seeds: frozenset[bytes] = frozenset()
        self.carried: set[bytes] = set()
        """Top-level names that carry something, as far as is known yet."""
        self.sessions: set[bytes] = set()
        """Of these, the ones that carry a synchronous session."""
        self.blocking: set[bytes] = set()
        """Top-level names whose bodies may reach a synchronous session."""
        self._segments: list[_Segment] | None = None
        self._read_off: dict[bytes, frozenset[bytes]] = {}

    @property
    def told(self) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Its names that carry something, that carry a session, and that may block."""
        return self.carried, self.sessions, self.blocking

    def read_off(self, local: bytes) -> frozenset[bytes]:
        """The names that the file reads off a module: ``create_engine`` for ``sa.create_engine``."""
        found = self._read_off.get(local)
        if found is None:
            chain = re.compile(rb"\b" + re.escape(local) + rb"\.([\w.]+)")
            found = frozenset(word for one in chain.findall(self.data) for word in one.split(b"."))
            self._read_off[local] = found
        return found

    @property
    def segments(self) -> list[_Segment]:
        """Its top-level statements but for imports."""
        if self._segments is None:
            parts = _SEGMENT.split(_PROSE.sub(b"", self.data))
            self._segments = [_Segment(part) for part in parts if not part.startswith((b"import ", b"from "))]
        return self._segments


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
        self._ready = Ready()
        self._files: dict[str, _File | None] = {}
        self._settled: set[str] = set()

    def is_interesting(self, path: str, data: bytes) -> bool:
        """Whether the file at ``path`` with these bytes can hold a finding."""
        if _STATE.search(data) is not None:
            return True
        file = self._settled_file(path, data)
        if file.seeds:
            return True
        carried, _, blocking = self._imported(file)
        if carried or (blocking and b"async def" in data):
            return True
        return _AWAITED_USE.search(data) is not None and self._is_near_library(file)

    def may_block(self, path: str, data: bytes) -> bool:
        """Whether a function that the file at ``path`` defines or imports may reach a synchronous session."""
        file = self._settled_file(path, data)
        return bool(file.blocking)

    def _settled_file(self, path: str, data: bytes) -> _File:
        path = os.path.abspath(path)
        file = self._files.get(path)
        if file is None or file.data != data:
            file = self._files[path] = self._opened(path, data)
            self._settled.discard(path)
        if path not in self._settled:
            self._settle(path)
        return file

    def _is_near_library(self, file: _File) -> bool:
        """Whether a file, or one that it imports, names a library."""
        near = [file, *(self._files.get(one) for link in file.links for one in (link.source, link.submodule) if one)]
        return any(one is not None and self._ready.library.search(one.data) is not None for one in near)

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
        links: list[_Link] = []
        seeds: set[bytes] = set()
        blocking: set[bytes] = set()
        for level, dotted, names in _imports(data):
            source = self._target(path, level, dotted)
            if source is None and not level:
                if self._ready.library.search(dotted.encode()) is not None:
                    for name, local in names:
                        seeds |= _seeds(file, name, local, self._ready.carrying)
                        blocking |= _seeds(file, name, local, self._ready.blocking)
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
        file.blocking_seeds = frozenset(blocking)
        return file

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

    def _imported(self, file: _File) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Local names of a file that come from elsewhere and carry something, carry a session, may block."""
        found = (set(file.seeds), set(file.blocking_seeds), set[bytes]())
        for link in file.links:
            source = self._files.get(link.source) if link.source is not None else None
            below = self._files.get(link.submodule) if link.submodule is not None else None
            for index, into in enumerate(found):
                if source is not None and source.told[index]:
                    into |= _taken(file, link, source.told[index])
                if below is not None and below.told[index]:
                    into |= below.told[index] & file.read_off(link.local)
        return found

    def _spread(self, file: _File) -> bool:
        """Let what a file imports spread over its own names; whether any name is new in any of the sets."""
        before = sum(map(len, file.told))
        for own, imported in zip(file.told, self._imported(file), strict=True):
            own |= imported
        if not any(file.told):
            return False
        changed = True
        while changed:
            changed = False
            for segment in file.segments:
                for own in (file.carried, file.sessions):
                    if not segment.bound <= own and not segment.telling.isdisjoint(own):
                        own |= segment.bound
                        changed = True
                if not segment.bound <= file.blocking and self._blocks(segment, file):
                    file.blocking |= segment.bound
                    changed = True
        return sum(map(len, file.told)) > before

    def _blocks(self, segment: _Segment, file: _File) -> bool:
        """Whether the body of a definition may reach a synchronous session, itself or through what it mentions."""
        if not segment.words.isdisjoint(file.blocking):
            return True
        return not segment.words.isdisjoint(file.sessions) and self._ready.reaching.search(segment.part) is not None


def _seeds(file: _File, name: bytes, local: bytes, wanted: Set[bytes]) -> Set[bytes]:
    """The local names by which an import from a library brings what is wanted.

    A module brings the names that the file reads off it: ``create_engine`` for ``sa.create_engine``.
    """
    if name in wanted:
        return {local}
    return wanted if name == b"*" else wanted & file.read_off(local)


def _taken(file: _File, link: _Link, of_source: Set[bytes]) -> Set[bytes]:
    """The same for an import from a file of the project, of whose names ``of_source`` carry something."""
    if link.name == b"*":
        return of_source
    if link.name:
        return {link.local} if link.name in of_source else frozenset()
    return of_source & file.read_off(link.local)


def _bytes_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
