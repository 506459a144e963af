"""What happens in a function only if its caller asks for it, or who makes its object: ``if commit: session.commit()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import LEAVES
from poolint.syntax.expressions import is_none
from poolint.syntax.guards import parts_of
from poolint.syntax.indexes import index_of
from poolint.syntax.nodes import with_defaults
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def off_by_default(arguments: ast.arguments) -> set[str]:
    """The parameters that are False, None or the like unless callers pass something."""
    return {
        one.arg for one, default in with_defaults(arguments) if isinstance(default, ast.Constant) and not default.value
    }


def is_asked_for(node: ast.AST) -> bool:
    """Whether a test decides it that is about an argument which every call has to pass, or one that is off by default: both
    ways are meant to be taken. What is done unless a caller says no is the rule."""
    child, parent = node, parent_of(node)
    tests: list[ast.expr] = []
    while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(parent, ast.If) and child is not parent.test:
            tests.append(parent.test)
        child, parent = parent, parent_of(parent)
    if parent is None or not tests:
        return False
    arguments = parent.args
    every = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    required = every - {one.arg for one, _ in with_defaults(arguments)} - {"self", "cls"}
    off = off_by_default(arguments)
    return any(
        (isinstance(test, ast.Name) and test.id in off)
        or any(isinstance(one, ast.Name) and one.id in required for one in ast.walk(test))
        for test in tests
    )


def depends_on_caller(ev: Evaluator, node: ast.AST, method: Scope) -> bool:
    """Whether something happens only where an argument of its method, which callers need not pass, says so, ``if commit``, or a
    field of its object that is off unless somebody sets it, ``if self.autocommit``, or ``if not self.read_only`` where it is;
    or where something has been raised. The one who passes an argument on may be another method, of which that is true."""
    child, parent = node, parent_of(node)
    tests: list[ast.AST] = []
    parts: list[tuple[ast.expr, bool]] = []
    while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(parent, ast.ExceptHandler):
            return True
        if isinstance(parent, ast.If) and child is not parent.test:
            tests.extend(ast.walk(parent.test))
            parts.extend(parts_of(parent.test, child in parent.body))
        child, parent = parent, parent_of(parent)
    if any(_says_raised(part, holds, method) or _is_on(ev, part, holds, method) for part, holds in parts):
        return True
    asked = {one.id for one in tests if isinstance(one, ast.Name)}
    if parent is None or not asked:
        return False
    if not asked.isdisjoint(off_by_default(parent.args)) or _is_off_for_all(ev, asked, method):
        return True
    fields = {one.attr for one in tests if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "self"}
    owner = method.method_around.enclosing_class
    return owner is not None and any(_is_set_to(ev, one, owner, on=False) for one in fields)


def _says_raised(part: ast.expr, holds: bool, method: Scope) -> bool:
    """Whether a part of a test asks a method by which a block ends whether that ends by an exception, and it does."""
    if method.name not in LEAVES:
        return False
    if isinstance(part, ast.Compare) and len(part.ops) == 1 and is_none(part.comparators[0]):
        holds = holds is isinstance(part.ops[0], (ast.IsNot, ast.NotEq))
        part = part.left
    return holds and isinstance(part, ast.Name) and part.id != "self" and is_parameter(part.id, method)


def _is_on(ev: Evaluator, part: ast.expr, holds: bool, method: Scope) -> bool:
    """Whether a part of a test asks that a field of the object is off which is on unless who makes it says otherwise."""
    owner = method.method_around.enclosing_class
    is_field = isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self"
    return is_field and not holds and owner is not None and _is_set_to(ev, part.attr, owner, on=True)  # type: ignore[attr-defined]


def _is_off_for_all(ev: Evaluator, asked: set[str], method: Scope) -> bool:
    """Whether all who call a method pass for one of these parameters what is off by default among their own."""
    names = {name for name in asked if is_parameter(name, method)}
    calls = list(ev.callers.of(method)) if names else []
    for call, caller in calls:
        names &= set(_passed_off(ev, call, caller))
    return bool(calls) and bool(names)


def _passed_off(ev: Evaluator, call: ast.Call, caller: Scope) -> Iterator[str | None]:
    """The parameters for which a call passes what is off by default among those of the function that it stands in."""
    if not isinstance(caller.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    off = off_by_default(caller.node.args)
    given = [(None, one) for one in call.args] + [(one.arg, one.value) for one in call.keywords]
    for callee in callees_of(ev, call, caller):
        if isinstance(callee, Function):
            for keyword, one in given:
                if isinstance(one, ast.Name) and one.id in off:
                    yield parameter_for(callee, call, one, keyword)


def _is_set_to(ev: Evaluator, field: str, owner: Scope, *, on: bool) -> bool:
    """Whether a field of an object is False, None or the like, or is not, unless who makes it says otherwise: so its class
    declares, or its constructor, which callers need not pass anything for it. What a method stores is the state of the object."""
    family = lineage(ev, ClassObject(owner, None))
    values = [one.value for cls in family for one in cls.bindings.get(field, ())]
    for cls in family:
        for inner, use in index_of(cls).on_self(field):
            if isinstance(use.ctx, ast.Store):
                values.append(_unless_passed(getattr(parent_of(use), "value", None), inner))
    return bool(values) and all(isinstance(one, ast.Constant) and bool(one.value) is on for one in values)


def _unless_passed(value: ast.expr | None, scope: Scope) -> ast.expr | None:
    """What is stored where a call passes nothing for it, the default of a parameter; None for what is no parameter."""
    arguments = getattr(scope.node, "args", None)
    if not isinstance(value, ast.Name) or not isinstance(arguments, ast.arguments):
        return None
    return next((default for one, default in with_defaults(arguments) if one.arg == value.id), None)
