"""What limits the connections of an engine, by the class of pool that it is made with; and what somebody has to close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.models.schema import POOLING
from poolint.types.values import ClassObject, alternatives

if TYPE_CHECKING:
    import ast

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_unpooled(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """Whether an engine is made with a class of pool that keeps no connection."""
    return "none" in _limits(ev, made, scope)


def lets_nobody_wait(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """The same, or with one that gives everybody, or each thread, the same connection: ``StaticPool``, if it is no other."""
    limits = _limits(ev, made, scope)
    return "none" in limits or (bool(limits) and limits <= {"one", "thread"})


def is_lent(call: ast.Call) -> bool:
    """Whether a client works with a pool that it is given."""
    return any(one.arg in ("connection_pool", "pool", "connector", "transport") for one in call.keywords)


def owes_closing(cls: Class) -> bool:
    """Whether something comes of an object that makes connections for itself, if nobody closes it."""
    return cls.kind in POOLING or (cls.kind == "client" and bool(cls.on_drop))


def _limits(ev: Evaluator, made: ast.Call, scope: Scope) -> set[str]:
    """What limits the connections of the classes of pools that a call may be passed; empty for what is no such class."""
    return {
        one.base.pool.limit
        if isinstance(one, ClassObject) and one.base is not None and one.base.pool is not None
        else ""
        for keyword in made.keywords
        if keyword.arg == "poolclass"
        for one in alternatives(ev.type_of(keyword.value, scope))
    }
