"""What else is had of the connection or session that a block binds to a name: the same one under other names, and results that
are read from it as they are gone over, which end with it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding import inside
from poolint.models.schema import HANDLES
from poolint.syntax.expressions import without_await
from poolint.types.call_sites import call_site
from poolint.types.followed import one_step
from poolint.types.following import Follower, origin
from poolint.types.values import UNKNOWN, Instance, Pending, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Step, Steps
    from poolint.types.values import Type


def same_handles(ev: Evaluator, name: str, block: ast.stmt, scope: Scope) -> Iterator[str]:
    """Other names under which a block keeps what it has bound to a name: ``safe = conn.execution_options(…)``."""
    for other, value in _bound_in(block, scope):
        made = handle_of(ev, value, scope) if other != name and isinstance(value, (ast.Await, ast.Call)) else None
        if made is not None and _is_name(made, name):
            yield other


def handle_of(ev: Evaluator, value: ast.expr, scope: Scope) -> ast.expr:
    """The connection or session that an expression stands for: ``conn`` of ``conn.execution_options(…)``, which sets it up and
    gives it back."""

    def same(call: ast.Call, at: Step, _: tuple[Type, ...]) -> Steps | None:
        fact = call_site(ev, call, at.scope, use_evidence=False)
        if fact is None or fact.cls is None or fact.cls.kind not in HANDLES or not isinstance(call.func, ast.Attribute):
            return None
        is_same = fact.row is not None and fact.row.returns == "self"
        return one_step(call.func.value, at.scope) if is_same else None

    return Follower(ev, frozenset(), same).origin(value, scope).node


def streamed(ev: Evaluator, handle: str, block: ast.stmt, scope: Scope) -> Iterator[tuple[str, Class]]:
    """The names that stand for nothing but what streams from the connection or session which a block has bound to a name, each
    with the class by which is known what that refuses when it is over."""
    for name, value in _bound_in(block, scope):
        cls = stream_of(ev, value, handle, scope)
        if cls is not None:
            yield name, cls


def stream_of(ev: Evaluator, value: ast.expr, handle: str, scope: Scope) -> Class | None:
    """The class by which is known what a value refuses when the connection or session under a name has been given back from
    which it streams: its own, or that of the cursor whose generator it is; None for any other value."""
    call = without_await(result_asked(ev, origin(ev, value, scope, frozenset()).node, scope))
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    fact = call_site(ev, call, scope)
    if fact is None or fact.role != "stream" or not _is_name(handle_of(ev, call.func.value, scope), handle):
        return None
    given = ev.type_of(call, scope)
    if isinstance(given, Pending) and given.awaited is not UNKNOWN:
        given = given.awaited
    found = alternatives(given)
    own = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    if own is not None and ev.models.refusals(own):
        return own
    return fact.cls if fact.cls is not None and fact.method in ev.models.refusals(fact.cls) else None


def result_asked(ev: Evaluator, value: ast.expr, scope: Scope) -> ast.expr:
    """What stands at the beginning of a chain of calls that only say how a result is read: ``result`` of ``result.scalars()``."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        fact = call_site(ev, value, scope)
        if fact is None or fact.cls is None or fact.cls.kind != "result" or fact.role != "local":
            break
        value = value.func.value
    return value


def _bound_in(block: ast.stmt, scope: Scope) -> Iterator[tuple[str, ast.expr]]:
    """The names that nothing but one statement of a block binds, each with its value."""
    for name, bound in scope.bindings.items():
        value = bound[0].value if len(bound) == 1 and bound[0].kind in ("assign", "annotated") else None
        if value is not None and bound[0].index < 0 and inside(value, block):
            yield name, value


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
