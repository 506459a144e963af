"""Interfaces among the classes of a file, and the classes of the project that fill them.

Who has been given an ``OrderRepository`` imports nothing that leads to a database, and works on one all the same: by way
of the class that fills the interface. To the screen it is as if the file of the interface imported each such class under
the name of the interface; what one of them carries, the interface carries.
"""

from __future__ import annotations

import re

from poolint.screen.files import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Heirs = Callable[[str, str], list[tuple[str, str]]]
    """The classes that name one of a file among their bases: the file and the name of each."""

MAX_HEIRS = 24
"""Classes below one interface that are looked at. Which one of more is at hand, the analysis does not ask either."""

_MARKS = (b"abstractmethod", b"NotImplementedError", b"Protocol", b"ABC")
"""What an interface says in its statement: one of these words."""

_MARK = re.compile(rb"\b(?:" + b"|".join(_MARKS) + rb")\b")
_CLASS = re.compile(rb"^class[ \t]+(\w+)", re.MULTILINE)
_MARGIN = re.compile(rb"^[\w@]", re.MULTILINE)


def interfaces_in(data: bytes) -> Iterator[bytes]:
    """The names of the classes in a text that may be there for others to fill."""
    if not any(mark in data for mark in _MARKS):
        return
    for match in _CLASS.finditer(data):
        end = _MARGIN.search(data, match.end())
        if _MARK.search(data, match.end(), end.start() if end is not None else len(data)) is not None:
            yield match[1]


def filled(path: str, data: bytes, heirs: Heirs | None) -> Iterator[Link]:
    """The interfaces of a file as imports of the classes that fill them, directly or by way of others; none where nobody
    is there to be asked."""
    for name in interfaces_in(data) if heirs is not None else ():
        queue = [(path, name.decode())]
        for near, one in queue:  # grows
            assert heirs is not None
            fresh = [each for each in heirs(one, near) if each not in queue]
            if len(queue) + len(fresh) > MAX_HEIRS:
                break
            queue += fresh
        for source, heir in queue[1:]:
            yield Link(heir.encode(), name, source, None)
