"""Which values are plain data, or objects of some library: what no session can expire, detach or load again.

Whatever cannot be known is not plain: an object of an unknown class may be an entity, and reading one after the commit
may reach the database, or fail.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from poolint.analyses.sinks import EXTERNAL
from poolint.models import standard
from poolint.syntax.scopes import nearest
from poolint.types.call_sites import call_site
from poolint.types.unmodelled import DATABASE
from poolint.types.values import ClassObject, Function, Instance, LibraryFunction, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.models.loader import Models
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 12


def is_database(one: object) -> bool:
    """Whether a value is an object of a library that works on a database."""
    return any(
        isinstance(member, Instance) and member.base is not None and member.base.kind in DATABASE
        for member in alternatives(one)  # type: ignore[arg-type]
    )


class Values:
    """Answers for the expressions of one function."""

    def __init__(self, ev: Evaluator, scope: Scope) -> None:
        self.ev = ev
        self.scope = scope
        self._names: dict[str, bool] = {}
        self._scalars: dict[str, bool] = {}
        self._classes: dict[object, bool] = {}

    def is_plain(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether the value that an expression had when it was evaluated is plain."""
        if depth > _MAX_DEPTH:
            return False
        if self.is_scalar(node, depth):
            return True
        if isinstance(node, ast.Name):
            return self.is_plain_name(node.id)
        if isinstance(node, (ast.Await, ast.Starred, ast.NamedExpr)):
            return self.is_plain(node.value, depth + 1)
        if isinstance(node, ast.Attribute):
            return self._is_plain_attribute(node, depth)
        if isinstance(node, ast.Call):
            return self._is_plain_call(node, depth)
        if isinstance(node, ast.IfExp):
            return self.is_plain(node.body, depth + 1) and self.is_plain(node.orelse, depth + 1)
        if isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.BoolOp, ast.BinOp)):
            return all(self.is_plain(one, depth + 1) for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))
        if isinstance(node, ast.Subscript):
            return self.is_plain(node.value, depth + 1)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self.is_plain(node.elt, depth + 1)
        return isinstance(node, ast.DictComp) and self.is_plain(node.value, depth + 1)

    def is_scalar(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether it is a number, a text or the like, which nothing can change."""
        if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Compare)):
            return True
        if isinstance(node, ast.Name):
            return self._is_scalar_name(node.id)
        if isinstance(node, ast.Attribute):
            return node.attr == "id" or node.attr.endswith("_id")  # a key, never another entity
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.Not) or self.is_scalar(node.operand, depth + 1)
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in standard.SCALARS

    # Names

    def is_plain_name(self, name: str) -> bool:
        """Whether all that a name is bound to in this function is plain."""
        if name not in self._names:
            self._names[name] = False  # for what leads round in a circle
            self._names[name] = self._is_own(name, self._is_plain_binding)
        return self._names[name]

    def is_read_out(self, name: str, depth: int = 0) -> bool:
        """Whether a name surely holds plain data that has been read whole: no result that still reads."""
        bindings = [one for one in self.scope.bindings.get(name, ()) if one.kind != "narrowed"]
        if not bindings or depth > _MAX_DEPTH or not self.is_plain_name(name):
            return False
        return all(one.value is not None and self.is_whole(one.value, depth) for one in bindings)

    def is_whole(self, node: ast.expr, depth: int = 0) -> bool:
        """The same of an expression."""
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Name):
            return self.is_read_out(node.id, depth + 1)
        return (
            isinstance(node, ast.Call) and last_name(node.func) in self.ev.models.words("reads-rows")
        ) or self.is_scalar(node)

    def _is_scalar_name(self, name: str) -> bool:
        if name not in self._scalars:
            self._scalars[name] = False
            self._scalars[name] = name in self.scope.bindings and self._is_own(name, self._is_scalar_binding)
        return self._scalars[name]

    def _is_own(self, name: str, is_fine: Callable[[Binding], bool]) -> bool:
        found = self.scope.bindings.get(name)
        if found is None:
            return name not in ("self", "cls") and self._is_of_module(name)
        return all(is_fine(one) for one in found if one.kind != "narrowed")

    def _is_of_module(self, name: str) -> bool:
        """Whether a name from outside is the module's, or a builtin: what another function binds is not looked at."""
        around = self.scope.parent
        while around is not None and (around.kind == "class" or name not in around.bindings):
            around = around.parent
        return around is None or around.kind == "module"

    def _is_scalar_binding(self, binding: Binding) -> bool:
        if binding.annotation is not None:
            return _named(binding.annotation, self.ev.models)
        value = binding.value if binding.kind == "assign" and binding.index < 0 else None
        return value is not None and self.is_scalar(value)

    def _is_plain_binding(self, binding: Binding) -> bool:
        if binding.kind in ("function", "class"):
            return all(map(self.is_plain_name, captured(self.scope, binding.node)))
        if binding.kind == "import" or isinstance(binding.node, ast.ExceptHandler):
            return True
        if binding.annotation is not None and is_plain_annotation(self.ev.models, binding.annotation):
            return True
        if binding.index < 0 and self._is_of_library(self.ev.binding(binding, self.scope)):
            return True
        if binding.kind in ("assign", "annotated", "for", "with") and binding.value is not None:
            return binding.annotation is None and self.is_plain(binding.value)
        return False

    def _is_of_library(self, one: object) -> bool:
        """Whether a value surely is an object of a library beside the database, or of a class that is no entity's."""
        found = alternatives(one)  # type: ignore[arg-type]
        return bool(found) and all(isinstance(member, Instance) and self._is_free(member) for member in found)

    def _is_free(self, one: Instance) -> bool:
        if one.base is not None:
            return one.base.kind not in DATABASE
        return self._is_no_entity(one.cls, 0)

    def _is_no_entity(self, cls: object, depth: int) -> bool:
        """Whether a class of the project inherits from nothing that could make it an entity's, and has none in it."""
        node = getattr(cls, "node", None)
        if not isinstance(node, ast.ClassDef) or depth > _MAX_DEPTH:
            return False
        if cls not in self._classes:
            self._classes[cls] = True  # for what leads round in a circle
            scope: Scope = cls  # type: ignore[assignment]
            self._classes[cls] = self._has_plain_bases(scope, node, depth) and self._has_plain_fields(scope, depth)
        return self._classes[cls]

    def _has_plain_bases(self, scope: Scope, node: ast.ClassDef, depth: int) -> bool:
        for base in node.bases:
            if last_name(base.value if isinstance(base, ast.Subscript) else base) in self.ev.models.words(
                "maps-nothing"
            ):
                continue
            known = alternatives(self.ev.type_of(base, scope.parent or scope))
            if not all(isinstance(one, ClassObject) and self._is_no_entity(one.cls, depth + 1) for one in known):
                return False
        return not any(last_name(one) in ("mapped", "mapped_as_dataclass") for one in node.decorator_list)

    def _has_plain_fields(self, scope: Scope, depth: int) -> bool:
        fields = {name: found for name, found in scope.bindings.items() if any(one.annotation for one in found)}
        fields.update(scope.self_assignments)
        this = self.ev.class_object(scope).instance()
        for name, bindings in fields.items():
            known = alternatives(self.ev.type_of_member(this, name))
            if all(isinstance(one, Instance) and self._is_part(one, depth + 1) for one in known):
                continue
            if not all(self._is_plain_assignment(one, scope) for one in bindings):
                return False
        return True

    def _is_part(self, one: Instance, depth: int) -> bool:
        return one.base is not None or self._is_no_entity(one.cls, depth)

    # Attributes and calls

    def _is_plain_attribute(self, node: ast.Attribute, depth: int) -> bool:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._is_plain_member(node)
        if self._is_of_library(self.ev.type_of(node, self.scope)):
            return True
        return self.is_plain(node.value, depth + 1)

    def _is_plain_member(self, node: ast.Attribute) -> bool:
        """An attribute of ``self``: an object of a library, or plain data that `__init__` was given."""
        owner = self.scope.enclosing_class
        if owner is None or not self._is_no_entity(owner, 0):
            return False
        if self._is_of_library(self.ev.type_of(node, self.scope)):
            return True
        bindings = owner.self_assignments.get(node.attr, [])
        return bool(bindings) and all(self._is_plain_assignment(one, owner) for one in bindings)

    def _is_plain_assignment(self, binding: Binding, owner: Scope) -> bool:
        if binding.annotation is not None:
            return is_plain_annotation(self.ev.models, binding.annotation)
        if isinstance(binding.value, ast.Constant):
            return True
        made = next((one for one in owner.children if one.name == "__init__"), None)
        given = made.bindings.get(binding.value.id, []) if made and isinstance(binding.value, ast.Name) else []
        return bool(given) and all(
            one.annotation is not None and is_plain_annotation(self.ev.models, one.annotation) for one in given
        )

    def _is_plain_call(self, node: ast.Call, depth: int) -> bool:
        fact = call_site(self.ev, node, self.scope)
        if fact is not None and fact.row is not None and fact.row.effect in EXTERNAL:
            return True
        if fact is not None and fact.cls is not None and fact.cls.kind in DATABASE:
            return fact.cls.kind == "connection" or _asks_for_columns(self.ev.models, node)
        if self._is_of_library(self.ev.type_of(node, self.scope)):
            return True
        function = node.func
        if (
            isinstance(function, ast.Name)
            and function.id in standard.KEEPING_PLAIN
            and not nearest(function.id, self.scope)
        ):
            return all(self.is_plain(one, depth + 1) for one in node.args)
        callee = self.ev.type_of(function, self.scope)
        if isinstance(callee, Function):
            returns = getattr(callee.scope.node, "returns", None)
            return returns is not None and is_plain_annotation(self.ev.models, returns)
        if isinstance(callee, LibraryFunction) or (isinstance(callee, LibraryName) and _is_standard(callee)):
            given = [*node.args, *(one.value for one in node.keywords)]
            return all(self.is_plain(one, depth + 1) for one in given)
        if not isinstance(function, ast.Attribute) or not self._is_data(function.value):
            return False
        return self.is_plain(function.value, depth + 1)

    def _is_data(self, node: ast.expr) -> bool:
        """Whether methods of a value give data: those of a module, or of a class of the project, may give anything."""
        root = node
        while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call, ast.Await)):
            root = root.func if isinstance(root, ast.Call) else root.value
        if not isinstance(root, ast.Name):
            return True  # a constant, or something that is made of one
        if root.id not in self.scope.bindings:
            return False
        found = alternatives(self.ev.type_of(root, self.scope))
        return not any(isinstance(one, Instance) and one.base is None for one in found)


