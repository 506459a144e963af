"""Where a transaction is open: the statements of a ``with`` block from which on a connection is held.

A Session is lazy: inside ``session.begin()`` nothing is held before the first statement that may reach the database.
A connection's or an engine's transaction holds from entry.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_sites, text_of
from poolint.types.followed import one_step
from poolint.types.following import Follower
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Step, Steps
    from poolint.types.values import Type

_MAX_DEPTH = 8
"""Context managers of the project inside each other; real code nests three."""


class Region(NamedTuple):
    """A ``with`` block that has a transaction open.

    ``session`` is the name of the session whose first use checks out, empty where the block holds from entry.
    """

    statement: WithNode
    header: ast.expr
    fact: CallSite
    session: str

    def name(self, scope: Scope) -> str:
        """What holds the connection of a block that no name stands for: its header, with the row."""
        return f"{text_of(self.header, scope)} (line {self.header.lineno})"


def transactions(ev: Evaluator, scope: Scope) -> list[Region]:
    """The blocks directly in ``scope`` that open a transaction, themselves or by a context manager of the project."""
    found = []
    for statement in scope.withs:
        for item in statement.items:
            call = item.context_expr.value if isinstance(item.context_expr, ast.Await) else item.context_expr
            if not isinstance(call, ast.Call):
                continue
            target = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else "?"
            opened = _opened(ev, call, scope, asynchronous=isinstance(statement, ast.AsyncWith), target=target)
            if opened is not None:
                found.append(Region(statement, item.context_expr, opened[0], opened[1]))
    return found


def _opened(
    ev: Evaluator, call: ast.Call, scope: Scope, *, asynchronous: bool, target: str, depth: int = 0
) -> tuple[CallSite, str] | None:
    """How entering ``call`` opens a transaction, and the name of the session that holds it from its first use on."""
    for fact in call_sites(ev, call, scope):
        if fact.role != "begin" or fact.cls is None or fact.row is None:
            continue
        if asynchronous != (fact.row.call in ("async-cm", "awaitable-cm")):
            continue
        if fact.cls.kind in ("session", "registry"):
            assert isinstance(call.func, ast.Attribute)
            return fact, text_of(call.func.value, scope)
        return fact, target if fact.cls.kind == "factory" else ""
    for one in alternatives(ev.type_of(call.func, scope)):
        if isinstance(one, Function) and one.scope.is_generator and depth < _MAX_DEPTH:
            below = _around_yield(ev, one.scope, depth + 1)
            if below is not None:
                return below[0], target if below[1] else ""
    return None


def _around_yield(ev: Evaluator, scope: Scope, depth: int) -> tuple[CallSite, str] | None:
    """The transaction that a generator of the project has open when it yields."""
    for statement in scope.withs:
        if not any(inside(one, statement) for one in scope.yields):
            continue
        for item in statement.items:
            call = item.context_expr
            if isinstance(call, ast.Call):
                opened = _opened(
                    ev, call, scope, asynchronous=isinstance(statement, ast.AsyncWith), target="?", depth=depth
                )
                if opened is not None:
                    return opened
    return None


def inside(node: ast.AST, statement: ast.stmt) -> bool:
    """Whether ``node`` stands in the body of a compound statement."""
    current: ast.AST | None = node
    while current is not None:
        parent = parent_of(current)
        if parent is statement:
            return isinstance(current, ast.stmt)
        current = parent
    return False


def root_of(node: ast.Call) -> ast.expr | None:
    """The object at the beginning of a chain of calls: ``session`` of ``session.query(A).filter(…).all()``."""
    current: ast.expr = node.func
    while True:
        if isinstance(current, ast.Call):
            current = current.func
        elif isinstance(current, ast.Attribute):
            if not isinstance(current.value, (ast.Call, ast.Await)):
                return current.value
            current = current.value
        elif isinstance(current, ast.Await):
            current = current.value
        else:
            return None


def source_of(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.expr | None:
    """The same through variables: ``session`` of ``query.all()`` or ``query`` where ``query = session.query(A)``."""
    root = root_of(node) if isinstance(node, ast.Call) else node
    if not _is_name_of_query(ev, root, scope):
        return root

    def chained(call: ast.Call, at: Step, _: tuple[Type, ...]) -> Steps | None:
        inner = root_of(call)
        return one_step(inner, at.scope) if inner is not None and _is_name_of_query(ev, inner, at.scope) else None

    ends = Follower(ev, frozenset(), chained).sources(root, scope).found if root is not None else ()
    roots = [root_of(end.node) for end in ends if isinstance(end.node, ast.Call) and end.scope is scope]
    return next((one for one in roots if one is not None), root)


def _is_name_of_query(ev: Evaluator, node: ast.expr | None, scope: Scope) -> bool:
    return isinstance(node, ast.Name) and isinstance(one := ev.type_of(node, scope), Instance) and is_query(one)


def is_query(one: Type) -> bool:
    """Whether a value is a query, or may be one, that a session runs later."""
    return any(
        isinstance(member, Instance) and member.base is not None and member.base.kind == "query"
        for member in alternatives(one)
    )
