"""Which values are plain data, or objects of some library: what no session can expire, detach or load again.

Whatever cannot be known is not plain: an object of an unknown class may be an entity, and reading one after the commit
may reach the database, or fail.
"""

from __future__ import annotations

import ast
import sys
from operator import and_, or_
from typing import TYPE_CHECKING

from poolint.analyses.sinks import EXTERNAL
from poolint.flow.summaries import Summaries
from poolint.models import standard
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import Scope, nearest
from poolint.trees import tree_of
from poolint.types.call_sites import call_site
from poolint.types.unmodelled import DATABASE
from poolint.types.values import ClassObject, Function, Instance, LibraryFunction, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, ScopeKey
    from poolint.types.evaluator import Evaluator


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
        # What leads round in a circle is not plain, but for classes that name each other.
        self._names: Summaries[str, bool] = Summaries("plain", self._is_plain_name, bottom=False, join=or_)
        self._whole: Summaries[str, bool] = Summaries("whole", self._is_whole_name, bottom=False, join=or_)
        self._scalars: Summaries[str, bool] = Summaries("scalar", self._is_scalar_name, bottom=False, join=or_)
        self._classes: Summaries[ScopeKey, bool] = Summaries("free", self._is_free_class, bottom=True, join=and_)

    def is_plain(self, node: ast.expr) -> bool:
        """Whether the value that an expression had when it was evaluated is plain."""
        waiting = [node]
        while waiting:
            parts = self._needed(waiting.pop())
            if parts is None:
                return False
            waiting += reversed(parts)
        return True

    def _needed(self, node: ast.expr) -> list[ast.expr] | None:
        """What has to be plain so that an expression is; None where it is not, whatever else is."""
        if self.is_scalar(node):
            return []
        if isinstance(node, ast.Name):
            return _nothing_if(self.is_plain_name(node.id))
        if isinstance(node, ast.Attribute):
            return self._needed_by_attribute(node)
        if isinstance(node, ast.Call):
            return self._needed_by_call(node)
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.BoolOp, ast.BinOp)):
            return [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return [node.elt]
        if isinstance(node, (ast.Await, ast.Starred, ast.NamedExpr, ast.Subscript, ast.DictComp)):
            return [node.value]
        return None

    def is_scalar(self, node: ast.expr) -> bool:
        """Whether it is a number, a text or the like, which nothing can change."""
        while isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            node = node.operand
        if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Compare, ast.UnaryOp)):
            return True
        if isinstance(node, ast.Name):
            return self._scalars.of(node.id)
        if isinstance(node, ast.Attribute):
            return node.attr == "id" or node.attr.endswith("_id")  # a key, never another entity
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in standard.SCALARS

    # Names

    def is_plain_name(self, name: str) -> bool:
        """Whether all that a name is bound to in this function is plain."""
        return self._names.of(name)

    def is_read_out(self, name: str) -> bool:
        """Whether a name surely holds plain data that has been read whole: no result that still reads."""
        return self._whole.of(name)

    def is_whole(self, node: ast.expr) -> bool:
        """The same of an expression."""
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Name):
            return self.is_read_out(node.id)
        return (
            isinstance(node, ast.Call) and last_name(node.func) in self.ev.models.words("reads-rows")
        ) or self.is_scalar(node)

    def _is_plain_name(self, name: str) -> bool:
        return self._is_own(name, self._is_plain_binding)

    def _is_whole_name(self, name: str) -> bool:
        bindings = [one for one in self.scope.bindings.get(name, ()) if one.kind != "narrowed"]
        if not bindings or not self.is_plain_name(name):
            return False
        return all(one.value is not None and self.is_whole(one.value) for one in bindings)

    def _is_scalar_name(self, name: str) -> bool:
        return name in self.scope.bindings and self._is_own(name, self._is_scalar_binding)

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
        return self._is_no_entity(one.cls)

    def _is_no_entity(self, cls: Scope | Class) -> bool:
        """Whether a class of the project inherits from nothing that could make it an entity's, and has none in it."""
        return isinstance(cls, Scope) and isinstance(cls.node, ast.ClassDef) and self._classes.of(cls.key)

    def _is_free_class(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        return self._has_plain_bases(scope, scope.node) and self._has_plain_fields(scope)  # type: ignore[arg-type]

    def _has_plain_bases(self, scope: Scope, node: ast.ClassDef) -> bool:
        for base in node.bases:
            if last_name(base.value if isinstance(base, ast.Subscript) else base) in self.ev.models.words(
                "maps-nothing"
            ):
                continue
            known = alternatives(self.ev.type_of(base, scope.parent or scope))
            if not all(isinstance(one, ClassObject) and self._is_no_entity(one.cls) for one in known):
                return False
        return not any(last_name(one) in ("mapped", "mapped_as_dataclass") for one in node.decorator_list)

    def _has_plain_fields(self, scope: Scope) -> bool:
        annotated = {name: found for name, found in scope.bindings.items() if any(one.annotation for one in found)}
        fields = {**annotated, **scope.self_assignments}
        this = self.ev.class_object(scope).instance()
        for name, bindings in fields.items():
            known = alternatives(self.ev.type_of_member(this, name))
            if all(isinstance(one, Instance) and self._is_part(one) for one in known):
                continue
            if not all(self._is_plain_assignment(one, scope) for one in bindings):
                return False
        return True

    def _is_part(self, one: Instance) -> bool:
        return one.base is not None or self._is_no_entity(one.cls)

    # Attributes and calls

    def _needed_by_attribute(self, node: ast.Attribute) -> list[ast.expr] | None:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return _nothing_if(self._is_plain_member(node))
        return [] if self._is_of_library(self.ev.type_of(node, self.scope)) else [node.value]

    def _is_plain_member(self, node: ast.Attribute) -> bool:
        """An attribute of ``self``: an object of a library, or plain data that `__init__` was given."""
        owner = self.scope.enclosing_class
        if owner is None or not self._is_no_entity(owner):
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
        given = made.bindings.get(binding.value.id, ()) if made and isinstance(binding.value, ast.Name) else ()
        return bool(given) and all(
            one.annotation is not None and is_plain_annotation(self.ev.models, one.annotation) for one in given
        )

    def _needed_by_call(self, node: ast.Call) -> list[ast.expr] | None:
        fact = call_site(self.ev, node, self.scope)
        if fact is not None and fact.row is not None and fact.row.effect in EXTERNAL:
            return []
        if fact is not None and fact.cls is not None and fact.cls.kind in DATABASE:
            return _nothing_if(fact.cls.kind == "connection" or _asks_for_columns(self.ev.models, node))
        if self._is_of_library(self.ev.type_of(node, self.scope)):
            return []
        function = node.func
        if (
            isinstance(function, ast.Name)
            and function.id in standard.KEEPING_PLAIN
            and not nearest(function.id, self.scope)
        ):
            return node.args
        callee = self.ev.type_of(function, self.scope)
        if isinstance(callee, Function):
            returns = getattr(callee.scope.node, "returns", None)
            return _nothing_if(returns is not None and is_plain_annotation(self.ev.models, returns))
        if isinstance(callee, LibraryFunction) or (isinstance(callee, LibraryName) and _is_standard(callee)):
            return call_arguments(node)
        return [function.value] if isinstance(function, ast.Attribute) and self._is_data(function.value) else None

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


def _nothing_if(is_plain: bool) -> list[ast.expr] | None:
    """That nothing else has to be plain, or that the expression is not."""
    return [] if is_plain else None


def is_plain_annotation(models: Models, node: ast.expr) -> bool:
    """Whether what is annotated is plain data: ``str``, ``list[int]``, ``UUID | None``, ``dict[str, Any]``."""
    waiting = [node]
    while waiting:
        parts = _needed_by_annotation(models, waiting.pop())
        if parts is None:
            return False
        waiting += parts
    return True


def _needed_by_annotation(models: Models, node: ast.expr) -> list[ast.expr] | None:
    """The annotations that have to be of plain data so that this one is; None where it is not, whatever they are."""
    if isinstance(node, ast.Constant):
        if not isinstance(node.value, str):
            return _nothing_if(node.value is None)
        try:
            return [tree_of(node.value, "eval").body]
        except (SyntaxError, ValueError, RecursionError):
            return None
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Subscript):
        head = last_name(node.value)
        if head == "Literal":
            return []
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if head == "Annotated":
            return inner[:1]
        if head in standard.MAPPINGS and len(inner) == 2 and last_name(inner[1]) == "Any":
            inner = inner[:1]  # what comes from, or goes to, JSON
        if head not in standard.PLAIN_CONTAINERS:
            return None
        return [one for one in inner if not (isinstance(one, ast.Constant) and one.value is ...)]
    return _nothing_if(last_name(node) in models.words("plain-type"))


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
