"""One file as the screen sees it: its imports, the names that carry something, and what its statements call."""

from __future__ import annotations

import re
from functools import cache

from poolint.roots.finder import MAX_PARTS
from poolint.screen.given import keeping
from poolint.screen.words import WORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.screen.statements import Segment

_GAP = rb"(?:[ \t]|\\\r?\n)"
_FROM = re.compile(
    rb"from" + _GAP + rb"+(?:(\.+)(?:[ \t]*(\w[\w.]*)(?=[ \t\\]))?|(\w[\w.]*)(?=[ \t\\]))" + _GAP + rb"*import\b"
    rb"" + _GAP + rb"*(\((?:[^)#]|#[^\n]{0,999}\n){0,9999}\)|[^\n(\\;]*(?:\\\r?\n[^\n\\;]*)*)"
)  # fmt: skip
_IMPORT = re.compile(rb"import(?<![\w.][ \t]import)[ \t]+([^\n#;\\]+(?:\\\r?\n[^\n#;\\]*)*)")
_COMMENT = re.compile(rb"#[^\n]*")
_GIVEN = re.compile(rb"[ \t]*(?:[\r\n#;)\],]|$)")
"""What stands behind a plain name to which nothing is added."""
_NAME = re.compile(rb" *(\w+)")
_BEFORE_DEFINITION = frozenset({b"", b"\n", b"\r", b" ", b";", b"\f"})
_LETTER = re.compile(rb"\w")
_CHAIN = re.compile(rb"(?:\s*\.\s*\w+)+")
MAX_HEAD = 400
"""Bytes of a row before a call that are looked at; more of them are not read for each of its calls."""

COROUTINE = re.compile(rb"async[ \t]+def[ \t]+(\w+)")
_PROPERTY = re.compile(rb"@[ \t]*[\w.]*property\b")
_FUNCTION = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_RENAMED_PROPERTY = re.compile(rb"property[ \t]*(?:(?<=[ \t])as\b|((?:#[^\n]*)?\r?(?:\n|\Z)))")
_IS_GIVEN = re.compile(rb"=[ \t]*[\w.]*\Z")

_BEFORE_CALL = re.compile(
    rb"(?:.*[;:][ \t]+)?[ \t)\]}]*(?:\w+[ \t]*(?::[^=]*)?=[ \t]*)?((?:\w[\w.]*)?)(?:[(\[].*[)\]])?\.?"
)
"""What stands before the last name of a statement that only calls something, or assigns what that gives."""


class Link:
    """One imported name: the first-party file it comes from, and the file of the submodule that it may be."""

    __slots__ = ("local", "name", "source", "submodule")

    def __init__(self, name: bytes, local: bytes, source: str | None, submodule: str | None) -> None:
        self.name = name
        self.local = local
        self.source = source
        self.submodule = submodule


