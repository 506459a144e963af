"""What happens in a function only if its caller asks for it: ``if commit: session.commit()``."""

from __future__ import annotations

import ast

from poolint.syntax.nodes import with_defaults
from poolint.syntax.scopes import parent_of


def off_by_default(arguments: ast.arguments) -> set[str]:
    """The parameters that are False, None or the like unless callers pass something."""
    return {
        one.arg for one, default in with_defaults(arguments) if isinstance(default, ast.Constant) and not default.value
    }


def is_asked_for(node: ast.AST) -> bool:
    """Whether a test decides it that is about an argument which every call has to pass, or one that is off by default: both
    ways are meant to be taken. What is done unless a caller says no is the rule."""
    child, parent = node, parent_of(node)
    tests: list[ast.expr] = []
    while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(parent, ast.If) and child is not parent.test:
            tests.append(parent.test)
        child, parent = parent, parent_of(parent)
    if parent is None or not tests:
        return False
    arguments = parent.args
    every = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    required = every - {one.arg for one, _ in with_defaults(arguments)} - {"self", "cls"}
    off = off_by_default(arguments)
    return any(
        (isinstance(test, ast.Name) and test.id in off)
        or any(isinstance(one, ast.Name) and one.id in required for one in ast.walk(test))
        for test in tests
    )
