"""Sessions that are only closed while they are active: which they are not after a write or a commit that has failed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asks_none, name_of
from poolint.syntax.expressions import unnegated
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


_ASKING = (ast.If, ast.While, ast.UnaryOp)
"""Where a name is asked whether there is a session: ``if session:``."""


def is_guarded(edges: list[Edge], site: Site) -> bool:
    """Whether a path passes a release only because ``session.is_active`` is false there."""
    for edge in edges:
        if not isinstance(edge.test, ast.expr) or edge.truth is None:
            continue
        if is_inactive(edge.test, edge.truth, frozenset({site.name})):
            return True
    return False


def is_inactive(test: ast.expr, truth: bool, names: frozenset[str]) -> bool:
    """Whether a test that comes out as ``truth`` says that a session under one of these names is not active."""
    test, truth = unnegated(test, truth)
    return not truth and isinstance(test, ast.Attribute) and test.attr == "is_active" and name_of(test.value) in names


def stays_active(ownership: Ownership, site: Site | None, scope: Scope) -> bool:
    """Whether nobody gives a session anything to write, or commits, by which alone it can become inactive: the function that has
    made it, one of the project that it is passed to, or others who get it."""
    if site is None or site.cls.kind != "session" or not site.name:
        return False
    return not _may_fail(ownership, site.name, scope, site.cls, set())


def _may_fail(ownership: Ownership, name: str, scope: Scope, cls: Class, seen: set[tuple[ScopeKey, str]]) -> bool:
    if (scope.key, name) in seen:
        return False
    seen.add((scope.key, name))
    if any(isinstance(one.ctx, ast.Store) for one in scope.attributes):
        return True  # the attributes of rows are written by the next flush
    for inner, load in reads_of(name, scope):
        parent = parent_of(load)
        keyword = parent if isinstance(parent, ast.keyword) else None
        user = parent_of(keyword) if keyword is not None else parent
        if isinstance(parent, ast.Attribute):
            if _may_deactivate(ownership.ev, parent, inner):
                return True
        elif isinstance(user, ast.Call):
            passed = ownership.passed(user, load, inner, cls, keyword.arg if keyword is not None else None)
            taker = ownership.ev.project.scope(passed.function) if passed is not None else None
            if (
                passed is None
                or taker is None
                or taker.enclosing_class is not None
                or _may_fail(ownership, passed.parameter, taker, cls, seen)
            ):
                return True
        elif not (isinstance(parent, _ASKING) or (isinstance(parent, ast.Compare) and asks_none(parent))):
            return True
    return False


def _may_deactivate(ev: Evaluator, member: ast.Attribute, scope: Scope) -> bool:
    """Whether a member of a session is called that commits, in a block at its end, or that tells it what to write, or one that
    nothing is known of; or is handed to somebody who may call it."""
    call = parent_of(member)
    if not (isinstance(call, ast.Call) and call.func is member):
        return isinstance(call, (ast.Call, ast.keyword))
    fact = call_site(ev, call, scope)
    return fact is None or fact.role in ("begin", "commit") or fact.method in ev.models.words("pends", "writes")
