"""``while``, ``for`` and ``async for``, with ``break``, ``continue`` and ``else``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.cfg.bindings import store
from poolint.flow.cfg.builder import Builder, End, Frame, StatementBuilder, Steps, loop_back
from poolint.flow.cfg.rounds import leaves_in_last_round

if TYPE_CHECKING:
    from poolint.flow.cfg.graph import Node, Way

_JUMPS: tuple[Way, ...] = ("break", "continue")
_LITERALS = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.JoinedStr)


def while_(b: Builder, node: ast.While) -> Steps:
    first = len(b.nodes)
    true: list[End] = []
    false: list[End] = []
    yield b.condition(node.test, true, false)
    head = b.nodes[first]
    frame = b.push(_JUMPS)
    b.ends = true
    yield b.block(node.body)
    yield _close(b, frame, head, false, node.orelse)


def for_(b: Builder, node: ast.For | ast.AsyncFor) -> Steps:
    yield b.evaluate(node.iter)
    head = step(b, node, is_async=isinstance(node, ast.AsyncFor))
    frame = b.push(_JUMPS)
    b.ends = [End(head, "item")]
    yield store(b, node.target, node.iter, "for")
    yield b.block(node.body)
    over = [] if leaves_in_last_round(node) else [End(head, "exhausted")]
    yield _close(b, frame, head, over, node.orelse)


def step(b: Builder, node: ast.For | ast.AsyncFor | ast.comprehension, *, is_async: bool) -> Node:
    """The event of asking for the next item; what is iterated is evaluated."""
    raising = is_async or (not isinstance(node.iter, _LITERALS) and b.may_raise(node.iter))
    return b.emit("iterate", node, value=node.iter, raising=raising, cancels=is_async, is_async=is_async)


def _close(b: Builder, frame: Frame, head: Node, over: list[End], orelse: list[ast.stmt]) -> Steps:
    """Back to the head from the end of the body and each ``continue``; on after ``else`` and from each ``break``."""
    b.pop()
    loop_back(b.ends, head)
    loop_back(frame.waiting.get("continue", ()), head)
    b.ends = over
    yield b.block(orelse)
    b.ends = [*b.ends, *frame.waiting.get("break", ())]


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {ast.AsyncFor: for_, ast.For: for_, ast.While: while_}
