"""What stands in the tree for the body of a function that has not been read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


class Unread(list[ast.stmt]):
    """The body of a function that has not been read: whoever looks into it gets what stands there."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope

    def _read(self) -> list[ast.stmt]:
        self._scope.read()
        return self._scope.node.body  # type: ignore[attr-defined,no-any-return]

    def __iter__(self) -> Iterator[ast.stmt]:
        return iter(self._read())

    def __reversed__(self) -> Iterator[ast.stmt]:
        return reversed(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, index: Any) -> Any:
        return self._read()[index]

    def __contains__(self, item: object) -> bool:
        return item in self._read()
