"""Arguments by way of others: ``work(*args, **kwargs)`` in a function that takes whatever it is passed, and what ``partial`` has
bound before."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import is_partial
from poolint.syntax.scopes import only_binding

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def passing_on(function: Scope) -> list[ast.Call]:
    """The calls of a function by which it passes on all that it is passed besides its parameters."""
    node = function.node
    if not isinstance(node, _FUNCTIONS) or not (node.args.vararg or node.args.kwarg):
        return []
    return [call for call in function.calls if is_passing_on(call, function)]


def is_passing_on(call: ast.Call, scope: Scope) -> bool:
    """Whether a call passes on all that its function is passed besides its parameters, and nothing else that is unpacked."""
    node = scope.node
    if not isinstance(node, _FUNCTIONS):
        return False
    wanted = {one.arg for one in (node.args.vararg, node.args.kwarg) if one is not None}
    unpacked = [one.value for one in call.args if isinstance(one, ast.Starred)]
    unpacked += [one.value for one in call.keywords if one.arg is None]
    given = [one.id for one in unpacked if isinstance(one, ast.Name)]
    is_last = not call.args or all(not isinstance(one, ast.Starred) for one in call.args[:-1])
    is_whole = all(len(scope.bindings.get(name, ())) == 1 for name in wanted)
    return bool(wanted) and is_last and is_whole and len(given) == len(unpacked) and sorted(given) == sorted(wanted)


def made_before(call: ast.Call, scope: Scope) -> ast.Call | None:
    """The ``partial`` that is called, by a name that stands for nothing else, where all that it binds are constants, or names
    that mean the same when it is called."""
    made: ast.expr | None = call.func
    if isinstance(made, ast.Name):
        binding, _ = only_binding(made.id, scope)
        made = _assigned(binding) if binding is not None and binding.kind == "assign" else None
    if not is_partial(made):
        return None
    bound = [*made.args[1:], *(one.value for one in made.keywords)]
    is_same = all(isinstance(one, ast.Constant) or _is_bound_once(one, scope) for one in bound)
    return made if is_same and all(one.arg for one in made.keywords) else None


def _assigned(binding: Binding) -> ast.expr | None:
    """What a name is assigned: of several in one statement the part that is written out for it."""
    if binding.index < 0:
        return binding.value
    parts = binding.value.elts if isinstance(binding.value, (ast.Tuple, ast.List)) else []
    return parts[binding.index] if binding.index < len(parts) else None


def _is_bound_once(node: ast.expr, scope: Scope) -> bool:
    return isinstance(node, ast.Name) and only_binding(node.id, scope)[0] is not None
