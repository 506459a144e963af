"""Expressions: which of them have events, and in which order these come.

Most children are evaluated in the order of their fields; what is not has a builder here, what branches has one in
:mod:`branches <poolint.flow.cfg.branches>` or :mod:`comprehensions <poolint.flow.cfg.comprehensions>`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.cfg.bindings import defaults
from poolint.flow.cfg.builder import Builder, End, StatementBuilder, Steps
from poolint.syntax.generator_runs import is_run_at_once
from poolint.syntax.nodes import FIELDS

if TYPE_CHECKING:
    from collections.abc import Set

    from poolint.flow.cfg.graph import Node

_PARTS = (ast.expr, ast.keyword, ast.comprehension)
_WITHOUT = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, str, int, type(None)})
"""What most fields hold that has no events."""
_EVENTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp)


def eventful(root: ast.expr, reads: Set[ast.AST]) -> set[ast.AST]:
    """Those expressions at or below ``root`` whose evaluation has events; ``reads`` are the attributes that have one."""
    nodes: list[ast.AST] = [root]
    parents = [0]
    for index, node in enumerate(nodes):
        for child in _evaluated(node):
            nodes.append(child)
            parents.append(index)
    found = set()
    marked = [isinstance(node, _EVENTS) for node in nodes]
    if reads:
        marked = [found or node in reads for found, node in zip(marked, nodes, strict=True)]
    for index in range(len(nodes) - 1, -1, -1):
        if marked[index]:
            marked[parents[index]] = True
            found.add(nodes[index])
    return found


def _evaluated(node: ast.AST) -> list[ast.AST]:
    """The parts that run when ``node`` does and might have events, in the order of its fields.

    Not the body of a lambda, and of a generator only what it iterates first, unless something goes over it where it stands.
    """
    if isinstance(node, ast.Lambda):
        return list[ast.AST](defaults(node.args))
    if isinstance(node, ast.GeneratorExp) and not is_run_at_once(node):
        return [node.generators[0].iter]
    found: list[ast.AST] = []
    held = node.__dict__
    for field in FIELDS[type(node)]:
        value = held.get(field)
        if type(value) is list:
            found += [child for child in value if type(child) not in _WITHOUT and isinstance(child, _PARTS)]
        elif type(value) not in _WITHOUT and isinstance(value, _PARTS):
            found.append(value)
    return found


def generic(b: Builder, expression: ast.AST) -> Steps:
    """One part of an expression after the other."""
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
    for argument in (*expression.args, *[one.value for one in expression.keywords]):
        part = b.evaluate(argument)
        if part is not None:  # most are names and constants
            yield part


def _stop_if_last(b: Builder, expression: ast.Call, event: Node) -> None:
    if b.never_returns is not None and b.never_returns(expression):
        b.ends = [end for end in b.ends if end.source is not event]


def attribute(b: Builder, expression: ast.Attribute) -> Steps:
    yield b.evaluate(expression.value)
    if expression in b.reads:
        b.emit("read", expression)


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
    if b.is_cancel_expected():
        # A context manager made of a generator: what ends its `with` block is thrown in here.
        b.leave("cancel", [End(event, "cancel")])


def dict_(b: Builder, expression: ast.Dict) -> Steps:
    for key, value in zip(expression.keys, expression.values, strict=True):
        yield b.evaluate(key)
        yield b.evaluate(value)


def named(b: Builder, expression: ast.NamedExpr) -> Steps:
    yield b.evaluate(expression.value)
    # Binds around the comprehension that it stands in, which no class body can have.
    inner = b.classes > 0 and not b.comprehensions
    b.emit("store", expression.target, value=expression.value, how="assign", inner=inner)


EXPRESSIONS: dict[type[ast.expr], StatementBuilder] = {
    ast.Attribute: attribute,
    ast.Await: await_,
    ast.Call: call,
    ast.Dict: dict_,
    ast.NamedExpr: named,
    ast.Yield: yield_,
    ast.YieldFrom: yield_,
}
