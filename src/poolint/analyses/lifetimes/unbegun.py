"""Whether anything has been done with a connection that was checked out: where nothing has, there are commits that ask no server
(SQLAlchemy 2.0)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.state import End
from poolint.flow.flags import name_of
from poolint.syntax.expressions import call_arguments, without_await

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.state import Config
    from poolint.flow.cfg import Edge, Node
    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator


def after_use(ev: Evaluator, node: Node, config: Config, cls: Class, edge: Edge) -> Config | End:
    """How a connection of class ``cls`` stands as an event is left along an edge, as far as a transaction is concerned."""
    begins = _begins(ev, node, config, cls) if config.state == "fresh" else None
    if begins is None:
        return config
    if edge.is_unwinding and not begins:
        return End("gone", "nothing-begun")
    return config._replace(state="open") if begins else config


def _begins(ev: Evaluator, node: Node, config: Config, cls: Class) -> bool | None:
    """Whether an event may do something in a transaction of a connection; False where it ends one, None where the connection
    has no part in it."""
    if node.kind in ("call", "await"):
        call = without_await(node.node)
        if not isinstance(call, ast.Call):
            return None
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if receiver is not None and name_of(receiver) in config.names:
            assert isinstance(call.func, ast.Attribute)
            if f"{cls.name}.{call.func.attr}" in ev.models.manners["asks-if-begun"]:
                return False
            return True if node.kind == "call" else None
        return True if any(_has(one, config.names) for one in (receiver, *call_arguments(call))) else None
    if node.kind in ("enter", "yield", "return", "iterate", "store"):
        return True if _has(node.value, config.names) or _has(node.node, config.names) else None
    return None


def _has(node: ast.AST | None, names: frozenset[str]) -> bool:
    """Whether what has one of these names is read somewhere in an expression."""
    inside = ast.walk(node) if isinstance(node, ast.AST) else ()
    return any(
        isinstance(one, (ast.Name, ast.Attribute)) and isinstance(one.ctx, ast.Load) and name_of(one) in names
        for one in inside
    )
