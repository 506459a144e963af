"""Classes of rows: which they are, and what they surely lack: what asks such a class for a column that it has not raises at
once."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import last_name
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.set_by_name import sets_by_name
from poolint.types.set_outside import assignments
from poolint.types.values import ClassObject, Instance, LibraryName

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_MAPPED = ("__tablename__", "__table__")
"""What a class has that is mapped to a table."""

_OPEN = frozenset({"__getattr__", "__table__", "__new__", "__init_subclass__", "__class_getitem__"})
"""What may give a class, or those below it, attributes that are written nowhere."""

_NESTED = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp, ast.stmt)
"""What need not evaluate all that stands in it, or does so later; and where an expression ends."""


class MappedClasses:
    """Answers for the classes of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._maps = ev.models.manners["maps-rows"]
        self._maps_if = ev.models.manners["maps-if"]
        self._beside = ev.models.manners["mixes-into-rows"]
        self._of_all = ev.models.words("of-all-rows")
        self._adding = ev.models.words("maps-relationship", "adds-attribute")
        self._lineages: dict[Scope, tuple[Scope, ...]] = {}
        self._failing: dict[Scope, frozenset[ast.Call]] = {}

    def failing(self, scope: Scope) -> frozenset[ast.Call]:
        """The calls of a function that are never made: what they are passed, or made on, asks a class for what it lacks."""
        found = self._failing.get(scope)
        if found is None:
            nodes = (one for one in scope.attributes if self._is_missing(one, scope))
            found = frozenset(filter(None, map(_call_around, nodes)))
            if self.ev.is_idle:
                self._failing[scope] = found
        return found

    def lacks(self, one: Type, name: str) -> bool:
        """Whether what a value is, a row or another object, has no such attribute for certain, and nobody gives any object one:
        to ask it for that raises ``AttributeError``."""
        if not isinstance(one, Instance):
            return False
        return self.ev.derived(Heirs).nobody_has(one, name) or self._row_lacks(one, name)

    def _row_lacks(self, one: Instance, name: str) -> bool:
        """The same of a row of a class that is mapped, and of one of a class below it."""
        owner = one.cls
        if (
            not isinstance(owner, Scope)
            or name.startswith("_")
            or name in self._of_all
            or not self._has_no(owner, name)
        ):
            return False
        below = self.ev.derived(Heirs).all_below(owner)
        if below is None or not all(self._has_no(each, name) for each in below):
            return False
        if any(sets_by_name(self.ev, one) for one in (*self._classes(owner), *below)):
            return False
        return next(assignments(self.ev, name, owner.module), None) is None

    def is_mapped(self, one: Instance | ClassObject) -> bool:
        """Whether a class, or that of an object, is mapped to a table: it names that, or its header says so."""
        classes = lineage(self.ev, one)
        if any(name in cls.bindings for cls in classes for name in _MAPPED):
            return True
        node = classes[0].node if classes else None
        header = node.keywords if isinstance(node, ast.ClassDef) else ()
        said = [each.arg for each in header if isinstance(each.value, ast.Constant) and each.value.value is True]
        if not said:
            return False
        found = {self.ev.type_of(base, cls.parent or cls) for cls in classes for base in _bases(cls)}
        names = [base.name for base in found if isinstance(base, LibraryName)]
        return any(f"{name}.{word}" in self._maps_if for name in names for word in said)

    def _is_missing(self, node: ast.Attribute, scope: Scope) -> bool:
        owner = node.value
        if not (isinstance(owner, ast.Name) and owner.id[:1].isupper() and isinstance(node.ctx, ast.Load)):
            return False  # most of them
        if node.attr.startswith("_") or node.attr in self._of_all:
            return False
        cls = self.ev.type_of(owner, scope)
        if not isinstance(cls, ClassObject) or not isinstance(cls.cls, Scope):
            return False
        return self._has_no(cls.cls, node.attr)

    def _has_no(self, cls: Scope, name: str) -> bool:
        classes = self._classes(cls)
        return bool(classes) and not any(_has(one, name) for one in classes) and self._is_nowhere(name, cls)

    def _classes(self, cls: Scope) -> tuple[Scope, ...]:
        """A class of rows and its bases in the project; none where something else may be among them."""
        if cls not in self._lineages:
            classes = tuple(lineage(self.ev, ClassObject(cls, None)))
            is_mapped = any(self._maps_rows(base, one) for one in classes for base in _bases(one))
            is_closed = all(self._is_known(base, one, classes) for one in classes for base in _bases(one))
            self._lineages[cls] = classes if is_mapped and is_closed and not any(map(_is_open, classes)) else ()
        return self._lineages[cls]

    def _is_known(self, base: ast.expr, cls: Scope, classes: tuple[Scope, ...]) -> bool:
        found = self.ev.type_of(base, cls.parent or cls)
        is_beside = isinstance(found, LibraryName) and found.name in self._beside
        return is_beside or (isinstance(found, ClassObject) and found.cls in classes) or self._maps_rows(base, cls)

    def _maps_rows(self, base: ast.expr, cls: Scope) -> bool:
        """Whether a base is a library's for classes of rows, or what such a function of it has made."""
        around = cls.parent or cls
        if self._is_of_library(self.ev.type_of(base, around)):
            return True
        made = origin(self.ev, base, around)
        return made.scope.kind == "module" and self._is_made(made.node, made.scope)

    def _is_made(self, value: ast.AST | None, scope: Scope) -> bool:
        if not isinstance(value, ast.Call) or any(one.arg in (None, "cls", "metaclass") for one in value.keywords):
            return False  # what it is given as `cls` gives all rows its own methods
        return self._is_of_library(self.ev.type_of(value.func, scope))

    def _is_of_library(self, one: Type) -> bool:
        return isinstance(one, LibraryName) and one.name in self._maps

    def _is_nowhere(self, name: str, cls: Scope) -> bool:
        """Whether nobody gives it to the class from outside: ``backref="items"``, or an assignment to the class."""
        project = self.ev.project
        naming = map(project.module, project.saying(name, cls.module))
        if any(self._gives(name, one) for one in naming if one is not None):
            return False
        return all(last_name(owner) != cls.name for _, owner, _ in assignments(self.ev, name, cls.module))

    def _gives(self, name: str, module: Module) -> bool:
        """Whether a module passes a name to what gives it to another class: the other side of a relationship, ``setattr``."""
        calls = (call for scope in module.scope.descendants() for call in scope.calls_named(self._adding))
        return any(isinstance(one, ast.Constant) and one.value == name for call in calls for one in ast.walk(call))


def _bases(cls: Scope) -> list[ast.expr]:
    return cls.node.bases if isinstance(cls.node, ast.ClassDef) else []


def _has(cls: Scope, name: str) -> bool:
    return name in cls.bindings or name in cls.self_assignments or name in cls.declared


def _is_open(cls: Scope) -> bool:
    node = cls.node
    assert isinstance(node, ast.ClassDef)
    return bool(node.decorator_list or node.keywords) or not _OPEN.isdisjoint(cls.bindings)


def _call_around(node: ast.expr) -> ast.Call | None:
    """The call that cannot be made before an expression is evaluated."""
    current: ast.AST | None = parent_of(node)
    while current is not None and not isinstance(current, _NESTED):
        if isinstance(current, ast.Call):
            return current
        current = parent_of(current)
    return None
