"""What the block of an object gets that the object keeps: ``__enter__`` returns it, and ``__exit__`` ends what has been done."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left, ways_left
from poolint.flow.cfg import TooComplex
from poolint.models.standard import ENTERS, LEAVES
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.syntax.scopes import Scope


def is_lent_to_block(use: ast.Attribute, scope: Scope) -> bool:
    """Whether what is kept is what a block gets of the object that it enters: that goes on being the object's to release."""
    owner = scope.parent
    if scope.name not in ENTERS or owner is None or owner.kind != "class":
        return False
    return isinstance(parent_of(use), ast.Return) and scope.name.replace("enter", "exit") in owner.bindings


def leaves_block_held(holdings: Holdings, cls: Scope, attribute: str) -> bool:
    """Whether a class lends its session to the block that enters its object, and what runs at the end of that has a way on which
    it does nothing with it."""
    methods = {one.name: one for one in cls.children if one.kind == "function"}
    uses = index_of(cls).on_self(attribute)
    if not any(is_lent_to_block(use, inner) for inner, use in uses):
        return False
    for method in (methods[name] for name in sorted(LEAVES & methods.keys())):
        try:
            graph = holdings.graph(method)
        except TooComplex:
            return False
        left = ways_left(graph, holdings.own_changes(method), {f"self.{attribute}"}, method, {})
        own = [use for inner, use in uses if inner is method]
        if Left.UNTOUCHED in left and own and not any(map(_is_asked, own)):
            return True
    return False


def _is_asked(use: ast.Attribute) -> bool:
    """Whether a test asks whether there is anything kept at all."""
    current: ast.AST | None = use
    while isinstance(current, (ast.Attribute, ast.Compare, ast.BoolOp, ast.UnaryOp)):
        child, current = current, parent_of(current)
    return isinstance(current, (ast.If, ast.IfExp)) and current.test is child
