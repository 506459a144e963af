"""What a derived class makes of an attribute that a base declares: the argument for a type variable, also where that is of a
parameter of the base's ``__init__``, and what its own ``__init__`` passes on to that; and which methods of the base that set
it never run for its objects."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.generics import in_terms
from poolint.types.values import UNKNOWN, Instance, Type, without_none
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def specialised(ev: Evaluator, receiver: Instance, lineage: list[Scope], base: Scope, attribute: str) -> Type:
    """The type of an attribute of ``base`` in an object of a class of that lineage; ``UNKNOWN`` where that makes no
    difference."""
    derived = lineage[: lineage.index(base)]
    for binding in (*base.bindings.get(attribute, ()), *base.self_assignments.get(attribute, ())):
        if binding.annotation is not None:
            found = in_terms(ev, receiver, base, binding.annotation, binding.scope or base)
            if found is not UNKNOWN:
                return found
        if isinstance(binding.value, ast.Name) and binding.scope is not None and binding.scope.name == "__init__":
            found = _passed_on(ev, derived, binding.scope, binding.value.id)
            declared = _declared(binding.scope, binding.value.id) if found is UNKNOWN else None
            found = in_terms(ev, receiver, base, declared, base) if declared is not None else found
            if found is not UNKNOWN:
                return found
    return UNKNOWN


def replaced(lineage: list[Scope], base: Scope, attribute: str) -> frozenset[str]:
    """The methods of ``base`` that set an attribute, and that a class of the lineage below it overrides by one which does not
    call them: what they set, objects of that have not."""
    derived = lineage[: lineage.index(base)]
    setting = {
        one.scope.method_around.name for one in base.self_assignments.get(attribute, ()) if one.scope is not None
    }
    if not setting:
        return frozenset()
    names = frozenset(cls.name for cls in lineage)
    return frozenset(
        method.name
        for cls in derived
        for method in cls.children
        if method.name in setting and method.kind == "function" and not _calls_its_base(method, names)
    )


def _calls_its_base(method: Scope, classes: frozenset[str]) -> bool:
    """Whether a method asks for the one that it overrides: ``super().connect``, ``Backend.connect``."""
    for inner in method.mentioning(method.name):
        for one in (*inner.attributes, *(call.func for call in inner.calls_of(method.name))):
            owner = one.value if isinstance(one, ast.Attribute) and one.attr == method.name else None
            is_super = isinstance(owner, ast.Call) and last_name(owner.func) == "super"
            if is_super or (owner is not None and last_name(owner) in classes):
                return True
    return False


def _declared(init: Scope, name: str) -> ast.expr | None:
    """The annotation of a parameter that nothing else is bound to."""
    bindings = init.bindings.get(name, ())
    return bindings[0].annotation if len(bindings) == 1 and bindings[0].kind == "parameter" else None


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
