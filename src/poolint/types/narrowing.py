"""What tests of classes show: ``if isinstance(self.engine, AsyncEngine)``, and checks that raise for all other classes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import dotted
from poolint.syntax.scopes import parent_of
from poolint.types import annotated
from poolint.types.values import UNKNOWN, Either, Instance, Type, alternatives, union

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)


def narrowed(ev: Evaluator, found: Type, node: ast.Name | ast.Attribute, scope: Scope) -> Type:
    """A type as tests around a place, or before it, narrow it; the same where none does."""
    if "isinstance" not in scope.loads:
        return found
    text = dotted(node)
    tests = {id(one): one.args[1] for one in scope.called.get("isinstance", ()) if _is_test(one, text)}
    if not tests:
        return found
    for is_one, test in conditions(node):
        classes = _shown(test, tests, is_one=is_one)
        if classes is not None:
            shown = annotated.classes_of(ev, classes, scope)
            is_better = found is UNKNOWN or isinstance(found, Either) or _is_below(ev, shown, found)
            return shown if shown is not UNKNOWN and is_better else found
        classes = _shown(test, tests, is_one=not is_one)
        if classes is not None and found is not UNKNOWN:
            gone = alternatives(annotated.classes_of(ev, classes, scope))
            members = found.members if isinstance(found, Either) else (found,)
            return union([one for one in members if not any(_is_of(ev, one, each) for each in gone)])
    return found


def _is_below(ev: Evaluator, shown: Type, found: Type) -> bool:
    """Whether what a test shows is an object of a class of the project that is derived from the one that was found."""
    return shown != found and _is_of(ev, shown, found)


def _is_of(ev: Evaluator, one: Type, other: Type) -> bool:
    """Whether an object is one of the other's class, as far as the project's classes say."""
    if one == other:
        return True
    if not (isinstance(one, Instance) and isinstance(other, Instance)) or other.cls is other.base:
        return False
    from poolint.types.members import lineage  # which asks for what attributes are, and so for tests of them

    return other.cls in lineage(ev, one)


def checked(ev: Evaluator, cls: Scope, attribute: str) -> Type:
    """What ``__init__`` shows an attribute to be, which raises where it is something else."""
    for init in cls.children:
        if init.name not in ("__init__", "__post_init__") or "isinstance" not in init.called:
            continue
        tests = {id(one): one.args[1] for one in init.called["isinstance"] if _is_test(one, f"self.{attribute}")}
        for statement in getattr(init.node, "body", ()) if tests else ():
            classes = _left(statement, tests)
            if classes is not None:
                return annotated.classes_of(ev, classes, init)
    return UNKNOWN


def _is_test(call: ast.Call, text: str) -> bool:
    return isinstance(call.func, ast.Name) and len(call.args) == 2 and dotted(call.args[0]) == text != ""


def conditions(node: ast.AST) -> list[tuple[bool, ast.expr]]:
    """The tests that have been made where a node stands, and how they have ended, the nearest first."""
    found: list[tuple[bool, ast.expr]] = []
    child, parent = node, parent_of(node)
    while parent is not None:
        if isinstance(parent, (ast.If, ast.While, ast.IfExp)):
            if child is not parent.test:
                found.append((_is_in(child, parent.body), parent.test))
        elif isinstance(parent, ast.BoolOp):
            earlier = parent.values[: next(i for i, one in enumerate(parent.values) if one is child)]
            found += [(isinstance(parent.op, ast.And), one) for one in reversed(earlier)]
        if isinstance(child, ast.stmt):
            found += _before(child, parent)
        if isinstance(parent, _FUNCTIONS):
            break
        child, parent = parent, parent_of(parent)
    return found


def _before(statement: ast.stmt, owner: ast.AST) -> list[tuple[bool, ast.expr]]:
    """The tests in front of a statement that everything else leaves its block by."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(owner, field, None)
        if isinstance(block, list) and any(one is statement for one in block):
            found: list[tuple[bool, ast.expr]] = []
            for one in block[: next(i for i, one in enumerate(block) if one is statement)]:
                if isinstance(one, ast.Assert):
                    found.append((True, one.test))
                found += [(False, test) for test in _failed(one)]
            return found[::-1]
    return []


def _failed(statement: ast.stmt) -> list[ast.expr]:
    """The tests that have failed where a statement is passed: of an ``if`` whose blocks are left otherwise, and of each
    ``elif`` of that kind behind it."""
    found = []
    while isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVES):
        found.append(statement.test)
        if len(statement.orelse) != 1:
            break
        statement = statement.orelse[0]
    return found


def _is_in(child: ast.AST, body: list[ast.stmt] | ast.expr) -> bool:
    return any(one is child for one in body) if isinstance(body, list) else body is child


def _shown(test: ast.expr, tests: dict[int, ast.expr], *, is_one: bool) -> ast.expr | None:
    """The classes of which something is one, where a test has ended in this way."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _shown(test.operand, tests, is_one=not is_one)
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) is not is_one:
            return None
        return next((found for one in test.values if (found := _shown(one, tests, is_one=is_one)) is not None), None)
    return tests.get(id(test)) if is_one else None


def _left(statement: ast.stmt, tests: dict[int, ast.expr]) -> ast.expr | None:
    """The classes that something is of after a statement, which raises where it is of none of them."""
    if isinstance(statement, ast.Assert):
        return _shown(statement.test, tests, is_one=True)
    if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Raise):
        return _shown(statement.test, tests, is_one=False)
    return None
