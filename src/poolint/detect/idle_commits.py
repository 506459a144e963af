"""Commits of sessions that have nothing to commit, since another one has come just before: they reach no database."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.transactions import root_of
from poolint.flow.cfg import TooComplex
from poolint.models.schema import SESSIONS
from poolint.syntax.surroundings import start_of
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite


def commits_nothing(services: Services, fact: CallSite, scope: Scope) -> bool:
    """Whether a call commits a session that has been committed on all ways there, and that nothing in between can have told
    anything: no other call, and no attribute that is set."""
    root = root_of(fact.node)
    if fact.role != "commit" or fact.cls is None or fact.cls.kind not in SESSIONS or root is None:
        return False
    try:
        ends = services.holdings.ended_by(fact.node, text_of(root, scope), scope)
    except TooComplex:
        return False
    stores = (one for one in scope.attributes if isinstance(one.ctx, ast.Store))
    others = [start_of(one) for one in (*scope.calls, *stores)]
    start = start_of(fact.node)
    behind = [(one.end_lineno or one.lineno, one.end_col_offset or 0) for one in ends]
    return bool(ends) and not any(end > start or any(end <= one < start for one in others) for end in behind)
