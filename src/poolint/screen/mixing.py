"""Classes that are there to be mixed with others: they read attributes of their objects that they never set.

Who writes ``self.pool.getconn()`` in such a class imports nothing that leads to a pool: another base of the classes below
has made it. To the screen it is as if the file imported these classes under the name of the one that is mixed in.
"""

from __future__ import annotations

import re

from poolint.screen.files import Link
from poolint.screen.filling import MAX_HEIRS
from poolint.text.classes import MARGIN, classes_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.screen.filling import Heirs

ALONE = ("object", "ABC")
"""Bases that have no attributes."""

_HEAD = re.compile(rb"[ \t]+(\w+)[ \t]*(?:\([ \t]*(?:(?:" + "|".join(ALONE).encode() + rb")[ \t]*)?\)[ \t]*)?:")
_READ = re.compile(rb"\b(?:self|cls)\.([A-Za-z]\w*|_\w*)")
_SET = re.compile(rb"\b(?:self|cls)\.(\w+)[ \t]*(?:=(?!=)|:(?!=))")
_INDENT = re.compile(rb"\n([ \t]+)[^\s#]")
_INDENTS = (b"    ", b"\t")
_OWN = re.compile(rb"\n(?:    |\t)(?:(?:async[ \t]+)?def[ \t]+(\w+)|(\w+)[ \t]*(?:=(?!=)|:(?!=)))")
"""Methods and attributes of a class that is indented in such a way; what is local to a method stands further inside."""


def mixed_in(path: str, data: bytes, heirs: Heirs | None) -> Iterator[Link]:
    """The classes of a file that lack what they read, as imports of those below them; none where nobody is there to be asked."""
    if heirs is None or not (b"self." in data or b"cls." in data):
        return
    for part in classes_in(data):
        match = _HEAD.match(part)
        if match is None:
            continue
        margin = MARGIN.search(part, match.end())
        body = part[match.end() : margin.start() if margin is not None else len(part)]
        known = set(_SET.findall(body))
        indent = _INDENT.search(body)
        if indent is not None and indent[1] in _INDENTS:
            known.update(name for names in _OWN.findall(body) for name in names)
        if known.issuperset(_READ.findall(body)):
            continue
        for source, name in _below(path, match[1].decode(), heirs):
            yield Link(name.encode(), match[1], source, None)


def _below(path: str, name: str, heirs: Heirs) -> list[tuple[str, str]]:
    """The classes that inherit from one, directly or not, as far as their names tell."""
    queue = [(path, name)]
    for near, one in queue:  # grows
        queue += [each for each in dict.fromkeys(heirs(one, near)) if each not in queue]
        if len(queue) > MAX_HEIRS * 2:
            break
    return queue[1:]
