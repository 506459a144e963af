"""Sessions that are only closed while they are active: which they are not after a write or a commit that has failed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import unnegated
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.flow.cfg import Edge
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_guarded(edges: list[Edge], site: Site) -> bool:
    """Whether a path passes a release only because ``session.is_active`` is false there."""
    for edge in edges:
        if not isinstance(edge.test, ast.expr) or edge.truth is None:
            continue
        test, truth = unnegated(edge.test, edge.truth)
        if not truth and isinstance(test, ast.Attribute) and test.attr == "is_active":
            return isinstance(test.value, ast.Name) and test.value.id == site.name
    return False


def may_fail_to_write(ev: Evaluator, site: Site, scope: Scope) -> bool:
    """Whether a session may be given something to write, or commit, by which alone it can become inactive: here, or by those
    who get it."""
    uses = [parent_of(load) for _, load in reads_of(site.name, scope)]
    members = [one for one in uses if isinstance(one, ast.Attribute)]
    if len(members) < len(uses):
        return True
    words = ev.models.words("pends", "writes")
    calls = [call for one in members if isinstance(call := parent_of(one), ast.Call) and call.func is one]
    facts = [call_site(ev, call, scope) for call in calls]
    return any(one is None or one.role == "commit" or one.method in words for one in facts)
