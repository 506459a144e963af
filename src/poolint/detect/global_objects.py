"""Observations about objects in globals of a module that open a session or connection as they are made, and keep it."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.analyses.lifetimes.destinations import given, given_target
from poolint.detect.detector import Detector
from poolint.detect.module_variables import is_of_a_script, is_unused
from poolint.detect.owners import LongLived
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES, HANDLES
from poolint.models.standard import ENTERING
from poolint.syntax.expressions import call_arguments, last_name
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import CallSite, call_site, callees_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.observation import Observation
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_ENDS = ("__del__", "__exit__", "__aexit__")
"""Methods that nobody calls by their names."""


class _Kept(NamedTuple):
    """What a constructor opens and keeps: the call, the class of what that gives, the attribute, and the methods that close it,
    by their names."""

    fact: CallSite
    cls: Class
    attribute: str
    closing: set[str]


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The objects that a module keeps in its globals with a session or connection of their own, which nobody has them close."""
    if scope.kind != "module":
        return
    for node in scope.calls:
        parent = parent_of(node)
        target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
        if not isinstance(target, ast.Name) or parent.value is not node:  # type: ignore[union-attr]
            continue
        callees = callees_of(ev, node, scope)
        made = callees[0] if len(callees) == 1 else None
        if not isinstance(made, ClassObject) or made.cls is made.base:
            continue
        family = lineage(ev, made)
        for one in _opened(ev, family):
            if not _is_managed(ev, one, target.id, family, scope) and not is_unused(ev, target.id, scope):
                where = (node, scope.qualified_name, may_await(node, scope))
                is_possible = is_of_a_script(ev, target.id, scope)
                yield LongLived(*where, one.fact, one.cls, target.id, "module", is_possible=is_possible)
                break


def _opened(ev: Evaluator, family: list[Scope]) -> Iterator[_Kept]:
    """What the constructor of a class opens and keeps as an attribute, which nothing else sets."""
    init = next((one for cls in family for one in cls.children if one.name == "__init__"), None)
    if init is None:
        return
    for node in init.calls:
        value = given(ev, node, init)
        target = given_target(value)
        if not isinstance(target, ast.Attribute) or last_name(target.value) != "self":
            continue
        if sum(len(cls.self_assignments.get(target.attr, ())) for cls in family) > 1:
            continue
        found = checkout(ev, node, value, init)
        if found is None or found[1].kind not in HANDLES or found[1].embedded:
            continue
        closing = list(_closing(ev, target.attr, family))
        if init not in closing:  # else it is over again
            yield _Kept(found[0], found[1], target.attr, {method.name for method in closing})


def _is_managed(ev: Evaluator, kept: _Kept, variable: str, family: list[Scope], scope: Scope) -> bool:
    """Whether what an object keeps is closed: by a method that is called on it, or on the object itself by another one."""
    closing = kept.closing
    if not closing:
        return True  # the class is told of where no method does
    own = (
        use
        for cls in family
        for name in closing
        for inner, use in index_of(cls).on_self(name)
        if inner.name not in _ENDS
    )
    if next(own, None) is not None:
        return True
    project = ev.project
    for path in dict.fromkeys((scope.module.path, *project.saying(variable, scope.module))):
        module = project.module(path)
        if module is not None:
            names = _names(variable, module, scope)
            if any(_ends(ev, kept, names, inner) for inner in module.scope.descendants()):
                return True
    return False


def _names(variable: str, module: Module, home: Scope) -> set[str]:
    """What a module may call the object: also as it imports it, assigns it, goes over several, or has a function give it."""
    names = {variable}
    for node, _ in module.imports:
        aliases = node.names if isinstance(node, ast.ImportFrom) else []
        names.update(one.asname for one in aliases if one.name == variable and one.asname)
    for inner in (*module.scope.descendants(), *home.module.scope.descendants()):
        for name, bindings in inner.bindings.items():
            for one in bindings:
                if (
                    one.kind in ("assign", "annotated", "for")
                    and one.value is not None
                    and variable in _parts(one.value)
                ):
                    names.add(name)
        if any(name_of(one) == variable for one in inner.returns):
            names.add(inner.name)
    return names


def _parts(value: ast.expr) -> list[str]:
    """The names that a value is, or is a row of."""
    return [name_of(one) for one in (value.elts if isinstance(value, (ast.Tuple, ast.List, ast.Set)) else [value])]


def _ends(ev: Evaluator, kept: _Kept, names: set[str], scope: Scope) -> bool:
    """Whether a function has the object closed that it calls by one of these names, or what the object keeps; or hands it to
    what may do so."""
    closing = kept.closing
    asked = [call.func for name in closing for call in scope.calls_of(name)]
    named = (one for one in (*asked, *scope.attributes) if isinstance(one, ast.Attribute))
    if any(one.attr in closing and _called(one.value) in names for one in named):
        return True
    if any(last_name(one) in names for statement in scope.withs for one in map(_entered, statement.items)):
        return True
    for call in scope.calls:
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(owner, ast.Attribute) and owner.attr == kept.attribute and last_name(owner.value) in names:
            fact = call_site(ev, call, scope)
            if fact is not None and fact.role in CLOSING_ROLES:
                return True
        given = call_arguments(call)
        if any(last_name(one) in names for one in given) and _closes_some(ev, call, given, closing, scope):
            return True
    return False


def _called(node: ast.expr) -> str:
    """The last name by which something is reached, or got from a function."""
    return last_name(node.func if isinstance(node, ast.Call) else node)


def _entered(item: ast.withitem) -> ast.expr:
    """What a block is of: ``with db:``, ``with closing(db):``."""
    header = item.context_expr
    return header.args[0] if isinstance(header, ast.Call) and header.args else header


def _closes_some(ev: Evaluator, call: ast.Call, given: list[ast.expr], closing: set[str], scope: Scope) -> bool:
    """Whether what an object is handed to, or what is handed on with it, calls a method that would close it; a method of a
    library that enters what it is given does so."""
    if last_name(call.func) in ENTERING:
        return True
    for one in (call.func, *given):
        for callee in alternatives(ev.type_of(one, scope)):
            scopes = [callee.scope] if isinstance(callee, Function) else []
            if isinstance(callee, ClassObject) and callee.cls is not callee.base:
                scopes = [method for cls in lineage(ev, callee) for method in cls.children]
            asked = (each.func for inner in scopes for name in closing for each in inner.calls_of(name))
            if any(isinstance(each, ast.Attribute) and last_name(each.value) != "self" for each in asked):
                return True
    return False


def _closing(ev: Evaluator, attribute: str, family: list[Scope]) -> Iterator[Scope]:
    """The methods of a class that close what it keeps as an attribute."""
    for cls in family:
        for inner, use in index_of(cls).on_self(attribute):
            asked = parent_of(use)
            call = parent_of(asked) if isinstance(asked, ast.Attribute) else None
            fact = call_site(ev, call, inner) if isinstance(call, ast.Call) and call.func is asked else None
            if fact is not None and fact.role in CLOSING_ROLES:
                yield inner.method_around


DETECTOR = Detector("global-objects", lambda services: partial(observe, services.evaluator), of="modules")
