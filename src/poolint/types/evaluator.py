"""What an expression is: demand-driven evaluation of names and expressions to types, across modules.

Evaluation follows imports between first-party modules, annotations in all their wrappings, attributes of ``self``,
returns as declared and as inferred, context managers and generators of the project, closures. The rest is ``UNKNOWN``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from poolint.syntax import reaching
from poolint.syntax.scopes import parent_of
from poolint.types import (
    annotated,
    by_use,
    containers,
    entities,
    evidence,
    foreign,
    imports,
    makers,
    members,
    operators,
    parameters,
    returns,
)
from poolint.types.awaiting import of_object
from poolint.types.callers import Callers
from poolint.types.cycles import Cycles, MetAgain
from poolint.types.decorated import as_bound
from poolint.types.narrowing import captured
from poolint.types.values import (
    FOREIGN,
    NOTHING,
    UNKNOWN,
    ClassObject,
    Function,
    Instance,
    LibraryFunction,
    LibraryName,
    ModuleObject,
    Pending,
    TupleOf,
    Type,
    alternatives,
    is_entered_by,
    is_of_library,
    known,
    union,
)
from poolint.types.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.models.loader import Models
    from poolint.screen import Screen
    from poolint.syntax.living import Living
    from poolint.syntax.project import Module, Project
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.call_sites import CallSite

T = TypeVar("T")

_MAX_DEPTH = 80
"""Evaluations that stand inside each other on Python's stack; real chains stay under 20."""


