"""Awaits in which a cancellation loses what is held: those that wait for something else than the resource itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.joined import run_in_thread
from poolint.analyses.lifetimes.unbegun import is_shared, reads_any
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.effects import Effects
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_foreign(ev: Evaluator, foreign: Effects, awaited: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether what is awaited waits for something foreign: by itself, or by what it is to wait for, ``wait_for(get(), 5)``."""
    waits_for = ev.models.words("shields", "limits-awaited", "at-once")
    inner = awaited.args if last_name(awaited.func) in waits_for else ()
    waited = [awaited, *(one for one in inner if isinstance(one, ast.Call))]
    return any(foreign.of_call(one, scope) is not None and not _is_worked_on(ev, one, names, scope) for one in waited)


def _is_worked_on(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether it is a thread that is waited for, and that works with the resource: it may still give that back. It is passed it,
    or its function may read it from the one around it."""
    is_thread = run_in_thread(ev.models, call) is not None
    return is_thread and (reads_any(call, names) or is_shared(names, scope))
