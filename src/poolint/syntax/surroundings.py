"""What stands around a node: a function that may await, a loop, a statement before."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import ENTERING
from poolint.syntax.expressions import last_name
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope


_TURNS = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom)
"""Where a coroutine, or what it is a part of, may let another task run."""

LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
REPEATING = (*LOOPS, *COMPREHENSIONS)
"""What does something for each of several things, or again and again."""


def may_await(node: ast.AST, scope: Scope) -> bool:
    """Whether an ``await`` may be written around ``node``."""
    if scope.kind not in ("function", "module") or not scope.is_async:
        return False
    child, current = node, parent_of(node)
    while current is not None and current is not scope.node:
        if isinstance(current, ast.Lambda):
            return False
        if isinstance(current, ast.GeneratorExp) and not _first_iterable(child, current):
            return False
        child, current = current, parent_of(current)
    return True


def is_at_once(begin: ast.expr, end: ast.expr, scope: Scope) -> bool:
    """Whether a coroutine comes from one place to a later one, and does what is done there, without letting another task run,
    in whatever round of a loop around that."""
    around = parent_of(end)
    block = parent_of(around) if isinstance(around, ast.withitem) else around
    if isinstance(block, (ast.Await, ast.AsyncWith)) or not (may_await(begin, scope) and may_await(end, scope)):
        return False
    first, last, loops = start_of(begin), start_of(end), set(loops_around(end))
    return first < last and not any(
        first <= start_of(one) <= last or not loops.isdisjoint(loops_around(one))
        for one in walk(scope.node)
        if isinstance(one, _TURNS)
    )


def start_of(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """The row and the column, in bytes, at which an expression or a statement begins."""
    return (node.lineno, node.col_offset)


def end_of(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """The row and the column, in bytes, at which an expression or a statement ends."""
    return (node.end_lineno or 0, node.end_col_offset or 0)


def is_evaluated_before(first: ast.expr, second: ast.expr) -> bool:
    """Whether one expression is evaluated before another one in the same round: it stands before it, or is what a comprehension
    goes over for whose elements the other one stands, or the test that decides about it."""
    if end_of(first) <= start_of(second):
        return True
    child: ast.AST = second
    around = parent_of(second)
    while isinstance(around, (ast.expr, ast.comprehension, ast.keyword)):
        if isinstance(around, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            over = [one.iter for one in around.generators if one is not child]
        else:
            over = [around.test] if isinstance(around, ast.IfExp) and child is not around.test else []
        if any(is_inside(first, one) for one in over):
            return True
        child, around = around, parent_of(around)
    return False


def binds_around(node: ast.AST, name: str) -> bool:
    """Whether a comprehension around ``node`` has a variable of that name, which is another one than the function's."""
    child, current = node, parent_of(node)
    while isinstance(current, (ast.expr, ast.comprehension, ast.keyword)):
        if isinstance(current, COMPREHENSIONS):
            first = current.generators[0]
            targets = [one for each in current.generators for one in ast.walk(each.target)]
            is_bound = any(isinstance(one, ast.Name) and one.id == name for one in targets)
            if is_bound and not (child is first and is_inside(node, first.iter)):
                return True
        child, current = current, parent_of(current)
    return False


def is_in_loop(node: ast.AST, scope: Scope) -> bool:
    """Whether a place in a function runs again and again each time that the function is called: it stands in a loop, and no
    block around it always leaves that loop behind it."""
    child, current = node, parent_of(node)
    leaving: type[ast.stmt] | None = None
    while current is not None and current is not scope.node:
        if isinstance(child, ast.stmt):
            leaving = _leaving(child) or leaving
            if isinstance(current, ast.Try) and current.handlers and child in current.body:
                leaving = None  # what fails on the way there may go on with the loop
        is_loop = isinstance(current, ast.While)
        is_loop = is_loop or (isinstance(current, (ast.For, ast.AsyncFor)) and child is not current.iter)
        if is_loop and leaving is None:
            return True
        if is_loop and leaving is ast.Break:
            leaving = None
        child, current = current, parent_of(current)
    return False


