"""Which files still are what they were when something was learned of them, and what belongs to them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from poolint.syntax.scopes import Binding, Scope, ScopeKey

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from poolint.syntax.module import Module

_Key = TypeVar("_Key", bound="Hashable")
_Known = TypeVar("_Known")


class Living:
    """Files of which neither the text nor anything that is known of them rests on what has changed.

    What is remembered of a file is remembered under something of it: a node, a scope, a binding, a key, or several of
    these. What belongs to none of the files, such as a tree in whose place there is another one, belongs to the past.
    """

    def __init__(self, modules: Iterable[Module]) -> None:
        self._modules = set(modules)
        self._paths = {one.path for one in self._modules}
        self._trees: dict[ast.AST, bool] = {one.tree: True for one in self._modules}
        """Whether trees belong to them, by their roots and by what was met on the way there."""

    def kept(self, known: Mapping[_Key, _Known]) -> dict[_Key, _Known]:
        """What is remembered of these files."""
        stands = self._stands
        return {
            key: found
            for key, found in known.items()
            if (stands(key) if isinstance(key, ast.AST) else self._has(key))  # of nodes there are most
        }

    def _has(self, key: object) -> bool | None:
        """Whether something belongs to these files; None of what belongs to no file at all, such as a number."""
        if isinstance(key, ast.AST):
            return self._stands(key)
        if isinstance(key, Scope):
            return key.module in self._modules
        if isinstance(key, Binding):
            return self._stands(key.node)
        if isinstance(key, ScopeKey):
            return key.path in self._paths
        if isinstance(key, tuple):
            parts = [self._has(one) for one in key]
            return False if False in parts else (True in parts or None)
        return None if key is None or isinstance(key, (str, int, float, bytes)) else False

    def _stands(self, node: ast.AST) -> bool:
        """Whether a node stands in one of these files: found out once for all that it stands in."""
        trees, above, current = self._trees, list[ast.AST](), node
        try:
            while (found := trees.get(current)) is None:
                current = current._poolint_parent  # type: ignore[attr-defined]  # as `parent_of` does it
                above.append(current)
        except AttributeError:
            found = False
        for one in above:
            trees[one] = found
        return found
