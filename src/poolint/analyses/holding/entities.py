"""Which session the classes work with that ask for their objects: ``Order.query``.

It is that of the registry whose ``Model`` the class is derived from. A function that is passed any such class, as ``cls`` or
otherwise, uses the session of whatever it is passed: who calls it knows which.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.holding import root_of, source_of
from poolint.flow.flags import name_of
from poolint.syntax.scopes import Scope
from poolint.types.arguments import parameter_for
from poolint.types.class_attributes import set_on
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.values import ClassObject, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Function


class Registry(NamedTuple):
    """A registry of the project: the path of the module that binds it, or what has it, the name there, the path from that
    with a dot before it, and its class.

    Without a module it is the registry of the class that a function is passed for the parameter of that name.
    """

    module: str
    name: str
    path: str
    cls: str


class Entities:
    """Answers for the functions of one project; ``at`` finds the registry at a place of a function."""

    def __init__(self, ev: Evaluator, at: Callable[[str, Scope], Registry | None]) -> None:
        self.ev = ev
        self._at = at
        self._sessions = _sessions(ev.models)
        self._passed: dict[Scope, tuple[Registry, ...]] = {}

    def of(self, node: ast.Attribute, scope: Scope) -> Registry | None:
        """The registry that ``Order.query`` works with."""
        return self._of_class(node.value, f".{node.attr}", scope)

    def meant(self, registry: Registry, callee: Function, call: ast.Call, scope: Scope) -> Registry | None:
        """The registry that a function means by one of a class that it is passed, where it is called like this."""
        first = callee.scope.first_parameter
        if callee.receiver is not None and first is not None and first.arg == registry.name:
            return (
                self._of_class(call.func.value, registry.path, scope) if isinstance(call.func, ast.Attribute) else None
            )
        for keyword, argument in arguments_of(call):
            if parameter_for(callee, call, argument, keyword) == registry.name:
                return self._of_class(argument, registry.path, scope)
        return None

    def passed(self, scope: Scope) -> tuple[Registry, ...]:
        """The registries of classes that a function is passed, as far as it asks them for their objects."""
        found = self._passed.get(scope)
        if found is None:
            roots = [source_of(self.ev, call, scope) for call in scope.calls]
            asked = [
                self.of(one, scope) for one in roots if isinstance(one, ast.Attribute) and _is_passed(one.value, scope)
            ]
            found = self._passed[scope] = tuple(
                dict.fromkeys(one for one in asked if one is not None and not one.module)
            )
        return found

    def _of_class(self, node: ast.expr, path: str, scope: Scope) -> Registry | None:
        found = alternatives(self.ev.type_of(node, scope))
        owner = found[0] if len(found) == 1 and isinstance(found[0], (ClassObject, Instance)) else None
        if owner is None or owner.cls is not owner.base:
            made = self._made(owner, path[1:]) if owner is not None else None
            if made is not None:
                return made
        asking = self._asking(owner) if owner is not None else None
        if owner is None or asking is None or not asking.runs_on:
            return None
        for cls in lineage(self.ev, owner):
            for base in getattr(cls.node, "bases", ()):
                place = name_of(base).rpartition(".")[0]
                registry = self._at(f"{place}.{asking.runs_on}", cls.parent or cls) if place else None
                if registry is not None:
                    return registry
        session = self._sessions.get(asking.name)
        if session is None or not _is_passed(node, scope):
            return None
        return self._at_hand(session, scope) or Registry("", name_of(node), path, session)

    def _asking(self, owner: ClassObject | Instance) -> Class | None:
        """The class of a library by which a class asks for its objects; of one that is mixed in, that of those below it."""
        if owner.base is None and isinstance(owner.cls, Scope):
            return self.ev.derived(Heirs).mixed_with(owner.cls)
        return owner.base

    def _made(self, owner: ClassObject | Instance, attribute: str) -> Registry | None:
        """The registry that has made what a class has for asking for its objects: ``query = session.query_property()``."""
        classes = lineage(self.ev, owner)
        own = next(((found[-1], cls.parent or cls) for cls in classes if (found := cls.bindings.get(attribute))), None)
        set_ = own or set_on(self.ev, classes, attribute)
        value = set_[0].value if set_ is not None else None
        if set_ is None or not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
            return None
        return self._at(name_of(value.func.value), set_[1]) if name_of(value.func.value) else None

    def _at_hand(self, session: str, scope: Scope) -> Registry | None:
        """The registry of this class that a function itself calls: beside that, it means no other."""
        roots = (root_of(call) for call in scope.calls)
        found = (self._at(place, scope) for root in roots if root is not None and (place := name_of(root)))
        return next((one for one in found if one is not None and one.module and one.cls == session), None)


def _is_passed(node: ast.expr, scope: Scope) -> bool:
    """Whether a name is a parameter of a function, and nothing else there."""
    bindings = scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
    return bool(bindings) and all(one.kind in ("parameter", "narrowed") for one in bindings)


def _sessions(models: Models) -> dict[str, str]:
    """The classes of libraries that ask for the objects of those derived from them, each with the class of its session."""
    return {
        name: cls.attributes[models.classes[name].runs_on]
        for cls in models.classes.values()
        for name in cls.classes.values()
        if models.classes[name].runs_on in cls.attributes
    }
