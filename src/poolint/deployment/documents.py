"""YAML as trees that know their rows.

PyYAML is used for it: it gives the tree of nodes with their marks before any value is made of them, so that nothing
needs to be constructed, and every figure can say where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poolint.deployment.values import Figure, Place, Problem, Word
from poolint.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "unknown-to-poolint"
"""Stands in a rendered template where something stands that is not understood."""

_MAX_DEPTH = 60
_MAX_NODES = 200_000
_MAX_BYTES = 1_000_000
"""Size of a file that is read; larger ones are data, not settings."""


class Node:
    """A mapping (``fields``), a sequence (``items``) or a scalar (``text``; None for null), with its row."""

    __slots__ = ("fields", "items", "place", "text")

    def __init__(
        self,
        place: Place,
        text: str | None = None,
        items: tuple[Node, ...] = (),
        fields: dict[str, Node] | None = None,
    ) -> None:
        self.place = place
        self.text = text
        self.items = items
        self.fields = fields or {}

    def get(self, *path: str) -> Node:
        """What stands under a path of keys; an empty node where there is nothing."""
        node = self
        for key in path:
            node = node.fields.get(key) or Node(self.place)
        return node

    def __bool__(self) -> bool:
        return bool(self.text is not None or self.items or self.fields)

    @property
    def number(self) -> int | None:
        """The scalar as a whole number."""
        text = (self.text or "").strip()
        return int(text) if text.isdecimal() else None

    def figure(self, how: str) -> Figure | None:
        """The scalar as a figure; None where nothing stands, a figure without value where it is no number."""
        if self.text is None:
            return None
        if self.number is None:
            return Figure(None, f"{how} is {self.text!r}", self.place)
        return Figure(self.number, how, self.place)

    def words(self) -> tuple[Word, ...]:
        """A sequence of scalars as words."""
        return tuple(Word(item.text, item.place) for item in self.items if item.text is not None)

    def walk(self) -> Iterator[tuple[str, Node]]:
        """All nodes below this one with their keys, from the top; empty keys for those of sequences."""
        stack: list[tuple[str, Node, int]] = [("", self, 0)]
        while stack:
            key, node, depth = stack.pop()
            yield key, node
            if depth < _MAX_DEPTH:
                below = [*((name, one) for name, one in node.fields.items()), *(("", one) for one in node.items)]
                stack.extend((name, one, depth + 1) for name, one in reversed(below))


def load(path: str, text: str | None = None, rows: dict[int, Place] | None = None) -> tuple[list[Node], list[Problem]]:
    """The documents of a YAML file; where it is broken, those before the break and a problem.

    ``text`` stands in for what is in the file; ``rows`` says of some of its rows where their values come from.
    """
    import yaml

    try:
        text = text_of(path) if text is None else text
    except OSError as error:
        return [], [Problem(Place(path, 1), f"cannot be read: {error.strerror or error}")]
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[Node] = []
    try:
        for document in yaml.compose_all(text, Loader=loader):
            if document is None:
                continue
            node, size = _Conversion(path, rows or {}).of(document)
            if size > _MAX_NODES:
                return found, [Problem(node.place, f"a document of {size} nodes, aliases written out, is not read")]
            found.append(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "broken YAML"
        return found, [Problem(Place(path, mark.line + 1 if mark else 1), f"broken YAML: {reason}")]
    except (yaml.YAMLError, RecursionError) as error:
        return found, [Problem(Place(path, 1), f"broken YAML: {str(error).splitlines()[0]}")]
    return found, []


def text_of(path: str) -> str:
    """The text of a file; what is not UTF-8 in it is replaced. Raises ``OSError``."""
    return read_regular(path)[:_MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")


class _Conversion:
    """PyYAML's nodes as ours. An alias is the node that it stands for, so what is shared is converted once; one that
    stands for what is around it is empty. ``size`` is that of the tree without any sharing."""

    def __init__(self, path: str, rows: dict[int, Place]) -> None:
        self._path = path
        self._rows = rows
        self._known: dict[int, tuple[Node, int]] = {}

    def of(self, node: Any, depth: int = 0) -> tuple[Node, int]:
        """The node and its size."""
        if id(node) in self._known:
            return self._known[id(node)]
        row = node.start_mark.line + 1
        place = self._rows.get(row) or Place(self._path, row)
        self._known[id(node)] = (Node(place), 1)
        found = self._filled(Node(place), node, depth) if depth <= _MAX_DEPTH else (Node(place), 1)
        self._known[id(node)] = found
        return found

    def _filled(self, found: Node, node: Any, depth: int) -> tuple[Node, int]:
        import yaml

        size = 1
        if isinstance(node, yaml.ScalarNode):
            is_null = node.tag.endswith(":null") and node.style is None
            found.text = None if is_null else str(node.value)
        elif isinstance(node, yaml.SequenceNode):
            items = [self.of(item, depth + 1) for item in node.value]
            found.items = tuple(item for item, _ in items)
            size += sum(each for _, each in items)
        elif isinstance(node, yaml.MappingNode):
            merged: dict[str, Node] = {}
            for key, value in node.value:
                inner, each = self.of(value, depth + 1)
                size += each
                if key.value == "<<" and key.tag.endswith(":merge"):
                    for source in inner.items or (inner,):
                        merged = {**source.fields, **merged}
                elif isinstance(key, yaml.ScalarNode):
                    found.fields[str(key.value)] = inner
            found.fields = {**merged, **found.fields}
        return found, size


def merged(under: Node, over: Node, depth: int = 0) -> Node:
    """Two trees laid over each other: mappings key by key, sequences of named mappings name by name; all else is what
    lies on top, if anything does."""
    if not over or depth > _MAX_DEPTH:
        return under
    if under.fields and over.fields:
        fields = dict(under.fields)
        for key, node in over.fields.items():
            fields[key] = merged(fields[key], node, depth + 1) if key in fields else node
        return Node(over.place, None, (), fields)
    names = [_name(node) for node in (*under.items, *over.items)]
    if under.items and over.items and all(names):
        by_name = {_name(node): node for node in under.items}
        for node in over.items:
            by_name[_name(node)] = merged(by_name[_name(node)], node, depth + 1) if _name(node) in by_name else node
        return Node(over.place, None, tuple(by_name.values()))
    return over


def _name(node: Node) -> str:
    return node.get("name").text or ""
