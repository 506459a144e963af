"""What a function is called with that is only passed on: by what it is passed to, as that declares it, ``work:
Callable[[Connection], …]``, or as it calls it, ``return work(connection)``."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.expressions import is_partial
from poolint.syntax.indexes import index_of
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
    """What the callable parameters to which a function is passed, by its name or as it is written, call it with."""
    arguments = getattr(scope.node, "args", None)
    around = scope.parent
    if arguments is None or around is None:
        return UNKNOWN
    positional = [*arguments.posonlyargs, *arguments.args]
    if parameter not in positional:
        return UNKNOWN
    index = positional.index(parameter) - (around.kind == "class")
    return known([_called_with(ev, one, index) for one in _passes(scope, around)]) if index >= 0 else UNKNOWN


class _Pass(NamedTuple):
    """A call that a function is passed to: which argument it is, and how many arguments it has been given already."""

    call: ast.Call
    argument: ast.expr
    scope: Scope
    given: int = 0


def _passes(scope: Scope, around: Scope) -> Iterator[_Pass]:
    """The calls that a function is passed to."""
    reads: list[tuple[Scope, ast.expr]] = []
    if isinstance(scope.node, ast.Lambda):
        reads.append((around, scope.node))
    elif around.kind == "class":
        reads += index_of(around).on_self(scope.name)[:_MAX_READS]
    else:
        reads += islice(reads_of(scope.name, around), _MAX_READS)
    for inner, node in reads:
        parent = _call_around(node)
        given = 0
        if is_partial(parent) and parent.args[0] is node:
            node, given = parent, len(parent.args) - 1
            parent = _call_around(parent)
        if parent is not None and parent.func is not node:
            yield _Pass(parent, node, inner, given)


def _call_around(node: ast.expr) -> ast.Call | None:
    parent = parent_of(node)
    if isinstance(parent, ast.keyword):
        parent = parent_of(parent)
    return parent if isinstance(parent, ast.Call) else None


def _called_with(ev: Evaluator, one: _Pass, index: int) -> Type:
    """What the parameter that gets a function is called with, at the place of a parameter of the function."""
    found = []
    for callee in alternatives(ev.type_of(one.call.func, one.scope)):
        parameter = _parameter(callee, one) if isinstance(callee, Function) else None
        if parameter is None or not isinstance(callee, Function) or index < one.given:
            continue
        taken = _taken(parameter.annotation) if parameter.annotation is not None else []
        if index - one.given < len(taken):
            found.append(annotated.annotation(ev, taken[index - one.given], callee.scope.parent or callee.scope))
        else:
            found += _arguments(ev, parameter.arg, callee.scope, index - one.given)
    return known(found)


def _arguments(ev: Evaluator, name: str, scope: Scope, index: int) -> Iterator[Type]:
    """What a function passes at a place to its parameter, which it calls."""
    for call in scope.calls:
        given = call.args[: index + 1] if isinstance(call.func, ast.Name) and call.func.id == name else []
        if len(given) > index and not any(isinstance(one, ast.Starred) for one in given):
            yield ev.type_of(given[index], scope)


def _parameter(callee: Function, one: _Pass) -> ast.arg | None:
    node = callee.scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    parameters = [*node.args.posonlyargs, *node.args.args]
    keyword = next((each.arg for each in one.call.keywords if each.value is one.argument), None)
    if keyword is not None:
        every = (*parameters, *node.args.kwonlyargs)
        return next((each for each in every if each.arg == keyword), None)
    position = next((number for number, each in enumerate(one.call.args) if each is one.argument), -1)
    position += callee.receiver is not None
    return parameters[position] if 0 <= position < len(parameters) else None


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
