"""What a name in an annotation stands for that is no class: an alias, a type variable, a new type."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.type_parameters import parameter_around
from poolint.types.values import ModuleObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def alias_of(ev: Evaluator, node: ast.Name | ast.Attribute, scope: Scope) -> tuple[ast.expr, Scope] | None:
    """The annotation behind ``SessionDep = Annotated[AsyncSession, Depends(…)]``, also in another module."""
    if isinstance(node, ast.Attribute):
        owner = ev.type_of(node.value, scope)
        if not isinstance(owner, ModuleObject):
            return None
        return _alias_in(ev, node.attr, owner.module.scope)
    parameter = parameter_around(node)
    if parameter is not None:
        return None if parameter.stands_for is None else (parameter.stands_for, scope)
    current: Scope | None = scope
    while current is not None:
        if node.id in current.bindings and (current.kind != "class" or current is scope):
            return _alias_in(ev, node.id, current)
        current = current.parent
    return None


def _alias_in(ev: Evaluator, name: str, scope: Scope) -> tuple[ast.expr, Scope] | None:
    """The first annotation that a name of a scope stands for, through as many imports as it takes."""
    waiting, seen = [_meanings(ev, name, scope)], {(name, scope)}
    while waiting:
        name, scope, value = next(waiting[-1], ("", scope, None))
        if value is not None:
            return value, scope
        if not name:
            waiting.pop()
        elif (name, scope) not in seen:
            seen.add((name, scope))
            waiting.append(_meanings(ev, name, scope))
    return None


def _meanings(ev: Evaluator, name: str, scope: Scope) -> Iterator[tuple[str, Scope, ast.expr | None]]:
    """What a name of a scope may stand for: a value, or a name of another module, which has none."""
    for binding in scope.bindings.get(name, ()):
        if binding.kind in ("assign", "annotated") and binding.value is not None and binding.index < 0:
            if isinstance(binding.value, ast.Call):
                bound = _type_variable(ev, binding.value, scope)
                if bound is not None:
                    yield name, scope, bound
                return
            if isinstance(binding.value, (ast.Subscript, ast.BinOp, ast.Name, ast.Attribute, ast.Constant)):
                yield name, scope, binding.value
                return
        if binding.kind == "import" and ":" in binding.origin:
            dotted, _, inner = binding.origin.partition(":")
            module = ev.project.imported(dotted, binding.level, scope.module)
            if module is not None:
                yield inner, module.scope, None
    for dotted, level in scope.module.stars if name not in scope.bindings else ():
        module = ev.project.imported(dotted, level, scope.module)
        if module is not None:
            yield name, module.scope, None


def _type_variable(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.expr | None:
    """The bound of a ``TypeVar``, or what it is constrained to; the base of a ``NewType``. A default holds only where nothing is
    given, which what is passed mostly decides: it says nothing."""
    name = ev.qualified_name(ev.type_of(call.func, scope)).rpartition(".")[2]
    if name == "TypeVar":
        said = {keyword.arg: keyword.value for keyword in call.keywords}
        return said.get("bound") or _constraints(call)
    if name == "NewType" and len(call.args) == 2:
        return call.args[1]
    return None


def _constraints(call: ast.Call) -> ast.expr | None:
    """What a ``TypeVar`` may stand for, the same expression each time: what is known of it is known by it."""
    if len(call.args) < 3:
        return None
    made = ast.copy_location(ast.Tuple(call.args[1:], ast.Load()), call)
    found: ast.expr = call.__dict__.setdefault("_poolint_constraints", made)
    return found
