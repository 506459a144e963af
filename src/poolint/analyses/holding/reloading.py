"""Sessions that take a connection because a row is read that their commit has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.expired_reads import ExpiredReads
from poolint.analyses.holding.changes import Change
from poolint.analyses.waypoints import Cause
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def reloaded(ev: Evaluator, scope: Scope) -> Iterator[tuple[ast.Attribute, Change]]:
    """The reads of a function by which a session takes a connection again, each with that change."""
    for read, one in ev.derived(ExpiredReads).of(scope).items():
        cause = Cause("reloads", (text_of(read, scope), text_of(one.commit, scope)))
        yield read, Change(one.session, True, read, one.cls, cause=cause)
