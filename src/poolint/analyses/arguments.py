"""What a call passes, by the parameters of what it calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.passing_on import passing_on
from poolint.types.arguments import positional
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


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


def passed_further(
    ev: Evaluator, callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None
) -> tuple[Function, str] | None:
    """The function that gets an argument of a call which has no parameter of its own, and by which: what is called passes on
    all of these, ``def tried(*args, **kwargs): return work(*args, **kwargs)``."""
    calls = passing_on(callee.scope)
    found = callees_of(ev, calls[0], callee.scope) if len(calls) == 1 else ()
    if len(found) != 1 or not isinstance(found[0], Function) or found[0].scope is callee.scope:
        return None
    names = [one.arg for one in positional(found[0])]
    if keyword is not None:
        taken = getattr(found[0].scope.node, "args", None)
        known = {*names, *(one.arg for one in taken.kwonlyargs)} if taken is not None else set()
        return (found[0], keyword) if keyword in known else None
    if any(isinstance(one, ast.Starred) for one in call.args):
        return None
    before = [one for one in calls[0].args if not isinstance(one, ast.Starred)]
    index = next((i for i, one in enumerate(call.args) if one is argument), -1) - len(positional(callee)) + len(before)
    return (found[0], names[index]) if len(before) <= index < len(names) else None


def given_to_fields(fields: list[str], call: ast.Call) -> dict[str, ast.expr]:
    """What a call passes for the fields of a class; nothing where that cannot be told."""
    if any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    found = dict(zip(fields, call.args, strict=False))
    found.update({one.arg: one.value for one in call.keywords if one.arg is not None and one.arg in fields})
    return found


def is_dropped(callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None) -> bool:
    """Whether an argument has no parameter of its own and goes with the rest of them, ``**_``, which nobody reads."""
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    is_told_apart = argument in call.args and not any(isinstance(one, ast.Starred) for one in call.args)
    rest = node.args.kwarg if keyword is not None else node.args.vararg if is_told_apart else None
    return rest is not None and not any(rest.arg in inner.loads for inner in callee.scope.descendants())
