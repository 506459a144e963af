"""Can this file concern a pool at all? Decided on bytes, before anything is parsed.

A file is interesting when it names a library of the models, or imports a name that carries something of one from
another file of the project: a file that only says ``async with SessionLocal() as session`` names no library, but
``SessionLocal`` comes from a module that does. Imports are followed on demand, to a fixpoint. A file that carries
nothing is interesting as well when it may drop a coroutine of the project that works on a database: when a statement
in it calls a name of an ``async def`` that mentions what carries something.

The screen is an optimisation and must be invisible: it errs on the side of *interesting*, and a test holds that
findings with and without it are the same.
"""

from __future__ import annotations

import os
import re
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set

    from poolint.finder import Finder

STATE_HOLDERS = frozenset({"app", "application", "request", "req", "websocket", "ws", "_app", "fastapi_app"})
"""Names before ``.state.NAME`` that make it a framework's application state."""

FAR = 1
"""Over how many imports a coroutine's way to a database is followed at most."""

UNTOLD = frozenset({b"Any", b"Self", b"object", b"T"})
"""Words in a return annotation that say less than the body does."""

_STATE = re.compile(rb"\b(?:" + b"|".join(sorted(name.encode() for name in STATE_HOLDERS)) + rb")\.state\.")
_GAP = rb"(?:[ \t]|\\\r?\n)"
_FROM = re.compile(
    rb"from" + _GAP + rb"+(\.*)[ \t]*(\w[\w.]*(?=[ \t\\])|)" + _GAP + rb"*import\b" + _GAP + rb"*"
    rb"(\([^)]*\)|[^\n(\\;]*(?:\\\r?\n[^\n\\;]*)*)"
)  # fmt: skip
_IMPORT = re.compile(rb"import(?<![\w.][ \t]import)[ \t]+([^\n#;\\]+(?:\\\r?\n[^\n#;\\]*)*)")
_COMMENT = re.compile(rb"#[^\n]*")
_SEGMENT = re.compile(rb"^(?=[A-Za-z_@(\[*])", re.MULTILINE)
_PROSE = re.compile(rb'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'')
"""Doc strings: their words tell nothing of types."""

_TEXTS = re.compile(
    rb'("(?!"")(?:[^"\\\n]|\\[\s\S])*"|\'(?!\'\')(?:[^\'\\\n]|\\[\s\S])*\')'
    rb'|"""(?:[^\\]|\\[\s\S])*?"""|\'\'\'(?:[^\\]|\\[\s\S])*?\'\'\'|#[^\n]*'
)
"""The same with care, for files in which quotes may stand inside of quotes: strings of one row, then all others."""

_DEFINITION = re.compile(rb"(?:@[^\n]*\n|\s)*?(?:async[ \t]+)?(def|class)[ \t]+(\w+)")
_BODY = re.compile(rb":[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*([ \t]+)(?=\S)")
_RECEIVER = re.compile(rb"(?:async[ \t]+)?def[ \t]+\w+[^(]*\(\s*(\w+)")
_RETURNS = re.compile(rb"\)[ \t]*->[ \t]*([^\n]*(?:\n(?![ \t]*[\w@\"'#])[^\n]*)*?):[ \t]*(?:#[^\n]*)?\n")
_GIVES = re.compile(rb"\b(?:return|yield)\b")
_YIELDS = re.compile(rb"^([ \t]+)(?:((?:async[ \t]+)?def)\b|[^#\n]*?\byield\b)", re.MULTILINE)
_COMMAS = rb"(?:[ \t)\]]*,[ \t(\[*]*\w+)*"
_BOUND = re.compile(
    rb"^[ \t(\[*]*(\w+" + _COMMAS + rb")[ \t)\],]*(?::[^=\n]*)?=(?!=)((?:[ \t]*\w+[ \t]*=(?!=))*)"
    rb"|\b(?:def|class|type)[ \t]+(\w+)|\b(?:as|for)[ \t(\[*]+(\w+" + _COMMAS + rb")|(\w+)[ \t]*:=",
    re.MULTILINE,
)  # fmt: skip
_BLOCK = re.compile(rb"(?:if|elif|else|try|except|finally|for|while|with|async|match|type)\b|[(\[*]")
"""How a statement begins that binds names further down."""

_NOTHING_MORE = re.compile(rb"[ \t]*(?:[\r\n#;)\],]|$)")
_GLOBAL = re.compile(rb"\bglobal[ \t]+([^\n]+)")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_OPEN = (b"(", b"[", b"{", b",", b"\\")
_COROUTINE = re.compile(rb"async[ \t]+def[ \t]+(\w+)")
_BEFORE_CALL = re.compile(
    rb"(?:.*[;:][ \t]+)?[ \t)\]}]*(?:\w+[ \t]*(?::[^=]*)?=[ \t]*)?((?:\w[\w.]*)?)(?:[(\[].*[)\]])?\.?"
)
"""What stands before the last name of a statement that only calls something, or assigns what that gives."""

_AWAITED_USE = re.compile(
    rb"await[ \t(]+(?:self\.)?(?i:\w*(?:sess|conn|db|database|tx|transaction)\w*\s*\.\s*"
    rb"(?:execute|scalar|commit|rollback|flush|refresh|fetch|exec))"
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
            rows = part if _BLOCK.match(part) is not None or b":=" in part else part.partition(b"\n")[0]
            self.bound = frozenset(_WORD.findall(b" ".join(map(b" ".join, _BOUND.findall(rows)))))
            self.telling = self.words
            return
        self.bound = frozenset([match[2]])
        self.telling = _told_by_function(part) if match[1] == b"def" else _told_by_class(part)
        if b"global" in self.words:
            self.bound |= frozenset(_WORD.findall(b" ".join(_GLOBAL.findall(part))))
            self.telling = self.words


def _told_by_function(part: bytes) -> frozenset[bytes]:
    """The words that tell what calling a function gives: its return annotation, or else what it returns.

    A generator is told by all of its body: what it yields, and what it holds while it waits to be asked again.
    """
    gives = _GIVES.search(part)
    if gives is None or not _is_generator(part):
        returns = _RETURNS.search(part)
        if returns is not None:
            head = part[: returns.start()]
            if b":\n" not in head and head.count(b"def ") < 2:
                words = frozenset(_WORD.findall(returns[1]))
                if words.isdisjoint(UNTOLD):
                    return words
    return frozenset(_WORD.findall(part)) if gives is not None else frozenset()


def _is_generator(part: bytes) -> bool:
    """Whether a function yields, and not only functions inside of it."""
    if b"yield" not in part:
        return False
    inside = -1
    for match in _YIELDS.finditer(part, 1):
        depth = len(match[1])
        if inside < 0 or depth <= inside:
            if match[2] is None:
                return True
            inside = depth
    return False


def _told_by_method(part: bytes) -> frozenset[bytes]:
    """The same for a method; one that sets attributes tells what they are as well."""
    receiver = _RECEIVER.match(part)
    if receiver is not None and _setting(receiver[1]).search(part) is not None:
        return frozenset(_WORD.findall(part))
    return _told_by_function(part)


@cache
def _setting(receiver: bytes) -> re.Pattern[bytes]:
    """Finds where an attribute of ``receiver`` is set."""
    return re.compile(
        rb"\b" + receiver + rb"\.\w+[ \t)\]]*(?::[^=\n]+)?=(?!=)"
        rb"|\b(?:as|for)[ \t(\[*]+(?:\w+[ \t]*,[ \t]*)*" + receiver + rb"\."
    )  # fmt: skip


@cache
def _in_class(indent: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What divides the body of a class that is indented like this: its definitions, and what follows one of them."""
    return (
        re.compile(rb"^" + indent + rb"(?=(?:async[ \t]+)?(?:def|class)[ \t]|@)", re.MULTILINE),
        re.compile(rb"\n" + indent + rb"(?=[\w(\[*])"),
    )


def _told_by_class(part: bytes) -> frozenset[bytes]:
    """The words that tell what a class and its instances give: all but for the bodies of most methods."""
    body = _BODY.search(part)
    if body is None:
        return frozenset(_WORD.findall(part))
    definitions, others = _in_class(body[1])
    head, *parts = definitions.split(part)
    told = set(_WORD.findall(head))
    for one in parts:
        if one.startswith(b"@"):
            continue
        after = others.search(one)
        if after is not None:
            told.update(_WORD.findall(one[after.start() :]))
            one = one[: after.start()]
        told |= _told_by_class(one) if one.startswith(b"class") else _told_by_method(one)
    return frozenset(told)


def _segments(data: bytes) -> list[_Segment]:
    """The top-level statements of a text but for imports."""
    if b"'''" in data or b'\'"""' in data or data.count(b'"""') % 2:
        data = _TEXTS.sub(lambda match: match[1] or b"", data)
    else:
        data = _PROSE.sub(b"", data)
    parts: list[bytes] = []
    for part in _SEGMENT.split(data):
        if parts and _is_open(parts[-1]):
            parts[-1] += part
        else:
            parts.append(part)
    return [_Segment(part) for part in parts if not part.startswith((b"import ", b"from "))]


def _is_open(part: bytes) -> bool:
    """Whether a statement goes on at the margin: its last row ends in a bracket or a comma."""
    part = part.rstrip()
    if part.endswith(_OPEN):
        return True
    last = part[part.rfind(b"\n") + 1 :]
    return b"#" in last and last.partition(b"#")[0].rstrip().endswith(_OPEN)


class _File:
    """What the screen knows of one file: its imports, and which of its names carry something of a library."""

    __slots__ = (
        "_bound",
        "_coroutines",
        "_linked",
        "_read_off",
        "_segments",
        "blocking",
        "blocking_seeds",
        "carried",
        "data",
        "foreign",
        "links",
        "modules",
        "seeds",
        "sessions",
    )

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.links: tuple[_Link, ...] = ()
        self.modules: dict[bytes, set[str]] = {}
        """Local names of modules of the project, and their files."""
        self.seeds: frozenset[bytes] = frozenset()
        """Local names that a library gives it."""
        self.blocking_seeds: frozenset[bytes] = frozenset()
        self.carried: set[bytes] = set()
        """Top-level names that carry something, as far as is known yet."""
        self.sessions: set[bytes] = set()
        """Of these, the ones that carry a synchronous session."""
        self.blocking: set[bytes] = set()
        """Top-level names whose bodies may reach a synchronous session."""
        self.foreign: set[bytes] = set()
        """Local names that come from libraries that carry nothing."""
        self._coroutines: frozenset[bytes] | None = None
        self._linked: dict[bytes, list[_Link]] | None = None
        self._segments: list[_Segment] | None = None
        self._bound: dict[bytes, list[_Segment]] | None = None
        self._read_off: dict[bytes, frozenset[bytes]] = {}

    @property
    def told(self) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Its names that carry something, that carry a session, and that may block."""
        return self.carried, self.sessions, self.blocking

    @property
    def linked(self) -> dict[bytes, list[_Link]]:
        """Its imports by the names that they bind."""
        if self._linked is None:
            self._linked = {}
            for link in self.links:
                self._linked.setdefault(link.local, []).append(link)
        return self._linked

    @property
    def coroutines(self) -> frozenset[bytes]:
        """The names of its ``async def``\\ s."""
        if self._coroutines is None:
            self._coroutines = frozenset(_COROUTINE.findall(self.data))
        return self._coroutines

    def drops(self, name: bytes) -> bool:
        """Whether a statement calls ``name`` and awaits nothing, on anything but what another library gives."""
        start = self.data.find(name + b"(")
        while start >= 0:
            head = self.data[self.data.rfind(b"\n", 0, start) + 1 : start]
            if not _WORD.fullmatch(head[-1:] or b"-"):
                match = _BEFORE_CALL.fullmatch(head)
                if match is not None and match[1].partition(b".")[0] not in self.foreign:
                    return True
            start = self.data.find(name + b"(", start + 1)
        return False

    def read_off(self, local: bytes) -> frozenset[bytes]:
        """The names that the file reads off a module: ``create_engine`` for ``sa.create_engine``."""
        found = self._read_off.get(local)
        if found is None:
            chain = re.compile(rb"\b" + re.escape(local) + rb"((?:\s*\.\s*\w+)+)")
            found = self._read_off[local] = frozenset(_WORD.findall(b" ".join(chain.findall(self.data))))
            for alias in self.aliases(local):
                found |= self.read_off(alias)
            self._read_off[local] = found
        return found

    def aliases(self, local: bytes) -> list[bytes]:
        """Further names that the file gives a module: ``db`` for ``db = database``."""
        found = []
        for written in (b"= " + local, b"=" + local):
            start = self.data.find(written)
            while start >= 0:
                end = start + len(written)
                if _NOTHING_MORE.match(self.data, end) is not None:
                    found += _WORD.findall(self.data, max(0, start - 80), start)[-1:]
                start = self.data.find(written, end)
        return found

    @property
    def segments(self) -> list[_Segment]:
        """Its top-level statements but for imports."""
        if self._segments is None:
            self._segments = _segments(self.data)
        return self._segments

    @property
    def bound(self) -> dict[bytes, list[_Segment]]:
        """Its top-level statements by the names that they bind."""
        if self._bound is None:
            self._bound = {}
            for segment in self.segments:
                for name in segment.bound:
                    self._bound.setdefault(name, []).append(segment)
        return self._bound


def _imports(data: bytes) -> Iterator[tuple[int, str, tuple[tuple[bytes, bytes], ...]]]:
    """Each import as (level, dotted name, ((name, local name), …)); no names for ``import x``."""
    for match in _FROM.finditer(data):
        if not _begins_statement(data, match.start()):
            continue
        listed = _COMMENT.sub(b"", match[3]).strip(b"() \t\r\n").replace(b"\\", b" ")
        names = []
        for item in listed.split(b","):
            parts = item.split()
            if parts:
                names.append((parts[0], parts[-1]))
        yield len(match[1]), match[2].decode("ascii", "replace"), tuple(names)
    for match in _IMPORT.finditer(data):
        if not _begins_statement(data, match.start()):
            continue
        for item in match[1].replace(b"\\", b" ").split(b","):
            parts = item.split()
            if len(parts) == 3:
                yield 0, parts[0].decode("ascii", "replace"), ((b"", parts[2]),)
            elif parts:
                dotted = parts[0].decode("ascii", "replace")
                while dotted:  # `import a.b` gives `a` with all that is in it
                    yield 0, dotted, ((b"", parts[0].partition(b".")[0]),)
                    dotted = dotted.rpartition(".")[0]


def _begins_statement(data: bytes, start: int) -> bool:
    """Whether there is nothing in the row before ``start``, or only what a statement may follow."""
    head = data[data.rfind(b"\n", 0, start) + 1 : start].strip()
    return not head or (head.endswith((b":", b";", b"\xef\xbb\xbf")) and b"#" not in head)


class Screen:
    """Decides for files of one project; remembers what it has read."""

    def __init__(self, finder: Finder, read_bytes: Callable[[str], bytes] | None = None) -> None:
        self.finder = finder
        self._read = read_bytes or _bytes_of
        self._ready = Ready()
        self._files: dict[str, _File | None] = {}
        self._settled: set[str] = set()
        self._distance: dict[str, int] = {}
        """Over how many imports a file has to do with one that carries something; none that are too far."""
        self._working: dict[tuple[str, bytes], bool] = {}
        self._gives: dict[tuple[str, bytes], set[tuple[str, bytes]]] = {}

    def is_interesting(self, path: str, data: bytes) -> bool:
        """Whether the file at ``path`` with these bytes can hold a finding."""
        if b".state." in data and _STATE.search(data) is not None:
            return True
        file = self._settled_file(path, data)
        if file.seeds:
            return True
        carried, _, blocking = self._imported(file)
        if carried or (blocking and b"async def" in data):
            return True
        if _AWAITED_USE.search(data) is not None and self._is_near_library(file):
            return True
        return self._may_drop(os.path.abspath(path), file)

    def may_block(self, path: str, data: bytes) -> bool:
        """Whether a function that the file at ``path`` defines or imports may reach a synchronous session."""
        file = self._settled_file(path, data)
        return bool(file.blocking)

    def _may_drop(self, path: str, file: _File) -> bool:
        """Whether a statement may make a coroutine of the project that works on a database, and drop it.

        Such a statement is a call, bare or assigned, of the name of an ``async def`` of this file, or of one that is
        behind what it imports, which mentions what carries something: itself, or through names of files near by.
        """
        asked = {(path, name, name) for name in file.coroutines} if path in self._distance else set()
        for link in file.links:
            for source, name, local in self._meant(file, link, frozenset()):
                for one, behind in self._behind(source, name):
                    asked.add((one, behind, local if (one, behind) == (source, name) else behind))
        dropped = {name: file.drops(name) for name in {called for *_, called in asked}}
        return any(dropped[called] and self._works(one, name) for one, name, called in asked)

    def _behind(self, path: str, name: bytes) -> Set[tuple[str, bytes]]:
        """The coroutines that a name of a file is, or that what it gives has as methods: their files and names."""
        found = self._gives.get((path, name))
        if found is not None:
            return found
        found = self._gives[path, name] = set()
        queue = [(path, name)]
        seen = set(queue)
        for one, local in queue:  # grows
            file = self._files.get(one)
            if file is None:
                continue
            words = frozenset([local])
            if one in self._distance:
                for segment in file.bound.get(local, ()):
                    found.update((one, inner) for inner in _COROUTINE.findall(segment.part))
                    words |= segment.telling
            new = [(one, word) for word in words & file.bound.keys()] if len(words) > 1 else []
            for bound in words & file.linked.keys():
                for link in file.linked[bound]:
                    new += [(source, far) for source, far, _ in self._meant(file, link, words)]
            for link in file.linked.get(b"*", ()):
                new += [(source, far) for source, far, _ in self._meant(file, link, words)]
            queue += [each for each in dict.fromkeys(new) if each not in seen]
            seen.update(new)
        return found

    def _meant(self, file: _File, link: _Link, words: frozenset[bytes]) -> list[tuple[str, bytes, bytes]]:
        """What an import of a file may mean: names in other files, and what they are called here.

        Of what a star brings, only ``words`` are meant, or everything where these are none.
        """
        found = []
        if link.source is not None and link.name == b"*":
            source = self._files[link.source]
            if not words and source is not None:
                near = source.bound.keys() if link.source in self._distance else frozenset[bytes]()
                words = frozenset(near | source.linked.keys())
            return [(link.source, word, word) for word in words]
        if link.source is not None and link.name:
            found.append((link.source, link.name, link.local))
        module = link.submodule if link.name else link.source
        if module is not None:
            found += [(module, name, name) for name in file.read_off(link.local)]
        return found

    def _works(self, path: str, name: bytes) -> bool:
        """Whether an ``async def`` of this name mentions, itself or through other names, what carries something."""
        found = self._working.get((path, name))
        if found is None:
            file = self._files[path]
            assert file is not None
            defined = re.compile(rb"\basync[ \t]+def[ \t]+" + name + rb"\b")
            parts = [one for one in file.segments if name in one.words and defined.search(one.part) is not None]
            found = self._working[path, name] = self._mentions(path, frozenset().union(*(one.words for one in parts)))
        return found

    def _mentions(self, path: str, words: frozenset[bytes]) -> bool:
        """Whether one of some words of a file carries something, or is a name whose statement mentions such a word."""
        seen: set[tuple[str, bytes]] = set()
        queue = [(path, words, FAR)]
        for path, words, far in queue:  # grows
            file = self._files.get(path)
            if file is None:
                continue
            if not words.isdisjoint(file.carried) or (b"state" in words and _STATE.search(file.data) is not None):
                return True
            fresh = [one for one in words & file.bound.keys() if (path, one) not in seen]
            seen.update((path, one) for one in fresh)
            queue += [(path, segment.words, far) for one in fresh for segment in file.bound[one]]
            for link in file.links if far else ():
                if link.local in words or link.name == b"*":
                    meant = self._meant(file, link, words)
                    queue += [
                        (one, frozenset([word]), far - 1)
                        for one, word, _ in meant
                        if self._distance.get(one, far) < far
                    ]
        return False

    def _settled_file(self, path: str, data: bytes) -> _File:
        path = os.path.abspath(path)
        file = self._files.get(path)
        if file is None or file.data != data:
            if file is not None:
                self._working.clear()
                self._gives.clear()
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
                file.foreign.update(local for _, local in names)
                continue
            for name, local in names:
                submodule = None
                if name and name != b"*" and (source is None or "__init__." in source):
                    inner = name.decode("ascii", "replace")
                    submodule = self._target(path, level, f"{dotted}.{inner}" if dotted else inner)
                if source not in (None, path) or submodule not in (None, path):
                    links.append(_Link(name, local, source, submodule))
                found = {one for one in (submodule, None if name else source) if one is not None}
                for one in (local, *file.aliases(local)) if found else ():
                    file.modules.setdefault(one, set()).update(found)
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
            self._resolve_modules(file)
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
        self._measure(reached, importers)

    def _measure(self, reached: list[str], importers: dict[str, list[str]]) -> None:
        """How far the files that were reached are from one that carries something."""
        for path in reached:
            if (file := self._files[path]) is not None and file.carried:
                self._distance[path] = 0
        for far in range(FAR):
            for path in [one for one in importers if self._distance.get(one) == far]:
                for importer in importers[path]:
                    self._distance.setdefault(importer, far + 1)

    def _resolve_modules(self, file: _File) -> None:
        """Add links to the modules that a file reads off others, as in ``shop.storage.database.engine``."""
        links = list(file.links)
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
            for local, holder, name in found:
                for target in holder.modules.get(name, ()):
                    if (local, target) not in seen and self._files.get(target) is not file:
                        seen.add((local, target))
                        links.append(_Link(b"", local, target, None))
                        file.modules.setdefault(local, set()).add(target)
        file.links = tuple(links)

    def _imported(self, file: _File) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Local names of a file that come from elsewhere and carry something, carry a session, may block."""
        found = (set(file.seeds), set(file.blocking_seeds), set[bytes]())
        for link in file.links:
            source = self._files.get(link.source) if link.source is not None else None
            below = self._files.get(link.submodule) if link.submodule is not None else None
            if source is not None and (source.carried or source.blocking):
                for into, told in zip(found, source.told, strict=True):
                    if told:
                        into |= _taken(file, link, told)
            if below is not None and (below.carried or below.blocking):
                for into, told in zip(found, below.told, strict=True):
                    into |= told & file.read_off(link.local)
        return found

    def _spread(self, file: _File) -> bool:
        """Let what a file imports spread over its own names; whether any name is new in any of the sets."""
        before = sum(map(len, file.told))
        for own, imported in zip(file.told, self._imported(file), strict=True):
            own |= imported
        if any(file.told):
            self._spread_inside(file)
        return sum(map(len, file.told)) > before

    def _spread_inside(self, file: _File) -> None:
        """Let what is known of a file's names spread to the names whose statements mention them."""
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
