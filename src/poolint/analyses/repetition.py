"""Whether a synchronous function is called again and again in the life of a process, and by whom, in words."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.frameworks.entries import is_entry
from poolint.syntax.surroundings import is_in_loop
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_JOBS = frozenset(
    {"actor", "job", "scheduled_job", "periodic_task", "db_task", "db_periodic_task", "on_event", "handler"}
)
"""Decorators of functions that a scheduler or a worker calls."""

_REGISTERS = frozenset({"add_job", "add_url_rule", "add_api_route", "add_route", "do"})
"""What is told to call a function again and again."""

_ONCE = re.compile(
    r"^(?:_*(?:main|run|start|serve|launch|cli|execute|invoke|handle|setup|init\w*|stop|shutdown|close|connect\w*))$|^__",
    re.IGNORECASE,
)
"""What methods are called that begin or end the life of an object."""

_COMMANDS = re.compile(r"command|cli|migrat|app$|main", re.IGNORECASE)
"""What classes are called whose object does one thing in a process."""

_MAX_DEPTH = 3


class Repeats:
    """Answers for the functions of one project; remembers them."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._found: dict[Scope, str] = {}

    def why(self, scope: Scope, depth: int = 0) -> str:
        """Who calls a function more than once, in words; empty where nobody is seen to."""
        known = self._found.get(scope)
        if known is None:
            self._found[scope] = ""
            known = self._found[scope] = self._why(scope, depth)
        return known

    def _why(self, scope: Scope, depth: int) -> str:
        if scope.kind != "function" or scope.is_async:
            return ""
        if is_entry(scope) or self._is_registered(scope):
            return f"each call of `{scope.name}`"
        owner = scope.enclosing_class
        if owner is not None:
            return self._of_method(scope, owner)
        if depth < _MAX_DEPTH:
            for call, inner in self.ev.callers.of(scope):
                if inner is scope or inner.is_async:
                    continue
                if is_in_loop(call, inner):
                    return f"each round of the loop in `{inner.qualified_name}`"
                outer = self.why(inner, depth + 1)
                if outer:
                    return outer
        return ""

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
        for decorator in getattr(scope.node, "decorator_list", ()):
            if last_name(decorator.func if isinstance(decorator, ast.Call) else decorator) in _JOBS:
                return True
        if scope.enclosing_class is not None:
            return False
        for inner in scope.module.scope.descendants():
            for call in inner.calls:
                if last_name(call.func) in _REGISTERS:
                    given = [*call.args, *(one.value for one in call.keywords)]
                    if any(isinstance(one, ast.Name) and one.id == scope.name for one in given):
                        return True
        return False
