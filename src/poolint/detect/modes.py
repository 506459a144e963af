"""Of which mode the sessions are that come to a function by its parameters: synchronous, or asynchronous."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.evidence import is_of_class
from poolint.types.values import alternatives

if TYPE_CHECKING:
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


def has(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something may be of a class."""
    return any(is_of_class(ev, each, name) for each in alternatives(one))


def is_only(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something is of a class, whatever it is."""
    return all(is_of_class(ev, each, name) for each in alternatives(one))
