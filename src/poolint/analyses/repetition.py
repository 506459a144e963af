"""Whether a synchronous function is called again and again in the life of a process, and by whom, in words."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import handed, runs
from poolint.syntax.surroundings import is_in_loop
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_AGAIN = ("request", "message", "task", "job")
"""Occasions on which a library calls a function again and again."""

_ONCE = re.compile(
    r"^(?:_*(?:main|run|start|serve|launch|cli|execute|invoke|handle|setup|init\w*|stop|shutdown|close|connect\w*))$|^__",
    re.IGNORECASE,
)
"""What methods are called that begin or end the life of an object."""

_COMMANDS = re.compile(r"command|cli|migrat|app$|main", re.IGNORECASE)
"""What classes are called whose object does one thing in a process."""

_MAX_STEPS = 3
"""Calls between a function and what calls it again and again."""

_Reason = tuple[int, str]
"""How many calls away somebody stands who calls a function again and again, and who that is, in words."""

_NOBODY: _Reason = (_MAX_STEPS + 1, "")


class Repeats:
    """Answers for the functions of one project. The nearest who calls a function again and again is a problem of
    summaries; of several that are equally near, the words decide."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._reasons: Summaries[ScopeKey, _Reason] = Summaries("repeated", self._reason, bottom=_NOBODY, join=min)

    def why(self, scope: Scope) -> str:
        """Who calls a function more than once, in words; empty where nobody is seen to."""
        return self._reasons.of(scope.key)[1]

    def _reason(self, key: ScopeKey) -> _Reason:
        scope = self.ev.project.scope(key)
        if scope.kind != "function" or scope.is_async:
            return _NOBODY
        if self._is_registered(scope):
            return 0, f"each call of `{scope.name}`"
        owner = scope.enclosing_class
        if owner is not None:
            why = self._of_method(scope, owner)
            return (0, why) if why else _NOBODY
        nearest = _NOBODY
        for call, inner in self.ev.callers.of(scope):
            if inner is scope or inner.is_async:
                continue
            if is_in_loop(call, inner):
                nearest = min(nearest, (1, f"each round of the loop in `{inner.qualified_name}`"))
            elif nearest[0] > 1:
                steps, why = self._reasons.of(inner.key)
                nearest = min(nearest, (steps + 1, why)) if steps < _MAX_STEPS else nearest
        return nearest

    def _of_method(self, scope: Scope, owner: Scope) -> str:
        """Methods are there to be called whenever something is wanted of an object."""
        assert isinstance(owner.node, ast.ClassDef)
        bases = [last_name(one) for one in owner.node.bases]
        if scope.name == "run" and any(one.endswith("Task") for one in bases):
            return f"each call of `{scope.qualified_name}`"
        if _ONCE.search(scope.name) or any(_COMMANDS.search(one) for one in (owner.name, *bases)):
            return ""
        return f"each call of `{scope.qualified_name}`"

    def _is_registered(self, scope: Scope) -> bool:
        if runs(self.ev, scope, *_AGAIN):
            return True
        return scope.enclosing_class is None and any(hook.runs in _AGAIN for hook in handed(self.ev, scope))
