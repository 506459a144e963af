"""Sessions and connections that a function may be passed, and that nobody passes: nothing is held by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.occasions import Occasions
from poolint.syntax.expressions import is_none
from poolint.syntax.scopes import is_parameter
from poolint.types.bound import elsewhere
from poolint.types.following import PASSAGES, Follower, Passage

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_CALLERS: frozenset[Passage] = frozenset(("caller",))


def is_never_passed(ev: Evaluator, name: str, scope: Scope) -> bool:
    """Whether a function has a parameter of a name that may be None, and all that the project calls the function by leave it out,
    or pass it None, or what they are never passed themselves; who else calls it nobody knows."""
    if not is_parameter(name, scope) or len(scope.bindings[name]) != 1:
        return False
    default = scope.bindings[name][0].value
    if default is not None and not is_none(default):
        return False
    runs = ev.derived(Occasions).calls.of(scope)
    passed = Follower(ev, PASSAGES | _CALLERS).sources(elsewhere(name), scope)
    return bool(runs) and passed.complete and all(is_none(one.node) for one in passed.found)
