"""What a parameter is: the object itself, what is injected, what is declared, or what callers pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import HANDLES
from poolint.syntax.expressions import dotted
from poolint.syntax.reaching import reaching
from poolint.syntax.scopes import Scope
from poolint.types import annotated, callbacks, decorated, evidence, inherited, makers, returns, traced
from poolint.types.stand_ins import stand_in
from poolint.types.values import (
    NOTHING,
    UNKNOWN,
    CallableValue,
    Either,
    Function,
    Instance,
    Type,
    alternatives,
    is_of_library,
    known,
    union,
    without_none,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator


def parameter(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """What the parameter that ``binding`` binds in the function with this scope is."""
    assert isinstance(binding.node, ast.arg)
    receiver = _receiver(ev, binding, binding.node, scope)
    if receiver is not UNKNOWN:
        return receiver
    outside = scope.parent or scope
    injected = annotated.injected(ev, binding.value, outside) if binding.value else UNKNOWN
    is_passed = injected is not UNKNOWN and not (binding.annotation and _is_marker(injected))
    if is_passed and not (binding.annotation and isinstance(injected, Either)):
        return injected  # the dependency is what is really passed, whatever the annotation says
    declared = annotated.annotation(ev, binding.annotation, outside) if binding.annotation else UNKNOWN
    if is_passed:
        return annotated.one_of_several(injected, declared)
    if isinstance(declared, Instance):
        if declared.base is not None and declared.base.twin:
            given = (annotated.injected(ev, *one) for one in annotated.dependencies(ev, binding, scope))
            provided = next((one for one in given if evidence.is_twin(ev, declared, one)), None)
            if provided is not None:
                return provided
        if declared.base is not None and declared.base.kind in HANDLES and declared.cls is declared.base:
            passed = ev.callers.contradicting(declared, binding, scope)
            if passed is not UNKNOWN:
                return passed  # whatever the annotation says
        from poolint.types.overrides import is_of_protocol  # which asks what parameters are

        if declared.base is None and is_of_protocol(declared):  # callers pass what has these methods
            passed = without_none(ev.callers.passed(binding, scope))
            told = [one for one in alternatives(passed) if not (isinstance(one, Instance) and one.cls is declared.cls)]
            if passed is not UNKNOWN and told and all(map(is_of_library, told)):
                return union(told)
        default = _default(ev, binding, outside) if declared.base is None else UNKNOWN
        if default is not UNKNOWN and _says_only_how_it_is_called(ev, declared):
            return default  # as of a `Callable`
        used = evidence.as_used(ev, declared, binding.node.arg, scope)
        return makers.asked(used, lambda: ev.callers.passed(binding, scope))
    if declared is not UNKNOWN or (binding.annotation is not None and returns.tells(binding.annotation)):
        if declared is not UNKNOWN and not isinstance(declared, CallableValue):
            return makers.asked(declared, lambda: ev.callers.passed(binding, scope))
        default = _default(ev, binding, outside)
        if default is UNKNOWN and isinstance(declared, CallableValue) and declared.gives is UNKNOWN:
            default = ev.callers.passed(binding, scope)
        return declared if default is UNKNOWN else default
    passed = decorated.bound(ev, binding.node, scope)
    if passed is UNKNOWN:
        passed = ev.callers.passed(binding, scope)
    if passed is UNKNOWN and binding.annotation is None:
        passed = inherited.declared(ev, binding.node, scope)
    if passed is UNKNOWN and binding.annotation is None:
        passed = decorated.passed(ev, binding, scope)
    if passed is UNKNOWN and binding.annotation is None:
        passed = callbacks.passed_to(ev, binding.node, scope)
    if passed is UNKNOWN and binding.annotation is None:
        passed = stand_in(ev, binding, scope)
    if passed is UNKNOWN and binding.annotation is None:
        passed = decorated.lent(ev, binding.node, scope)
    if binding.annotation is None:
        passed = known([passed, _default(ev, binding, outside)])
    if passed is UNKNOWN and binding.annotation is None:
        passed = evidence.engine_evidence(ev, binding.node.arg, scope) or UNKNOWN
    if passed is UNKNOWN:
        return traced.of_name(ev, binding.node.arg, scope)
    return evidence.as_used(ev, passed, binding.node.arg, scope)


def kept(nodes: list[ast.expr], types: list[Type], scope: Scope) -> Iterator[Type]:
    """What the operands of ``or`` may be in the end that have these types, the last one left out."""
    for node, one in zip(nodes, types, strict=False):
        if not _is_left_out(node, one, scope):
            yield without_none(one)


def _is_left_out(node: ast.expr, one: Type, scope: Scope) -> bool:
    """Whether an expression, of this type, has no value, or is what nobody need pass, of which nothing is known: what takes its
    place then, ``session or db.session``, is of the kind that it has to be."""
    if one is not UNKNOWN:
        return one is NOTHING
    if isinstance(node, ast.Name):
        return _need_not_be_passed(node, scope)
    owner = scope.method_around.enclosing_class
    if owner is None or not isinstance(node, ast.Attribute) or dotted(node) != f"self.{node.attr}":
        return False
    kept = owner.self_assignments.get(node.attr, ())
    return node.attr not in owner.bindings and len(kept) == 1 and _is_kept(kept[0])


def _is_kept(binding: Binding) -> bool:
    """Whether an attribute keeps such a parameter."""
    value, method = binding.value, binding.scope
    return isinstance(value, ast.Name) and method is not None and _need_not_be_passed(value, method)


def _need_not_be_passed(node: ast.Name, scope: Scope) -> bool:
    """Whether a name stands for a parameter that is `None` where nothing is passed, and that no annotation tells of."""
    found = reaching(scope.bindings[node.id], node) if node.id in scope.bindings else []
    only = found[0] if len(found) == 1 else None
    if only is None or only.kind != "parameter" or (only.annotation is not None and returns.tells(only.annotation)):
        return False
    return isinstance(only.value, ast.Constant) and only.value.value is None


def _default(ev: Evaluator, binding: Binding, outside: Scope) -> Type:
    """What a parameter is where nothing is passed for it: mostly what it is there for."""
    return without_none(ev.type_of(binding.value, outside)) if binding.value is not None else UNKNOWN


def _says_only_how_it_is_called(ev: Evaluator, declared: Instance) -> bool:
    """Whether a class is a protocol for functions: it has a ``__call__`` that is for others to write."""
    from poolint.types.overrides import is_left_open

    own = ev.type_of_member(declared, "__call__")
    return isinstance(own, Function) and is_left_open(own.scope)


def _is_marker(injected: Type) -> bool:
    """Whether a dependency is an empty class, which only marks the place of what the application overrides it with."""
    return isinstance(injected, Instance) and isinstance(injected.cls, Scope) and _is_empty(injected.cls)


def _is_empty(cls: Scope) -> bool:
    is_derived = isinstance(cls.node, ast.ClassDef) and bool(cls.node.bases)
    return not (is_derived or cls.children or cls.bindings or cls.self_assignments)


def _receiver(ev: Evaluator, binding: Binding, node: ast.arg, scope: Scope) -> Type:
    """The object or class that a method's first parameter is; ``UNKNOWN`` for any other parameter."""
    owner = scope.enclosing_class
    if owner is None or not isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return UNKNOWN
    positional = [*scope.node.args.posonlyargs, *scope.node.args.args]
    if not positional or positional[0] is not node or not _may_be_receiver(ev, binding, scope):
        return UNKNOWN
    decorators = returns.decorators(ev, scope)
    if "builtins.staticmethod" in decorators:
        return UNKNOWN
    cls = ev.class_object(owner)
    return cls if "builtins.classmethod" in decorators or scope.name == "__new__" else cls.instance()


def _may_be_receiver(ev: Evaluator, binding: Binding, scope: Scope) -> bool:
    """Whether the first parameter of a method is the object; a declared session there shows a missing ``self``."""
    assert isinstance(binding.node, ast.arg)
    if binding.annotation is None or binding.node.arg in ("self", "cls"):
        return True
    declared = annotated.annotation(ev, binding.annotation, scope.parent or scope)
    return not (isinstance(declared, Instance) and declared.base is not None)