class Evaluator:
    """Types of expressions, memoised. One for each project and process."""

    def __init__(self, project: Project, models: Models, screen: Screen) -> None:
        self.project = project
        self.models = models
        self.screen = screen
        self.vocabulary = models.derived(Vocabulary)
        self.callers = Callers(self)
        self.call_sites: tuple[dict[ast.Call, CallSite | None], ...] = ({}, {})  # without and with evidence
        self._memo: dict[object, Type] = {}
        self._active: dict[object, None] = {}  # evaluations in progress, as long as none of them has met itself
        self._cycles = Cycles(self._memo)
        self._asking = self._cycles.asking
        self._derived: dict[type, object] = {}
        self.lineages: dict[Scope, list[Scope]] = {}  # what `members.lineage` has found
        self.interfaces: dict[object, bool] = {}  # whether classes are there for others to fill, as `overrides` has it

    def inherit(self, other: Evaluator, living: Living) -> None:
        """Take over what another one has found out about files that still are as they were."""
        self._memo = living.kept(other._memo)
        self._cycles = Cycles(self._memo)
        self._asking = self._cycles.asking
        self.call_sites = (living.kept(other.call_sites[0]), living.kept(other.call_sites[1]))

    @property
    def is_final(self) -> bool:
        """Whether all types that are told now are final, also those that an evaluation in progress asks for."""
        return not self._asking

    @property
    def is_idle(self) -> bool:
        """Whether no evaluation is in progress: what is found now does not depend on where one began."""
        return not (self._active or self._asking)

    def derived(self, kind: type[T]) -> T:
        """What follows from these types and nothing else, and lives as long as they do: made when it is first asked for."""
        found = self._derived.get(kind)
        if found is None:
            found = self._derived[kind] = kind(self)  # type: ignore[call-arg]
        assert isinstance(found, kind)
        return found

    def is_told(self, name: str, scope: Scope) -> bool:
        """Whether something of a library may be reported in a module, of a version that the models describe: of one that alone
        makes no file interesting only in files that are interesting anyway, so that the screen stays invisible."""
        source, models = scope.module.source, self.models
        is_seen = models.is_screened(name) or self.screen.is_interesting(source.path, source.data)
        since = models.since.get(name.partition(".")[0])
        return is_seen and (since is None or self.project.versions.may_be_since(*since, source.path))

    def once(self, key: object, compute: Callable[..., Type], *arguments: object) -> Type:
        """Evaluate ``compute(*arguments)`` once for ``key``: nearly all evaluations need no more than a memo."""
        found = self._memo.get(key)
        return found if found is not None else self._begun(key, compute, arguments)

    def _begun(self, key: object, compute: Callable[..., Type], arguments: tuple[object, ...]) -> Type:
        """The same of what is not known yet.

        Where an evaluation meets itself, or too many stand inside each other, the outermost one is begun again as a question
        to :class:`Cycles`, which finds what does not depend on where evaluation began.
        """
        if (is_first := not (active := self._active)) and self._asking:
            return self._cycles.ask(key, compute, arguments)
        if key in active or len(active) >= _MAX_DEPTH:
            raise MetAgain
        active[key] = None
        try:
            found = self._memo[key] = compute(*arguments)
        except MetAgain:
            if not is_first:
                raise
            active.clear()
            return self._cycles.ask(key, compute, arguments)
        finally:
            active.pop(key, None)
        return found

    # Expressions

    def type_of(self, node: ast.expr, scope: Scope) -> Type:
        """The type of ``node``, which stands in ``scope``."""
        if (found := self._memo.get(node)) is not None:
            return found
        if type(node) is ast.Constant:
            return NOTHING if node.value is None else UNKNOWN
        if not (active := self._active) or node in active or len(active) >= _MAX_DEPTH:
            return self._begun(node, self._type_of, (node, scope))
        active[node] = None  # as `once` does it: of expressions there are most
        try:
            found = self._memo[node] = self._type_of(node, scope)
        finally:
            active.pop(node, None)
        return found

    def _type_of(self, node: ast.expr, scope: Scope) -> Type:
        if type(node) is ast.Name:
            found = self.name(node, scope)
            is_open = found is UNKNOWN or type(found) in by_use.OPEN or "isinstance" in scope.loads  # hardly ever
            return by_use.unless_known(self, found, node, scope) if is_open else found
        if type(node) is ast.Attribute:
            found = members.member(self, self.type_of(node.value, scope), node.attr, node, scope)
            if type(found) is Function:
                return by_use.unless_declared(self, found, node, scope)
            is_open = found is UNKNOWN or type(found) in by_use.OPEN or "isinstance" in scope.loads
            return by_use.unless_known(self, found, node, scope) if is_open else found
        if type(node) is ast.Call:
            return returns.result(self, self.type_of(node.func, scope), node, scope)
        if type(node) is ast.Await:
            return self.awaited(self.type_of(node.value, scope))
        if isinstance(node, (ast.IfExp, ast.BoolOp, ast.BinOp, ast.NamedExpr)):
            return operators.given(self, node, scope)
        if isinstance(node, ast.Tuple):
            return TupleOf(tuple(self.type_of(item, scope) for item in node.elts))
        if isinstance(node, (ast.List, ast.Set, ast.Dict)):
            return containers.displayed(self, node, scope)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            item = node.value if isinstance(node, ast.DictComp) else node.elt
            return Pending("iterable", item=self.type_of(item, scope))
        if isinstance(node, ast.Subscript):
            return self.subscript(node, scope)
        return Function(scope.module.scopes[node]) if isinstance(node, ast.Lambda) else UNKNOWN

    def subscript(self, node: ast.Subscript, scope: Scope) -> Type:
        """What stands behind a key, also of an expression that nobody has written: it is not remembered."""
        value = containers.row(self, self.type_of(node.value, scope))
        if isinstance(value, TupleOf):
            if isinstance(node.slice, ast.Constant) and isinstance(index := node.slice.value, int):
                return value.items[index] if -len(value.items) <= index < len(value.items) else UNKNOWN
            return UNKNOWN
        if isinstance(value, Pending):
            return containers.behind(self, value, node, scope)
        if isinstance(value, (ClassObject, LibraryName)):
            put = containers.keyed(self, node, scope) if isinstance(value, LibraryName) else UNKNOWN
            return annotated.generic_alias(self, value, node, scope) if put is UNKNOWN else put
        found = containers.keyed(self, node, scope) if value is UNKNOWN else containers.part(self, value, node)
        return by_use.unless_known(self, found, node, scope) if found is UNKNOWN else found

    def type_of_member(self, receiver: Type, attribute: str) -> Type:
        """What ``receiver.attribute`` is, where there is no expression for it."""
        return members.member(self, receiver, attribute, None, None)

    # What protocols give

    def awaited(self, one: Type) -> Type:
        """What ``await`` gives on a value of this type."""
        results = []
        owners = alternatives(one)
        for member in owners:
            if len(owners) > 1 and is_of_library(member) and not (member.base and member.base.awaits):
                continue  # of several alternatives, the one at hand can be awaited
            if isinstance(member, Pending) and member.call in ("coroutine", "awaitable", "awaitable-cm"):
                results.append(member.awaited)
            else:
                results.append(of_object(self, member))
        return union(results)

    def entered(self, one: Type, *, asynchronous: bool) -> Type:
        """What ``with`` or ``async with`` binds on a value of this type."""
        results = []
        owners = alternatives(one)
        for member in owners:
            if len(owners) > 1 and is_of_library(member) and not is_entered_by(member, asynchronous=asynchronous):
                continue  # of several alternatives, the one at hand can be entered
            if isinstance(member, Pending):
                fits = member.call in (("async-cm", "awaitable-cm") if asynchronous else ("cm",))
                if fits or len(owners) == 1:
                    results.append(member.entered if fits else UNKNOWN)
            elif isinstance(member, Instance):
                results.append(members.enter(self, member, asynchronous=asynchronous))
            else:
                results.append(FOREIGN if member is FOREIGN else UNKNOWN)
        return union(results)

    def item(self, one: Type, *, asynchronous: bool) -> Type:
        """What iterating over a value of this type gives."""
        if isinstance(one, TupleOf):
            return union(list(one.items))
        calls = ("async-generator",) if asynchronous else ("generator", "iterable")
        if isinstance(one, Pending) and (one.call in calls or one.call == "iterable"):
            return one.item
        return entities.iterated(self, one, asynchronous=asynchronous)

    # Names

    def name(self, node: ast.Name, scope: Scope) -> Type:
        """What a name is at the place where it is read."""
        bindings = scope.bindings.get(node.id)
        if bindings is not None:
            if len(bindings) == 1:
                found = self.binding(bindings[0], bindings[0].home(scope))
                return self._started(found, node, scope) if type(found) is Pending else found
            seen = reaching.as_type_checked(reaching.reaching(bindings, node))
            return self._started(union([foreign.of_binding(self, one, one.home(scope)) for one in seen]), node, scope)
        return self.outer_name(node.id, scope)

    def _started(self, one: Type, node: ast.Name, scope: Scope) -> Type:
        """What an object is after ``await pool`` as a statement of its own: the same object, ready for use."""
        if not (isinstance(one, Pending) and one.call == "awaitable-cm"):
            return one
        for load in scope.loads.get(node.id, ()):
            parent = parent_of(load)
            is_earlier = (load.lineno, load.col_offset) < (node.lineno, node.col_offset)
            if is_earlier and isinstance(parent, ast.Await) and isinstance(parent_of(parent), ast.Expr):
                return one.awaited
        return one

    def outer_name(self, name: str, scope: Scope) -> Type:
        """What a name from around ``scope`` is: a closure's, the module's, a star import's or a builtin."""
        current = scope.parent
        while current is not None:
            if current.kind != "class" and name in current.bindings:
                return self.scope_name(name, current)
            current = current.parent
        if name in scope.module.scope.bindings:
            return self.scope_name(name, scope.module.scope)
        return self._star(name, scope.module)

    def scope_name(self, name: str, scope: Scope) -> Type:
        """What a name of ``scope`` is, seen from elsewhere: all its bindings that tell anything."""
        return self.once((scope, name), self._scope_name, name, scope)

    def _scope_name(self, name: str, scope: Scope) -> Type:
        if self.models.own and scope is scope.module.scope and f"{scope.module.name}.{name}" in self.models.own:
            return self.library(f"{scope.module.name}.{name}")
        bindings = scope.bindings[name]
        functions = [one for one in bindings if one.kind == "function"]
        if len(functions) == len(bindings):
            return self.binding(functions[-1], scope)  # the last one is the implementation behind overloads
        return known([self.binding(one, one.home(scope)) for one in reaching.as_type_checked(bindings)])

    def _star(self, name: str, module: Module) -> Type:
        builtin = self.library(f"builtins.{name}")  # given as well by a module with stars that has no such name
        for dotted, level in module.stars:
            source = imports.first_party(self, dotted, level, module)
            if source is None:
                if (found := self.library(f"{dotted}.{name}")) and not isinstance(found, LibraryName):
                    return found
            elif name in source.scope.bindings or source.stars:
                found = self.module_name(source, name)
                if found is not UNKNOWN and found.key != builtin.key:
                    return found
        return builtin

    def module_name(self, module: Module, name: str, asking: str = "") -> Type:
        """What ``module.name`` is, to the file at ``asking``, or to whoever has the module."""
        if name in module.scope.bindings or f"{module.name}.{name}" in self.models.own:
            return self.scope_name(name, module.scope)
        starred = self.once((module, name, "star"), self._star, name, module) if module.stars else UNKNOWN
        if module.is_package and (starred is UNKNOWN or isinstance(starred, LibraryName)):
            path = self.project.finder.find_relative(name, 1, module.path, asking)
            inner = self.project.module(path) if path is not None else None
            if inner is not None:
                return ModuleObject(inner)
        return starred

    def binding(self, binding: Binding, scope: Scope) -> Type:
        """What one binding binds its name to. ``scope`` is where the binding stands."""
        found = self._memo.get(binding)
        return found if found is not None else self._begun(binding, self._binding, (binding, scope))

    def _binding(self, binding: Binding, scope: Scope) -> Type:
        kind = binding.kind
        if kind == "function" and binding.scope is not None:
            return as_bound(self, binding.scope)
        if kind == "class" and binding.scope is not None:
            return self.class_object(binding.scope)
        if kind == "import":
            return imports.imported(self, binding, scope.module)
        if kind == "parameter":
            return parameters.parameter(self, binding, scope)
        if kind == "annotated":
            value = self.type_of(binding.value, scope) if binding.value is not None else UNKNOWN
            return containers.declared(self, value, binding, scope)
        if kind == "opaque" and isinstance(binding.node, ast.arg) and binding.node.annotation is not None:
            return Pending("iterable", item=annotated.annotation(self, binding.node.annotation, scope.parent or scope))
        if kind == "narrowed":
            assert binding.annotation is not None
            return annotated.classes_of(self, binding.annotation, scope)
        if binding.value is None or kind == "opaque":
            return captured(self, binding, scope)
        value = self.type_of(binding.value, scope)
        if kind == "with":
            entered = self.entered(value, asynchronous=binding.asynchronous)
            is_open = entered is UNKNOWN and binding.asynchronous
            value = makers.twin_of(self, binding.value, scope) if is_open else entered
        elif kind == "for":
            value = self.item(value, asynchronous=binding.asynchronous)
        if binding.index >= 0:
            return containers.element(self, value, binding)
        if kind == "assign" and isinstance(binding.value, ast.Await):
            return evidence.as_used(self, value, getattr(binding.node, "id", ""), scope)
        return containers.filled(self, value, binding, scope) if kind == "assign" else value

    def library(self, name: str) -> Type:
        """What the models say of a name."""
        if (cls := self.models.classes.get(name)) is not None:
            return ClassObject(cls, cls)
        if (function := self.models.functions.get(name)) is not None:
            return LibraryFunction(function)
        made = self.models.objects.get(name)
        return LibraryName(name) if made is None else Instance(made, made)

    def class_object(self, scope: Scope) -> ClassObject:
        """The class of the project whose scope this is."""
        result = self.once((scope, "class"), self._class_object, scope)
        return result if isinstance(result, ClassObject) else ClassObject(scope, None)

    def _class_object(self, scope: Scope) -> Type:
        arguments: tuple[Type, ...] = ()
        for base in members.bases_of(self, scope):
            if base.base is not None:
                return ClassObject(scope, base.base, base.arguments)
            arguments = arguments or base.arguments
        return ClassObject(scope, None, arguments)

    def qualified_name(self, one: Type) -> str:
        """The dotted name of a module, class or function; empty for anything else."""
        if isinstance(one, LibraryName):
            return one.name
        if isinstance(one, LibraryFunction):
            return one.row.name
        if isinstance(one, ClassObject):
            module = getattr(getattr(one.cls, "module", None), "name", "")
            return one.cls.name if one.cls is one.base else f"{module}.{one.cls.name}"
        if isinstance(one, ModuleObject):
            return one.module.name
        if isinstance(one, Function):
            return f"{one.scope.module.name}.{one.scope.qualified_name}"
        return ""
