"""Threads that nobody waits for: who has started one drops it, and so does nobody else who could.

What a thread is given besides its work may tell when that is done, a queue or an event: who asks this afterwards may wait.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.launches import begun_by, blocks, executor_of, work_of
from poolint.detect.thread_waits import Waits
from poolint.syntax.scopes import home_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.starters import Starters
    from poolint.analyses.submitted import Work
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class DroppedThreads:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, starters: Starters) -> None:
        self.ev = ev
        self.starters = starters
        self._words = ev.models.words("starts-thread")

    def work(self, node: ast.Call, scope: Scope) -> Work | None:
        """What a call has a thread run that its function drops, or only keeps from being collected."""
        is_dropped = last_name(node.func) in self._words and self.starters.is_dropped(node, scope)
        return work_of(self.ev, node, scope) if is_dropped else None

    def outlives(self, node: ast.Call, place: str, scope: Scope) -> bool:
        """Whether nobody waits for the thread of a call before the life of what it is given at a place ends."""
        begun = begun_by(node, scope)
        if begun is None or next(blocks(begun, scope), None) is not None:
            return False
        waits = Waits(self.ev, node, begun, (place,), scope)
        return not waits.any() and not waits.may_be_told() and (_is_own(place, scope) or _is_of_all(begun, scope))


def _is_of_all(begun: ast.Call, scope: Scope) -> bool:
    """Whether no caller of a function waits for what an executor has been given by it: there is none, or the whole application
    has it."""
    executor = executor_of(begun)
    if not isinstance(executor, ast.Name):
        return executor is None
    return home_of(executor.id, scope) is scope.module.scope


def _is_own(place: str, scope: Scope) -> bool:
    """Whether what is at a place is of a block of the function itself, which ends before any caller goes on."""
    bindings = [one for one in scope.bindings.get(place.partition(".")[0], ()) if one.kind != "narrowed"]
    return bool(bindings) and all(one.kind == "with" for one in bindings)
