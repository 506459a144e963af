"""Classes of rows: which they are, and what they surely lack: what asks such a class for a column that it has not raises at
once, and so does who makes a row with one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import call_arguments, last_name
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.arguments import is_named
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.set_by_name import is_class_set_by_name, sets_by_name
from poolint.types.set_outside import assignments
from poolint.types.values import UNKNOWN, ClassObject, Instance, LibraryName, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.syntax.bindings import Binding
    from poolint.syntax.project import Module
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_MAPPED = ("__tablename__", "__table__")
"""What a class has that is mapped to a table."""

_OPEN = frozenset({"__getattr__", "__table__", "__table_cls__", "__new__", "__init_subclass__", "__class_getitem__"})
"""What may give a class, or those below it, attributes that are written nowhere."""

_OPTIONS = ("__table_args__", "__mapper_args__")
"""What a class says of its table, and of how it is mapped."""

_WRITING = frozenset({"locals", "vars", "exec"})
"""What makes names in the body of a class that no statement has."""

_NESTED = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp, ast.stmt)
"""What need not evaluate all that stands in it, or does so later; and where an expression ends."""


class MappedClasses:
    """Answers for the classes of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._maps = ev.models.manners["maps-rows"]
        self._maps_if = ev.models.manners["maps-if"]
        self._otherwise = ev.models.words("maps-otherwise")
        self._beside = ev.models.manners["mixes-into-rows"]
        self._refusing = ev.models.manners["refuses-fields"]
        self._changing = ev.models.words("changes-fields")
        registering = ev.models.manners["registers"] | ev.models.manners["registers-decorated"]
        mapping = {name.partition(".")[0] for name in self._refusing}
        self._registering = {name.rpartition(".")[2] for name in registering if name.partition(".")[0] in mapping}
        self._widening = ev.models.words("adds-columns")
        self._of_all = ev.models.words("of-all-rows")
        self._adding = ev.models.words("maps-relationship", "adds-attribute")
        adding = ev.models.manners["adds-attribute"]
        self._naming = {name.rpartition(".")[2] for name in adding if name.partition(".")[0] in mapping}
        self._lineages: dict[Scope, tuple[Scope, ...]] = {}
        self._is_plain: dict[Scope, bool] = {}
        self._widened: dict[Scope, bool] = {}
        self._lacking: dict[tuple[Scope, str], bool] = {}
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

    def refuses(self, cls: ClassObject, call: ast.Call, scope: Scope) -> bool:
        """Whether a call that would make a row surely raises ``TypeError``: it passes what is no attribute of the class, or has
        no name, and the class has the constructor that its library gives it."""
        owner = cls.cls
        if not isinstance(owner, Scope) or not (call.args or call.keywords):
            return False
        classes = self._classes(owner)
        if not classes or not is_named(call.func, owner, scope):
            return False
        names = [
            one.arg for one in call.keywords if one.arg is not None and not any(_has(cls, one.arg) for cls in classes)
        ]
        is_in_order = any(not isinstance(one, ast.Starred) for one in call.args)
        if not (names or is_in_order) or not self._asked(self._is_plain, owner, self._is_made_as_given):
            return False
        return is_in_order or any(self._is_no_field(one, owner) for one in names)

    def _is_no_field(self, name: str, cls: Scope) -> bool:
        return not name.startswith("_") and name not in self._of_all and self._has_no(cls, name)

    def _is_made_as_given(self, cls: Scope) -> bool:
        """Whether the constructor that their library gives to classes of rows makes those of a class, with all that is passed."""
        classes = self._classes(cls)
        if not all(map(_hands_on, classes)) or not all(map(self._keeps_constructor, classes)):
            return False
        return next(assignments(self.ev, "__init__", cls.module), None) is None and not self._is_listened_to(cls)

    def _asked(self, known: dict[Scope, bool], cls: Scope, ask: Callable[[Scope], bool]) -> bool:
        """What has been found out of a class, or is now."""
        found = known.get(cls)
        if found is None:
            found = ask(cls)
            if self.ev.is_idle:
                known[cls] = found
        return found

    def _keeps_constructor(self, cls: Scope) -> bool:
        """Whether neither a base of a class that is a library's brings a constructor, nor what keeps the mapped classes."""
        found = [self._library_base(base, cls) for base in _bases(cls)]
        own = [
            binding.value
            for binding in cls.bindings.get("registry", ())
            if binding.kind != "annotated" or binding.value
        ]
        is_plain = all(isinstance(one, ast.Call) and not self._is_otherwise(one) for one in own)
        return is_plain and self._refusing.issuperset(filter(None, found))

    def _is_listened_to(self, cls: Scope) -> bool:
        """Whether anybody may change what the constructor of a class is passed."""
        project = self.ev.project
        modules = [
            project.module(path) for word in sorted(self._registering) for path in project.saying(word, cls.module)
        ]
        calls = (
            call
            for one in modules
            if one is not None
            for scope in one.scope.descendants()
            for call in scope.calls_named(self._registering)
        )
        return any(self._may_change(call) for call in calls)

    def _may_change(self, call: ast.Call) -> bool:
        """Whether a listener is for what changes the fields that a constructor is passed, or may be, as the event is no text."""
        said = [
            one.value for one in call_arguments(call) if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        return not said or not self._changing.isdisjoint(said)

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
        if not classes or any(_has(one, name) for one in classes):
            return False
        found = self._lacking.get((cls, name))
        if found is None:
            found = self._is_nowhere(name, cls)
            if self.ev.is_idle:
                self._lacking[cls, name] = found
        return found

    def _classes(self, cls: Scope) -> tuple[Scope, ...]:
        """A class of rows and its bases in the project; none where something else may be among them."""
        if cls not in self._lineages:
            classes = tuple(lineage(self.ev, ClassObject(cls, None)))
            is_mapped = any(self._maps_rows(base, one) for one in classes for base in _bases(one))
            is_closed = all(self._is_known(base, one, classes) for one in classes for base in _bases(one))
            self._lineages[cls] = classes if is_mapped and is_closed and not any(map(self._is_open, classes)) else ()
        return self._lineages[cls]

    def _is_open(self, cls: Scope) -> bool:
        """Whether a class may have what is written nowhere, or has columns that are written elsewhere."""
        node = cls.node
        assert isinstance(node, ast.ClassDef)
        if node.decorator_list or node.keywords or not _OPEN.isdisjoint(cls.bindings):
            return True
        said = [binding for name in _OPTIONS for binding in cls.bindings.get(name, ())]
        return any(map(self._widens, said)) or any(cls.calls_named(_WRITING))

    def _widens(self, said: Binding) -> bool:
        """Whether options of a class may name what gives it such columns: they do so, or not all of them can be seen."""
        if said.kind != "function" and not isinstance(said.value, (ast.Dict, ast.Tuple, ast.Call)):
            return said.kind != "annotated" or said.value is not None
        for one in ast.walk(said.node if said.kind == "function" else said.value or said.node):
            if isinstance(one, ast.Return) and not isinstance(one.value, (ast.Dict, ast.Tuple)):
                return True
            if isinstance(one, ast.Starred) or (isinstance(one, ast.Dict) and None in one.keys):
                return True
            if isinstance(one, ast.keyword) and (one.arg is None or one.arg in self._widening):
                return True
            if isinstance(one, ast.Constant) and one.value in self._widening:
                return True
        return False

    def _is_known(self, base: ast.expr, cls: Scope, classes: tuple[Scope, ...]) -> bool:
        found = self.ev.type_of(base, cls.parent or cls)
        is_beside = isinstance(found, LibraryName) and found.name in self._beside
        return is_beside or (isinstance(found, ClassObject) and found.cls in classes) or self._maps_rows(base, cls)

    def _maps_rows(self, base: ast.expr, cls: Scope) -> bool:
        return self._library_base(base, cls) in self._maps

    def _library_base(self, base: ast.expr, cls: Scope) -> str:
        """The name of a base that a library has for classes of rows, or mixes into them, of the function of it that has made
        one, or of one that belongs to an object; empty for others."""
        around = cls.parent or cls
        found = self.ev.type_of(base, around)
        if isinstance(found, LibraryName) and found.name in self._maps | self._beside:
            return found.name
        owned = found.base if isinstance(found, ClassObject) and found.cls is found.base else None
        if owned is not None and (owned.name not in self._maps or not isinstance(base, ast.Attribute)):
            return ""
        if isinstance(base, ast.Attribute) and next(assignments(self.ev, base.attr, cls.module), None) is not None:
            return ""  # it may have been replaced
        made = origin(self.ev, base.value if owned is not None and isinstance(base, ast.Attribute) else base, around)
        if made.scope.kind != "module" or not isinstance(made.node, ast.Call) or self._is_otherwise(made.node):
            return ""
        maker = self.ev.type_of(made.node.func, made.scope)
        if owned is not None:
            return owned.name if isinstance(maker, ClassObject) and maker.cls is maker.base else ""
        return maker.name if isinstance(maker, LibraryName) and maker.name in self._maps else ""

    def _is_otherwise(self, made: ast.Call) -> bool:
        """Whether what makes a base is told to give all rows something of its own."""
        return len(made.args) > 1 or any(one.arg is None or one.arg in self._otherwise for one in made.keywords)

    def _is_nowhere(self, name: str, cls: Scope) -> bool:
        """Whether nobody gives it to the class from outside: ``backref="items"``, or an assignment to the class."""
        project = self.ev.project
        naming = map(project.module, project.saying(name, cls.module))
        if any(self._gives(name, one) for one in naming if one is not None):
            return False
        if any(self._is_of_class(*one, cls) for one in assignments(self.ev, name, cls.module)):
            return False
        return not self._asked(self._widened, cls, self._is_widened)

    def _is_widened(self, cls: Scope) -> bool:
        """Whether anybody gives a class attributes by names that are put together."""
        project = self.ev.project
        paths = dict.fromkeys(path for word in sorted(self._adding) for path in project.saying(word, cls.module))
        modules = [one for one in map(project.module, paths) if one is not None]
        calls = (call for one in modules for each in one.scope.descendants() for call in each.calls_named(self._adding))
        if not all(map(self._says_name, calls)):
            return True
        return is_class_set_by_name(self.ev, self._classes(cls))

    def _says_name(self, call: ast.Call) -> bool:
        """Whether a call that gives an attribute to a class, if it does, writes its name: ``backref="items"``."""
        if last_name(call.func) in self._naming and not isinstance(next(iter(call.args), None), ast.Constant):
            return False
        given = [one.value for one in call.keywords if one.arg in self._adding]
        return all(
            isinstance(one, ast.Constant) or (isinstance(one, ast.Call) and last_name(one.func) in self._naming)
            for one in given
        )

    def _is_of_class(self, binding: Binding, owner: ast.expr, scope: Scope, cls: Scope) -> bool:
        """Whether an attribute that is set outside may be one of a class, and not of a row."""
        classes = self._classes(cls)
        if last_name(owner) in {one.name for one in classes} | {
            last_name(each) for one in classes for each in _bases(one)
        }:
            return True
        if isinstance(binding.value, ast.Call) and self.ev.type_of(owner, scope) is UNKNOWN:
            return True
        return any(
            isinstance(one, ClassObject) and one.cls in classes for one in alternatives(self.ev.type_of(owner, scope))
        )

    def _gives(self, name: str, module: Module) -> bool:
        """Whether a module passes a name to what gives it to another class: the other side of a relationship, ``setattr``."""
        calls = (call for scope in module.scope.descendants() for call in scope.calls_named(self._adding))
        return any(isinstance(one, ast.Constant) and one.value == name for call in calls for one in ast.walk(call))


def _bases(cls: Scope) -> list[ast.expr]:
    return cls.node.bases if isinstance(cls.node, ast.ClassDef) else []


def _has(cls: Scope, name: str) -> bool:
    return name in cls.bindings or name in cls.self_assignments or name in cls.declared


def _hands_on(cls: Scope) -> bool:
    """Whether a class has no constructor, or one that begins with handing all on: ``super().__init__(**fields)``."""
    if not _has(cls, "__init__"):
        return True
    made = [binding.node for binding in cls.bindings.get("__init__", ())]
    node = made[0] if len(made) == 1 else None
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or node.args.kwarg is None:
        return False
    taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    expected = f"super().__init__(**{node.args.kwarg.arg})"
    return len(taken) == 1 and node.args.vararg is None and bool(body) and ast.unparse(body[0]) == expected


def _call_around(node: ast.expr) -> ast.Call | None:
    """The call that cannot be made before an expression is evaluated."""
    current: ast.AST | None = parent_of(node)
    while current is not None and not isinstance(current, _NESTED):
        if isinstance(current, ast.Call):
            return current
        current = parent_of(current)
    return None
