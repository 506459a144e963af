"""Of which mode the sessions are that come to a function by its parameters: synchronous, or asynchronous."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

from poolint.analyses.holding import root_of
from poolint.analyses.ownership import by_parameter
from poolint.types.call_sites import callees_of
from poolint.types.evidence import is_of_class
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def is_passed_the_twin(ev: Evaluator, root: ast.expr | None, cls: Class, scope: Scope) -> bool:
    """Whether a parameter is declared as one class while all that the project is seen to pass is of the other mode:
    ``db: AsyncSession``, which gets what a synchronous maker makes. Values tell the truth of an annotation."""
    twin = cls.twin or ev.models.derived(_synchronous).get(cls.name, "")
    if not twin or not isinstance(root, ast.Name) or not _is_declared(root.id, scope):
        return False
    found = given_to(ev, root, scope)
    return bool(found) and all(is_only(ev, one, twin) for one in found)


def _is_declared(name: str, scope: Scope) -> bool:
    """Whether a name is a parameter with an annotation; what has none is known by its use, or by what is passed."""
    bound = scope.bindings.get(name, ())
    return any(one.kind == "parameter" and isinstance(one.node, ast.arg) and one.node.annotation for one in bound)


def _synchronous(models: Models) -> dict[str, str]:
    """The names of asynchronous classes, each with that of the synchronous one."""
    return {one.twin: one.name for one in models.classes.values() if one.twin}


def given_to(ev: Evaluator, root: ast.Name, scope: Scope) -> list[Type]:
    """What is seen to be passed for a parameter; empty where a name is none."""
    parameters = [one for one in scope.bindings[root.id] if one.kind == "parameter"]
    given = (each for one in parameters for each in ev.callers.given(one, scope))
    return [ev.type_of(argument, inner) for argument, inner, _ in given if argument is not None]


def is_asked_of_the_twin(ev: Evaluator, witness: Witness) -> bool:
    """Whether what a chain of calls comes to is asked of what its first call passes, and that is asynchronous, whatever the
    parameters on the way are declared as: it has no such method, or gives a coroutine, and nothing is waited for."""
    passed: set[str | None] = set()
    for number, (link, below) in enumerate(pairwise(witness.links)):
        callees = callees_of(ev, link.node, link.scope) if isinstance(link.node, ast.Call) else ()
        callee = next((one for one in callees if isinstance(one, Function) and one.scope is below.scope), None)
        given = by_parameter(callee, link.node) if callee is not None and isinstance(link.node, ast.Call) else {}
        passed = {
            name
            for name, one in given.items()
            if (isinstance(one, ast.Name) and one.id in passed)
            or (not number and _is_asynchronous(ev, one, link.scope))
        }
    last = witness.links[-1].node
    root = root_of(last) if isinstance(last, ast.Call) else None
    return isinstance(root, ast.Name) and root.id in passed


def _is_asynchronous(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether something is of a class that has a synchronous twin."""
    twins = ev.models.derived(_synchronous)
    found = alternatives(ev.type_of(node, scope))
    return all(isinstance(one, Instance) and one.base is not None and one.base.name in twins for one in found)


def has(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something may be of a class."""
    return any(is_of_class(ev, each, name) for each in alternatives(one))


def is_only(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something is of a class, whatever it is."""
    return all(is_of_class(ev, each, name) for each in alternatives(one))
