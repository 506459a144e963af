"""What is given to classes and functions that say nothing of what it is: those whose objects keep it, above all.

Who writes ``self.db = db`` in the constructor of such a class imports nothing that leads to a database, and works on one
all the same, where a file that makes one carries something. What is annotated is known by its import.
"""

from __future__ import annotations

import re

from poolint.text.classes import classes_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Makers = Callable[[str, str], list[str]]
    """The files of a project in which something of a name is called, on behalf of a file."""

_NAME = re.compile(rb"[ \t]+(\w+)")
_INIT = re.compile(
    rb"\n[ \t]+def[ \t]+__init__[ \t]*\([ \t\n]*self\b([^():]{0,999}(?::[^()\n]{0,99},[^():]{0,999}){0,20})"
)
_KEPT = re.compile(rb"\bself\.\w+[ \t]*=[ \t]*(\w+\b(?![.(])|(?:\w+\.)*[A-Z]\w*\([^()]{1,400}\))")
"""What a member is: a name, or an object of a class with what that is made with."""
_WORD = re.compile(rb"\w+")
_HEADER = re.compile(
    rb"\bdef[ \t]+\w+[ \t]*(?:\[[^\]()]{0,999}\])?\(([^()]{0,999}(?:\([^()]{0,999}\)[^()]{0,999}){0,99})\)"
)
_PARAMETER = re.compile(rb"(?:^|,)\s*(\w+)\s*(?=[,=)])")


def keeping(data: bytes) -> Iterator[str]:
    """The names of the classes of a text whose constructors keep a parameter that is not annotated, or an object that is made
    with it."""
    if b"def __init__(" not in data:
        return
    for part in classes_in(data):
        name, made = _NAME.match(part), _INIT.search(part)
        if name is None or made is None:
            continue
        given = made[1] + part[made.end() : made.end() + 1]  # where an annotation follows, the last of them has that
        kept = _WORD.findall(b" ".join(_KEPT.findall(part, made.end())))
        if not set(_PARAMETER.findall(given)).isdisjoint(kept):
            yield name[1].decode()


_SAYS_NOTHING = re.compile(rb"[(,]\s*\**\w+\s*:\s*(?:\w+\.)?(?:Any|object)\b")
"""A parameter whose annotation leaves open what it is."""


def takes_untold(data: bytes) -> bool:
    """Whether a function of a text takes something, beside its object, and says nothing of what that is."""
    if _SAYS_NOTHING.search(data) is not None:
        return True
    headers = (match[1] + b")" for match in _HEADER.finditer(data))
    return any(name not in (b"self", b"cls") for one in headers for name in _PARAMETER.findall(one))