class File:
    """What the screen knows of one file: its imports, and which of its names carry something of a library.

    ``known`` has the words that all files of a screen share.
    """

    __slots__ = (
        "_aliases",
        "_bound",
        "_chained",
        "_coroutines",
        "_keeping",
        "_known",
        "_linked",
        "_mentioning",
        "_mentions",
        "_read_off",
        "_segments",
        "_targets",
        "blocking",
        "blocking_seeds",
        "carried",
        "data",
        "foreign",
        "is_odd",
        "is_spread",
        "libraries",
        "links",
        "modules",
        "seeds",
        "sessions",
    )

    def __init__(self, data: bytes, known: dict[bytes, bytes] | None = None) -> None:
        self.data = data
        self._known = {} if known is None else known
        self.links: tuple[Link, ...] = ()
        self.modules: dict[bytes, set[str]] = {}
        """Local names of modules of the project, and their files."""
        self.libraries: dict[bytes, str] = {}
        """Local names that may be modules of libraries that carry something, and what is imported for each."""
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
        self.is_spread = False
        """Whether what is known of its names has been spread over the others."""
        self.is_odd = False
        """Whether it may ask a library for a name that it does not have."""
        self._coroutines: frozenset[bytes] | None = None
        self._keeping: frozenset[str] | None = None
        self._linked: dict[bytes, list[Link]] | None = None
        self._segments: list[Segment] | None = None
        self._aliases: dict[bytes, list[bytes]] = {}
        self._chained: dict[bytes, frozenset[bytes]] = {}
        self._bound: dict[bytes, list[Segment]] | None = None
        self._mentioning: dict[bytes, list[Segment]] | None = None
        self._read_off: dict[bytes, frozenset[bytes]] = {}
        self._mentions: dict[frozenset[bytes] | bytes, bool] = {}
        """By what was looked for: some words, of which one is enough, or one word."""
        self._targets: frozenset[str] | None = None

    @property
    def told(self) -> tuple[set[bytes], set[bytes], set[bytes]]:
        """Its names that carry something, that carry a session, and that may block."""
        return self.carried, self.sessions, self.blocking

    @property
    def linked(self) -> dict[bytes, list[Link]]:
        """Its imports by the names that they bind."""
        if self._linked is None:
            self._linked = {}
            for link in self.links:
                self._linked.setdefault(link.local, []).append(link)
        return self._linked

    def relink(self, links: Iterable[Link]) -> None:
        """Let these be its imports from now on."""
        self.links = tuple(links)
        self._linked = self._targets = None

    @property
    def targets(self) -> frozenset[str]:
        """The files that it imports."""
        if self._targets is None:
            found = {one for link in self.links for one in (link.source, link.submodule) if one}
            self._targets = frozenset(found)
        return self._targets

    def mentions(self, words: frozenset[bytes]) -> bool:
        """Whether one of some words stands anywhere in it."""
        found = self._mentions.get(words)
        if found is None:
            found = self._mentions[words] = any(map(self._has, shortest(words)))
        return found

    def _has(self, word: bytes) -> bool:
        """Whether a word stands in it: who looks for several looks for most of them in common with others."""
        found = self._mentions.get(word)
        if found is None:
            found = self._mentions[word] = word in self.data
        return found

    @property
    def coroutines(self) -> frozenset[bytes]:
        """The names of its ``async def``\\ s."""
        if self._coroutines is None:
            self._coroutines = frozenset(COROUTINE.findall(self.data) if b"async" in self.data else ())
        return self._coroutines

    @property
    def keeping(self) -> frozenset[str]:
        """The names of its classes that keep what they are given, and say nothing of what that is."""
        if self._keeping is None:
            self._keeping = frozenset(keeping(self.data))
        return self._keeping

    @property
    def defined(self) -> Iterable[bytes]:
        """The names of its functions and classes, inner ones too, and some that only a text defines."""
        found = []
        for word in (b"def ", b"class "):
            before, *parts = self.data.replace(b"\t", b" ").split(word)
            for part in parts:
                if before[-1:] in _BEFORE_DEFINITION and (match := _NAME.match(part)) is not None:
                    found.append(match[1])
                before = part
        return found

    @property
    def properties(self) -> Iterable[bytes]:
        """The names of those of its functions that are properties by the name of their decorator, and some more."""
        if b"property" not in self.data:
            return ()
        found = (_FUNCTION.search(self.data, match.end()) for match in _PROPERTY.finditer(self.data))
        return [match[1] for match in found if match is not None]

    @property
    def renames_property(self) -> bool:
        """Whether it gives the decorator that makes properties another name, which others may import."""
        for match in _RENAMED_PROPERTY.finditer(self.data):
            start = match.start()
            if match[1] is None or _IS_GIVEN.search(self.data, max(0, start - MAX_HEAD), start) is not None:
                return True
        return False

    def calls(self, ending: bytes) -> bool:
        """Whether something is called whose name is, or ends in, ``ending`` with no underscore before it."""
        start = self.data.find(ending + b"(")
        while start > 0 and self.data.startswith(b"_", start - 1):
            start = self.data.find(ending + b"(", start + 1)
        return start >= 0

    def calls_any(self, endings: frozenset[bytes]) -> bool:
        """The same of several."""
        return self.mentions(endings) and any(map(self.calls, endings))

    def drops(self, name: bytes) -> bool:
        """Whether a statement calls ``name`` and awaits nothing, on anything but what another library gives."""
        start = self.data.find(name + b"(")
        while start >= 0:
            head = self.data[self.data.rfind(b"\n", max(0, start - MAX_HEAD), start) + 1 : start]
            if len(head) >= MAX_HEAD:
                return True  # too long a row to say no
            if not WORD.fullmatch(head[-1:] or b"-"):
                match = _BEFORE_CALL.fullmatch(head)
                if match is not None and match[1].partition(b".")[0] not in self.foreign:
                    return True
            start = self.data.find(name + b"(", start + 1)
        return False

    def read_off(self, local: bytes) -> frozenset[bytes]:
        """The names that the file reads off a module: ``create_engine`` for ``sa.create_engine``."""
        found = self._read_off.get(local)
        if found is None:
            aliases = self.aliases(local)
            found = self._read_off[local] = self._chained[local]
            for alias in aliases:
                found |= self.read_off(alias)
            self._read_off[local] = found
        return found

    def aliases(self, local: bytes) -> Iterable[bytes]:
        """Further names that the file gives a module: ``db`` for ``db = database``."""
        found = self._aliases.get(local)
        if found is None:
            found, self._chained[local] = self._look(local)
            self._aliases[local] = found
        return found

    def _look(self, local: bytes) -> tuple[list[bytes], frozenset[bytes]]:
        """What a name is given to, and the words behind it and a dot. An expression for each name would take longer to
        make than to use."""
        data, size = self.data, len(local)
        is_word = local.replace(b"_", b"0").isalnum()
        given: list[bytes] = []
        chained: list[bytes] = []
        start = data.find(local) if local else -1  # what looks like an import in a text may have no name
        while start >= 0:
            end = start + size
            if is_word and data.endswith((b"= ", b"="), 0, start) and _GIVEN.match(data, end) is not None:
                at = data.rindex(b"=", 0, start)
                given += WORD.findall(data, max(0, at - 80), at)[-1:]
            match = _CHAIN.match(data, end)
            if match is not None and not (start and _LETTER.match(data, start - 1)):
                chained += WORD.findall(match[0])
                end = match.end()
            start = data.find(local, end)
        return given, frozenset(chained)

    @property
    def segments(self) -> list[Segment]:
        """Its top-level statements but for imports."""
        if self._segments is None:
            from poolint.screen.statements import segments_of

            self._segments = segments_of(self.data, self._known)
        return self._segments

    @property
    def bound(self) -> dict[bytes, list[Segment]]:
        """Its top-level statements by the names that they bind."""
        if self._bound is None:
            self._bound = {}
            for segment in self.segments:
                for name in segment.bound:
                    self._bound.setdefault(name, []).append(segment)
        return self._bound

    @property
    def mentioning(self) -> dict[bytes, list[Segment]]:
        """The same by those of these names that are mentioned in them."""
        if self._mentioning is None:
            self._mentioning = {}
            names = self.bound.keys()
            for segment in self.segments:
                for name in names & segment.words:
                    self._mentioning.setdefault(name, []).append(segment)
        return self._mentioning


