"""``ast.parse``, asked again where the interpreter has lost its own count.

CPython 3.9 to 3.11 count how deep they are while they make a tree, for all trees at once. Where the collector runs in
the middle of one, and what it runs parses as well (a traceback that is written out does), the count does not come out
even, and the tree that is already finished is thrown away with a ``SystemError``.
"""

from __future__ import annotations

from typing import Literal, overload

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

_TRIES = 3


@overload
def tree_of(text: str | bytes, mode: Literal["exec"] = "exec") -> ast.Module: ...
@overload
def tree_of(text: str | bytes, mode: Literal["eval"]) -> ast.Expression: ...
def tree_of(text: str | bytes, mode: Literal["exec", "eval"] = "exec") -> ast.AST:
    """The tree of a text. Raises what ``ast.parse`` raises, ``SystemError`` only where it has come every time."""
    import ast

    for _ in range(_TRIES - 1):
        try:
            return ast.parse(text, mode=mode)
        except SystemError:
            continue
    return ast.parse(text, mode=mode)
