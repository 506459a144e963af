"""What an expression says as it is written, without types."""

from __future__ import annotations

import ast


def dotted(node: ast.AST) -> str:
    """A name, or attributes of one, as written; empty for anything else."""
    if type(node) is ast.Name:
        return node.id
    parts: list[str] = []
    while type(node) is ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if type(node) is not ast.Name:
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def unnegated(test: ast.expr, truth: bool) -> tuple[ast.expr, bool]:
    """What stands behind each ``not`` of a test that comes out as ``truth``, and how that comes out."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, truth = test.operand, not truth
    return test, truth
