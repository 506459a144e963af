"""What a call passes, by the parameters of what it calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope


def bound_to(function: Scope, call: ast.Call, *, is_method: bool) -> dict[str, ast.expr]:
    """The arguments of a call by the parameters of a function that they are bound to."""
    declared = getattr(function.node, "args", None)
    if declared is None or any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    names = [one.arg for one in (*declared.posonlyargs, *declared.args)][1 if is_method else 0 :]
    found = dict(zip(names, call.args, strict=False))
    known = {*names, *(one.arg for one in declared.kwonlyargs)}
    found.update({one.arg: one.value for one in call.keywords if one.arg is not None and one.arg in known})
    return found


def given_to_fields(fields: list[str], call: ast.Call) -> dict[str, ast.expr]:
    """What a call passes for the fields of a class; nothing where that cannot be told."""
    if any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    found = dict(zip(fields, call.args, strict=False))
    found.update({one.arg: one.value for one in call.keywords if one.arg is not None and one.arg in fields})
    return found
