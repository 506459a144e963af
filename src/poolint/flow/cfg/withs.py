"""``with`` and ``async with``: each item is entered, and left on every way out of what it protects.

As with ``finally``, an item's exit stands in the graph once for each way, and its ``way`` says which. What is raised
goes on after it, unless the item may suppress: then flow also continues behind the block.
"""

from __future__ import annotations

import ast

from poolint.flow.cfg.bindings import store
from poolint.flow.cfg.builder import JUMPS, WAYS_OUT, Builder, End, Frame, StatementBuilder, Steps
from poolint.flow.cfg.catching import Catches, catching
from poolint.flow.cfg.graph import UNWINDING, Node, Way

WithNode = ast.With | ast.AsyncWith


def with_(b: Builder, node: WithNode) -> Steps:
    is_async = isinstance(node, ast.AsyncWith)
    frames = []
    for item in node.items:
        yield b.evaluate(item.context_expr)
        context = item.context_expr
        b.emit("enter", item, value=context, raising=b.may_raise(context), cancels=is_async, is_async=is_async)
        # What the target itself does (`as a().b`) is protected already.
        frames.append(b.push(WAYS_OUT))
        if item.optional_vars is not None:
            yield store(b, item.optional_vars, context, "with")
    yield b.block(node.body)
    for item, frame in zip(reversed(node.items), reversed(frames), strict=True):
        b.pop()
        _leave(b, item, frame, is_async=is_async)


def _leave(b: Builder, item: ast.withitem, frame: Frame, *, is_async: bool) -> None:
    after: list[End] = []
    if b.ends:
        after.append(End(_exit(b, item, "normal", is_async=is_async)))
    taken = b.suppresses(item, is_async) if b.suppresses is not None else False
    for way in UNWINDING:
        b.ends = frame.waiting.get(way, [])
        if b.ends:
            event = _exit(b, item, way, is_async=is_async)
            unsure = Catches.PERHAPS if taken else Catches.NEVER
            how = catching(taken, way) if isinstance(taken, tuple) else unsure
            if how is not Catches.ALWAYS:
                b.leave(way, [End(event, way)])
            if how is not Catches.NEVER:
                after.append(End(event))
    for jump in JUMPS:
        b.ends = frame.waiting.get(jump, [])
        if b.ends:
            b.leave(jump, [End(_exit(b, item, jump, is_async=is_async))])
    b.ends = after


def _exit(b: Builder, item: ast.withitem, way: Way, *, is_async: bool) -> Node:
    context = item.context_expr
    raising = b.may_raise(context)
    return b.emit("exit", item, value=context, way=way, raising=raising, cancels=is_async, is_async=is_async)


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {ast.AsyncWith: with_, ast.With: with_}
