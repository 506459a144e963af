"""What functions that a call passes on do with the sessions of the one around them, where what is called runs them:
``await with_retry(lambda: load(session, key))``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.given_work import GivenWork
from poolint.models.schema import SESSIONS
from poolint.types.call_sites import callees_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.session_use import Using
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def taken_by_work(ev: Evaluator, using: Using, call: ast.Call, scope: Scope) -> Iterator[tuple[str, Class]]:
    """The sessions of a function whose connections are surely taken by what a call passes to a function of the project, which
    runs that: by their names, with their classes."""
    passed: list[ast.expr] = [one for one in call.args if type(one) is ast.Lambda]
    passed += [one.value for one in call.keywords if type(one.value) is ast.Lambda]
    if not passed:
        return  # nearly all
    for callee in callees_of(ev, call, scope):
        for given in ev.derived(GivenWork).run(passed, call, callee, scope) if isinstance(callee, Function) else ():
            inner = next((one for one in scope.children if one.node is given.work), None)
            for name in inner.loads if inner is not None else ():
                cls = resource_class(ev.scope_name(name, scope)) if name in scope.bindings else None
                if inner is not None and cls is not None and cls.kind in SESSIONS and using.around(inner, name):
                    yield using.places.first(name, scope), cls


def resource_class(one: object) -> Class | None:
    """The class of session or connection that a value is."""
    for member in alternatives(one):  # type: ignore[arg-type]
        if isinstance(member, Instance) and member.base is not None and member.base.kind in (*SESSIONS, "connection"):
            return member.base
    return None
