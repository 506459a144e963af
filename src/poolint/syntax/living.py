"""What belongs to which file, and which files still are what they were when something was learned of them."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from poolint.syntax.scopes import Binding, Scope, ScopeKey

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Set

    from poolint.syntax.module import Module

_Key = TypeVar("_Key", bound="Hashable")
_Known = TypeVar("_Known")

_NO_FILE = frozenset[str]()


class _Filed:
    """What is remembered: the keys of each file, and how many of all have been filed."""

    def __init__(self, known: object) -> None:
        self.known = known
        self.keys: dict[str, list[Any]] = {}
        self.count = 0


class Living:
    """Keeps what is remembered of files as long as nothing that it rests on has changed.

    What is remembered of a file is remembered under something of it: a node, a scope, a binding, a key, or several of
    these. What belongs to none of the files as they are now, such as a tree in whose place there is another one, belongs to
    the past. To whom something belongs is found out once, so that a change takes as long as what it concerns is large.
    """

    def __init__(self) -> None:
        self._modules: dict[str, Module] = {}
        self._gone: Set[str] = _NO_FILE
        self._trees: dict[ast.AST, str | None] = {}
        """The files of trees, by their roots and by what was met on the way there."""
        self._filed: dict[int, _Filed] = {}
        self._asked: dict[int, _Filed] = {}
        """By the identity of a dictionary: of all that were asked for the last time, and those that are this time."""

    def renew(self, modules: Iterable[Module], gone: Set[str]) -> None:
        """These are the files now; what belongs to those of the paths ``gone`` holds no more."""
        self._modules = {one.path: one for one in modules}
        self._gone = gone
        self._trees = {one.tree: path for path, one in self._modules.items()}

    def done(self) -> None:
        """All that was to be kept has been asked for."""
        self._filed, self._asked = self._asked, {}
        self._modules, self._trees = {}, {}

    def kept(self, known: dict[_Key, _Known]) -> dict[_Key, _Known]:
        """The same dictionary with what still holds, and no more."""
        filed = self._asked[id(known)] = self._filed.get(id(known)) or _Filed(known)
        for key in list(islice(known, filed.count, None)):  # what is new comes last
            found = self._files_of(key)
            if not found:
                del known[key]
            for path in found or ():
                filed.keys.setdefault(path, []).append(key)
        for path in self._gone & filed.keys.keys():
            for one in filed.keys.pop(path):
                known.pop(one, None)
        filed.count = len(known)
        return known

    def has(self, key: object) -> bool:
        """Whether what is remembered under something still holds."""
        found = self._files_of(key)
        return bool(found) and self._gone.isdisjoint(found or ())

    def _files_of(self, key: object) -> Set[str] | None:
        """The files that something belongs to; none of what belongs to no file at all, such as a number, None of what is
        of the past, or not known."""
        if isinstance(key, ast.AST):
            path = self._file_of(key)
        elif isinstance(key, Binding):
            path = self._file_of(key.node)
        elif isinstance(key, Scope):
            path = key.module.path if self._modules.get(key.module.path) is key.module else None
        elif isinstance(key, ScopeKey):
            path = key.path if key.path in self._modules else None
        elif isinstance(key, tuple):
            found: Set[str] = _NO_FILE
            for one in key:
                part = self._files_of(one)
                if part is None:
                    return None
                found = found | part if part else found
            return found
        else:
            return _NO_FILE if key is None or isinstance(key, (str, int, float, bytes)) else None
        return {path} if path is not None else None

    def _file_of(self, node: ast.AST) -> str | None:
        """The file that a node stands in: found out once for all that it stands in."""
        trees, above, current = self._trees, list[ast.AST](), node
        try:
            while current not in trees:
                current = current._poolint_parent  # type: ignore[attr-defined]  # as `parent_of` does it
                above.append(current)
        except AttributeError:
            trees[current] = None
        found = trees[current]
        for one in above:
            trees[one] = found
        return found
