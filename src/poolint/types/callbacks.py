"""What a function is called with that is only passed on: by what it is passed to, as that declares it, ``work:
Callable[[Connection], …]``, or as it calls it, ``return work(connection)``."""

from __future__ import annotations

import ast
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.expressions import is_partial
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types import annotated
from poolint.types.following import origin
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, Type, alternatives, known
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MAX_READS = 20
_MAX_STEPS = 3
"""Names by which the annotation of a callable is called in turn."""


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
    if index < 0:
        return UNKNOWN
    found = [_called_with(ev, one, index) for one in _passes(scope, around)]
    found += [_declared(ev, one, index, inner) for inner, node in _reads(scope, around) for one in _kept_as(node)]
    return known(found)


class _Pass(NamedTuple):
    """A call that a function is passed to: which argument it is, and how many arguments it has been given already."""

    call: ast.Call
    argument: ast.expr
    scope: Scope
    given: int = 0


def _passes(scope: Scope, around: Scope) -> Iterator[_Pass]:
    """The calls that a function is passed to."""
    for inner, node in _reads(scope, around):
        parent = _call_around(node)
        given = 0
        if is_partial(parent) and parent.args[0] is node:
            node, given = parent, len(parent.args) - 1
            parent = _call_around(parent)
        if parent is not None and parent.func is not node:
            yield _Pass(parent, node, inner, given)


def _reads(scope: Scope, around: Scope) -> Sequence[tuple[Scope, ast.expr]]:
    """Where a function is read, by its name or as it is written."""
    if isinstance(scope.node, ast.Lambda):
        return [(around, scope.node)]
    if around.kind == "class":
        return index_of(around).on_self(scope.name)[:_MAX_READS]
    return list(islice(reads_of(scope.name, around), _MAX_READS))


def _kept_as(node: ast.expr) -> Iterator[ast.expr]:
    """As what a function is declared where it is kept: ``handler: Handler = on_paid``, or in a display of such."""
    parent = parent_of(node)
    is_item = isinstance(parent, (ast.Dict, ast.List, ast.Tuple, ast.Set))
    outer = parent_of(parent) if is_item and parent is not None else parent
    if not isinstance(outer, ast.AnnAssign):
        return
    declared = outer.annotation
    if not is_item:
        yield declared
    elif isinstance(declared, ast.Subscript):
        yield declared.slice.elts[-1] if isinstance(declared.slice, ast.Tuple) else declared.slice


def _declared(ev: Evaluator, declared: ast.expr, index: int, scope: Scope) -> Type:
    """What a callable takes at a place, as it is declared in a scope."""
    taken = _taken(ev, declared, scope)
    return annotated.annotation(ev, *taken[index]) if index < len(taken) else UNKNOWN


def _call_around(node: ast.expr) -> ast.Call | None:
    parent = parent_of(node)
    if isinstance(parent, ast.keyword):
        parent = parent_of(parent)
    return parent if isinstance(parent, ast.Call) else None


def _called_with(ev: Evaluator, one: _Pass, index: int) -> Type:
    """What the parameter that gets a function is called with, at the place of a parameter of the function."""
    found = []
    for called in alternatives(ev.type_of(one.call.func, one.scope)):
        is_object = isinstance(called, Instance) and called.cls is not called.base
        callee = ev.type_of_member(called, "__call__") if is_object else called
        parameter = _parameter(callee, one) if isinstance(callee, Function) else None
        if parameter is None or not isinstance(callee, Function) or index < one.given:
            continue
        around = callee.scope.parent or callee.scope
        told = _declared(ev, parameter.annotation, index - one.given, around) if parameter.annotation else UNKNOWN
        if told is not UNKNOWN:
            found.append(told)
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
    return parameters[position] if 0 <= position < len(parameters) else node.args.vararg if position >= 0 else None


def _taken(ev: Evaluator, declared: ast.expr, scope: Scope, steps: int = 0) -> list[tuple[ast.expr, Scope]]:
    """What a callable takes, as its annotation says, each with the scope that it is written in: also beside ``None``, and by
    another name, ``Handler = Callable[[Session], None]``."""
    if isinstance(declared, ast.BinOp):
        return _taken(ev, declared.left, scope, steps) or _taken(ev, declared.right, scope, steps)
    if isinstance(declared, (ast.Name, ast.Attribute)):
        meant = origin(ev, declared, scope, frozenset({"import"})) if steps < _MAX_STEPS else None
        if meant is None or meant.node is declared:
            return _taken_by_call(ev, declared, scope)
        return _taken(ev, meant.node, meant.scope, steps + 1)
    if not isinstance(declared, ast.Subscript):
        return []
    if last_name(declared.value) == "Optional":
        return _taken(ev, declared.slice, scope, steps)
    elements = declared.slice.elts if isinstance(declared.slice, ast.Tuple) else []
    if last_name(declared.value) != "Callable":
        return _taken(ev, declared.value, scope, steps)  # what it is given in brackets is what it gives, mostly
    return [(one, scope) for one in elements[0].elts] if elements and isinstance(elements[0], ast.List) else []


def _taken_by_call(ev: Evaluator, declared: ast.expr, scope: Scope) -> list[tuple[ast.expr, Scope]]:
    """What the objects of a class of the project take that is declared, by its ``__call__``, as far as that says it."""
    one = ev.type_of(declared, scope)
    called = ev.type_of_member(one.instance(), "__call__") if isinstance(one, ClassObject) else UNKNOWN
    node = called.scope.node if isinstance(called, Function) else None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not isinstance(called, Function):
        return []
    taken = [each.annotation for each in (*node.args.posonlyargs, *node.args.args)[1:]]
    told = list(takewhile(lambda each: each is not None, taken))
    return [(each, called.scope.parent or called.scope) for each in told if each is not None]
