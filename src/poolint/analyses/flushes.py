"""Which calls take the connection of a session, or use a connection: those of these roles, and a commit that writes what its
function has added to the session before. A session that has nothing to write takes none to commit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import SESSIONS, TAKING_ROLES
from poolint.syntax.surroundings import start_of
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


def takes(ev: Evaluator, fact: CallSite, scope: Scope) -> bool:
    """Whether a call takes a connection for what it does."""
    return fact.role in TAKING_ROLES or _writes_what_is_added(ev, fact, scope)


def _writes_what_is_added(ev: Evaluator, fact: CallSite, scope: Scope) -> bool:
    """Whether a call commits what its function has put into the session by then."""
    if fact.role != "commit" or fact.cls is None or fact.cls.kind not in SESSIONS:
        return False
    return any(
        isinstance(one.func, ast.Attribute)
        and start_of(one) < start_of(fact.node)
        and text_of(one.func.value, scope) == fact.receiver
        for one in scope.calls_named(ev.models.words("pends"))
    )
