"""Whether anything has been done with a connection since it was checked out, or since its last transaction has ended: where
nothing has, there are commits that ask no server (SQLAlchemy 2.0)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.state import End
from poolint.flow.flags import name_of
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import reads_of

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.state import Config
    from poolint.flow.cfg import Edge, Node
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_USING = frozenset({"call", "await", "enter", "yield", "return", "iterate", "store"})
"""Events in which something may be done with what is read there."""


def after_use(ev: Evaluator, node: Node, config: Config, cls: Class, edge: Edge, scope: Scope) -> Config | End:
    """How a connection of class ``cls`` stands as an event is left along an edge, as far as a transaction is concerned."""
    if config.state not in ("open", "fresh"):
        return config
    if _ends_transaction(ev, node, config, cls):
        if config.state == "fresh":
            return End("gone", "nothing-begun") if edge.is_unwinding else config
        is_done = not edge.is_unwinding and (cls.mode == "sync" or node.kind == "await")
        return config._replace(state="fresh") if is_done else config
    if config.state == "open":
        return config
    is_renamed = node.kind == "store" and isinstance(node.node, ast.Name) and isinstance(node.value, ast.Name)
    is_used = node.kind in _USING and any(reads_any(one, config.names) for one in (node.value, node.node))
    is_used = (is_used and not is_renamed) or (node.kind == "call" and is_shared(config.names, scope))
    return config._replace(state="open") if is_used else config


def _ends_transaction(ev: Evaluator, node: Node, config: Config, cls: Class) -> bool:
    """Whether an event is the end of a transaction, or an await of one, that asks the server only where one has begun."""
    call = without_await(node.node) if node.kind in ("call", "await") else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return False
    is_own = name_of(call.func.value) in config.names
    return is_own and f"{cls.name}.{call.func.attr}" in ev.models.manners["asks-if-begun"]


def is_shared(names: frozenset[str], scope: Scope) -> bool:
    """Whether a function within another one reads a variable of that: any call may lead to it."""
    return any(inner is not scope for name in names for inner, _ in reads_of(name, scope))


def reads_any(node: ast.AST | None, names: frozenset[str]) -> bool:
    """Whether what has one of these names is read somewhere in an expression."""
    inside = ast.walk(node) if isinstance(node, ast.AST) else ()
    return any(
        isinstance(one, (ast.Name, ast.Attribute)) and isinstance(one.ctx, ast.Load) and name_of(one) in names
        for one in inside
    )
