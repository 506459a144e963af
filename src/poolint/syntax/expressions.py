"""What an expression says as it is written, without types."""

from __future__ import annotations

import ast
from typing import TypeGuard, TypeVar

from poolint.models.standard import CASTS, OF_LOCALS, PUTTING

_Node = TypeVar("_Node", bound=ast.AST | None)


def dotted(node: ast.AST) -> str:
    """A name, or attributes of one, as written; empty for anything else."""
    if type(node) is ast.Name:
        return node.id
    parts: list[str] = []
    while type(node) is ast.Attribute:
        parts.append(node.attr)
        node = node.value
    if type(node) is not ast.Name:
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def kept_as(node: ast.AST) -> str:
    """The same of what gets its name where it stands: ``(session := maker())``."""
    return dotted(node.target if isinstance(node, ast.NamedExpr) else node)


def uncast(node: ast.AST) -> ast.AST:
    """What is told to be of a type, by ``cast(Connection, conn)``; anything else itself."""
    if isinstance(node, ast.Call) and len(node.args) == 2 and dotted(node.func) in CASTS:
        return node.args[1]
    return node


def without_await(node: _Node) -> _Node | ast.expr:
    """What is awaited; anything else itself."""
    return node.value if isinstance(node, ast.Await) else node


def is_implied(name: str) -> bool:
    """Whether a name is one that Python itself asks for: ``__call__``."""
    return name.startswith("__") and name.endswith("__")


def last_name(node: ast.expr) -> str:
    """The last part of a dotted expression."""
    if type(node) is ast.Attribute:
        return node.attr
    return node.id if type(node) is ast.Name else ""


def first_name(node: ast.AST) -> str:
    """The name that a chain of attributes, calls, items and ``await``s begins with; empty where it begins otherwise."""
    while True:
        kind = type(node)
        if kind is ast.Name:
            return node.id  # type: ignore[attr-defined, no-any-return]
        if kind in _STEPS:
            node = node.value  # type: ignore[attr-defined]
        elif kind is ast.Call:
            node = node.func  # type: ignore[attr-defined]
        else:
            return ""


def call_arguments(call: ast.Call) -> list[ast.expr]:
    """What a call is passed, by places and by names; a starred one as it stands."""
    return [*call.args, *(one.value for one in call.keywords)]


def argument_for(call: ast.Call, name: str, place: int) -> ast.expr | None:
    """What a call passes for a parameter: by its name, or at its place, which is negative where it has none; None where it
    leaves that out, or where something starred before it hides which one it is."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if not 0 <= place < len(call.args) or any(isinstance(one, ast.Starred) for one in call.args[: place + 1]):
        return None
    return call.args[place]


ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
"""Comparisons that say which of two comes first."""

_STEPS = frozenset((ast.Attribute, ast.Await, ast.Subscript, ast.NamedExpr))


def put_by(call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
    """A collection and the one item that a call puts into it: ``items.append(item)``; None for any other call."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in PUTTING and len(call.args) == 1:
        return call.func.value, call.args[0]
    return None


def text_of_key(item: ast.AST | None) -> str | None:
    """The text by which an item is asked for, ``kept["pool"]``; None where that is none, or for anything else."""
    key = item.slice.value if isinstance(item, ast.Subscript) and isinstance(item.slice, ast.Constant) else None
    return key if isinstance(key, str) else None


def item_asked(call: ast.Call) -> ast.Subscript | None:
    """The item that ``kept.get("pool")`` reads, as if it were written ``kept["pool"]``; None for any other call, and for one that
    may give something else, ``kept.get("pool", other)``."""
    function, key = call.func, call.args[0] if call.args else None
    if not (isinstance(function, ast.Attribute) and function.attr == "get" and len(call.args) <= 2):
        return None
    if (
        call.keywords
        or (len(call.args) == 2 and not is_none(call.args[1]))
        or not (isinstance(key, ast.Constant) and isinstance(key.value, str))
    ):
        return None
    return ast.copy_location(ast.Subscript(function.value, key, ast.Load()), call)


def asked_by_name(node: ast.AST) -> str:
    """The attribute that ``getattr(owner, "name")`` reads, its owner being the first argument; empty for anything else."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr"):
        return ""
    name = node.args[1] if len(node.args) > 1 else None
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""


def is_partial(node: ast.AST | None) -> TypeGuard[ast.Call]:
    """Whether an expression is ``partial(work, …)``, as it is written."""
    return isinstance(node, ast.Call) and last_name(node.func) == "partial" and bool(node.args)


def asked_bound(test: ast.expr, truth: bool) -> tuple[str, bool]:
    """The name of which a test asks whether the function has bound it, ``"conn" in locals()``, and whether it has where the
    test comes out as ``truth``; no name where it asks for something else."""
    test, truth = unnegated(test, truth)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], (ast.In, ast.NotIn)):
        return "", truth
    name, where = test.left, test.comparators[0]
    is_bound_here = isinstance(where, ast.Call) and not where.args and dotted(where.func) in OF_LOCALS
    if not is_bound_here or not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return "", truth
    return name.value, truth is isinstance(test.ops[0], ast.In)


def unnegated(test: ast.expr, truth: bool) -> tuple[ast.expr, bool]:
    """What stands behind each ``not`` of a test that comes out as ``truth``, and how that comes out."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, truth = test.operand, not truth
    return test, truth


def is_super_init(call: ast.Call) -> bool:
    """Whether a call is ``super().__init__(…)``."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and function.attr == "__init__"):
        return False
    owner = function.value
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"


def is_none(node: ast.expr | None) -> bool:
    """Whether an expression is None as written."""
    return isinstance(node, ast.Constant) and node.value is None


def tells_all(call: ast.Call) -> bool:
    """Whether a call is passed nothing but what stands there: no ``*rows``, no ``**options``."""
    return all(one.arg is not None for one in call.keywords) and not any(
        isinstance(one, ast.Starred) for one in call.args
    )


def names_bound(item: ast.withitem) -> list[str]:
    """The names that a block binds, one by one where it takes apart what it gets."""
    target = item.optional_vars
    parts = () if target is None else ast.walk(target)
    return [one.id for one in parts if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]
