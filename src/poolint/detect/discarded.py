"""What becomes of a checkout that no name holds, by the method that is called on it: ``engine.connect().execute(…)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.queried import is_run_at_once
from poolint.models.schema import CLOSING_ROLES, TAKING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import method_call
from poolint.syntax.uses import is_ever_used

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.detect.observation import Dismissal
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def lives_on(ev: Evaluator, site: Site, scope: Scope) -> tuple[Dismissal, str] | None:
    """Why nothing is lost, and the method that says so; None where something is."""
    parent = parent_of(site.bound)
    if not isinstance(parent, ast.Attribute):
        return ("no-query", "") if site.start == "idle" else None
    row = ev.models.method(site.cls, parent.attr)
    if row is None:
        is_read = site.cls.kind == "response" and method_call(site.bound) is None
        return None if is_read else ("unknown-method", parent.attr)
    if row.role in CLOSING_ROLES or row.exhausts:
        return "released-at-once", parent.attr
    if row.returns in ("self", site.cls.name) or row.role in ("begin", "checkout"):
        return "lives-on", parent.attr
    is_used = row.role in TAKING_ROLES and (row.call != "coroutine" or is_ever_used(parent_of(parent), scope))
    if site.start == "idle" and not is_used and not is_run_at_once(ev, site.bound, scope):
        return "no-query", parent.attr
    return None