def imports_of(data: bytes) -> Iterator[tuple[int, str, tuple[tuple[bytes, bytes], ...]]]:
    """Each import as (level, dotted name, ((name, local name), …)); no names for ``import x``."""
    for match in _FROM.finditer(data):
        if not _begins_statement(data, match.start()):
            continue
        dots, near, far, listed = match.groups(b"")
        if b"#" in listed:
            listed = _COMMENT.sub(b"", listed)
        listed = listed.strip(b"() \t\r\n").replace(b"\\", b" ")
        items = [item.split() for item in listed.split(b",")]
        names = tuple([(parts[0], parts[-1]) for parts in items if parts])
        yield len(dots), (near or far).decode("ascii", "replace"), names
    for match in _IMPORT.finditer(data):
        if not _begins_statement(data, match.start()):
            continue
        for item in match[1].replace(b"\\", b" ").split(b","):
            parts = item.split()
            if len(parts) == 3:
                yield 0, parts[0].decode("ascii", "replace"), ((b"", parts[2]),)
            elif parts:
                dotted = ".".join(parts[0].decode("ascii", "replace").split(".", MAX_PARTS)[:MAX_PARTS])
                while dotted:  # `import a.b` gives `a` with all that is in it
                    yield 0, dotted, ((b"", parts[0].partition(b".")[0]),)
                    dotted = dotted.rpartition(".")[0]


def _begins_statement(data: bytes, start: int) -> bool:
    """Whether there is nothing in the row before ``start``, or only what a statement may follow."""
    if not start or data.startswith(b"\n", start - 1):
        return True
    head = data[data.rfind(b"\n", 0, start) + 1 : start].strip()
    return not head or (head.endswith((b":", b";", b"\xef\xbb\xbf")) and b"#" not in head)


@cache
def shortest(words: frozenset[bytes]) -> tuple[bytes, ...]:
    """Those of some words that have no other of them in them: where none of these stands, none of the others does."""
    return tuple(sorted(one for one in words if not any(each in one and each != one for each in words)))


def seeds_of(file: File, name: bytes, local: bytes, wanted: Set[bytes]) -> Set[bytes]:
    """The local names by which an import from a library brings what is wanted.

    A module brings the names that the file reads off it: ``create_engine`` for ``sa.create_engine``.
    """
    if name in wanted:
        return {local}
    return wanted if name == b"*" else wanted & file.read_off(local)


def taken_from(file: File, link: Link, of_source: Set[bytes]) -> Set[bytes]:
    """The same for an import of all, or of a module, from a file of the project, of whose names ``of_source`` carry
    something."""
    return of_source if link.name == b"*" else of_source & file.read_off(link.local)
