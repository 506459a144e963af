"""Places that are prepared for a name that is not there."""

from __future__ import annotations

import ast
import re

from poolint.syntax.scopes import parent_of
from poolint.types.vocabulary import last_name

_PREPARED = frozenset({"", "ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})
"""What a handler catches that is prepared for a name which is not there."""

_ASKS = re.compile(r"version|hasattr|sqla|^(?:is|has)_|_\d+$", re.IGNORECASE)
"""English words in a test that asks which version of a library there is."""


def is_prepared(node: ast.AST) -> bool:
    """Whether a place is prepared for a name that is not there: a handler catches that, or a test asks for it before."""
    current = parent_of(node)
    while current is not None:
        if isinstance(current, ast.Try) and any(_PREPARED & _caught(one) for one in current.handlers):
            return True
        if isinstance(current, (ast.If, ast.IfExp)):
            words = [one for one in ast.walk(current.test) if isinstance(one, (ast.Name, ast.Attribute))]
            if any(_ASKS.search(last_name(one)) for one in words):
                return True
        current = parent_of(current)
    return False


def has_been_asked(value: ast.expr, node: ast.AST) -> bool:
    """Whether a test around ``node`` asks a value what it has: ``if hasattr(manager, "__aenter__")``."""
    asked, current = ast.dump(value), parent_of(node)
    while current is not None:
        if isinstance(current, ast.If):
            calls = [call for call in ast.walk(current.test) if isinstance(call, ast.Call) and call.args]
            if any(last_name(call.func) == "hasattr" and ast.dump(call.args[0]) == asked for call in calls):
                return True
        current = parent_of(current)
    return False


def _caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {""}
    nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {last_name(one) for one in nodes}
