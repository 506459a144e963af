"""What a comment beside an argument says of it: the one place where somebody may have written down why it is there."""

from __future__ import annotations

import io
import tokenize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ast

    from poolint.syntax.project import Module


class Comments(NamedTuple):
    """The texts of comments: ``on`` the rows of an argument, and on the rows of their own directly ``above`` it."""

    on: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


def comments_beside(node: ast.expr, module: Module) -> Comments:
    """The comments beside an argument. The same characters inside of a string are none."""
    alone: dict[int, str] = {}
    behind: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(module.source.text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                rows = behind if token.line[:column].strip() else alone
                rows[row] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):
        return Comments()  # of another version of Python than the one that runs: nothing is known of its comments
    last = node.end_lineno or node.lineno
    on = tuple(behind[row] for row in range(node.lineno, last + 1) if row in behind)
    above = []
    row = node.lineno - 1
    while row in alone:
        above.append(alone[row])
        row -= 1
    return Comments(on, tuple(above))
