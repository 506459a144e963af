"""A run of statements that may move: what it reads and binds, and how control leaves it."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from poolint.syntax.nodes import captured_name
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.models.loader import Models

_STATEMENTS = (
    *(ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With),
    *(ast.AsyncWith, ast.Try, ast.Pass, ast.Return, ast.Break, ast.Continue, ast.Raise, ast.Assert),
)


def own_nodes(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of some statements, those of lambdas and comprehensions among them."""
    for statement in statements:
        yield from ast.walk(statement)


class Run:
    """Statements that follow each other in one suite."""

    def __init__(self, statements: Iterable[ast.stmt]) -> None:
        self.statements = list(statements)
        self.nodes = set(own_nodes(self.statements))

    @cached_property
    def reads(self) -> dict[str, list[ast.Name]]:
        """The names that are read, each with its reads."""
        found: dict[str, list[ast.Name]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, []).append(node)
        return found

    @property
    def loads(self) -> set[str]:
        """The names that are read, those among them that are added to."""
        added = {
            one.target.id for one in self.nodes if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name)
        }
        return set(self.reads) | added

    @cached_property
    def stores(self) -> set[str]:
        """The names that are bound."""
        found = {node.id for node in self.nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        found |= {name for node in self.nodes if (name := captured_name(node))}
        return found | {node.name for node in self.nodes if isinstance(node, ast.ExceptHandler) and node.name}

    @cached_property
    def texts(self) -> set[str]:
        """The dotted expressions in it, as written: ``self.session``."""
        return {ast.unparse(node) for node in self.nodes if isinstance(node, ast.Attribute)}

    @property
    def is_plain(self) -> bool:
        """Whether it binds nothing but names, and defines, imports and deletes nothing."""
        for node in self.nodes:
            if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS):
                return False
            if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
                return False
        return True

    @property
    def yields(self) -> bool:
        """Whether it yields."""
        return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in self.nodes)

    @property
    def jumps(self) -> bool:
        """Whether control may leave it otherwise than at its end or by an exception."""
        return self.yields or any(map(_jumps, self.statements))

    def leaves(self, models: Models, *, may_return: bool = False) -> bool:
        """Whether it decides how control leaves what stands around it; ``may_return``: but for a return at its end."""
        statements = self.statements
        if may_return and isinstance(statements[-1], ast.Return):
            statements = statements[:-1]
        return any(map(_jumps, statements)) or any(
            isinstance(node, (ast.Raise, ast.Assert))
            or (isinstance(node, ast.Call) and last_name(node.func) in models.words("fails"))
            for node in self.nodes
        )


def _jumps(statement: ast.stmt, *, in_loop: bool = False) -> bool:
    if isinstance(statement, ast.Return):
        return True
    if isinstance(statement, (ast.Break, ast.Continue)):
        return not in_loop
    is_loop = isinstance(statement, (ast.For, ast.AsyncFor, ast.While))
    for field, suite in ast.iter_fields(statement):
        if field == "handlers":
            suite = [one for handler in suite for one in handler.body]
        if isinstance(suite, list) and any(
            isinstance(one, ast.stmt) and _jumps(one, in_loop=in_loop or (is_loop and field == "body")) for one in suite
        ):
            return True
    return False
