"""Context managers of the project: what runs as a block is entered, and what they swallow of what is raised in it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import LEAVES
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.call_sites import callees_of
from poolint.types.known_bases import has_known_bases
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.returns import made_manager
from poolint.types.values import UNKNOWN, CallableValue, ClassObject, Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Instance, Type

EVERYTHING = (ast.Name("BaseException", ast.Load()),)
_ENTRIES = {None: ("__enter__", "__aenter__"), False: ("__enter__",), True: ("__aenter__",)}
_MAX_HELPERS = 3
"""Plain functions behind each other that are looked into for the generator that they make for a block."""
_PROTOCOL = ("__init__", "__post_init__", "__enter__", "__exit__", "__aenter__", "__aexit__")


def is_manager(ev: Evaluator, scope: Scope) -> bool:
    """Whether a function is a generator that ``contextlib`` makes a context manager of."""
    return scope.is_generator and made_manager(ev, scope) is not None


def is_no_manager(ev: Evaluator, header: ast.expr, scope: Scope) -> bool:
    """Whether what a block enters is the generator that a function of the project gives, which nothing makes a context manager
    of: that raises."""
    if not isinstance(header, ast.Call) or _is_made_manager(ev, header, scope):
        return False
    callees = callees_of(ev, header, scope)
    return bool(callees) and all(isinstance(one, Function) and _gives_generator(one.scope) for one in callees)


def is_no_iterable(ev: Evaluator, over: ast.Call, scope: Scope) -> bool:
    """Whether what a loop goes over is the context manager that ``contextlib`` makes of the project's generator: that raises."""
    callees = callees_of(ev, over, scope)
    return bool(callees) and all(
        isinstance(one, Function)
        and is_manager(ev, one.scope)
        and len(getattr(one.scope.node, "decorator_list", ())) == 1
        for one in callees
    )


def _gives_generator(function: Scope) -> bool:
    around = function.parent
    is_as_written = around is not None and len(around.bindings.get(function.name, ())) == 1
    return is_as_written and function.is_generator and getattr(function.node, "decorator_list", None) == []


def generators_of(ev: Evaluator, header: ast.expr, scope: Scope) -> Iterator[Scope]:
    """The generators of the project that a block runs which enters what a call gives: its function, or what ``contextlib`` has
    made that of, ``opened = asynccontextmanager(orders)``."""
    for one in callees_of(ev, header, scope) if isinstance(header, ast.Call) else ():
        if isinstance(one, Function) and one.scope.is_generator:
            yield one.scope


def generators_behind(ev: Evaluator, header: ast.expr, scope: Scope, depth: int = 0) -> Iterator[Scope]:
    """The same where plain functions of the project have called them, and give back what that gives: ``return opened(order)``."""
    for one in callees_of(ev, header, scope) if isinstance(header, ast.Call) and depth < _MAX_HELPERS else ():
        if (
            isinstance(one, Function)
            and one.scope.kind == "function"
            and not (one.scope.is_generator or one.scope.is_async)
        ):
            for given in filter(None, one.scope.returns):
                yield from generators_of(ev, given, one.scope)
                yield from generators_behind(ev, given, one.scope, depth + 1)


def generator_of(ev: Evaluator, made: ast.expr | None, scope: Scope) -> Scope | None:
    """The one generator of the project that an expression makes, for a loop or another one to go over."""
    callees = callees_of(ev, made, scope) if isinstance(made, ast.Call) else ()
    only = callees[0] if len(callees) == 1 else None
    return only.scope if isinstance(only, Function) and only.scope.is_generator else None


def _is_made_manager(ev: Evaluator, header: ast.Call, scope: Scope) -> bool:
    """Whether ``contextlib`` has made what a call calls of a generator, other than as its decorator."""
    return any(isinstance(one, CallableValue) and one.runs for one in alternatives(ev.type_of(header.func, scope)))


def entry_of(ev: Evaluator, made: Instance, asynchronous: bool | None = None) -> Function | None:
    """The method of a class of the project that runs where a block enters an object of it: of the kind that is asked for, or
    of either."""
    for name in _ENTRIES[asynchronous] if made.cls is not made.base else ():
        found = ev.type_of_member(made, name)
        if isinstance(found, Function):
            return found
    return None


def entry_of_made(ev: Evaluator, callee: Type, asynchronous: bool | None = None) -> Function | None:
    """The same of an object that a call of its class makes, for a block to enter."""
    return entry_of(ev, callee.instance(), asynchronous) if isinstance(callee, ClassObject) else None


def exits_of(ev: Evaluator, made: Instance, block: ast.With | ast.AsyncWith) -> Iterator[Scope]:
    """The methods of classes of the project that may run as the block of an object ends: of an interface those of all that
    fill it."""
    name = "__aexit__" if isinstance(block, ast.AsyncWith) else "__exit__"
    found = ev.type_of_member(made, name) if made.cls is not made.base else UNKNOWN
    if isinstance(found, Function):
        yield from ev.derived(Heirs).written(found) or (found.scope,)


def suppressed(ev: Evaluator, callee: Type) -> bool | tuple[ast.expr, ...]:
    """The classes that a block of what ``callee`` makes swallows; True where that may be any, False for none."""
    if isinstance(callee, Function) and len(callee.scope.yields) == 1 and is_manager(ev, callee.scope):
        return _by_generator(callee.scope)
    if isinstance(callee, ClassObject):
        for inner in lineage(ev, callee):
            for method in inner.children:
                if method.name in LEAVES:
                    return EVERYTHING if _says_true(method) else False
    return False


def _by_generator(scope: Scope) -> bool | tuple[ast.expr, ...]:
    """What the handlers around the ``yield`` of a generator take without raising again."""
    classes: list[ast.expr] = []
    child: ast.AST = scope.yields[0]
    parent = parent_of(child)
    while parent is not None and parent is not scope.node:
        if isinstance(parent, ast.Try) and any(child is one for one in parent.body):
            for handler in parent.handlers:
                if isinstance(handler.body[-1], ast.Raise):
                    continue
                if any(isinstance(one, ast.Raise) for one in ast.walk(handler)):
                    return True  # it depends
                classes += EVERYTHING if handler.type is None else [handler.type]
        child, parent = parent, parent_of(parent)
    return tuple(classes) or False


def _says_true(method: Scope) -> bool:
    return bool(method.returns) and all(isinstance(one, ast.Constant) and one.value is True for one in method.returns)


def protocol(ev: Evaluator, cls: ClassObject) -> Iterator[Scope] | None:
    """The methods that run when an object of a class is made and entered; None where not all of them can be known."""
    family = lineage(ev, cls)
    if cls.base is not None or not isinstance(cls.cls, Scope) or not has_known_bases(ev, cls.cls):
        return None
    return (method for one in family for method in one.children if method.name in _PROTOCOL)
