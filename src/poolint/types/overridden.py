"""Methods of a library's class that a subclass in the project overrides, and which still do what the library's do.

``async def execute(self, …): log(…); return await super().execute(…)`` is a query like the one that it passes on. What
else the override does, following its body tells.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.returns import returned
from poolint.types.values import ClassObject, Function, Instance, LibraryName, Pending

if TYPE_CHECKING:
    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def overridden(ev: Evaluator, callee: Function) -> tuple[schema.Method, schema.Class] | None:
    """The row of the library's method that an override passes on to, and the class of the models; None for any other
    function, and for an override that makes something else of it: a coroutine of what is synchronous."""
    receiver, scope = callee.receiver, callee.scope
    if not isinstance(receiver, Instance) or receiver.base is None or receiver.cls is receiver.base:
        return None
    row = ev.models.method(receiver.base, scope.name)
    if row is None or scope.is_generator or not _passes_on(ev, scope):
        return None
    given = returned(ev, scope, receiver)
    call = given.call if isinstance(given, Pending) else "sync"
    return (row, receiver.base) if call == row.call else None


def _passes_on(ev: Evaluator, scope: Scope) -> bool:
    """Whether a method calls the one that it overrides: ``super().execute(…)``, ``Base.execute(self, …)``."""
    for call in scope.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr != scope.name:
            continue
        owner = function.value
        if isinstance(owner, ast.Call):
            maker = ev.type_of(owner.func, scope)
            if isinstance(maker, LibraryName) and maker.name == "builtins.super":
                return True
        elif isinstance(ev.type_of(owner, scope), ClassObject):
            return True
    return False
