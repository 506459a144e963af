"""What a function may be passed, or an object as it is made, and nobody passes: nothing is held by such a session or connection,
and nothing waits where such a thing is asked for first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.given_parts import owner_of
from poolint.analyses.occasions import Occasions
from poolint.flow.flags import asked
from poolint.syntax.expressions import is_none
from poolint.syntax.file_kinds import is_test
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.scopes import Scope, is_parameter
from poolint.types.bound import elsewhere
from poolint.types.fields import kept_parameter
from poolint.types.following import PASSAGES, Follower, Passage
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.set_outside import set_outside
from poolint.types.values import UNKNOWN, ClassObject

if TYPE_CHECKING:
    import ast

    from poolint.types.evaluator import Evaluator

_CALLERS: frozenset[Passage] = frozenset(("caller",))


def is_never_passed(ev: Evaluator, place: str, scope: Scope) -> bool:
    """Whether a function has a parameter of this name that may be None, and all that the project calls the function by leave it
    out, or pass it None, or what they are never passed themselves; who else calls it nobody knows. The same of an attribute of
    the method's own object (``self.db``), or of one that this has, which the project gives none as it makes it."""
    name, _, path = place.partition(".")
    if path:
        return _is_never_kept(ev, name, path.split("."), scope)
    runs = ev.derived(Occasions).calls.of(scope) if _may_be_left_out(name, scope) else ()
    return bool(runs) and _comes_to_none(ev, name, scope)


def comes_never(ev: Evaluator, node: ast.AST, scope: Scope) -> bool:
    """Whether a node of a function is reached only where it, or its object, has been passed something that nobody passes."""
    for test, truth in tests_before(node, scope):
        for part, holds in parts_of(test, truth):
            place, is_there = asked(part, holds)
            if place and is_there and is_never_passed(ev, place, scope):
                return True
    return False


def _is_never_kept(ev: Evaluator, name: str, steps: list[str], scope: Scope) -> bool:
    method = scope.method_around
    cls, own = method.enclosing_class, method.first_parameter
    if cls is None or own is None or own.arg != name:
        return False
    *path, attribute = steps
    for step in path:
        owner = owner_of(ev.type_of_member(ClassObject(cls, None).instance(), step))
        if owner is None or not isinstance(owner.cls, Scope):
            return False
        cls = owner.cls
    made, heirs = ClassObject(cls, None), tuple(ev.derived(Heirs).below(cls))
    kept = kept_parameter((*lineage(ev, made), *heirs), attribute)
    if kept is None:
        return False
    parameter, init = kept
    is_set_once = init.name == "__init__" and set_outside(ev, made.instance(), attribute) is UNKNOWN
    if not is_set_once or not _may_be_left_out(parameter, init):
        return False
    makers = [at for one in (cls, *heirs) for _, at in ev.callers.making(one)]
    is_made = bool(makers) and not all(is_test(one.module, ev.project) for one in makers)
    return is_made and _comes_to_none(ev, parameter, init)


def _may_be_left_out(name: str, scope: Scope) -> bool:
    """Whether a function has a parameter of a name that it binds nothing else to, and that may be None."""
    if not is_parameter(name, scope) or len(scope.bindings[name]) != 1:
        return False
    default = scope.bindings[name][0].value
    return default is None or is_none(default)


def _comes_to_none(ev: Evaluator, name: str, scope: Scope) -> bool:
    passed = Follower(ev, PASSAGES | _CALLERS).sources(elsewhere(name), scope)
    return passed.complete and all(is_none(one.node) for one in passed.found)
