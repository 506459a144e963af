"""Locks of the process: what lets in only so many at once, where a block of a function enters it.

By its type, what has an `acquire` that waits is one: a mutex lets in one, and a semaphore or limiter as many as the argument
says by which it is made. What has a type that no model knows is taken for what its name says.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.scopes import home_of, parent_of
from poolint.syntax.surroundings import is_inside
from poolint.types.call_sites import callees_of
from poolint.types.following import PASSAGES, origin
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class, Method
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator

# English words for things that nobody has modelled, such as the limiter of a client: no row could list these names.
_SAYS_LOCK = re.compile(r"lock|mutex", re.IGNORECASE)
_SAYS_SEMAPHORE = re.compile(r"sem(?:aphore)?s?$|limit(?:er)?s?$|throttle|bound|slots?$", re.IGNORECASE)


class ProcessLock(NamedTuple):
    """What a block enters, as the header of ``statement`` writes it; without ``cls`` and ``acquire``, its ``acquire``, only
    its name says so. ``is_mutex``: it never lets in more than one.
    """

    node: ast.expr
    statement: WithNode
    is_mutex: bool
    cls: Class | None = None
    acquire: Method | None = None


def process_locks(ev: Evaluator, scope: Scope) -> Iterator[ProcessLock]:
    """Those that the blocks of a function enter."""
    for statement in scope.withs:
        for item in statement.items:
            found = typed(ev, item.context_expr, statement, scope) or _named(item.context_expr, statement)
            if found is not None:
                yield found


def is_let_in_alone(ev: Evaluator, node: ast.AST, scope: Scope) -> bool:
    """Whether a place in a function is reached by one at a time: a block around it enters a lock."""
    if not scope.withs:
        return False
    locks = process_locks(ev, scope)
    return any(is_inside(node, one.statement) and not lets_in_several(ev, one, scope) for one in locks)


def typed(ev: Evaluator, context: ast.expr, statement: WithNode, scope: Scope) -> ProcessLock | None:
    """The one that a block enters, where its type is known to be one."""
    for one in alternatives(ev.type_of(context, scope)):
        base = one.base if isinstance(one, Instance) else None
        if base is None or not (base.async_enter if isinstance(statement, ast.AsyncWith) else base.enter):
            continue
        acquire = ev.models.method(base, "acquire")
        if acquire is not None and acquire.effect in ("lock", "wait"):
            return ProcessLock(context, statement, not admitting(ev, base), base, acquire)
    return None


def _named(context: ast.expr, statement: WithNode) -> ProcessLock | None:
    name = last_name(context.func if isinstance(context, ast.Call) else context)
    is_semaphore = _SAYS_SEMAPHORE.search(name) is not None
    if is_semaphore or _SAYS_LOCK.search(name) is not None:
        return ProcessLock(context, statement, not is_semaphore)
    return None


def is_of_one_call(ev: Evaluator, lock: ProcessLock, scope: Scope) -> bool:
    """Whether a lock is made by each call of a function, around this one or this one itself, and nothing is done with it but
    to take it: nobody else gets to see it. What it is made of would name it to others: ``RedisLock("orders")``."""
    node = lock.node
    home = home_of(node.id, scope) if isinstance(node, ast.Name) else None
    if home is None or home.kind != "function" or not isinstance(node, ast.Name):
        return False
    bindings = home.bindings[node.id]
    made = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
    if not isinstance(made, ast.Call):
        return False
    if (made.args or made.keywords) and not (lock.cls and admitting(ev, lock.cls)):
        return False
    loads = (load for inner in home.descendants() for load in inner.loads.get(node.id, ()))
    return all(isinstance(parent_of(load), (ast.withitem, ast.Attribute)) for load in loads)


def admitting(ev: Evaluator, cls: Class) -> str:
    """The argument by which an object of a class is told how many to let in at once; empty where it has none."""
    return next((one.admits for one in ev.models.lineage(cls) if one.admits), "")


def size(ev: Evaluator, made: ast.Call, scope: Scope) -> ast.expr | None:
    """What a call that makes a semaphore, or the like, says of how many that lets in at once."""
    for one in callees_of(ev, made, scope):
        keyword = admitting(ev, one.base) if isinstance(one, ClassObject) and one.base is not None else ""
        if keyword:
            return next(
                (each.value for each in made.keywords if each.arg == keyword), made.args[0] if made.args else None
            )
    return None


def lets_in_several(ev: Evaluator, lock: ProcessLock, scope: Scope) -> bool:
    """Whether the code shows that one lets in more than one."""
    if lock.is_mutex:
        return False
    made, where = origin(ev, lock.node, scope, PASSAGES - {"function"})
    if not isinstance(made, ast.Call):
        return False
    value = size(ev, made, where) or (made.args[0] if made.args else None)
    return isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value > 1
