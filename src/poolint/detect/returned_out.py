"""What a function gives back out of a block that has something, and that releases it as the function returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.had_of_blocks import handle_of, stream_of
from poolint.analyses.holding import inside, source_of
from poolint.analyses.holding.transactions import is_query
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.types.members import lineage
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.session_use import Using
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def given_away(using: Using, statement: ast.With | ast.AsyncWith, name: str, scope: Scope) -> Iterator[ast.expr]:
    """``return conn`` inside of the block, or an object of the project that works with it, ``return Orders(conn)``: the caller
    gets it closed."""
    ev = using.ev
    for value in scope.returns:
        parent = parent_of(value)
        if parent is None or not inside(parent, statement):
            continue
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
        if any(
            _binds(part, name) or _binds(handle_of(ev, part, scope), name) or _works_with(using, part, name, scope)
            for part in parts
        ):
            yield value


def _works_with(using: Using, given: ast.expr, name: str, scope: Scope) -> bool:
    """Whether an object is of a class of the project whose methods use what it has been made with, and that stands under this
    name."""
    bound = scope.bindings.get(given.id, ()) if isinstance(given, ast.Name) else ()
    made = bound[0].value if len(bound) == 1 and bound[0].kind == "assign" else given
    found = alternatives(using.ev.type_of(given, scope)) if isinstance(made, ast.Call) else ()
    if not found or not all(isinstance(one, Instance) and one.cls is not one.base for one in found):
        return False
    kept = {path.partition(".")[0] for path, place in using.places.made(made, scope).items() if path and place == name}
    return any(
        isinstance(use.ctx, ast.Load) and inner.method_around.name != "__init__"
        for one in found
        if isinstance(one, Instance)
        for cls in lineage(using.ev, one)
        for attribute in kept
        for inner, use in index_of(cls).on_self(attribute)
    )


def streams_given(
    ev: Evaluator, statement: ast.With | ast.AsyncWith, name: str, scope: Scope
) -> Iterator[tuple[ast.expr, Class]]:
    """``return await conn.stream(statement)`` inside of the block: the caller goes over it when that is over."""
    for value in scope.returns:
        parent = parent_of(value)
        if parent is not None and inside(parent, statement):
            cls = stream_of(ev, value, name, scope)
            if cls is not None:
                yield value, cls


def queries_given(ev: Evaluator, statement: ast.With | ast.AsyncWith, name: str, scope: Scope) -> Iterator[ast.expr]:
    """``return session.query(Order)`` inside of the block: the caller runs it when that is over."""
    for value in scope.returns:
        if not isinstance(value, (ast.Name, ast.Call)) or not is_query(ev.type_of(value, scope)):
            continue
        parent = parent_of(value)
        if parent is not None and inside(parent, statement) and _binds(source_of(ev, value, scope), name):
            yield value


def _binds(target: ast.AST | None, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