def captured(scope: Scope, node: ast.AST) -> set[str]:
    """The names of a function that one inside it, or a class, reads."""
    inner = [one for child in scope.children if child.node is node for one in child.descendants()]
    bound = {name for one in inner for name in one.bindings}
    return {name for one in inner for name in one.loads if name in scope.bindings and name not in bound}


def _is_standard(one: LibraryName) -> bool:
    """Whether something is of the standard library: what else an unknown class makes may be an entity."""
    return one.name.partition(".")[0] in (sys.stdlib_module_names | {"builtins"})


def is_plain_annotation(models: Models, node: ast.expr, depth: int = 0) -> bool:
    """Whether what is annotated is plain data: ``str``, ``list[int]``, ``UUID | None``, ``dict[str, Any]``."""
    if depth > _MAX_DEPTH:
        return False
    if isinstance(node, ast.Constant):
        if node.value is None:
            return True
        try:
            return isinstance(node.value, str) and is_plain_annotation(
                models, ast.parse(node.value, mode="eval").body, depth + 1
            )
        except (SyntaxError, ValueError, RecursionError):
            return False
    if isinstance(node, ast.BinOp):
        return is_plain_annotation(models, node.left, depth + 1) and is_plain_annotation(models, node.right, depth + 1)
    if isinstance(node, ast.Subscript):
        head = last_name(node.value)
        if head == "Literal":
            return True
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if head == "Annotated":
            return is_plain_annotation(models, inner[0], depth + 1)
        if head in standard.MAPPINGS and len(inner) == 2 and last_name(inner[1]) == "Any":
            inner = inner[:1]  # what comes from, or goes to, JSON
        return head in standard.PLAIN_CONTAINERS and all(
            (isinstance(one, ast.Constant) and one.value is ...) or is_plain_annotation(models, one, depth + 1)
            for one in inner
        )
    return last_name(node) in models.words("plain-type")


def _named(node: ast.expr, models: Models) -> bool:
    """Whether an annotation is one of a plain type, or of one and None."""
    if isinstance(node, ast.BinOp):
        return _named(node.left, models) and _named(node.right, models)
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return is_plain_annotation(models, node) and "[" not in node.value
        return node.value is None
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        head = last_name(node.value)
        if head in ("Optional", "Union"):
            return all(_named(one, models) for one in inner)
        return head == "Literal" or (head == "Annotated" and _named(inner[0], models))
    return last_name(node) in models.words("plain-type")


def _asks_for_columns(models: Models, node: ast.Call) -> bool:
    """Whether a query asks for columns and no entities: ``session.scalar(select(User.id))``."""
    queries = [
        one for one in ast.walk(node) if isinstance(one, ast.Call) and last_name(one.func) in models.words("asks")
    ]
    return bool(queries) and all(
        not isinstance(argument, (ast.Name, ast.Starred)) for one in queries for argument in one.args
    )
