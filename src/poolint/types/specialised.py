"""What a derived class makes of an attribute that a base declares: the argument for a type variable, and what its
``__init__`` passes on to that of the base."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import annotated
from poolint.types.values import NOTHING, UNKNOWN, ClassObject, Type, union, without_none
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def specialised(ev: Evaluator, lineage: list[Scope], base: Scope, attribute: str) -> Type:
    """The type of an attribute of ``base`` in the first class of a lineage; ``UNKNOWN`` where that makes no difference."""
    derived = lineage[: lineage.index(base)]
    for binding in (*base.bindings.get(attribute, ()), *base.self_assignments.get(attribute, ())):
        if binding.annotation is not None:
            found = _for_variable(ev, derived, base, binding.annotation)
            if found is not UNKNOWN:
                return found
        if isinstance(binding.value, ast.Name) and binding.scope is not None and binding.scope.name == "__init__":
            found = _passed_on(ev, derived, binding.scope, binding.value.id)
            if found is not UNKNOWN:
                return found
    return UNKNOWN


def _for_variable(ev: Evaluator, derived: list[Scope], base: Scope, declared: ast.expr) -> Type:
    """What a class gives for the type variable that an annotation is, alone or beside ``None``."""
    is_optional = False
    if isinstance(declared, ast.BinOp) and isinstance(declared.right, ast.Constant) and declared.right.value is None:
        declared, is_optional = declared.left, True
    elif isinstance(declared, ast.Subscript) and last_name(declared.value) == "Optional":
        declared, is_optional = declared.slice, True
    variables = _variables(base)
    if not isinstance(declared, ast.Name) or declared.id not in variables:
        return UNKNOWN
    index = variables.index(declared.id)
    for cls in derived:
        for node in getattr(cls.node, "bases", ()):
            around = cls.parent or cls
            if not isinstance(node, ast.Subscript):
                continue
            owner = ev.type_of(node.value, around)
            given = _elements(node)
            if isinstance(owner, ClassObject) and owner.cls is base and index < len(given):
                found = annotated.annotation(ev, given[index], around)
                return union([found, NOTHING]) if is_optional and found is not UNKNOWN else found
    return UNKNOWN


def _variables(cls: Scope) -> list[str]:
    """The type variables of a class, in their order."""
    own = [one.name for one in getattr(cls.node, "type_params", ())]
    nodes = [one for one in getattr(cls.node, "bases", ()) if isinstance(one, ast.Subscript)]
    nodes.sort(key=lambda one: last_name(one.value) not in ("Generic", "Protocol"))
    for node in nodes:
        own += [one.id for one in _elements(node) if isinstance(one, ast.Name) and one.id not in own]
    return own


def _elements(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _passed_on(ev: Evaluator, derived: list[Scope], init: Scope, parameter: str) -> Type:
    """What the ``__init__`` of a derived class passes for a parameter of that of its base."""
    assert isinstance(init.node, (ast.FunctionDef, ast.AsyncFunctionDef))
    names = [one.arg for one in (*init.node.args.posonlyargs, *init.node.args.args)][1:]
    for cls in reversed(derived):
        own = next((one for one in cls.children if one.name == "__init__"), None)
        if own is None:
            continue
        for call in own.calls_of("__init__"):
            if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call)):
                continue
            if last_name(call.func.value.func) != "super":
                continue
            given = {one.arg: one.value for one in call.keywords} | dict(zip(names, call.args, strict=False))
            if parameter in given:
                return without_none(ev.type_of(given[parameter], own))
        return UNKNOWN
    return UNKNOWN
