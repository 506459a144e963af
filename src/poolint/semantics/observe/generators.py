"""Observations about generators that hold a checkout and are left before their end."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics.calls import call_fact, text_of
from poolint.semantics.facts import AbandonedGenerator, Observation
from poolint.semantics.holding import inside
from poolint.semantics.observe.common import may_await, step
from poolint.semantics.scopes import parent_of
from poolint.semantics.types import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.scopes import Scope

_KINDS = frozenset({"session", "connection"})


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The loops in ``scope`` that leave such a generator behind."""
    for node in scope.calls:
        loop = parent_of(node)
        if not isinstance(loop, ast.AsyncFor) or loop.iter is not node:
            continue
        left = _leaves(loop)
        callees = alternatives(ev.type_of(node.func, scope))
        if left is None or len(callees) != 1 or not isinstance(callees[0], Function):
            continue
        inner = callees[0].scope
        if not (inner.is_async and inner.is_generator):
            continue
        holds = _held_across_yield(ev, inner)
        if holds:
            at = step("the loop is left here, before the generator has ended", left, scope.module)
            yield AbandonedGenerator(node, scope.qualified_name, may_await(node, scope), inner.name, holds, at)


def _leaves(loop: ast.AsyncFor) -> ast.stmt | None:
    """A statement by which the loop is left before its end."""
    stack: list[tuple[ast.stmt, bool]] = [(one, False) for one in loop.body]
    while stack:
        statement, nested = stack.pop(0)
        if isinstance(statement, ast.Return) or (isinstance(statement, ast.Break) and not nested):
            return statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        is_loop = isinstance(statement, (ast.For, ast.AsyncFor, ast.While))
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.stmt):
                stack.append((child, nested or is_loop))
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                stack.extend((one, nested or is_loop) for one in child.body)
    return None


def _held_across_yield(ev: Evaluator, scope: Scope) -> str:
    """What a generator holds in a ``with`` around one of its yields, as written."""
    for statement in scope.withs:
        if not any(inside(one, statement) for one in scope.yields):
            continue
        for item in statement.items:
            entered = ev.entered(
                ev.type_of(item.context_expr, scope), asynchronous=isinstance(statement, ast.AsyncWith)
            )
            for one in alternatives(entered):
                if isinstance(one, Instance) and one.base is not None and one.base.kind in _KINDS:
                    return text_of(item.context_expr, scope)
            call = item.context_expr
            fact = call_fact(ev, call, scope) if isinstance(call, ast.Call) else None
            if fact is not None and fact.role == "checkout":
                return text_of(call, scope)
    return ""
