"""Whether two places of a function are reached in one pass, and whether what is called lets in one task at a time."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.process_locks import lets_in_several, process_locks
from poolint.flow.flags import asked
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

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


def are_decided_against(one: ast.AST, other: ast.AST, scope: Scope) -> bool:
    """Whether of two places at most one is reached in a call, in whatever round of a loop: what a caller passes decides."""
    first, second = list(_tests(list(_places(one)))), list(_tests(list(_places(other))))
    return any(
        _is_passed(test[0], scope) and _is_passed(against[0], scope) and _contradict(*test, *against)
        for test in first
        for against in second
    )


def _is_passed(test: ast.expr, scope: Scope) -> bool:
    """Whether a test asks for nothing but parameters that a function never sets."""
    names = [part.id for part in ast.walk(test) if isinstance(part, ast.Name)]
    is_plain = not any(isinstance(part, (ast.Call, ast.Attribute, ast.Subscript)) for part in ast.walk(test))
    return is_plain and all([each.kind for each in scope.bindings.get(name, ())] == ["parameter"] for name in names)


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
    return any(not lets_in_several(ev, one, scope) for one in process_locks(ev, scope))
