"""``try``: handlers asked one after the other, and ``finally`` run on every way out.

A ``finally`` body is built once for each way on which something leaves, never once for each jump. Its copies, but for
the normal one, go on alike wherever the ``try`` was reached from, so a ``try`` inside a ``finally`` shares them among
the copies of that: nesting multiplies neither way.
"""

from __future__ import annotations

import ast
import sys

from poolint.flow.cfg.builder import WAYS_OUT, Builder, Caught, End, Frame, StatementBuilder, Steps, connect
from poolint.flow.cfg.catching import Catches, catches
from poolint.flow.cfg.graph import UNWINDING, Node, Unwinding
from poolint.syntax.scopes import parent_of


def try_(b: Builder, node: ast.Try) -> Steps:
    """A ``try``, or an ``ast.TryStar``: taken for one, leaving out that several handlers may run for one group."""
    outermost = b.push(WAYS_OUT) if node.finalbody else None
    if node.handlers:
        yield _with_handlers(b, node)
    else:
        yield b.block(node.body)
    if outermost is not None:
        b.pop()
        yield _finally(b, node, outermost)


# Handlers.


def _with_handlers(b: Builder, node: ast.Try) -> Steps:
    frame = b.push(way for way in UNWINDING if any(_is_asked(b, one, way) for one in node.handlers))
    taken = [{way for way in UNWINDING if catches(one, way) is not Catches.NEVER} for one in node.handlers]
    frame.expects_cancel = any("cancel" in ways and "interrupt" not in ways for ways in taken)
    yield b.block(node.body)
    b.pop()
    is_assumed = any("exception" in ways for ways in taken) and "exception" not in frame.waiting
    if is_assumed:
        # Handlers that nothing reaches were written for something: for what raises though it is taken for harmless
        # elsewhere, such as a missing key or attribute or a division. Only what they are there for is raised, then.
        frame.waiting["exception"] = [End(event, "exception") for event in frame.harmless if _computes(event)]
    yield b.block(node.orelse)
    after = b.ends
    entered: dict[ast.ExceptHandler, list[Node]] = {}
    for way in UNWINDING:
        b.ends = frame.waiting.get(way, [])
        if b.ends:
            yield _ask(b, node.handlers, way, entered, are_for_it=is_assumed and way == "exception")
    outer = b.caught
    for handler in node.handlers:
        entries = entered.get(handler, ())
        b.ends = [End(entry) for entry in entries]
        if handler.name is not None and entries:
            b.emit("store", handler, how="except")
        ways = tuple(way for way in UNWINDING if any(one.way == way for one in entries))
        b.caught = Caught(ways, handler.name, outer)
        yield b.block(handler.body)
        after = after + b.ends
    b.caught = outer
    b.ends = after


def _is_asked(b: Builder, handler: ast.ExceptHandler, way: Unwinding) -> bool:
    """Whether anything happens at ``handler`` with what comes by ``way``: it is taken, or its class is computed."""
    return catches(handler, way) is not Catches.NEVER or (handler.type is not None and b.has_events(handler.type))


def _ask(
    b: Builder,
    handlers: list[ast.ExceptHandler],
    way: Unwinding,
    entered: dict[ast.ExceptHandler, list[Node]],
    *,
    are_for_it: bool,
) -> Steps:
    """One handler after the other is asked whether it takes what comes by ``way``; what none takes goes on outwards,
    unless they ``are_for_it``: then one of them takes it."""
    for handler in handlers:
        if not _is_asked(b, handler, way):
            continue
        verdict = catches(handler, way)
        yield b.evaluate(handler.type)
        event = b.emit("except", handler, way=way)
        if verdict is not Catches.NEVER:
            entered.setdefault(handler, []).append(event)
        b.ends = [] if verdict is Catches.ALWAYS else [End(event, way)]
        if verdict is Catches.ALWAYS:
            break
    if not are_for_it:
        b.leave(way, b.ends)


_AT_HAND = (ast.Constant, ast.Name, ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda)
"""Expressions whose value is at hand when it comes to bind it."""


def _computes(event: Node) -> bool:
    """Whether there is anything in an event that could raise after all: more than to read and to bind a name."""
    if event.kind == "statement":
        return isinstance(event.node, ast.Expr) and not isinstance(event.node.value, (ast.Constant, ast.Name))
    if event.kind == "store":
        # A call, an `await` or a `yield` raises at an event of its own, before anything is bound.
        return not (isinstance(event.node, ast.Name) and isinstance(event.value, _AT_HAND))
    if event.kind == "test":
        return not _reads_alone(event.node)
    if event.kind == "call" and isinstance(parent_of(event.node), ast.withitem):
        return not all(map(_reads_alone, event.node.args)) if isinstance(event.node, ast.Call) else True
    if event.kind == "return" and isinstance(event.node, ast.Return):
        return event.node.value is not None and not isinstance(event.node.value, _AT_HAND)
    return event.kind not in ("assert", "enter", "except", "exit", "raise", "reraise")


def _reads_alone(test: ast.AST) -> bool:
    """Whether a test only reads names: ``owned``, ``not owned``, ``conn is not None``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _reads_alone(test.operand)
    if isinstance(test, ast.Compare):
        parts = (test.left, *test.comparators)
        return all(isinstance(one, (ast.Is, ast.IsNot)) for one in test.ops) and all(map(_reads_alone, parts))
    return isinstance(test, (ast.Name, ast.Constant))


# Finally.


def _finally(b: Builder, node: ast.Try, frame: Frame) -> Steps:
    """The body of ``finally``, for the normal end that is open and for each way on which something waits."""
    yield b.block(node.finalbody)
    after = b.ends
    way_around, caught_around = b.way, b.caught
    for way in WAYS_OUT:
        waiting = frame.waiting.get(way)
        if not waiting:
            continue
        shared = b.frame.copies.get((node, way))
        if shared is not None:
            connect(waiting, shared)
            continue
        first = len(b.nodes)
        b.ends = waiting
        b.way = way
        if way in UNWINDING:
            b.caught = Caught((way,), None, caught_around)
        yield b.block(node.finalbody)
        if way in UNWINDING:
            event = b.emit("reraise", node)
            b.ends = [End(event, way)]
        b.leave(way, b.ends)
        b.frame.copies[node, way] = b.nodes[first]
        b.way, b.caught = way_around, caught_around
    b.ends = after


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {ast.Try: try_}
if sys.version_info >= (3, 11):
    STATEMENTS[ast.TryStar] = try_
