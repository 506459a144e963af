"""What an object asks another one for that it does not have: ``def __getattr__(self, key): return getattr(real(), key)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def forwarded(family: list[Scope], name: str) -> tuple[ast.expr, Scope] | None:
    """The member of the other object that stands for one of an object of this class, given with its bases, and the method that
    asks for it; None where the class answers in another way."""
    method = next((one for cls in family for one in cls.children if one.name == "__getattr__"), None)
    arguments = getattr(method.node, "args", None) if method is not None else None
    if method is None or not isinstance(arguments, ast.arguments) or len(method.returns) != 1:
        return None
    asked, places = method.returns[0], [*arguments.posonlyargs, *arguments.args]
    if (
        not isinstance(asked, ast.Call)
        or last_name(asked.func) != "getattr"
        or len(asked.args) != 2
        or len(places) != 2
    ):
        return None
    if last_name(asked.args[1]) != places[1].arg:
        return None
    return ast.copy_location(ast.Attribute(asked.args[0], name, ast.Load()), asked), method
