"""The top-level statements of a file, on bytes: what they bind, and the words that tell what it is."""

from __future__ import annotations

import re
from functools import cache

from poolint.screen.words import UNTOLD, WORD, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SEGMENT = re.compile(rb"\n(?=[A-Za-z_@(\[*])")

_TEXTS = re.compile(
    rb'("(?!"")(?:[^"\\\n]|\\(?:[\s\S]|\Z))*"?|\'(?!\'\')(?:[^\'\\\n]|\\(?:[\s\S]|\Z))*\'?)'
    rb'|"""(?:[^"\\]|\\(?:[\s\S]|\Z)|"(?!""))*(?:"""|(?P<open>\Z))'
    rb"|\'\'\'(?:[^\'\\]|\\(?:[\s\S]|\Z)|\'(?!\'\'))*(?:\'\'\'|(?P<left>\Z))|#[^\n]*"
)
"""Texts and comments, for files in which quotes may stand inside of quotes: strings of one row, then all others. One
that does not end goes on to the end: nothing is looked at twice."""

_DEFINITION = re.compile(rb"(?:@[^\n]*\n|\s)*?(?:async[ \t]+)?(def|class)[ \t]+(\w+)")
_HEADER_END = re.compile(rb":[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n|\Z)")
_NO_CODE = re.compile(rb"(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*")
_INDENT = re.compile(rb"([ \t]+)(?=\S)")
_RECEIVER = re.compile(rb"(?:async[ \t]+)?def[ \t]+\w+(?:[^\w(][^(]*)?\(\s*(\w+)")
_ARROW = re.compile(rb"\)[ \t]*->")
_GOES_ON = re.compile(rb"\n[ \t]*[\w@\"'#]")
"""What no annotation has in it: a row that begins like a statement."""

_GIVES = tuple((word, re.compile(rb"%b(?<!\w%b)\b" % (word, word))) for word in (b"return", b"yield"))
"""What gives a value: the word comes first, since that is searched for fast."""

_YIELDS = re.compile(rb"^([ \t]+)(?![ \t])(?:((?:async[ \t]+)?def)\b|[^#\n]*?\byield\b)", re.MULTILINE)
_COMMAS = rb"(?:[ \t)\]]*,[ \t(\[*]*\w+)*"
_BOUND = re.compile(
    rb"^[ \t(\[*]*(\w+" + _COMMAS + rb")[ \t)\],]*(?::[^=\n]*)?=(?!=)((?:[ \t]*\w+[ \t]*=(?!=))*)"
    rb"|\b(?:def|class|type)[ \t]+(\w+)|\b(?:as|for)[ \t(\[*]+(\w+" + _COMMAS + rb")|\b(\w+)[ \t]*:=",
    re.MULTILINE,
)  # fmt: skip

_BLOCK = re.compile(rb"(?:if|elif|else|try|except|finally|for|while|with|async|match|type)\b|[(\[*]")
"""How a statement begins that binds names further down."""

_GLOBAL = re.compile(rb"\bglobal[ \t]+([^\n]+)")
_OPEN = (b"(", b"[", b"{", b",", b"\\")


class Segment:
    """A top-level statement: the names that it may bind, all words in it, and those that tell what the names are.

    Words are kept as tuples of what stands once in ``known``, for all files: sets of their own would take ten times the
    memory of the text.
    """

    __slots__ = ("_kind", "_known", "_reaches", "_telling", "_words", "bound", "part")

    def __init__(self, part: bytes, known: dict[bytes, bytes]) -> None:
        self.part = part
        self._known = known
        self._words: tuple[bytes, ...] | None = None
        self._telling: tuple[bytes, ...] | None = None
        self._reaches: bool | None = None
        match = _DEFINITION.match(part)
        self._kind = match[1] if match is not None else b""
        if match is None:
            rows = part if _BLOCK.match(part) is not None or b":=" in part else part.partition(b"\n")[0]
            self.bound = frozenset(WORD.findall(b" ".join(map(b" ".join, _BOUND.findall(rows)))))
            return
        self.bound = frozenset([match[2]])
        if b"global" in part and b"global" in self.words:
            self.bound |= frozenset(WORD.findall(b" ".join(_GLOBAL.findall(part))))
            self._kind = b""

    @property
    def words(self) -> tuple[bytes, ...]:
        """All words in it, each once."""
        if self._words is None:
            self._words = self._kept(words_of(self.part))
        return self._words

    def _kept(self, words: Iterable[bytes]) -> tuple[bytes, ...]:
        unique = dict.fromkeys(words)
        return tuple(map(self._known.setdefault, unique, unique))

    def reaches(self, ask: Callable[[bytes], bool]) -> bool:
        """What ``ask``, which is always the same, says of its text."""
        if self._reaches is None:
            self._reaches = ask(self.part)
        return self._reaches

    @property
    def telling(self) -> tuple[bytes, ...]:
        """Those that tell what the names are."""
        if self._telling is None:
            told = self.words
            if self._kind:
                few = _told_by_function(self.part) if self._kind == b"def" else _told_by_class(self.part)
                told = self._kept(few) if len(few) < len(told) else told
            self._telling = told
        return self._telling