def _leaving(statement: ast.stmt) -> type[ast.stmt] | None:
    """How the block in which a statement stands is always left at its end, if it leaves a loop around it there."""
    block = block_of(statement)
    if not block:
        return None
    rest = block[block.index(statement) :]
    goes_on = any(isinstance(part, ast.Continue) for one in rest for part in ast.walk(one))
    return type(block[-1]) if isinstance(block[-1], (ast.Return, ast.Raise, ast.Break)) and not goes_on else None


def block_of(statement: ast.stmt) -> list[ast.stmt]:
    """The statements of the block that a statement stands in; none where it stands in no such block."""
    parent = parent_of(statement)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and statement in block:
            return block
    return []


def is_behind_star(target: ast.AST, index: int) -> bool:
    """Whether a target at this position of a tuple of targets is one with a star, or stands behind one, where the position tells
    nothing."""
    targets = parent_of(target)
    targets = parent_of(targets) if isinstance(targets, ast.Starred) else targets
    return isinstance(targets, (ast.Tuple, ast.List)) and any(
        isinstance(one, ast.Starred) for one in targets.elts[: index + 1]
    )


def next_statement(statement: ast.stmt) -> ast.stmt | None:
    """What follows a statement in its block; None behind the last one."""
    block = block_of(statement)
    return next(iter(block[block.index(statement) + 1 :]), None) if block else None


_PARTS = (ast.expr, ast.keyword, ast.comprehension)
"""What has a node in it within one statement."""


def loops_around(node: ast.AST) -> list[ast.AST]:
    """The ``for`` and ``while`` loops that a node stands in, in its function, the innermost first."""
    parent = parent_of(node)
    while isinstance(parent, _PARTS):
        if type(parent) is ast.Lambda:
            return []
        parent = parent_of(parent)
    if parent is None or isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return []
    # Many nodes stand in one statement or block: what is around that is found once.
    known: list[ast.AST] | None = parent.__dict__.get("_poolint_loops")
    if known is None:
        own = [parent] if isinstance(parent, LOOPS) else []
        known = parent.__dict__["_poolint_loops"] = [*own, *loops_around(parent)]
    return known


def loops_over(scope: Scope) -> Iterator[tuple[ast.AST, ast.expr]]:
    """The ``for`` loops of a function, those of comprehensions included, each with what it goes over."""
    found: dict[ast.AST, ast.expr] = {}
    for bindings in scope.bindings.values():
        for binding in bindings:
            loop: ast.AST | None = parent_of(binding.node) if binding.kind == "for" else None
            while loop is not None and getattr(loop, "iter", None) is not binding.value:
                loop = parent_of(loop)
            if loop is not None and binding.value is not None:
                found[loop] = binding.value
    yield from found.items()


def around(node: ast.AST, scope: Scope, kinds: tuple[type[ast.AST], ...]) -> ast.AST | None:
    """The innermost statement or expression of these kinds that a node of a function stands in; None where none is."""
    current = parent_of(node)
    while current is not None and current is not scope.node:
        if isinstance(current, kinds):
            return current
        current = parent_of(current)
    return None


def has_its_own(name: str, loop: ast.AST, scope: Scope) -> bool:
    """Whether each round of a loop, or each item of a comprehension, binds a name of the function anew."""
    first, last = getattr(loop, "lineno", 0), getattr(loop, "end_lineno", 0)
    return any(first <= one.position[0] <= last for one in scope.bindings.get(name, ()))


def tries_around(node: ast.AST, scope: Scope) -> Iterator[ast.Try]:
    """The ``try`` statements of a scope in whose bodies a node stands, the innermost first."""
    child, outer = node, parent_of(node)
    while outer is not None and child is not scope.node:
        if isinstance(outer, ast.Try) and any(child is one for one in outer.body):
            yield outer
        child, outer = outer, parent_of(outer)


