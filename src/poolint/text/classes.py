"""What finds the statements of classes in a text, without parsing it."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = rb" (\w+)(?:[^\w\n:(][^\n:(]*)?\(([^:]{0,9999})\)[ \t]*:"
_NOTHING = rb'[ \t]*(?:\n\s*(?:"""[^"]*"""|"[^"\n]*"))?\s*(?:(?:\.\.\.|pass)[ \t]*(?:#[^\n]*)?)?\s*(?=\n\S|\Z)'
"""The body of a class that has nothing but its docstring."""

CLASS = re.compile(rb"\nclass" + _HEAD)
"""The head of a class at the margin that has bases: its name, and these."""

JOINS = re.compile(_HEAD + _NOTHING)
"""A class that has bases and writes nothing of its own, from behind its keyword on."""

JOINING = b"..."
"""What tells the question for what a class joins from that for its heirs."""

MARGIN = re.compile(rb"\n[\w@]")
"""Where what stands at the margin begins again."""

_NAME = re.compile(rb"[ \t]+(\w+)([^\n]*)")
_METHOD = re.compile(rb"\n[ \t]+(?:async[ \t]+)?def[ \t]+(?!__)(\w+)")


def classes_in(data: bytes) -> list[bytes]:
    """The parts of a text that begin behind the keyword of a class at the margin, each up to the next one: found much faster
    than by an expression that looks at each row."""
    return (b"\n" + data).split(b"\nclass")[1:]


def methods_in(statement: bytes) -> frozenset[bytes]:
    """The names of what a class defines, but for what Python itself calls, from behind its name on."""
    margin = MARGIN.search(statement)
    return frozenset(_METHOD.findall(statement, 0, margin.start() if margin is not None else len(statement)))


def writing(data: bytes, names: frozenset[bytes]) -> Iterator[bytes]:
    """The classes at the margin of a text that define all of these, protocols aside."""
    if not all(one in data for one in names):
        return
    for part in classes_in(data):
        match = _NAME.match(part)
        if match is not None and b"Protocol" not in match[2] and names <= methods_in(part):
            yield match[1]