def _told_by_function(part: bytes) -> frozenset[bytes]:
    """The words that tell what calling a function gives: its return annotation, or else what it returns.

    A generator is described by all of its body: what it yields, and what it holds while it waits to be asked again.
    """
    gives = any(word in part and one.search(part) is not None for word, one in _GIVES)
    if not gives or not _is_generator(part):
        returns = _returns(part)
        if returns is not None:
            head = part[: returns[0]]
            if b":\n" not in head and head.count(b"def ") < 2:
                words = frozenset(WORD.findall(part, *returns))
                if words.isdisjoint(UNTOLD):
                    return words
    return frozenset(words_of(part)) if gives else frozenset()


def _returns(part: bytes) -> tuple[int, int] | None:
    """Where the first annotation of what a function returns begins and ends."""
    arrow = _ARROW.search(part)
    while arrow is not None:
        end = _HEADER_END.search(part, arrow.end())
        if end is None:
            return None
        if _GOES_ON.search(part, arrow.end(), end.start()) is None:
            return arrow.end(), end.start()
        arrow = _ARROW.search(part, end.end())
    return None


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
    """The same for a method; one that sets attributes says what they are as well."""
    receiver = _RECEIVER.match(part)
    if receiver is not None and any(one.search(part) is not None for one in _setting(receiver[1])):
        return frozenset(words_of(part))
    return _told_by_function(part)


@cache
def _setting(receiver: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Finds where an attribute of ``receiver`` is set: by an assignment, or by what binds names otherwise."""
    return (
        re.compile(receiver + rb"(?<!\w" + receiver + rb")\.\w+[ \t)\]]*(?::[^=\n]{1,200})?=(?!=)"),
        re.compile(rb"(?:as|for)(?<!\was)(?<!\wfor)[ \t(\[*]+(?:\w+[ \t]*,[ \t]*)*" + receiver + rb"\."),
    )


@cache
def _in_class(indent: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What divides the body of a class that is indented like this: its definitions, and what follows one of them."""
    return (
        re.compile(rb"^" + indent + rb"(?=(?:async[ \t]+)?(?:def|class)[ \t]|@)", re.MULTILINE),
        re.compile(rb"\n" + indent + rb"(?=[\w(\[*])"),
    )


def _indent(part: bytes) -> bytes | None:
    """By what the body of a class is indented: that of the first row of code behind a header."""
    header = _HEADER_END.search(part)
    while header is not None:
        rows = _NO_CODE.match(part, header.end())
        start = rows.end() if rows is not None else header.end()
        indent = _INDENT.match(part, start)
        if indent is not None:
            return indent[1]
        header = _HEADER_END.search(part, start)
    return None


def _told_by_class(part: bytes) -> frozenset[bytes]:
    """The words that tell what a class and its instances give: all but for the bodies of most methods."""
    indent = _indent(part)
    if indent is None:
        return frozenset(words_of(part))
    definitions, others = _in_class(indent)
    head, *parts = definitions.split(part)
    told = set(words_of(head))
    for one in parts:
        if one.startswith(b"@"):
            continue
        after = others.search(one)
        if after is not None:
            told.update(words_of(one[after.start() :]))
            one = one[: after.start()]
        told |= _told_by_class(one) if one.startswith(b"class") else _told_by_method(one)
    return frozenset(told)


def segments_of(data: bytes, known: dict[bytes, bytes] | None = None) -> list[Segment]:
    """The top-level statements of a text but for imports; words that it has in common with others are in ``known``."""
    if b"'''" in data or b'\'"""' in data or data.count(b'"""') % 2:
        data = _TEXTS.sub(_without_text, data)
    else:
        data = b"".join(data.split(b'"""')[::2])  # doc strings: their words tell nothing of types
    known = {} if known is None else known
    parts: list[bytes] = []
    ends = [match.end() for match in _SEGMENT.finditer(data)]
    for start, end in zip([0, *ends], [*ends, len(data)], strict=True):
        part = data[start:end]
        if parts and _is_open(parts[-1]):
            parts[-1] += part
        else:
            parts.append(part)
    return [Segment(part, known) for part in parts if not part.startswith((b"import ", b"from "))]


def _without_text(match: re.Match[bytes]) -> bytes:
    """A string of one row stays, and so does what does not end."""
    is_whole = match["open"] is None and match["left"] is None
    return match[1] or (b"" if is_whole else match[0])


def _is_open(part: bytes) -> bool:
    """Whether a statement goes on at the margin: its last row ends in a bracket or a comma."""
    part = part.rstrip()
    if part.endswith(_OPEN):
        return True
    last = part[part.rfind(b"\n") + 1 :]
    return b"#" in last and last.partition(b"#")[0].rstrip().endswith(_OPEN)
