"""What each part of a file names: which words stand in the module itself, in its classes, and in each of its functions.

A text is walked through as a whole for this, without reading all of the module that it is: what is kept are words and keys,
no trees.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.bindings import ScopeKey
from poolint.syntax.expressions import dotted, last_name
from poolint.text.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.syntax.module import Module

_WORD = re.compile(r"\w+")
_FIELD = re.compile(r"\{[^{}]*\}")
_MAX_NAME = 100
_MAX_TEXT = 20_000
"""Characters of a string that words are looked for in."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


class Import(NamedTuple):
    """A module that an import statement may mean, and the part of the file that the statement stands in."""

    level: int
    dotted: str
    by: ScopeKey


class Named:
    """What the parts of a file name. A part is the module, a class at its top, or a function or method that stands in no
    other function; what decorates one, and its defaults, are of what is around it.

    ``words`` are names that are read, attributes, and words in strings that are not only there to be read by people, ``names``
    those of them that are no strings;
    ``paths`` the parts of strings without blanks, as they name modules of packages, ``bare`` the first part, a single word, the
    path of a file and that of an address, where the file loads no modules by such names, ``dotted`` such strings as a whole;
    ``joined`` the strings that a name is put together of by which an attribute is looked up. ``computes``: some are by names
    that no text has; ``calls``: and called. ``loads``: modules are, all those with names that begin with one of these; empty
    for any that the file may mean.
    ``runs``: the module does something as it is imported that is more than to define.
    """

    def __init__(self, path: str, lookups: Set[str], loaders: Set[str], setting_up: Set[str]) -> None:
        self._path = path
        self._lookups = lookups
        self._setting_up = setting_up
        self._loaders = loaders
        self._listing = False
        self.words: dict[str, set[ScopeKey]] = {}
        self.names: set[str] = set()
        self.paths: dict[str, set[ScopeKey]] = {}
        self.bare: dict[str, set[ScopeKey]] = {}
        self.dotted: set[str] = set()
        self.imports: list[Import] = []
        self.joined: set[str] = set()
        self.computes = False
        self.calls = False
        self._called: list[ast.expr] = []
        self._asked: list[ast.expr] = []
        self.loads: set[str] = set()
        self._made: dict[str, list[ast.expr]] = {}
        self._loaded: list[ast.expr | None] = []
        self._targets: set[ast.expr] = set()
        self.runs = False

    def read(self, tree: ast.Module) -> None:
        """Walk through a text."""
        self.runs = _runs(tree, self._setting_up)
        key = ScopeKey(self._path, "<module>", 0, 0)
        for one in tree.body:
            self._visit(one, key, "", True)
        if not self._loaders.isdisjoint(self.words):
            for word, keys in self.bare.items():
                self.paths.setdefault(word, set()).update(keys)
        for node in self._loaded:
            self.loads.update(map(_beginning, self._values(node) if node is not None else [None]))
        called = (self._made.get(one.id, ()) if isinstance(one, ast.Name) else (one,) for one in self._called)
        self.calls = any(self._is_computed(value) for values in called for value in values)
        values = (value for asked in self._asked for value in self._values(asked))
        self.joined.update(part for value in values for part in _parts_of(value))
        self._made, self._loaded, self._targets, self._called, self._asked = {}, [], set(), [], []

    def _values(self, node: ast.expr) -> list[ast.expr]:
        """What a name is put into in the file, or an expression itself."""
        return self._made.get(node.id, [node]) if isinstance(node, ast.Name) else [node]

    def naming(self, stem: str, *, in_package: bool = False) -> Set[ScopeKey]:
        """The parts of the file in which a string may name a module, here one ``in_package``."""
        found = self.paths.get(stem, set())
        return found if in_package else found | self.bare.get(stem, set())

    def mentions(self, word: str) -> bool:
        """Whether a word stands anywhere in the file but in comments and such."""
        return (
            word in self.words
            or word in self.paths
            or word in self.bare
            or any(word in one.dotted.split(".") for one in self.imports)
        )

    def _visit(self, node: ast.AST, by: ScopeKey, around: str, is_open: bool) -> None:
        """Walk on: ``around`` is the qualified name of what a node stands in, ``is_open`` whether that is no function."""
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            name = f"{around}.{node.name}" if around else node.name
            key = ScopeKey(self._path, name, node.lineno, node.col_offset)
            is_class = isinstance(node, ast.ClassDef)
            inner = key if is_open and (not is_class or not around) else by
            body = {id(one) for one in node.body}
            for child in ast.iter_child_nodes(node):
                if id(child) in body:
                    self._visit(child, inner, name, is_open and is_class)
                else:
                    self._visit(child, by, around, is_open)
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # for people
        self._file(node, by)
        self._file_value(node)
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "__all__" for one in node.targets):
            for one in ast.walk(node.value):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    self.paths.setdefault(one.value, set()).add(by)
            return
        for child in ast.iter_child_nodes(node):
            self._visit(child, by, around, is_open)

    def _file_value(self, node: ast.AST) -> None:
        """File what is put into a name, or that something is of which nothing is said here."""
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self._made.setdefault(node.targets[0].id, []).append(node.value)
            self._targets.add(node.targets[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in self._targets:
            self._made.setdefault(node.id, []).append(node)
        elif isinstance(node, ast.arg):
            self._made.setdefault(node.arg, []).append(ast.Name(node.arg))

    def _file(self, node: ast.AST, by: ScopeKey) -> None:
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                self._name(node.id, by)
            elif node.id in self._loaders:
                self._loaded.append(None)
        elif isinstance(node, ast.Attribute):
            self._name(node.attr, by)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._text(node.value, by)
        elif isinstance(node, ast.Import):
            for one in node.names:
                self.imports.append(Import(0, one.name, by))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            self.imports.append(Import(node.level, base, by))
            for one in node.names:
                self.imports.append(Import(node.level, f"{base}.{one.name}".lstrip("."), by))
                if one.asname and one.asname != one.name:
                    self._name(one.name, by)
        elif isinstance(node, ast.Call):
            self._call(node)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        name = last_name(function)
        if name in self._loaders and not (node.args and isinstance(node.args[0], ast.Constant)):
            self._loaded.append(node.args[0] if node.args else None)
        self.computes = self.computes or self._is_computed(node)
        if name in self._lookups:
            self._asked += node.args[:2]
        if isinstance(function, (ast.Name, ast.Call)):
            self._called.append(function)

    def _is_computed(self, node: ast.expr) -> bool:
        """Whether a call looks up an attribute, or all of them, by a name of which nothing stands there."""
        if not isinstance(node, ast.Call):
            return False
        function = node.func
        name = last_name(function)
        texts = (each for one in node.args[:2] for each in ast.walk(one) if isinstance(each, ast.Constant))
        return name in self._lookups and not any(isinstance(one.value, str) for one in texts)

    def _name(self, name: str, by: ScopeKey) -> None:
        self.names.add(name)
        self.words.setdefault(name, set()).add(by)

    def _text(self, text: str, by: ScopeKey) -> None:
        parts = _WORD.findall(text[:_MAX_TEXT])
        for one in parts:
            self.words.setdefault(one, set()).add(by)
        if not any(one.isspace() for one in text[:_MAX_TEXT]):
            # A single word, what another part follows, as `orders.id`, the path of a file, and one as addresses have it name a
            # module of a package only to who loads it by that.
            is_path = text.endswith(".py") or text.startswith("/")
            for index, one in enumerate(parts):
                (self.paths if index and not is_path else self.bare).setdefault(one, set()).add(by)
            if len(parts) > 1 and len(text) < _MAX_NAME and text == ".".join(parts):
                self.dotted.add(text)


def named_in(module: Module, lookups: Set[str], loaders: Set[str], setting_up: Set[str]) -> Named | None:
    """What the parts of a file name; None of one that is not Python. ``lookups`` are the names of functions that look up
    attributes, ``loaders`` of what loads modules, ``setting_up`` of what modules call for others to find something set."""
    found = Named(module.path, lookups, loaders, setting_up)
    try:
        found.read(module.source.bare().tree if module.unread else module.tree)
    except (SourceError, RecursionError):
        return None
    return found


def _parts_of(value: ast.expr) -> Iterator[str]:
    """The strings that a name is put together of: ``f"on_{event}"``, ``"on_" + event``, ``"on_{}".format(event)``."""
    for one in _joined(value):
        if one is not value and isinstance(one, ast.Constant) and isinstance(one.value, str):
            parts = _FIELD.split(one.value) if "{" in one.value and len(one.value) < _MAX_NAME else [one.value]
            yield from (part for part in parts if part.replace("%s", "").isidentifier())


def _joined(value: ast.expr) -> Iterator[ast.AST]:
    """The parts of an expression that may end up in the string that it is: what other objects are asked for, by a call or a
    key, does not."""
    waiting: list[ast.AST] = [value]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, ast.Subscript):
            continue
        is_asked = isinstance(one, ast.Call) and not (
            isinstance(one.func, ast.Attribute) and isinstance(one.func.value, (ast.Constant, ast.JoinedStr))
        )
        waiting += [one.func] if is_asked else ast.iter_child_nodes(one)  # type: ignore[attr-defined]


def _beginning(node: ast.expr | None) -> str:
    """What the name of a module begins with that is put together of it and something else; empty where that is no name."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else None
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return text if text[:1] != "." and "." in text else ""


def _runs(tree: ast.Module, setting_up: Set[str]) -> bool:
    """Whether a module calls something as it is imported, for nothing but what that does, and not on an object that it
    has made itself, nor only to set something up: ``asyncio.run(main())``, but not ``router.include_router(inner)``."""
    own = {
        each.id
        for one in tree.body
        if isinstance(one, (ast.Assign, ast.AnnAssign))
        for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        for each in ast.walk(target)
        if isinstance(each, ast.Name)
    }
    return any(
        isinstance(one.value, (ast.Call, ast.Await))
        and _first(one.value) not in own
        and not (isinstance(one.value, ast.Call) and _sets_up(one.value.func, setting_up))
        for one in _plain(tree.body)
    )


def _sets_up(function: ast.expr, setting_up: Set[str]) -> bool:
    """Whether what is called is known to set something up: by its last name, or all of its names."""
    return last_name(function) in setting_up or dotted(function) in setting_up


def _plain(body: Iterable[ast.stmt]) -> Iterator[ast.Expr]:
    for one in body:
        if isinstance(one, ast.Expr):
            yield one
        elif isinstance(one, _BLOCKS):
            for field in ("body", "orelse", "finalbody"):
                yield from _plain(getattr(one, field, ()))


def _first(node: ast.expr) -> str:
    """The name that a call begins with."""
    current: ast.AST = node
    while not isinstance(current, ast.Name):
        if isinstance(current, (ast.Attribute, ast.Await)):
            current = current.value
        elif isinstance(current, ast.Call):
            current = current.func
        else:
            return ""
    return current.id
