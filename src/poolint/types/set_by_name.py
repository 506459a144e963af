"""Members that objects get by names which are put together: ``setattr(order, field, value)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.types.evaluator import Evaluator

_SETTING = frozenset({"setattr", "__setattr__", "vars"})


def sets_by_name(ev: Evaluator, cls: Scope) -> bool:
    """Whether a class gives its objects, or itself, members whose names it does not write, or makes others in their place."""
    if "__new__" in cls.bindings or index_of(cls).on_self("__dict__"):
        return True
    return any(_may_be_of(ev, owner, inner, (cls,)) for inner in cls.descendants() for owner in _owners(inner))


def is_class_set_by_name(ev: Evaluator, classes: tuple[Scope, ...]) -> bool:
    """Whether anything of the project gives one of some classes itself members by names that it puts together, or gives what
    it makes there to an object of which it is not known what it is."""
    near = classes[0].module
    modules = (module for path in ev.project.saying("setattr", near) if (module := ev.project.module(path)) is not None)
    for scope in (scope for module in modules for scope in module.scope.descendants()):
        for owner in filter(None, _owners(scope)):
            call = parent_of(owner)
            value = call.args[-1] if isinstance(call, ast.Call) else None
            is_made = isinstance(value, ast.Call)
            for one in alternatives(ev.type_of(owner, scope)):
                if one.cls in classes if isinstance(one, ClassObject) else is_made:
                    return True
    return False


def is_set_by_name(ev: Evaluator, classes: tuple[Scope, ...]) -> bool:
    """Whether anything of the project may give objects of these classes members by names that it puts together: what sets
    some on an object of which it is not known what it is."""
    near = classes[0].module
    paths = dict.fromkeys(path for word in ("setattr", "__dict__", "vars") for path in ev.project.saying(word, near))
    modules = (module for path in paths if (module := ev.project.module(path)) is not None)
    return any(
        _may_be_of(ev, owner, scope, classes)
        for module in modules
        for scope in module.scope.descendants()
        for owner in (*_owners(scope), *_dictionaries(scope))
    )


def _owners(scope: Scope) -> Iterator[ast.expr | None]:
    """What members are set on by computed names; None where that cannot be seen."""
    for call in scope.calls_named(_SETTING):
        name = call.args[1] if len(call.args) > 1 else None
        if isinstance(call.func, ast.Name) and not isinstance(name, ast.Constant):
            yield call.args[0] if call.args else None
        elif not isinstance(call.func, ast.Name):
            yield None


def _dictionaries(scope: Scope) -> Iterator[ast.expr]:
    """The objects whose dictionaries are changed: ``order.__dict__.update(fields)``."""
    for one in scope.attributes:
        user = parent_of(one) if one.attr == "__dict__" else None
        if isinstance(user, ast.Attribute) or (isinstance(user, ast.Subscript) and isinstance(user.ctx, ast.Store)):
            yield one.value


def _may_be_of(ev: Evaluator, owner: ast.expr | None, scope: Scope, classes: tuple[Scope, ...]) -> bool:
    """Whether an expression may be an object of one of some classes, or of one below them, or such a class itself."""
    if owner is None:
        return True
    for one in alternatives(ev.type_of(owner, scope)):
        if not isinstance(one, (Instance, ClassObject)):
            return True
        if isinstance(one.cls, Scope) and (one.cls in classes or not set(lineage(ev, one)).isdisjoint(classes)):
            return True
    return False
