"""YAML as trees that know their rows.

PyYAML is used for it: it gives the tree of nodes with their marks before any value is made of them, so that nothing
needs to be constructed, and every figure can say where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poolint.bounds import MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, MAX_NODES, OverBoundError, clipped, grouped, whole
from poolint.deployment.values import Figure, Place, Problem, Word
from poolint.files import TooLargeError, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = "unknown-to-poolint"
"""Stands in a rendered template where something stands that is not understood."""

_MERGE = "<<\0"
"""Stands for the key that takes in another mapping; no text of a document has the character."""

_TOO_DEEP = f"lists and mappings stand in each other more than {MAX_DEPTH} deep"
_ITS_OWN_BOUND = "exceeded maximum nesting depth"
"""What the parser of PyYAML 6.0.4 says where it reads ahead into more than 1,000 of them; older ones read on."""


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
        return whole(self.text or "")

    def figure(self, how: str) -> Figure | None:
        """The scalar as a figure; None where nothing stands, a figure without value where it is no number."""
        if self.text is None:
            return None
        if self.number is None:
            return Figure(None, f"{how} is {clipped(self.text)}", self.place)
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
            if depth < MAX_DEPTH:
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
        return [], [unread(path, error)]
    found: list[Node] = []
    try:
        found.extend(_Composition(path, rows or {}).of(text))
    except OverBoundError as error:
        return found, [Problem(Place(path, error.row or 1), f"{error}; it is not read", True)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, mark.line + 1 if mark else 1)
        if error.problem == _ITS_OWN_BOUND:
            return found, [Problem(place, f"{_TOO_DEEP}; it is not read", True)]
        return found, [Problem(place, f"broken YAML: {error.problem or error.context or 'no reason given'}")]
    except (yaml.YAMLError, ValueError) as error:
        return found, [Problem(Place(path, 1), f"broken YAML: {str(error).splitlines()[0]}")]
    return found, []


def text_of(path: str) -> str:
    """The text of a file; what is not UTF-8 in it is replaced. Raises ``OSError``, also where it is too large."""
    return read_regular(path, MAX_BYTES).decode("utf-8", "replace").removeprefix("\ufeff")


def unread(path: str, error: OSError) -> Problem:
    """What to report of a file that :func:`text_of` does not give."""
    return Problem(Place(path, 1), f"cannot be read: {error.strerror or error}", isinstance(error, TooLargeError))


class _Composition:
    """Trees of the events of PyYAML's parser, one after the other.

    Its own composer goes down into itself for what stands in each other, and there is no way back from the stack that
    it exhausts. An alias is the node that it stands for, so what is shared is made once; it counts as often as it is
    used. One that stands for what is around it is empty.
    """

    def __init__(self, path: str, rows: dict[int, Place]) -> None:
        self._path = path
        self._rows = rows

    def of(self, text: str) -> Iterator[Node]:
        """The documents of a text. Raises what PyYAML raises, and :class:`OverBoundError`."""
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        count = 0
        try:
            while loader.check_event():
                event = loader.get_event()
                if isinstance(event, yaml.DocumentStartEvent):
                    count += 1
                    if count > MAX_DOCUMENTS:
                        raise OverBoundError(f"it has more than {grouped(MAX_DOCUMENTS)} documents", _row(event))
                    yield self._document(loader)
        finally:
            loader.dispose()

    def _document(self, loader: Any) -> Node:
        import yaml

        known: dict[str, _Piece] = {}
        around: list[_Piece] = []
        size = 0
        while True:
            event: Any = loader.get_event()
            row = _row(event)
            place = self._rows.get(row) or Place(self._path, row)
            if isinstance(event, yaml.AliasEvent):
                if event.anchor not in known:
                    what = f"found undefined alias {clipped(event.anchor)}"
                    mark: Any = event.start_mark
                    raise yaml.MarkedYAMLError(None, None, what, mark)
                piece = known[event.anchor]
                size += piece.size
            elif isinstance(event, yaml.ScalarEvent):
                tag = event.tag if event.tag not in (None, "!") else None
                tag = tag or loader.resolve(yaml.ScalarNode, event.value, event.implicit)
                is_null = tag.endswith(":null") and not event.style
                is_merge = tag.endswith(":merge") and event.value == "<<"
                node = Node(place, None if is_null else str(event.value))
                piece = _Piece(node, event.anchor, size, _MERGE if is_merge else str(event.value))
                size += 1
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                if len(around) >= MAX_DEPTH:
                    raise OverBoundError(_TOO_DEEP, row)
                piece = _Piece(Node(place), event.anchor, size)
                piece.is_mapping = isinstance(event, yaml.MappingStartEvent)
                around.append(piece)
                size += 1
                if event.anchor:
                    known[event.anchor] = _Piece(Node(place), None, 0)
                continue
            else:
                piece = around.pop()
                piece.close()
            if len(around) + piece.height > MAX_DEPTH:
                raise OverBoundError(_TOO_DEEP, row)
            if size > MAX_NODES:
                raise OverBoundError(f"it has more than {grouped(MAX_NODES)} values, aliases written out", row)
            if not isinstance(event, yaml.AliasEvent):
                piece.size = size - piece.before
                if piece.anchor:
                    known[piece.anchor] = piece
            if not around:
                return piece.node
            around[-1].children.append(piece)


class _Piece:
    """A node with what is known of it while its document is read: its size and height, those of what is in it with it,
    how large the document was ``before`` it, and the text that it has as a key."""

    __slots__ = ("anchor", "before", "children", "height", "is_mapping", "key", "node", "size")

    def __init__(self, node: Node, anchor: str | None, before: int, key: str | None = None) -> None:
        self.node = node
        self.anchor = anchor
        self.before = before
        self.key = key
        self.size = 1
        self.height = 0
        self.is_mapping = False
        self.children: list[_Piece] = []

    def close(self) -> None:
        """Put into the node what is in it."""
        self.height = 1 + max((piece.height for piece in self.children), default=0)
        if not self.is_mapping:
            self.node.items = tuple(piece.node for piece in self.children)
        else:
            own: dict[str, Node] = {}
            merged: dict[str, Node] = {}
            for key, value in zip(self.children[::2], self.children[1::2], strict=True):
                if key.key == _MERGE:
                    for source in value.node.items or (value.node,):
                        merged.update((name, one) for name, one in source.fields.items() if name not in merged)
                elif key.key is not None:
                    own[key.key] = value.node
            self.node.fields = {**merged, **own}
        self.children = []


def _row(event: Any) -> int:
    return int(event.start_mark.line) + 1


def merged(under: Node, over: Node, depth: int = 0) -> Node:
    """Two trees laid over each other: mappings key by key, sequences of named mappings name by name; all else is what
    lies on top, if anything does."""
    if not over or depth > MAX_DEPTH:
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
