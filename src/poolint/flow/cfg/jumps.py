"""Jumps: ``return``, ``break``, ``continue`` and ``raise``. Each leaves by its way; frames do the rest."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.cfg.builder import Builder, Caught, End, StatementBuilder, Steps

if TYPE_CHECKING:
    from poolint.flow.cfg.graph import Unwinding, Way

INTERRUPTS = frozenset({"BaseException", "BaseExceptionGroup", "KeyboardInterrupt", "SystemExit"})
# The names in asyncio, anyio and trio: this room knows no models.
CANCELLATIONS = frozenset({"CancelledError", "Cancelled"})  # asyncio's and trio's


def give_back(b: Builder, node: ast.Return | ast.Lambda, value: ast.expr | None) -> None:
    """Leave the function with ``value``, which is evaluated."""
    b.emit("return", node, value=value)
    _jump(b, "return")


def _jump(b: Builder, way: Way) -> None:
    b.leave(way, b.ends)
    b.ends = []


def return_(b: Builder, node: ast.Return) -> Steps:
    yield b.evaluate(node.value)
    give_back(b, node, node.value)


def break_(b: Builder, node: ast.Break) -> None:
    b.emit("statement", node)
    _jump(b, "break")


def continue_(b: Builder, node: ast.Continue) -> None:
    b.emit("statement", node)
    _jump(b, "continue")


def raise_(b: Builder, node: ast.Raise) -> Steps:
    yield b.evaluate(node.exc)
    yield b.evaluate(node.cause)
    event = b.emit("raise", node)
    b.ends = []
    for way in _ways(b, node.exc):
        b.leave(way, [End(event, way)])


def _ways(b: Builder, raised: ast.expr | None) -> tuple[Unwinding, ...]:
    """The ways by which what a ``raise`` names may leave."""
    caught: Caught | None = b.caught
    if isinstance(raised, ast.Name):
        while caught is not None and caught.name != raised.id:
            caught = caught.outer
    if caught is not None and (raised is None or isinstance(raised, ast.Name)):
        return caught.ways or ("exception",)
    assert raised is not None, "what a bare `raise` raises is always known"
    cls = raised.func if isinstance(raised, ast.Call) else raised
    name = last_name(cls)
    if name == "GeneratorExit":
        return ("generator-exit",)
    if name in CANCELLATIONS and not is_from_futures(cls):
        return ("cancel",)
    return ("interrupt",) if name in INTERRUPTS else ("exception",)


def last_name(expression: ast.expr) -> str:
    """``CancelledError`` of ``asyncio.CancelledError``; empty for what is neither a name nor an attribute."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def is_from_futures(expression: ast.expr) -> bool:
    """Whether this is an attribute of ``concurrent.futures``, whose ``CancelledError`` is an ordinary exception."""
    return isinstance(expression, ast.Attribute) and last_name(expression.value) == "futures"


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {
    ast.Break: break_,
    ast.Continue: continue_,
    ast.Raise: raise_,
    ast.Return: return_,
}
