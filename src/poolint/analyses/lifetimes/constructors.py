"""What constructors do with a session that they are passed: those of the project's classes, and what looks like others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import bound_to
from poolint.analyses.places import Places
from poolint.syntax.expressions import is_super_init
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.arguments import parameter_for
from poolint.types.members import lineage
from poolint.types.values import UNKNOWN, ClassObject, Function, LibraryName

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Instance

CONSTRUCTORS = ("__init__", "__post_init__", "__new__")
"""Methods that run as an object is made."""


def puts_by(ev: Evaluator, call: ast.Call, argument: ast.expr, scope: Scope) -> bool:
    """Whether a call does no more with an argument than to put it by, or to ask what kind of object it is, or what it is bound
    to.

    Constructors of the project's put by what becomes a field, or is assigned. What nobody knows is taken for one where what
    it gives becomes a part of an object.
    """
    made = ev.type_of(call.func, scope)
    if isinstance(made, LibraryName) and ev.models.ends("asks-about", made.name):
        return True
    if made is UNKNOWN or isinstance(made, LibraryName):
        around = parent_of(call)
        return isinstance(around, ast.Assign) and all(isinstance(one, ast.Attribute) for one in around.targets)
    keyword = next((one.arg for one in call.keywords if one.value is argument), None)
    if isinstance(made, Function):
        name = parameter_for(made, call, argument, keyword)
        return name is not None and _is_asked_for_its_engine(ev, name, made.scope)
    if not isinstance(made, ClassObject) or made.cls is made.base:
        return False
    steps = [ev.type_of_member(made.instance(), name) for name in CONSTRUCTORS]
    for step in steps:
        if isinstance(step, Function):
            name = parameter_for(step, call, argument, keyword)
            if name is None or not _is_put_by(ev, name, step.scope):
                return False
    return True


def _is_asked_for_its_engine(ev: Evaluator, name: str, function: Scope) -> bool:
    """Whether a function does nothing with a parameter but to ask what it is bound to: ``session.get_bind()``."""
    loads, words = function.loads.get(name, ()), ev.models.words("bound-to")
    asked = [parent_of(one) for one in loads]
    return bool(loads) and all(isinstance(one, ast.Attribute) and one.attr in words for one in asked)


def put_at(ev: Evaluator, owner: Instance, call: ast.Call, argument: ast.expr) -> list[str]:
    """The paths from an object at which its constructor puts one argument of the call that makes it."""
    places, family = ev.derived(Places), lineage(ev, owner)
    for at, cls in enumerate(family):
        init = next((one for one in cls.children if one.name == "__init__" and one.kind == "function"), None)
        if init is not None:
            given = {name: name for name, one in bound_to(init, call, is_method=True).items() if one is argument}
            return list(places.attributes_set(family[at:], init, given, 0))
    return [name for name, one in places.for_fields(family[0], call).items() if one is argument]


def _is_put_by(ev: Evaluator, name: str, scope: Scope) -> bool:
    """Whether a constructor only assigns a parameter, or hands it up to that of its base, which does no more."""
    return all(_is_assigned(load) or _is_handed_up(ev, load, inner) for inner, load in reads_of(name, scope))


def _is_assigned(load: ast.expr) -> bool:
    """Whether something, or a part of it, is given a name or made a member: ``self.session = orders.session``."""
    parent = parent_of(load)
    while isinstance(parent, ast.Attribute):
        load, parent = parent, parent_of(parent)
    return isinstance(parent, (ast.Assign, ast.AnnAssign)) and parent.value is load


def _is_handed_up(ev: Evaluator, load: ast.expr, scope: Scope) -> bool:
    """Whether something is passed to ``super().__init__(…)``, of a class of the project that only puts it by."""
    around = parent_of(load)
    call = parent_of(around) if isinstance(around, ast.keyword) else around
    if not (isinstance(call, ast.Call) and is_super_init(call)):
        return False
    step = ev.type_of(call.func, scope)
    if not isinstance(step, Function) or step.scope is scope:
        return False
    name = parameter_for(step, call, load, around.arg if isinstance(around, ast.keyword) else None)
    return name is not None and _is_put_by(ev, name, step.scope)
