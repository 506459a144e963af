"""Members that are constants: ``Events.CREATED``, of a class that holds them or of an enumeration, and ``settings.is_eager`` of
an object that a module makes of a frozen dataclass; and ``getattr(order, "missing", None)`` of what has no such member."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.assumed import UNKNOWN, is_storable
from poolint.models.standard import EQUAL_TO_VALUES
from poolint.syntax.expressions import asked_by_name
from poolint.syntax.scopes import Scope
from poolint.types.following import origin
from poolint.types.mapped_classes import MappedClasses
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.set_by_name import is_set_by_name
from poolint.types.values import ClassObject, Instance, alternatives, without_none
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage
    from poolint.types.values import Type

_BY_NAMES: frozenset[Passage] = frozenset(("import", "attribute"))
"""What leads from a name to the object that a module makes."""


class ClassConstants:
    """Answers for one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev

    def of(self, node: ast.expr, scope: Scope) -> object:
        """What a member of a class or an object comes to, wherever that is asked for; ``UNKNOWN`` where it is no constant. A
        member of an enumeration that equals nothing else is its own full name."""
        if isinstance(node, ast.Call):
            return self._default(node, scope)
        if not isinstance(node, ast.Attribute):
            return UNKNOWN
        if node.attr == "value" and isinstance(node.value, ast.Attribute):
            found = self._member(node.value, scope)
            return found[1] if found is not None and found[0] else UNKNOWN
        found = self._member(node, scope)
        if found is None:
            return self._frozen(node, scope)
        bases, constant, name = found
        is_its_own = bool(bases) and EQUAL_TO_VALUES.isdisjoint(bases)
        return name if is_its_own else constant

    def _default(self, node: ast.Call, scope: Scope) -> object:
        """What ``getattr`` comes to that asks an object for what it has not."""
        name = asked_by_name(node)
        match node.args:
            case [owner, _, ast.Constant(default)] if name and is_storable(default):
                owners = alternatives(without_none(self.ev.type_of(owner, scope)))
                return default if owners and all(self._is_without(one, name) for one in owners) else UNKNOWN
        return UNKNOWN

    def _is_without(self, one: Type, name: str) -> bool:
        """Whether what a value is lacks an attribute, and nothing may set it by a name that is computed."""
        if not self.ev.derived(MappedClasses).lacks(one, name):
            return False
        owner = one.cls if isinstance(one, Instance) else None
        return isinstance(owner, Scope) and not is_set_by_name(self.ev, (owner, *self.ev.derived(Heirs).below(owner)))

    def _frozen(self, node: ast.Attribute, scope: Scope) -> object:
        """What a field of an object comes to that a module makes, where nobody can set it and the call leaves it out."""
        end = (
            origin(self.ev, node.value, scope, _BY_NAMES) if isinstance(node.value, (ast.Name, ast.Attribute)) else None
        )
        made = end.node if end is not None and end.scope.kind == "module" else None
        owner = self.ev.type_of(made.func, end.scope) if end is not None and isinstance(made, ast.Call) else None
        cls = owner.cls if isinstance(owner, ClassObject) and owner.cls is not owner.base else None
        if not isinstance(made, ast.Call) or not isinstance(cls, Scope) or not _is_frozen(cls):
            return UNKNOWN
        if made.args or any(one.arg in (None, node.attr) for one in made.keywords):
            return UNKNOWN
        bindings = cls.bindings.get(node.attr, ())
        default = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "annotated" else None
        return default.value if isinstance(default, ast.Constant) and is_storable(default.value) else UNKNOWN

    def _member(self, node: ast.Attribute, scope: Scope) -> tuple[set[str], object, str] | None:
        """The bases of the class that has a member, what that is bound to, and its full name; None of one that may change."""
        owner = self.ev.type_of(node.value, scope)
        cls = owner.cls if isinstance(owner, ClassObject) else None
        if not isinstance(cls, Scope) or not isinstance(cls.node, ast.ClassDef) or node.attr in cls.self_assignments:
            return None
        bases = _bases(self.ev, cls)
        if bases and not _is_of_enumeration(bases):
            return None
        bindings = cls.bindings.get(node.attr, ())
        made = bindings[0].value if len(bindings) == 1 and bindings[0].kind in ("assign", "annotated") else None
        name = f"{cls.module.name}.{cls.name}.{node.attr}"
        if isinstance(made, ast.Constant) and is_storable(made.value):
            return bases, made.value, name
        is_numbered = made is not None and bool(bases) and EQUAL_TO_VALUES.isdisjoint(bases)
        return (bases, UNKNOWN, name) if is_numbered else None


def _is_frozen(cls: Scope) -> bool:
    """Whether a class is a frozen dataclass that has all its fields itself, and only keeps them as an object is made."""
    node = cls.node
    if not isinstance(node, ast.ClassDef) or node.bases or not {"__init__", "__post_init__"}.isdisjoint(cls.bindings):
        return False
    made = [one for one in node.decorator_list if isinstance(one, ast.Call) and last_name(one.func) == "dataclass"]
    keywords = [keyword for one in made for keyword in one.keywords]
    return any(
        one.arg == "frozen" and isinstance(one.value, ast.Constant) and one.value.value is True for one in keywords
    )


def is_enumeration(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is an enumeration of the project: it has as many members as are written there."""
    one = ev.type_of(node, scope)
    family = lineage(ev, one) if isinstance(one, ClassObject) else ()
    return any(_is_of_enumeration(_bases(ev, cls)) for cls in family)


def _bases(ev: Evaluator, cls: Scope) -> set[str]:
    """The full names of the bases of a class."""
    around = cls.parent or cls
    return {ev.qualified_name(ev.type_of(one, around)) for one in getattr(cls.node, "bases", ())}


def _is_of_enumeration(bases: set[str]) -> bool:
    return any(one.startswith("enum.") for one in bases)
