"""What a function is called with that is only passed on: by what it is passed to, ``work: Callable[[Connection], …]``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, reads_of
from poolint.types import annotated
from poolint.types.values import UNKNOWN, Function, Type, alternatives, known
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_READS = 20


def passed_to(ev: Evaluator, parameter: ast.arg, scope: Scope) -> Type:
    """What the callable parameters to which a function is passed, by its name or as it is written, are called with."""
    arguments = getattr(scope.node, "args", None)
    around = scope.parent
    if arguments is None or around is None or around.kind == "class":
        return UNKNOWN
    positional = [*arguments.posonlyargs, *arguments.args]
    if parameter not in positional:
        return UNKNOWN
    index = positional.index(parameter)
    return known([_declared(ev, call, one, inner, index) for call, one, inner in _passes(scope, around)])


def _passes(scope: Scope, around: Scope) -> Iterator[tuple[ast.Call, ast.expr, Scope]]:
    """The calls that a function is passed to, each with the argument and the scope that it stands in."""
    reads: list[tuple[Scope, ast.expr]] = []
    if isinstance(scope.node, ast.Lambda):
        reads.append((around, scope.node))
    else:
        for number, read in enumerate(reads_of(scope.name, around)):
            if number >= _MAX_READS:
                return
            reads.append(read)
    for inner, node in reads:
        parent = parent_of(node)
        if isinstance(parent, ast.keyword):
            parent = parent_of(parent)
        if isinstance(parent, ast.Call) and parent.func is not node:
            yield parent, node, inner


def _declared(ev: Evaluator, call: ast.Call, argument: ast.expr, scope: Scope, index: int) -> Type:
    """What the parameter that gets an argument says that it calls this with."""
    found = []
    for callee in alternatives(ev.type_of(call.func, scope)):
        if not isinstance(callee, Function) or not isinstance(
            callee.scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            continue
        declared = _annotation(callee, call, argument)
        taken = _taken(declared) if declared is not None else []
        if index < len(taken):
            found.append(annotated.annotation(ev, taken[index], callee.scope.parent or callee.scope))
    return known(found)


def _annotation(callee: Function, call: ast.Call, argument: ast.expr) -> ast.expr | None:
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    parameters = [*node.args.posonlyargs, *node.args.args]
    keyword = next((one.arg for one in call.keywords if one.value is argument), None)
    if keyword is not None:
        every = (*parameters, *node.args.kwonlyargs)
        return next((one.annotation for one in every if one.arg == keyword), None)
    position = next((number for number, one in enumerate(call.args) if one is argument), -1)
    position += callee.receiver is not None
    return parameters[position].annotation if 0 <= position < len(parameters) else None


def _taken(declared: ast.expr) -> list[ast.expr]:
    """What a callable takes, as its annotation says: also beside ``None``."""
    if isinstance(declared, ast.BinOp):
        return _taken(declared.left) or _taken(declared.right)
    if not isinstance(declared, ast.Subscript):
        return []
    if last_name(declared.value) == "Optional":
        return _taken(declared.slice)
    elements = declared.slice.elts if isinstance(declared.slice, ast.Tuple) else []
    is_callable = last_name(declared.value) == "Callable" and elements and isinstance(elements[0], ast.List)
    return list(elements[0].elts) if is_callable and isinstance(elements[0], ast.List) else []
