"""Whether what a class itself keeps is released by anybody: by a method of it or of a base, or by who is given it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.destinations import given_target
from poolint.analyses.ownership import Fate
from poolint.detect.ended_elsewhere import ENDED, is_ended_elsewhere
from poolint.models.standard import ENTERING, PROPERTIES
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import Scope, parent_of
from poolint.syntax.surroundings import is_entered, with_await
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator

_GONE = (*ENDED, Fate.KEPT)
"""What becomes of a resource that others have ended, or may have: they have it for themselves."""

_BY_NAME = ("getattr", "setattr", "delattr", "vars", "__dict__")
"""What reads or sets an attribute whose name it is told."""


def is_ended_on_class(
    ownership: Ownership, owner: Scope, attribute: str, cls: Class, target: ast.Attribute | None = None
) -> bool:
    """Whether anybody releases, or drops, what the class ``owner`` itself is given at ``attribute``, or gets from a method of it,
    or may do so. ``target`` is where a function sets it, None where the body of the class does."""
    ev = ownership.ev
    if is_ended_elsewhere(ownership, owner, attribute, cls, target) or _is_named(ownership, owner, attribute, cls):
        return True
    giving = set[Scope]()
    for method, read in _reads(ev, owner, attribute):
        if not isinstance(read.ctx, ast.Load):
            return True  # a base drops it
        fate = _fate(ownership, read, method, cls)
        if fate is Fate.KEPT and method.returns:
            giving.add(method)
        elif fate in _GONE:
            return True
    return any(_is_ended_as_given(ownership, owner, one, cls) for one in giving)


def own_class(ev: Evaluator, node: ast.expr, scope: Scope) -> Scope | None:
    """The class of the project that an expression is: ``cls``, ``Registry``, ``type(self)``."""
    found = alternatives(ev.type_of(node, scope))
    one = found[0] if len(found) == 1 else None
    return one.cls if isinstance(one, ClassObject) and isinstance(one.cls, Scope) else None


def _reads(ev: Evaluator, owner: Scope, attribute: str) -> Iterator[tuple[Scope, ast.Attribute]]:
    """Where methods of a class, or of its bases, read the attribute of their class or object, or a base sets it as well."""
    family = lineage(ev, ev.class_object(owner))
    for one in family:
        for inner in one.descendants():
            for node in inner.attributes:
                if node.attr != attribute or (one is owner and not isinstance(node.ctx, ast.Load)):
                    continue
                of = alternatives(ev.type_of(node.value, inner))
                if any(isinstance(each, (ClassObject, Instance)) and each.cls in family for each in of):
                    yield inner, node


def _fate(ownership: Ownership, value: ast.expr, scope: Scope, cls: Class) -> Fate:
    """What becomes of a resource where an expression gives it, or by the name that it is given there."""
    value = with_await(value)
    target = given_target(value)
    if is_entered(value):
        return Fate.RELEASED
    if not isinstance(target, ast.Name):
        return ownership.of_use(value, scope, cls)
    takes = ownership.ev.models.words("gives-back") | ENTERING.keys()
    if any(is_entered(one) or _is_taken(one, takes) for one in scope.loads.get(target.id, ())):
        return Fate.RELEASED
    return Fate.KEPT if target.id in scope.declared else ownership.of_name(target.id, scope, cls)


def _is_taken(node: ast.expr, takes: frozenset[str]) -> bool:
    """Whether something is the argument of a method of one of these names."""
    call = parent_of(node)
    return isinstance(call, ast.Call) and node in call.args and last_name(call.func) in takes


def _is_ended_as_given(ownership: Ownership, owner: Scope, giving: Scope, cls: Class) -> bool:
    """Whether somebody ends, or has for himself, what a method or property of the class gives: ``Registry.session().close()``."""
    ev = ownership.ev
    if not PROPERTIES.isdisjoint(decorators(ev, giving)):
        return is_ended_elsewhere(ownership, owner, giving.name, cls) or any(
            _fate(ownership, read, inner, cls) in _GONE for inner, read in index_of(owner).on_self(giving.name)
        )
    return any(_fate(ownership, call, scope, cls) in _GONE for call, scope in ev.callers.of(giving))


def _is_named(ownership: Ownership, owner: Scope, attribute: str, cls: Class) -> bool:
    """Whether a text somewhere is the attribute's name where attributes are asked for by names, and so may be ended there:
    ``getattr(cls, name).close()``."""
    project, own = ownership.ev.project, owner.module
    saying = {path for word in _BY_NAME for path in project.saying(word, own)}
    for path in {own.path, *saying.intersection(project.saying(attribute, own))}:
        module = own if path == own.path else project.module(path)
        if module is None:
            continue
        nodes = list(ast.walk(module.tree))
        if not any(last_name(one) in _BY_NAME for one in nodes if isinstance(one, (ast.Name, ast.Attribute))):
            continue
        for node in nodes:
            if isinstance(node, ast.Constant) and node.value == attribute:
                call = parent_of(node)
                asks = last_name(call.func) if isinstance(call, ast.Call) else ""
                if not isinstance(call, ast.Call) or asks not in ("hasattr", "getattr"):
                    return True
                if asks == "getattr" and _fate(ownership, call, module.scope_of(call), cls) in _GONE:
                    return True
    return False
