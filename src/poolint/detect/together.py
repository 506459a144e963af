"""Whether two places of a function are reached in one pass, and whether what is called lets in one task at a time."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.flow.flags import asked, name_of
from poolint.syntax.scopes import nearest, parent_of
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_LOCKS = re.compile(r"lock|mutex|sem(?:aphore)?s?$|limit(?:er)?s?$|throttle|slots?$", re.IGNORECASE)
"""What the name of something says that lets in only so many at once."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def exclude_each_other(one: ast.AST, other: ast.AST) -> bool:
    """Whether of two places in a function at most one is reached in a pass: branches of one statement, or conditions
    that contradict each other."""
    first, second = list(_places(one)), list(_places(other))
    around = {id(node): field for node, field in second}
    for node, field in first:
        if id(node) in around and field != around[id(node)]:
            return True
    return any(_contradict(*test, *against) for test in _tests(first) for against in _tests(second))


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """The branching statements around a node, each with the name of the branch it is in."""
    child, parent = node, parent_of(node)
    while parent is not None and not isinstance(parent, _FUNCTIONS):
        if isinstance(parent, (ast.If, ast.IfExp)):
            yield parent, _field(child, parent)
        elif isinstance(parent, ast.Try):
            yield parent, "handlers" if isinstance(child, ast.excepthandler) else ""
        elif isinstance(parent, ast.Match):
            yield parent, str(parent.cases.index(child)) if isinstance(child, ast.match_case) else ""
        child, parent = parent, parent_of(parent)


def _field(child: ast.AST, parent: ast.If | ast.IfExp) -> str:
    for name in ("body", "orelse"):
        value = getattr(parent, name)
        if child is value or (isinstance(value, list) and any(child is one for one in value)):
            return name
    return ""


def _tests(places: list[tuple[ast.AST, str]]) -> Iterator[tuple[ast.expr, bool]]:
    """What is known where a place is reached: tests, and how they came out."""
    for node, field in places:
        if isinstance(node, (ast.If, ast.IfExp)) and field:
            yield node.test, field == "body"


def _contradict(test: ast.expr, truth: bool, other: ast.expr, other_truth: bool) -> bool:
    """Whether two tests cannot both come out like this."""
    name, value = asked(test, truth)
    if name and (name, not value) == asked(other, other_truth):
        return True
    if ast.dump(test) == ast.dump(other):
        return truth is not other_truth
    one, two = _equal_to(test), _equal_to(other)
    return truth and other_truth and one[0] != "" and one[0] == two[0] and one[1] != two[1]


def _equal_to(test: ast.expr) -> tuple[str, str]:
    """What a test compares, and with what: ``kind == "new"``."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is)):
        return ast.dump(test.left), ast.dump(test.comparators[0])
    return "", ""


def is_serialised(ev: Evaluator, scope: Scope) -> bool:
    """Whether a function takes a lock, or a semaphore that may let in only one."""
    for statement in scope.withs:
        for item in statement.items:
            context = item.context_expr
            name = last_name(context.func if isinstance(context, ast.Call) else context)
            if (_LOCKS.search(name) is not None or _is_lock(ev, context, scope)) and not _lets_in_several(
                context, scope
            ):
                return True
    return False


def _is_lock(ev: Evaluator, context: ast.expr, scope: Scope) -> bool:
    return any(
        isinstance(one, Instance) and one.base is not None and one.base.name.endswith(("Lock", "Semaphore", "Limiter"))
        for one in alternatives(ev.type_of(context, scope))
    )


def _lets_in_several(context: ast.expr, scope: Scope) -> bool:
    """Whether the code shows that a semaphore lets in more than one."""
    name = name_of(context)
    owner = scope.enclosing_class
    bindings = nearest(name, scope) if name else []
    if name.startswith("self.") and owner is not None:
        bindings = owner.self_assignments.get(name.removeprefix("self."), [])
    values = [one.value for one in bindings]
    return len(values) == 1 and any(
        isinstance(size, ast.Constant) and isinstance(size.value, int) and size.value > 1
        for size in (values[0].args[:1] if isinstance(values[0], ast.Call) else [])
    )
