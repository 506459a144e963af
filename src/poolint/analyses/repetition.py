"""Whether a function is called again and again in the life of a process; of a synchronous one also by whom."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.flow.summaries import Summaries
from poolint.frameworks.hooks import handed, runs
from poolint.syntax.file_kinds import is_test
from poolint.syntax.surroundings import is_in_loop
from poolint.types.application_state import is_class_of_requests
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
"""English words for methods that begin or end the life of an object, as people call them; `__` begins those of Python."""

_COMMANDS = re.compile(r"[Cc]ommand|[Mm]igrat|CLI|(?:Cli|Main|(?<![a-z])cli|(?<![a-z])main)(?![a-z])|[Aa]pp$")
"""English words, each whole, for classes whose object does one thing in a process: no ``Client``, and no ``Domain``."""

_MAX_STEPS = 3
"""Calls between a function and what calls it again and again."""


def is_repeated(ev: Evaluator, node: ast.AST, scope: Scope) -> bool:
    """Whether a place in a function is seen to be come to again and again: a library calls the function on occasions that come
    again, or passes it a request, or it goes round a loop there."""
    return runs(ev, scope, *_AGAIN) or takes_request(ev, scope) or is_in_loop(node, scope)


def takes_request(ev: Evaluator, scope: Scope) -> bool:
    """Whether a function is passed a request, or the context of one, as its annotations say: it runs for each."""
    arguments = getattr(scope.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return False
    where, every = scope.parent or scope, (*arguments.posonlyargs, *arguments.args)
    return any(one.annotation is not None and is_class_of_requests(ev, one.annotation, where) for one in every)


class Repetition(NamedTuple):
    """On what occasion something happens again and again: a call of a function, a round of the loop in it, a request.

    The loop is that of the function at hand where ``function`` is empty; ``again`` stands for this call after another one.
    """

    by: Literal["call", "round", "request", "again", ""]
    function: str = ""


_Reason = tuple[int, Repetition]
"""How many calls away somebody stands who calls a function again and again, and on what occasion."""

_NOBODY: _Reason = (_MAX_STEPS + 1, Repetition(""))


class Repeats:
    """Answers for the functions of one project. The nearest who calls a function again and again is a problem of
    summaries; of several that are equally near, the name decides."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._reasons: Summaries[ScopeKey, _Reason] = Summaries("repeated", self._reason, bottom=_NOBODY, join=min)

    def why(self, scope: Scope) -> Repetition | None:
        """Who calls a function more than once; None where nobody is seen to."""
        _, found = self._reasons.of(scope.key)
        return found if found.by else None

    def _reason(self, key: ScopeKey) -> _Reason:
        scope = self.ev.project.scope(key)
        if scope.kind != "function" or scope.is_async:
            return _NOBODY
        if self._is_registered(scope):
            return 0, Repetition("call", scope.name)
        owner = scope.enclosing_class
        if owner is not None:
            return (0, Repetition("call", scope.qualified_name)) if _is_repeated(scope, owner) else _NOBODY
        nearest = _NOBODY
        for call, inner in self.ev.callers.of(scope):
            if inner is scope or inner.is_async or is_test(inner.module, self.ev.project):
                continue  # whom a test calls again and again, nobody does where it is deployed
            if is_in_loop(call, inner):
                nearest = min(nearest, (1, Repetition("round", inner.qualified_name)))
            elif nearest[0] > 1:
                steps, occasion = self._reasons.of(inner.key)
                nearest = min(nearest, (steps + 1, occasion)) if steps < _MAX_STEPS else nearest
        return nearest

    def _is_registered(self, scope: Scope) -> bool:
        if runs(self.ev, scope, *_AGAIN):
            return True
        return scope.enclosing_class is None and any(hook.runs in _AGAIN for hook in handed(self.ev, scope))


def _is_repeated(method: Scope, owner: Scope) -> bool:
    """Methods are there to be called whenever something is wanted of an object."""
    assert isinstance(owner.node, ast.ClassDef)
    bases = [last_name(one) for one in owner.node.bases]
    if method.name == "run" and any(one.endswith("Task") for one in bases):
        return True
    return not (_ONCE.search(method.name) or any(_COMMANDS.search(one) for one in (owner.name, *bases)))
