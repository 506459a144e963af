"""Expressions: which of them have events, and in which order these come.

Most children are evaluated in the order of their fields; what is not has a builder here, what branches has one in
:mod:`branches <poolint.semantics.cfg.branches>` or :mod:`comprehensions <poolint.semantics.cfg.comprehensions>`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from poolint.semantics.cfg.bindings import store
from poolint.semantics.cfg.builder import Builder, End, StatementBuilder, Steps

if TYPE_CHECKING:
    from poolint.semantics.cfg.graph import Node

_EVENTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp)


def eventful(root: ast.expr) -> set[ast.AST]:
    """Those expressions at or below ``root`` whose evaluation has events."""
    walk: list[tuple[ast.AST, int]] = [(root, -1)]
    for index, (node, _) in enumerate(walk):
        walk.extend((child, index) for child in _evaluated(node))
    found = set()
    marked = [isinstance(node, _EVENTS) for node, _ in walk]
    for index in range(len(walk) - 1, -1, -1):
        if marked[index]:
            node, parent = walk[index]
            found.add(node)
            if parent >= 0:
                marked[parent] = True
    return found


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The parts that run when ``node`` does: not the body of a lambda, and of a generator only what it iterates."""
    if isinstance(node, ast.Lambda):
        yield from defaults(node.args)
    elif isinstance(node, ast.GeneratorExp):
        yield node.generators[0].iter
    else:
        yield from ast.iter_child_nodes(node)


def defaults(arguments: ast.arguments) -> list[ast.expr]:
    """The defaults of parameters, which run when the function is made, in order."""
    return [*arguments.defaults, *(one for one in arguments.kw_defaults if one is not None)]


def generic(b: Builder, expression: ast.AST) -> Steps:
    """The parts of an expression in the order of its fields."""
    for child in _evaluated(expression):
        if isinstance(child, ast.expr):
            yield b.evaluate(child)


def call(b: Builder, expression: ast.Call) -> Steps:
    yield _operands(b, expression)
    event = b.emit("call", expression, raising=b.may_raise(expression))
    _stop_if_last(b, expression, event)


def _operands(b: Builder, expression: ast.Call) -> Steps:
    yield b.evaluate(expression.func)
    # Also those after a keyword, as in `f(key=a(), *b())`.
    for argument in expression.args:
        yield b.evaluate(argument)
    for keyword in expression.keywords:
        yield b.evaluate(keyword.value)


def _stop_if_last(b: Builder, expression: ast.Call, event: Node) -> None:
    if b.never_returns is not None and b.never_returns(expression):
        b.ends = [end for end in b.ends if end.source is not event]


def await_(b: Builder, expression: ast.Await) -> Steps:
    operand = expression.value
    if isinstance(operand, ast.Call):
        # The call only makes a coroutine: one that never returns ends at its await.
        yield _operands(b, operand)
        b.emit("call", operand, raising=b.may_raise(operand))
    else:
        yield b.evaluate(operand)
    event = b.emit("await", expression, raising=b.may_raise(expression), cancels=True)
    if isinstance(operand, ast.Call):
        _stop_if_last(b, operand, event)


def yield_(b: Builder, expression: ast.Yield | ast.YieldFrom) -> Steps:
    yield b.evaluate(expression.value)
    event = b.emit("yield", expression, raising=b.may_raise(expression))
    b.leave("generator-exit", [End(event, "generator-exit")])


def dict_(b: Builder, expression: ast.Dict) -> Steps:
    for key, value in zip(expression.keys, expression.values, strict=True):
        yield b.evaluate(key)
        yield b.evaluate(value)


def named(b: Builder, expression: ast.NamedExpr) -> Steps:
    yield b.evaluate(expression.value)
    store(b, expression.target, expression.value, "assign")


EXPRESSIONS: dict[type[ast.expr], StatementBuilder] = {
    ast.Await: await_,
    ast.Call: call,
    ast.Dict: dict_,
    ast.NamedExpr: named,
    ast.Yield: yield_,
    ast.YieldFrom: yield_,
}
