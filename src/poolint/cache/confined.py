"""Changes of a file that concern few others: those that mention what they alter, or ask what it has a part in.

Compared are the statements at the top of the file as it was and as it is. What differs has to be functions, classes,
imports and names that are assigned to. Whoever could come to them does so by a name: by theirs, which then stands in a
file that rests on this one; or by that of something that they mention, such as a helper of which all callers are asked for,
an alias of a dependency, or a library's function. That one is looked for by a question about all files, which is asked
again where the text of what differs, or of what it mentions in the file in turn, has a part in the answer.
"""

from __future__ import annotations

import ast
import unicodedata
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.expressions import is_implied
from poolint.syntax.texts import words_in
from poolint.trees import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MARKS = (b"poolint", b"noqa")
"""What stands in comments that say something to us."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Confined(NamedTuple):
    """Such a change. ``names``: what it alters, for all who mention one of them. ``concerned``: the text by which
    questions are answered otherwise, if any are. ``is_moved``: what has not changed stands in other rows now."""

    names: frozenset[bytes]
    concerned: bytes
    is_moved: bool


class _Part(NamedTuple):
    """A statement at the top of a file with its rows, as bytes, without comments around it."""

    node: ast.stmt
    text: bytes
    row: int
    words: set[bytes]


class _Outline(NamedTuple):
    parts: list[_Part]
    between: list[bytes]
    """The rows that belong to no statement, but for empty ones."""


def words_of(data: bytes) -> set[bytes]:
    """The words of a text: names may be written in several forms of Unicode, which Python takes for one."""
    if not data.isascii():
        data += b" " + unicodedata.normalize("NFKC", data.decode("utf-8", "replace")).encode()
    return words_in(data)


def confined(before: bytes, after: bytes) -> Confined | None:
    """What differs between two texts of a file; None where others may see it otherwise than by its names."""
    old, new = _outline(before), _outline(after)
    if old is None or new is None:
        return None
    if old.between != new.between and any(mark in row for row in (*old.between, *new.between) for mark in _MARKS):
        return None
    head = _in_common(old.parts, new.parts)
    tail = _in_common(old.parts[head:][::-1], new.parts[head:][::-1])
    same = new.parts[:head] + new.parts[len(new.parts) - tail :]
    differing = old.parts[head : len(old.parts) - tail] + new.parts[head : len(new.parts) - tail]
    altered = _altered(differing, same)
    if altered is None:
        return None
    concerned = [*differing, *(one for one in same if _names(one.node) & altered)]
    defined = _by_name(same)
    if any(_reaches_out(one.node, defined) for one in concerned):
        return None
    rows = zip(old.parts[len(old.parts) - tail :], new.parts[len(new.parts) - tail :], strict=True)
    is_moved = any(one.row != other.row for one, other in (*zip(old.parts, new.parts[:head], strict=False), *rows))
    return Confined(altered, b"\n".join(one.text for one in _mentioned(concerned, defined)), is_moved)


def _outline(data: bytes) -> _Outline | None:
    try:
        tree = tree_of(data.decode("utf-8-sig"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    rows = data.split(b"\n")
    parts: list[_Part] = []
    between: list[bytes] = []
    end = 0
    for node in tree.body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        if first <= end or node.end_lineno is None:  # two on a row
            return None
        between += rows[end : first - 1]
        end = node.end_lineno
        text = b"\n".join(rows[first - 1 : end])
        parts.append(_Part(node, text, first, words_of(text)))
    between += rows[end:]
    return _Outline(parts, [row for row in between if row.strip()])


def _in_common(some: Sequence[_Part], others: Sequence[_Part]) -> int:
    """How many two files have in common from the first one on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0].text == pair[1].text, zip(some, others, strict=False)))


def _altered(differing: Iterable[_Part], same: Sequence[_Part]) -> frozenset[bytes] | None:
    """The names of what differs, and of all in the file that mentions it; None where that does more than bind names."""
    altered: set[bytes] = set()
    queue = list(differing)
    for part in queue:  # grows
        names = _bound(part.node)
        if names is None:
            return None
        for name in names - altered:
            altered.add(name)
            queue += [one for one in same if name in one.words]
    return frozenset(altered)


def _bound(node: ast.stmt) -> set[bytes] | None:
    """The names that a statement binds, if that is all that others can see of it."""
    if isinstance(node, _DEFINITIONS):
        found = {node.name}
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        found = {one.asname or one.name.partition(".")[0] for one in node.names}
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if not all(isinstance(one, ast.Name) for one in targets):
            return None
        found = {one.id for one in targets if isinstance(one, ast.Name)}
    else:
        return None
    if any(name == "*" or is_implied(name) for name in found):
        return None  # what nobody needs to mention
    return {name.encode() for name in found}


def _by_name(parts: Iterable[_Part]) -> dict[bytes, list[_Part]]:
    found: dict[bytes, list[_Part]] = {}
    for part in parts:
        for name in _names(part.node):
            found.setdefault(name, []).append(part)
    return found


def _names(node: ast.stmt) -> set[bytes]:
    """The names that a statement binds, and those that it may bind or change inside of itself."""
    if isinstance(node, _DEFINITIONS):
        return {node.name.encode()}
    found: set[bytes] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            found.add(one.id.encode())
        elif isinstance(one, ast.alias):
            found.add((one.asname or one.name.partition(".")[0]).encode())
        elif isinstance(one, _DEFINITIONS):
            found.add(one.name.encode())
    return found


def _reaches_out(node: ast.AST, defined: Mapping[bytes, object]) -> bool:
    """Whether a definition assigns to something of the file, or of what that has imported."""
    for one in ast.walk(node):
        if isinstance(one, ast.Global):
            return True
        if isinstance(one, (ast.Attribute, ast.Subscript)) and not isinstance(one.ctx, ast.Load):
            inner: ast.expr = one
            while isinstance(inner, (ast.Attribute, ast.Subscript)):
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id.encode() in defined:
                return True
    return False


def _mentioned(start: Iterable[_Part], defined: Mapping[bytes, Sequence[_Part]]) -> Iterator[_Part]:
    """Some parts of a file and all that they mention in it."""
    queue, seen = list(start), set[int]()
    for part in queue:  # grows
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        queue += [one for word in part.words if word in defined for one in defined[word]]
