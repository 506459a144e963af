"""What stands in a ``finally`` before the release there, and so may keep it from happening."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.witnesses import unwinding
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.flow.cfg import Edge


def in_finally_before_release(edges: list[Edge], site: Site, ends: frozenset[str]) -> bool:
    """Whether what raises stands in a ``finally`` that releases the checkout further down."""
    edge = unwinding(edges)
    if edge is None or not isinstance(edge.source.node, ast.expr):
        return False
    child: ast.AST = edge.source.node
    if _releases(without_await(child), site.name, ends):
        return False  # a method of an object that gives back what this has taken, and fails before it does
    parent = parent_of(child)
    while parent is not None:
        if isinstance(parent, ast.Try) and any(child is one for one in parent.finalbody):
            later = parent.finalbody[parent.finalbody.index(child) :]  # type: ignore[arg-type]
            return any(_releases(call, site.name, ends) for one in later for call in ast.walk(one))
        child, parent = parent, parent_of(parent)
    return False


def _releases(node: ast.AST, name: str, ends: frozenset[str]) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ends):
        return False
    return any(isinstance(one, ast.Name) and one.id == name for one in (node.func.value, *node.args))
