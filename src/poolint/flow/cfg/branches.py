"""What flow branches on: ``if``, ``assert``, and inside expressions ``and``, ``or``, ternaries, chained comparisons.

As a condition these always become branches, so that an edge knows the truth of the smallest test: in
``if a is not None and b`` the body is reached over both. As a value they branch only where a part that may be skipped
has events.
"""

from __future__ import annotations

import ast

from poolint.flow.cfg.builder import Builder, End, StatementBuilder, Steps


def condition(b: Builder, expression: ast.expr, true: list[End], false: list[End]) -> Steps:
    """Evaluate a test; the ends on which it holds are added to ``true``, the others to ``false``, none stay open."""
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.Not):
        yield condition(b, expression.operand, false, true)
    elif isinstance(expression, ast.BoolOp):
        conjunction = isinstance(expression.op, ast.And)
        for operand in expression.values[:-1]:
            further: list[End] = []
            yield condition(b, operand, *((further, false) if conjunction else (true, further)))
            b.ends = further
        yield condition(b, expression.values[-1], true, false)
    elif isinstance(expression, ast.IfExp):
        holds: list[End] = []
        fails: list[End] = []
        yield condition(b, expression.test, holds, fails)
        b.ends = holds
        yield condition(b, expression.body, true, false)
        b.ends = fails
        yield condition(b, expression.orelse, true, false)
    elif isinstance(expression, ast.Compare) and _is_branching_chain(b, expression):
        yield from _chain(b, expression, false)
        _test(b, expression, true, false)
    else:
        yield b.evaluate(expression)
        _test(b, expression, true, false)
    b.ends = []


def _test(b: Builder, expression: ast.expr, true: list[End], false: list[End]) -> None:
    """The event of an expression's truth being asked; a constant has but one."""
    event = b.emit("test", expression)
    constant = bool(expression.value) if isinstance(expression, ast.Constant) else None
    if constant is not False:
        true.append(End(event, "true", expression, True))
    if constant is not True:
        false.append(End(event, "false", expression, False))


# Statements.


def if_(b: Builder, node: ast.If) -> Steps:
    after: list[End] = []
    while True:
        true: list[End] = []
        false: list[End] = []
        yield condition(b, node.test, true, false)
        b.ends = true
        yield b.block(node.body)
        after += b.ends
        b.ends = false
        # An `elif` is an `if` alone in the `else`; a chain of thousands is one loop here.
        inner = node.orelse[0] if len(node.orelse) == 1 else None
        if not isinstance(inner, ast.If) or not b.ends:
            break
        node = inner
    yield b.block(node.orelse)
    b.ends = after + b.ends


def assert_(b: Builder, node: ast.Assert) -> Steps:
    true: list[End] = []
    false: list[End] = []
    yield condition(b, node.test, true, false)
    if false:
        b.ends = false
        yield b.evaluate(node.msg)
        b.emit("assert", node, raising=True)
    b.ends = true


# As values.


def bool_op(b: Builder, expression: ast.BoolOp) -> Steps:
    """``a() and b()``: one operand after the other, until one decides."""
    conjunction = isinstance(expression.op, ast.And)
    decided: list[End] = []
    # What follows the last operand with events makes no difference to what happens.
    last = max(index for index, operand in enumerate(expression.values) if b.has_events(operand))
    for operand in expression.values[:last]:
        further: list[End] = []
        yield condition(b, operand, *((further, decided) if conjunction else (decided, further)))
        b.ends = further
    yield b.evaluate(expression.values[last])
    b.ends = [*decided, *b.ends]


def ternary(b: Builder, expression: ast.IfExp) -> Steps:
    if not (b.has_events(expression.body) or b.has_events(expression.orelse)):
        yield b.evaluate(expression.test)
        return
    true: list[End] = []
    false: list[End] = []
    yield condition(b, expression.test, true, false)
    b.ends = true
    yield b.evaluate(expression.body)
    after = b.ends
    b.ends = false
    yield b.evaluate(expression.orelse)
    b.ends = after + b.ends


def compare(b: Builder, expression: ast.Compare) -> Steps:
    if not _is_branching_chain(b, expression):
        for part in (expression.left, *expression.comparators):
            yield b.evaluate(part)
        return
    failed: list[End] = []
    yield from _chain(b, expression, failed)
    b.ends = [*failed, *b.ends]


def _is_branching_chain(b: Builder, expression: ast.Compare) -> bool:
    return any(b.has_events(one) for one in expression.comparators[1:])


def _chain(b: Builder, expression: ast.Compare, false: list[End]) -> Steps:
    """``a < b() < c()`` up to its last event. Where an earlier comparison fails the whole is false, without ``c()``."""
    comparators = expression.comparators
    last = max(index for index, one in enumerate(comparators) if b.has_events(one))
    yield b.evaluate(expression.left)
    for comparator in comparators[:last]:
        yield b.evaluate(comparator)
        event = b.emit("test", expression)
        false.append(End(event, "false", expression, False))
        # That one comparison holds says nothing about the whole.
        b.ends = [End(event, "true")]
    yield b.evaluate(comparators[last])


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {ast.Assert: assert_, ast.If: if_}
EXPRESSIONS: dict[type[ast.expr], StatementBuilder] = {
    ast.BoolOp: bool_op,
    ast.Compare: compare,
    ast.IfExp: ternary,
}
