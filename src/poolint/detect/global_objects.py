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
from poolint.models.schema import CLOSING_ROLES, HANDLES
from poolint.syntax.expressions import last_name
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import CallSite, call_site, callees_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.observation import Observation
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_ENDS = ("__del__", "__exit__", "__aexit__")
"""Methods that nobody calls by their names."""


class _Kept(NamedTuple):
    """What a constructor opens and keeps: the call, the class of what that gives, and the attribute."""

    fact: CallSite
    cls: Class
    attribute: str


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
        if found is not None and found[1].kind in HANDLES and not found[1].embedded:
            yield _Kept(found[0], found[1], target.attr)


def _is_managed(ev: Evaluator, kept: _Kept, variable: str, family: list[Scope], scope: Scope) -> bool:
    """Whether what an object keeps is closed: by a method that is called on it, or on the object itself by another one."""
    closing = {method.name for method in _closing(ev, kept.attribute, family)}
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
        for inner in module.scope.descendants() if module is not None else ():
            called = [call.func for name in closing for call in inner.calls_of(name)]
            named = (one for one in (*called, *inner.attributes) if isinstance(one, ast.Attribute))
            if any(one.attr in closing and last_name(one.value) == variable for one in named):
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
