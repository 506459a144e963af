"""Which parameter of a function an argument is for, and whether a call passes what the function takes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import WRITTEN, Scope, nearest
from poolint.types.overrides import Heirs
from poolint.types.set_outside import assignments
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import ClassObject

_BINDING = frozenset({"staticmethod", "classmethod"})
"""Decorators that change nothing of what a function takes but its first parameter, which its receiver tells."""


def is_refused(ev: Evaluator, callee: Function, call: ast.Call, scope: Scope) -> bool:
    """Whether a call surely raises ``TypeError`` before the function runs: it passes too much, too little, or by a name that
    the function has not; where that is abstract, none of those takes it that may run. Nothing is said of what is decorated,
    overridden, or called through a variable."""
    return misfits(callee, call) and (_is_as_written(ev, callee, call.func, scope) or _fits_no_heir(ev, callee, call))


def is_not_made(ev: Evaluator, cls: ClassObject, call: ast.Call, scope: Scope) -> bool:
    """The same of a call that would make an object of a class of the project, which has an ``__init__`` of its own. Nothing is
    said of a class that is decorated, or whose objects something else makes."""
    home = cls.cls
    if not isinstance(home, Scope) or not isinstance(home.node, ast.ClassDef):
        return False
    inits = home.bindings.get("__init__", ())
    is_plain = not home.node.decorator_list and not home.node.keywords and "__new__" not in home.bindings
    if len(inits) != 1 or inits[0].scope is None or not is_plain or not is_named(call.func, home, scope):
        return False
    init = inits[0].scope
    if not isinstance(init.node, ast.FunctionDef) or init.node.decorator_list:
        return False
    is_refused_so = misfits(Function(init, cls.instance()), call)
    return is_refused_so and next(assignments(ev, "__init__", home.module), None) is None


def is_named(written: ast.expr, home: Scope, scope: Scope) -> bool:
    """Whether a class is called by its name, which stands for nothing else."""
    if isinstance(written, ast.Attribute):
        return written.attr == home.name
    bound = nearest(written.id, scope) if isinstance(written, ast.Name) else ()
    return len(bound) == 1 and bound[0].kind in (*WRITTEN, "class")


def positional(callee: Function) -> list[ast.arg]:
    """The parameters that a call may fill by their places: not the one that the receiver is passed for."""
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    return [*node.args.posonlyargs, *node.args.args][callee.receiver is not None :]


def parameter_for(callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None) -> str | None:
    """The name of the parameter that an argument is bound to; None where it cannot be known."""
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    if keyword is not None:
        taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        return keyword if any(one.arg == keyword for one in taken) else None
    if any(isinstance(one, ast.Starred) for one in call.args):
        return None
    index = next((i for i, one in enumerate(call.args) if one is argument), None)
    placed = positional(callee)
    return placed[index].arg if index is not None and index < len(placed) else None


def misfits(callee: Function, call: ast.Call) -> bool:
    """Whether a call passes too much for a function, too little, or by a name that it has not."""
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    taken, given = node.args, len(call.args)
    room = len(taken.posonlyargs) + len(taken.args) - (callee.receiver is not None)
    if not call.keywords and not taken.kwonlyargs and room - len(taken.defaults) <= given <= room:
        return False  # most calls
    in_order, keywords = positional(callee), {one.arg for one in call.keywords}
    if taken.vararg is None and given > room and not any(type(one) is ast.Starred for one in call.args):
        return True
    if None in keywords or any(type(one) is ast.Starred for one in call.args):
        return False
    by_name = {one.arg for one in (*in_order[given:], *taken.kwonlyargs) if one not in taken.posonlyargs}
    if taken.kwarg is None and not keywords <= by_name:
        return True
    required = in_order[given : max(given, room - len(taken.defaults))]
    required += [one for one, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if default is None]
    return any(one.arg not in keywords for one in required)


def _fits_no_heir(ev: Evaluator, callee: Function, call: ast.Call) -> bool:
    written = ev.derived(Heirs).written(callee)
    return bool(written) and all(
        not getattr(one.node, "decorator_list", ()) and misfits(Function(one, callee.receiver), call) for one in written
    )


def _is_as_written(ev: Evaluator, callee: Function, written: ast.expr, scope: Scope) -> bool:
    """Whether what is called is a function as its definition says, and no other can stand in its place."""
    node = callee.scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if any(not isinstance(one, ast.Name) or one.id not in _BINDING for one in node.decorator_list):
        return False
    around = callee.scope.parent
    if around is None or len(around.bindings.get(callee.scope.name, ())) != 1:
        return False
    if isinstance(written, ast.Name):
        bound = nearest(written.id, scope)
        return len(bound) == 1 and bound[0].kind in WRITTEN
    if not isinstance(written, ast.Attribute) or written.attr != callee.scope.name:
        return False
    return around.kind == "module" or not ev.derived(Heirs).is_overridden(callee.scope)
