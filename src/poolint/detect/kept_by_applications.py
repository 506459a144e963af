"""Observations about sessions that an application keeps for all its requests: from its start to its end, though it closes them
then, themselves or in an object that is made with them."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.kept_classes import kept_class
from poolint.analyses.lifetimes.destinations import given, given_target
from poolint.analyses.occasions import Occasions
from poolint.analyses.places import Places
from poolint.detect.detector import Detector
from poolint.detect.owners import LongLived
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES, SESSIONS
from poolint.syntax.expressions import last_name, without_await
from poolint.syntax.reaching import reaching
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.application_state import is_lifespan, is_request, state_name
from poolint.types.call_sites import call_site
from poolint.types.following import origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.observation import Observation
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The sessions that ``scope``, which starts an application, makes and keeps in its state, where a request reads them: each
    once, under the first name that it is kept by."""
    kept = [one for one in scope.attributes if isinstance(one.ctx, ast.Store) and state_name(ev, one, scope)]
    if not kept or not (is_lifespan(ev, scope) or ev.derived(Occasions).starts(scope)):
        return
    told: set[ast.Call] = set()
    for one in kept:
        for made, cls in _sessions(ev, one, scope):
            if made in told or _is_over_at_once(ev, one.attr, made, scope):
                continue
            if _is_read_by_others(ev, one.attr, scope):
                told.add(made)
                fact = call_site(ev, made, scope, use_evidence=False)
                if fact is not None:
                    place = (made, scope.qualified_name, may_await(made, scope))
                    yield LongLived(*place, fact, cls, one.attr, "application-state")


def _sessions(ev: Evaluator, target: ast.Attribute, scope: Scope) -> Iterator[tuple[ast.Call, Class]]:
    """The sessions that are kept under an attribute, each with the call of this function that makes it."""
    statement = parent_of(target)
    value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
    if value is None:
        return
    made = without_await(value)
    if isinstance(made, ast.Call):
        yield from _as_session(ev, made, ev.type_of(value, scope), scope)
    names = [name_of(value), *ev.derived(Places).of(value, scope).values()]
    for name in dict.fromkeys(names):
        bindings = reaching(scope.bindings[name], target) if name in scope.bindings else []
        bound = bindings[0] if len(bindings) == 1 and bindings[0].kind in ("with", "assign", "annotated") else None
        opened = without_await(bound.value) if bound is not None and bound.value is not None else None
        if isinstance(opened, ast.Call):
            yield from _as_session(ev, opened, ev.scope_name(name, scope), scope)


def _as_session(ev: Evaluator, made: ast.Call, kept: Type, scope: Scope) -> Iterator[tuple[ast.Call, Class]]:
    cls = kept_class(kept)
    if cls is not None and cls.kind in SESSIONS and ev.is_told(cls.name, scope):
        yield made, cls


def _is_read_by_others(ev: Evaluator, name: str, scope: Scope) -> bool:
    """Whether anything asks an application for what it keeps under a name but what starts and ends it."""
    own, project = scope.module, ev.project
    for path in dict.fromkeys((own.path, *project.saying(name, own))):
        module = project.module(path)
        for inner in module.scope.descendants() if module is not None else ():
            reads = (one for one in inner.attributes if one.attr == name and isinstance(one.ctx, ast.Load))
            is_read = any(_is_of_application(ev, one.value, inner) for one in reads)
            if is_read and not (is_lifespan(ev, inner) or ev.derived(Occasions).starts(inner)):
                return True
    return False


def _is_of_application(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression may be the state of an application: no request's own, nor that of an object of the project."""
    if last_name(node) != "state":
        return False
    state = origin(ev, node, scope).node if isinstance(node, ast.Name) else node
    return not isinstance(state, ast.Attribute) or not (
        last_name(state.value) == "self" or is_request(ev, state.value, scope)
    )


def _is_over_at_once(ev: Evaluator, name: str, made: ast.Call, scope: Scope) -> bool:
    """Whether what starts an application ends again what it keeps under a name, or keeps something else there then."""
    if scope.yields:
        return False  # it ends with the application
    if sum(one.attr == name and isinstance(one.ctx, ast.Store) for one in scope.attributes) > 1:
        return True
    holder = given_target(given(ev, made, scope))
    names = {name_of(holder)} if isinstance(holder, ast.Name) else set[str]()
    for call in scope.calls:
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if owner is None or not (state_name(ev, owner, scope) == name or name_of(owner) in names):
            continue
        fact = call_site(ev, call, scope)
        if fact is not None and fact.role in CLOSING_ROLES:
            return True
    return False


DETECTOR = Detector(
    "kept-by-applications",
    lambda services: partial(observe, services.evaluator),
    of="functions",
    words=lambda _: (b"state",),
    near=True,
)
