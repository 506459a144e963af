"""One parsed file of a project, with what the walk over it has filed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.syntax.expressions import text_of_key
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poolint.syntax.purposes import LibraryNames
    from poolint.syntax.scopes import Binding, Scope, ScopeKey
    from poolint.text.skeleton import Body
    from poolint.text.source import Source

_NO_BODIES: Mapping[int, Body] = {}

_CASE = re.compile(rb"^[ \t\f]+case\b", re.MULTILINE)


class Module:
    """One parsed file of the project. ``name`` is its dotted name, as far as the file tree shows it."""

    def __init__(self, source: Source, name: str, path: str, *, is_package: bool) -> None:
        self.source = source
        self.name = name
        self.path = path
        self.is_package = is_package
        self.scope: Scope
        self.scopes: dict[ast.AST, Scope] = {}
        self.stars: list[tuple[str, int]] = []
        self.unread: list[Scope] = []
        """The functions whose bodies are read when somebody asks for them, in the order of the text."""
        self.bodies: Mapping[int, Body] = _NO_BODIES
        """What is to be read of each of them, by the row of its ``def``."""
        self.is_broken = False
        """Whether one of these bodies was asked for, and is not Python."""
        self._imports: list[tuple[ast.Import | ast.ImportFrom, Scope]] = []
        self.state_assignments: dict[str, list[Binding]] = {}
        self.set_on_names: dict[tuple[str, str], Binding] = {}
        """What the module itself, in no function, sets on something that it has a name for: ``Base.query = …``."""
        self._stored: dict[str, list[Binding]] = {}
        self._stored_under: dict[str, tuple[int, dict[object, list[Binding]]]] = {}
        self._set: dict[str, list[Binding]] = {}
        self.has_global_statement = b"global " in source.data
        self.has_match_statement = b"match" in source.data and _CASE.search(source.data) is not None
        self.awaits = source.awaits
        """Whether it runs in an event loop that is there already: a notebook that awaits outside of all functions."""
        self.library_names: LibraryNames | None = None
        self.purposes: dict[str, bool] = {}
        """Whether it is for each purpose of the models that somebody has asked for."""
        self._mentions: dict[bytes | tuple[bytes, ...], bool] = {}
        self._with_names: dict[str, list[Scope]] | None = None
        self._scopes_by_key: dict[ScopeKey, Scope] = {}

    def mentions(self, word: bytes) -> bool:
        """Whether a text stands anywhere in the file. The file is searched once for each: functions ask the same."""
        found = self._mentions.get(word)
        if found is None:
            found = self._mentions[word] = word in self.source.data
        return found

    def mentions_any(self, words: tuple[bytes, ...]) -> bool:
        """Whether one of some texts does."""
        found = self._mentions.get(words)
        if found is None:
            found = self._mentions[words] = any(map(self.mentions, words))
        return found

    @property
    def tree(self) -> ast.Module:
        """Its tree. Bodies that have not been read are when they are looked into."""
        return self.scope.node  # type: ignore[return-value]

    @property
    def imports(self) -> Sequence[tuple[ast.Import | ast.ImportFrom, Scope]]:
        """Its import statements in the order of the text, each with the scope that it stands in."""
        if self._read_where("import "):
            self._imports.sort(key=lambda one: (one[0].lineno, one[0].col_offset))
        return self._imports

    def take_import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        """File an import statement."""
        self._imports.append((node, scope))

    def scopes_with(self, name: str) -> Sequence[Scope]:
        """Those of its scopes in which a name, or an attribute of that name that is called, may stand."""
        if self.unread:
            return list(self.scope.mentioning(name))
        if self._with_names is None:
            self._with_names = {}
            for scope in self.scope.descendants():
                for one in dict.fromkeys((*scope.loads, *scope.called)):
                    self._with_names.setdefault(one, []).append(scope)
        return self._with_names.get(name, ())

    def stored_in(self, name: str) -> Sequence[Binding]:
        """What is put into containers of a name, in the order of the text."""
        if self._read_where(name) and name in self._stored:
            self._stored[name].sort(key=lambda one: one.position)
        return self._stored.get(name, ())

    def stored_under(self, name: str, key: object) -> Sequence[Binding]:
        """Those of them that may be put behind a key, in the order of the text: by this text, or by what is none."""
        stored = self.stored_in(name)
        kept = self._stored_under.get(name)
        if kept is None or kept[0] != len(stored):
            by_key: dict[object, list[Binding]] = {}
            for one in stored:
                by_key.setdefault(text_of_key(parent_of(one.node)), []).append(one)
            kept = self._stored_under[name] = (len(stored), by_key)
        found = [*(kept[1].get(key, ()) if isinstance(key, str) else ()), *kept[1].get(None, ())]
        return sorted(found, key=lambda one: one.position)

    def set_on_objects(self, attribute: str) -> Sequence[Binding]:
        """What is assigned to an attribute of something that is not the first parameter of a method, in the order of the text."""
        if self._read_where(attribute) and attribute in self._set:
            self._set[attribute].sort(key=lambda one: one.position)
        return self._set.get(attribute, ())

    def set_on(self, attribute: str, binding: Binding) -> None:
        """File what is assigned to an attribute."""
        self._set.setdefault(attribute, []).append(binding)

    def store(self, name: str, binding: Binding) -> None:
        """File what is put into a container of a name."""
        self._stored.setdefault(name, []).append(binding)

    def _read_where(self, word: str) -> bool:
        """Read all bodies in which a word stands; gives whether there are bodies that are not read at once."""
        for one in self.unread:
            if one.body is not None and one.may_have(word):
                one.read()
        return bool(self.unread)

    def read(self) -> None:
        """Read all bodies that are still to be read."""
        for one in self.unread:
            one.read()

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope that ``node`` stands in; for a function or class that is the scope around it."""
        current = parent_of(node)
        previous: ast.AST = node
        while current is not None:
            scope = self.scopes.get(current)
            if scope is not None and not _outside(current, previous):
                return scope
            previous, current = current, parent_of(current)
        return self.scope

    def scope_at(self, key: ScopeKey) -> Scope:
        """The scope of this module that has a key. Raises ``KeyError`` where there is none."""
        if (found := self._scopes_by_key.get(key)) is not None:
            return found
        for one in self.unread:
            if one.node.lineno < key.row <= one.node.end_lineno:  # type: ignore[attr-defined]
                one.read()
        self._scopes_by_key = {one.key: one for one in self.scopes.values()}
        return self._scopes_by_key[key]

    def __repr__(self) -> str:
        return f"Module({self.name!r})"


def _outside(owner: ast.AST, child: ast.AST) -> bool:
    """Whether ``child`` of a function or class is evaluated in the scope around it (decorator, default, base)."""
    return (
        any(
            child is item for field in ("decorator_list", "bases", "keywords") for item in owner.__dict__.get(field, ())
        )
        or child is owner.__dict__.get("args")
        or child is owner.__dict__.get("returns")
    )