def chosen(value: ast.expr) -> tuple[ast.expr, ast.AST | None]:
    """The widest expression that may come out as a value, as ``given or value`` does, and what stands around it."""
    parent = parent_of(value)
    while (isinstance(parent, ast.IfExp) and parent.test is not value) or isinstance(parent, ast.BoolOp):
        value, parent = parent, parent_of(parent)
    return value, parent


def entering(value: ast.expr) -> ast.withitem | None:
    """The part of a ``with`` that enters a value, or may: ``with given or value:``; None where none does."""
    _, parent = chosen(value)
    return parent if isinstance(parent, ast.withitem) else None


def is_entered(value: ast.expr) -> bool:
    """Whether a ``with`` enters a value, or may, or an exit stack does."""
    if entering(value) is not None:
        return True
    parent = parent_of(value)
    return isinstance(parent, ast.Call) and value is not parent.func and last_name(parent.func) in ENTERING


def header(node: ast.With | ast.AsyncWith) -> ast.expr:
    """The first context expression of a ``with``: it stands for the statement in a path."""
    return node.items[0].context_expr


def follows(node: ast.AST, other: ast.AST) -> bool:
    """Whether something happens after something else each time: it stands further down in the same block, or inside it."""
    return between(other, node) is not None


def between(earlier: ast.AST, later: ast.AST) -> list[ast.AST] | None:
    """The statements of a block that stand between one and another further down, or what is inside that; None where that
    does not follow."""
    first = statement_of(earlier)
    block = parent_of(first)
    current: ast.AST | None = statement_of(later)
    while current is not None and parent_of(current) is not block:
        current = parent_of(current)
    blocks: list[list[ast.AST]] = [getattr(block, field, []) for field in ("body", "orelse", "finalbody")]
    for items in blocks:
        if first in items and current in items:
            begin, end = items.index(first), items.index(current)
            return items[begin + 1 : end] if begin < end else None
    return None


def with_await(node: ast.expr) -> ast.expr:
    """An expression, or the ``await`` around it."""
    parent = parent_of(node)
    return parent if isinstance(parent, ast.Await) else node


def method_call(node: ast.AST) -> ast.Call | None:
    """The call of a method of something, ``session.execute(query)``; None where it stands for anything else."""
    member = parent_of(node)
    call = parent_of(member) if isinstance(member, ast.Attribute) else None
    return call if isinstance(call, ast.Call) and call.func is member else None


def methods_called(node: ast.AST) -> Iterator[str]:
    """The names of the methods that are called one after the other on what an expression gives."""
    while (call := method_call(node)) is not None and isinstance(call.func, ast.Attribute):
        yield call.func.attr
        node = call


def call_taking(node: ast.AST) -> tuple[ast.Call, str | None] | None:
    """The call that something is an argument of, with the keyword that it is passed by; None where it is none, or where the
    parameters are named by what it holds: ``**options``."""
    parent, keyword = parent_of(node), None
    if isinstance(parent, ast.keyword):
        keyword, parent = parent.arg, parent_of(parent)
        if keyword is None:
            return None
    return (parent, keyword) if isinstance(parent, ast.Call) and parent.func is not node else None


def _first_iterable(child: ast.AST, expression: ast.GeneratorExp) -> bool:
    return child is expression.generators[0]


def is_yielded(call: ast.Call) -> bool:
    """Whether what a call makes is yielded on the spot: ``yield Repository(session)`` hands nothing on."""
    parent = parent_of(call)
    while isinstance(parent, ast.expr) and not isinstance(parent, ast.Yield):
        parent = parent_of(parent)
    return isinstance(parent, ast.Yield)


def is_inside(node: ast.AST, whole: ast.AST) -> bool:
    """Whether ``node`` is a part of ``whole``, or it itself."""
    current: ast.AST | None = node
    while current is not None and current is not whole:
        current = parent_of(current)
    return current is whole


def goes_on(scope: Scope) -> bool:
    """Whether a function has a loop that never comes to an end by itself."""
    loops = (one for one in walk(scope.node) if isinstance(one, ast.While))
    return any(
        isinstance(one.test, ast.Constant) and not any(isinstance(part, ast.Break) for part in walk(one))
        for one in loops
    )
