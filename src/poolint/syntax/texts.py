"""What stands in the texts of sources, found without parsing them."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from poolint.syntax.file_kinds import is_test_path
from poolint.text.classes import CLASS, JOINING, JOINS

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(rb"\w+")
_STATE_ASSIGNMENT = re.compile(rb"state(?<!\wstate)\.(\w+)\s*(?::[^=\n]{1,200})?=(?!=)")
"""The word comes first, since that is searched for fast."""
_STATE_YIELDED = re.compile(rb"yield\s*\{")

ONE_ROW = frozenset({"calling", "defining", "naming", "saying", "setting"})
"""Questions about a name that one row of a text answers, whatever stands in the others."""

OF_WORDS = ONE_ROW | {"importing", "naming-import"}
"""Questions about a name that its texts answer."""


def pattern_of(kind: str, word: bytes) -> re.Pattern[bytes]:
    """What finds a name as a question of this kind means it: where it is called, in an import, as that of a function, where
    it is set on something but the object itself, or anywhere."""
    from poolint.syntax.importers import naming_in_imports

    if kind == "defining":
        return re.compile(rb"\bdef[ \t]+" + re.escape(word) + rb"[ \t]*\(")
    if kind == "setting":
        name = rb"\." + re.escape(word)
        own = rb"(?<!\bself" + name + rb")(?<!\bcls" + name + rb")"
        return re.compile(name + own + rb"[ \t]*(?::[^=\n]{1,200})?=(?!=)")
    if kind in ONE_ROW:
        return calls_of(word) if kind == "calling" else word_in(word)
    return naming_in_imports(word)


def calls_of(word: bytes) -> re.Pattern[bytes]:
    """What finds the calls of something of this name in a text, which its definition is not: the name comes first, since
    that is searched for fast."""
    name = re.escape(word)
    return re.compile(name + rb"(?<![\w\x80-\xff]" + name + rb")(?<!\bdef " + name + rb")[ \t]*\(")


def word_in(word: bytes) -> re.Pattern[bytes]:
    """What finds a word in a text."""
    return re.compile(rb"(?<![\w\x80-\xff])" + re.escape(word) + rb"(?![\w\x80-\xff])")


def heirs_in(path: str, root: str, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names that a file below a folder has among the bases of its top-level classes, each with such a class; and where
    one writes nothing of its own, what it joins: its name with :data:`~poolint.text.classes.JOINING`, each with a base."""
    if is_test_path(path, root):
        return  # what stands in for the real one there
    for match in CLASS.finditer(data):
        heir, bases = match.groups()
        writes_nothing = JOINS.match(data, match.start(1) - 1) is not None
        for base in dict.fromkeys(_WORD.findall(bases)):
            yield base, heir
            if writes_nothing:
                yield heir + JOINING, base


def assigns_state(data: bytes) -> bool:
    """Whether a text may assign to the state of an application."""
    return (b"state." in data and _STATE_ASSIGNMENT.search(data) is not None) or (
        b"asynccontextmanager" in data and _STATE_YIELDED.search(data) is not None
    )


def words_in(data: bytes) -> set[bytes]:
    """The words that stand in a text."""
    return set(data.translate(_WORDS).split())


def pairs_in(data: bytes) -> set[bytes]:
    """What stands in the paths and dotted names of a text next to each other, ``orders.tasks`` for ``shop/orders/tasks.py``."""
    names = (one.split(b".") for one in set(data.translate(_PATHS).split()) if b"." in one)
    return {b".".join(pair) for parts in names for pair in itertools.pairwise(parts)}


def by_words(texts: dict[str, bytes]) -> dict[bytes, list[str]]:
    """The files by each word that stands in them."""
    found: defaultdict[bytes, list[str]] = defaultdict(list)
    for path, data in texts.items():
        for word in words_in(data):
            found[word].append(path)
    return found


_WORDS = bytes(one if one > 127 or chr(one).isalnum() or chr(one) == "_" else 32 for one in range(256))
"""What is no part of a word becomes a blank."""
_PATHS = bytes(46 if chr(one) in "./\\" else word for one, word in enumerate(_WORDS))
"""What separates the parts of a path or of a dotted name becomes a dot, all else that is no part of a word a blank."""
