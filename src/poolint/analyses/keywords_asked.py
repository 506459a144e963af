"""What a function asks of the keyword arguments that it gathers: ``kwargs["session"]``, ``kwargs.get("session")``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope


def keywords_asked_for(scope: Scope) -> Iterator[tuple[str, str]]:
    """The keyword arguments that a function asks for by name, and what each is known under."""
    arguments = getattr(scope.node, "args", None)
    if not (isinstance(arguments, ast.arguments) and arguments.kwarg is not None):
        return
    for load in scope.loads.get(arguments.kwarg.arg, ()):
        if (asked := asked_for(load)) is not None:
            yield asked[0], f"{arguments.kwarg.arg}[{asked[0]}]"


def asked_for(load: ast.expr) -> tuple[str, ast.expr] | None:
    """What a dictionary is asked for where it is read, by a text, and the expression that does: ``kwargs["session"]``,
    ``kwargs.get("session")``, ``"session" in kwargs``."""
    parent = parent_of(load)
    found: tuple[ast.expr, ast.expr] | None = None
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load):
        found = parent.slice, parent
    elif isinstance(parent, ast.Compare) and parent.comparators == [load]:
        found = parent.left, parent
    elif isinstance(parent, ast.Attribute) and isinstance(call := parent_of(parent), ast.Call) and call.args:
        found = call.args[0], call
    key = found[0].value if found is not None and isinstance(found[0], ast.Constant) else None
    return (key, found[1]) if found is not None and isinstance(key, str) else None
