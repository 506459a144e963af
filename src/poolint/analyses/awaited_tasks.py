"""Tasks and futures that a function is given and awaits by their names: it waits for what others have started."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.implicit_calls import Implied, effective
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import text_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_ENDING = frozenset({"cancel", "done"})
"""Methods by which a function makes a task end, or sees that it has: then there is little left to wait for."""


def awaited(ev: Evaluator, scope: Scope) -> Iterator[Implied]:
    """Where a function awaits a task or a future that it is passed: ``await task``, ``await asyncio.gather(task)``."""
    for name, bindings in scope.bindings.items() if scope.is_async else ():
        if len(bindings) != 1 or bindings[0].kind != "parameter" or bindings[0].annotation is None:
            continue
        loads = scope.loads.get(name, ())
        found = [one for load in loads if (one := _waiting(ev, load)) is not None]
        if found and not any(map(_ends, loads)):
            for load, node in found:
                for fact in effective(ev, load, "__await__", scope):
                    said = last_name(node.func) if isinstance(node, ast.Call) else text_of(_around(node), scope)
                    yield Implied(node, said, fact)


def _around(node: ast.expr) -> ast.expr:
    parent = parent_of(node)
    return parent if isinstance(parent, ast.Await) else node


def _ends(load: ast.Name) -> bool:
    parent = parent_of(load)
    return isinstance(parent, ast.Attribute) and parent.attr in _ENDING


def _waiting(ev: Evaluator, load: ast.Name) -> tuple[ast.Name, ast.expr] | None:
    """A name, and itself where it is awaited, or the call that is in its place."""
    parent = parent_of(load)
    if isinstance(parent, ast.Await):
        return load, load
    if not isinstance(parent, ast.Call) or load is parent.func or not isinstance(parent_of(parent), ast.Await):
        return None
    return (load, parent) if last_name(parent.func) in ev.models.words("at-once", "shields") else None
