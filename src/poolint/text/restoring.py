"""From the tree of a text that was rewritten in older syntax to the tree of the text itself."""

from __future__ import annotations

import ast
from typing import NamedTuple

from poolint.trees import tree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from poolint.text.newer import Rewritten


class Parameter(NamedTuple):
    """A type parameter, as far as ``ast`` of the Pythons that know them has the same attributes."""

    name: str
    bound: ast.expr | None
    default_value: ast.expr | None


def parse_rewritten(rewritten: Rewritten) -> ast.Module:
    """The tree of a rewritten text, as if the original had been parsed. Raises ``SyntaxError``."""
    tree = tree_of(rewritten.text)
    _Restore(rewritten).visit(tree)
    return tree


class _Restore(ast.NodeTransformer):
    """Adds to the tree what the older syntax could not say."""

    def __init__(self, rewritten: Rewritten) -> None:
        self.rewritten = rewritten

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if self.rewritten.aliases:
            for block in ("body", "orelse", "finalbody"):
                statements = getattr(node, block, None)
                if isinstance(statements, list):
                    setattr(node, block, self._without_marks(statements))
        return super().generic_visit(node)

    def _without_marks(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        kept: list[ast.stmt] = []
        mark: ast.stmt | None = None
        for statement in statements:
            if isinstance(statement, ast.Expr) and (statement.lineno, statement.col_offset) in self.rewritten.aliases:
                mark = statement
                continue
            if mark is not None:
                statement.lineno, statement.col_offset, mark = mark.lineno, mark.col_offset, None
            kept.append(statement)
        return kept

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._with_parameters(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._with_parameters(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._with_parameters(node)

    def _with_parameters(self, node: ast.stmt) -> ast.AST:
        said = self.rewritten.parameters.get((node.lineno, node.col_offset))
        if said is not None:
            made = [Parameter(one.name, _expression(one.bound), _expression(one.default)) for one in said]
            node.__dict__["type_params"] = made
        return self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        self.generic_visit(node)
        if (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) not in self.rewritten.fstrings:
            return node
        values: list[ast.expr] = [
            ast.copy_location(ast.FormattedValue(value=element, conversion=-1, format_spec=None), element)
            for element in node.elts
        ]
        return ast.copy_location(ast.JoinedStr(values=values), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if (node.lineno, node.col_offset) not in self.rewritten.stars:
            return node
        return ast.copy_location(ast.Starred(value=node.operand, ctx=ast.Load()), node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        elements: list[ast.expr] = []
        left = node.type
        for _ in range(self.rewritten.handlers.get((node.lineno, node.col_offset), 0)):
            if isinstance(left, ast.BinOp):
                elements.insert(0, left.right)
                left = left.left
        if elements and left is not None and node.type is not None:
            elements.insert(0, left)
            node.type = ast.copy_location(ast.Tuple(elts=elements, ctx=ast.Load()), node.type)
        return self.generic_visit(node)


def _expression(written: tuple[str, tuple[int, int]]) -> ast.expr | None:
    """The tree of a bound or a default, all of which stands where it begins."""
    text, (row, column) = written
    if not text:
        return None
    try:
        found = tree_of(f"({text}\n)", "eval").body
    except SyntaxError:
        return None  # newer than this Python itself: it is not known then, as an annotation is not
    for node in ast.walk(found):
        if isinstance(node, ast.expr):
            node.lineno = node.end_lineno = row
            node.col_offset = node.end_col_offset = column
    return found
