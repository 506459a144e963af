"""Interfaces among the classes of a file, and the classes of the project that fill them.

Who has been given an ``OrderRepository`` imports nothing that leads to a database, and works on one all the same: by way
of the class that fills the interface. To the screen it is as if the file of the interface imported that class under the
name of the interface: what it carries, the interface carries. A class that joins interfaces and writes nothing is filled
by who fills all of them.
"""

from __future__ import annotations

import re

from poolint.screen.files import Link
from poolint.text.classes import JOINING, JOINS, MARGIN, classes_in, methods_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Heirs = Callable[[str, str], list[tuple[str, str]]]
    """The classes that name one among their bases, by its name and its file: the file and the name of each."""
    Writers = Callable[[frozenset[str], str], list[tuple[str, str]]]
    """The classes near a file that define methods of all these names: the file and the name of each."""

MAX_HEIRS = 24
"""Classes of one family that are looked at; of an interface with more, which one is at hand is anybody's guess."""

MAX_FILLING = 6
"""Classes that fill one interface, each of which may lead to a database: a service has one for each of what it talks to."""

MARKS = (b"abstractmethod", b"NotImplementedError", b"Protocol", b"ABC")
"""What an interface says in its statement: one of these words."""

_WORKED_WITH = re.compile(rb"\n[ \t]+(?:async[ \t]+)?def[ \t]+(?!_)\w|\bdef[ \t]+__(?:call|a?enter)__\b")
"""What somebody who is given an object works with. A class that has only what Python itself calls, such as a descriptor, is
given to nobody."""

_MARKS = tuple(re.compile(one + rb"(?<!\w" + one + rb")\b") for one in MARKS)
"""The word comes first, since that is searched for fast."""
_NAME = re.compile(rb"[ \t]+(\w+)")


def interfaces_in(data: bytes) -> Iterator[tuple[bytes, frozenset[bytes]]]:
    """The names of the classes in a text that may be there for others to fill, and of those that only join others; with the
    methods by which those are known that fill a protocol and do not say so."""
    if not any(mark in data for mark in MARKS):
        return
    for part in classes_in(data):
        if (joining := JOINS.match(part)) is not None:
            yield joining[1], frozenset()
        if not any(mark in part for mark in MARKS) or (match := _NAME.match(part)) is None:
            continue
        margin = MARGIN.search(part, match.end())
        end = margin.start() if margin is not None else len(part)
        is_marked = any(one.search(part, match.end(), end) is not None for one in _MARKS)
        if is_marked and _WORKED_WITH.search(part, match.end(), end) is not None:
            yield match[1], methods_in(part) if b"Protocol" in part.partition(b"\n")[0] else frozenset()


def filled(path: str, data: bytes, heirs: Heirs | None, writers: Writers | None) -> Iterator[Link]:
    """The interfaces of a file as imports of the classes that fill each, directly or by way of others; none where nobody is
    there to be asked. Of several, the analysis does not know which one is at hand, but what all of them do is certain."""
    if heirs is None or writers is None:
        return
    for name, asked in interfaces_in(data):
        found = last(name.decode(), path, heirs)
        if not found and asked and (alone := alike(asked, path, writers)) is not None:
            found = [alone]
        for near, one in found if len(found) <= MAX_FILLING else ():
            yield Link(one.encode(), name, near, None)


def alike(asked: frozenset[bytes], path: str, writers: Writers) -> tuple[str, str] | None:
    """The one class that has all the methods that a protocol asks for, as far as a text tells."""
    found = writers(frozenset(one.decode() for one in asked), path)
    return found[0] if len(found) == 1 else None


def only(name: str, path: str, heirs: Heirs) -> tuple[str, str] | None:
    """The one class that fills an interface; None where several do."""
    found = last(name, path, heirs)
    return found[0] if len(found) == 1 else None


def last(name: str, path: str, heirs: Heirs) -> list[tuple[str, str]]:
    """The classes below an interface that have none below themselves; those that only join interfaces fill none. What one of
    these asks for has who is below all that it joins."""
    below = _below(name, path, heirs)
    if below == []:
        families = [_below(one, path, heirs) for one in _joined(name, path, heirs)]
        is_known = bool(families) and None not in families
        below = [one for one in families[0] if all(one in each for each in families)] if is_known else None  # type: ignore[union-attr, operator]
    found = [(near, one) for near, one in below or () if not _heirs_of(one, near, heirs)]
    if len(found) > 1:
        found = [(near, one) for near, one in found if not _joined(one, near, heirs)]
    return [each for each in found if each != (path, name)]


def _below(name: str, path: str, heirs: Heirs) -> list[tuple[str, str]] | None:
    """The classes below one; None where there are too many."""
    queue = [(path, name)]
    for near, one in queue:  # grows
        queue += [each for each in _heirs_of(one, near, heirs) if each not in queue]
        if len(queue) > MAX_HEIRS:
            return None
    return queue[1:]


def _heirs_of(name: str, path: str, heirs: Heirs) -> list[tuple[str, str]]:
    return [one for one in heirs(name, path) if one != (path, name)]  # it may be called as its base


def _joined(name: str, path: str, heirs: Heirs) -> list[str]:
    """What a class joins that writes nothing of its own."""
    return [base for file, base in heirs(name + JOINING.decode(), path) if file == path]
