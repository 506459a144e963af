"""What a second beginning of a session's transaction stands for, and whether the code means the same without it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.transactions import inside, root_of
from poolint.rewrite.reads import only_reads
from poolint.rewrite.runs import Run
from poolint.rewrite.standalone import is_caught
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, text_of

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator


class Beginning(NamedTuple):
    """A ``begin()`` that can go: a statement of its own, or the header of a block.

    ``commits``: the end of the block is to become a commit of ``resource``; else somebody commits already.
    ``is_sure``: what is committed then is what the block would have committed, and what raises in it is rolled back.
    """

    statement: ast.stmt
    resource: str
    commits: bool
    is_sure: bool


def beginning(ev: Evaluator, holdings: Holdings, node: ast.Call, scope: Scope) -> Beginning | None:
    """What ``node``, the second ``begin()`` of a session, is; None where it cannot simply go."""
    root = root_of(node)
    if root is None or node.args or node.keywords or scope.kind != "function":
        return None
    resource, place = text_of(root, scope), (node.lineno, node.col_offset)
    outer = parent_of(node)
    outer = parent_of(outer) if isinstance(outer, ast.Await) else outer
    if isinstance(outer, ast.Expr):
        is_sure = _is_closed(ev, resource, outer, scope) and only_reads(ev, holdings, resource, scope, place)
        return Beginning(outer, resource, commits=False, is_sure=is_sure)
    block = parent_of(outer) if isinstance(outer, ast.withitem) else None
    if not isinstance(block, (ast.With, ast.AsyncWith)) or len(block.items) != 1 or block.items[0].optional_vars:
        return None
    if is_caught(block, scope, _owner(resource, block, scope)):
        return None  # whoever catches what the block raises counts on its rollback
    if _is_in_transaction(holdings, resource, block, node, scope):
        return Beginning(block, resource, commits=False, is_sure=False)
    if Run(block.body).jumps or not all(part.isidentifier() for part in resource.split(".")):
        return None  # some way out of the block would pass the commit
    is_sure = _is_closed(ev, resource, block, scope) and only_reads(ev, holdings, resource, scope, place)
    return Beginning(block, resource, commits=True, is_sure=is_sure)


def _is_in_transaction(holdings: Holdings, resource: str, block: WithNode, node: ast.Call, scope: Scope) -> bool:
    """Whether the block of another ``begin()`` stands around, which commits at its end."""
    return any(
        one.session == resource and one.header is not node and inside(block, one.statement)
        for one in holdings.changes(scope).regions
        if one.fact.method != "begin_nested"
    )


def _owner(resource: str, block: ast.stmt, scope: Scope) -> WithNode | None:
    """The block around that the session belongs to."""
    current = parent_of(block)
    while current is not None and current is not scope.node:
        if isinstance(current, (ast.With, ast.AsyncWith)):
            targets = (one.optional_vars for one in current.items)
            if any(isinstance(one, ast.Name) and one.id == resource for one in targets):
                return current
        current = parent_of(current)
    return None


def _is_closed(ev: Evaluator, resource: str, block: ast.stmt, scope: Scope) -> bool:
    """Whether a block around closes the session when something is raised, with no loop between them."""
    owner = _owner(resource, block, scope)
    if owner is not None and not all(_opens(ev, one.context_expr, scope) for one in owner.items):
        return False  # a context manager of the project may commit what has failed
    current = parent_of(block)
    while owner is not None and current is not owner:
        if current is None or isinstance(current, (ast.For, ast.AsyncFor, ast.While)):
            return False  # what comes behind the block comes before it in the next round
        current = parent_of(current)
    return owner is not None


def _opens(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    fact = call_site(ev, node, scope) if isinstance(node, ast.Call) else None
    return fact is not None and fact.cls is not None and (fact.role == "open" or fact.cls.construct == "open")
