"""What a comment beside an argument, or the docstring of its function, says of it: where somebody may have written down why
it is there."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.scopes import statement_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


class Comments(NamedTuple):
    """The texts of comments: ``on`` the rows of an argument, and on the rows of their own directly ``above`` it or its
    statement, several as one, with the docstring of the function that it stands in."""

    on: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


def comments_beside(node: ast.expr, scope: Scope) -> Comments:
    """The comments beside an argument in ``scope``. The same characters inside of another string are none."""
    alone: dict[int, str] = {}
    behind: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(scope.module.source.text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                rows = behind if token.line[:column].strip() else alone
                rows[row] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):
        return Comments()  # of another version of Python than the one that runs: nothing is known of its comments
    last = node.end_lineno or node.lineno
    on = tuple(behind[row] for row in range(node.lineno, last + 1) if row in behind)
    said = ast.get_docstring(scope.node) if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
    above = [said] if said else []
    for start in sorted({node.lineno, statement_of(node).lineno}, reverse=True):
        row, text = start - 1, ""
        while row in alone:
            text = f"{alone[row]} {text}".rstrip()
            row -= 1
        above += [text] if text else []
    return Comments(on, tuple(above))
