"""Where a value comes from: names, attributes, settings and functions of the project are followed to expressions.

``settings.database_url`` leads to the default of a field, ``URL`` to what a module of the project assigns to it,
``os.getenv("POOL_SIZE", "5")`` to ``"5"``, which only holds until somebody sets the variable. What cannot be followed to
its end leaves the answer incomplete.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poolint.models.standard import PROPERTIES
from poolint.syntax.reaching import reaching
from poolint.types import imports
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import ClassObject, Function, Instance, ModuleObject, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

MAX_DEPTH = 12
"""Steps from a use to a literal; real chains have five."""

MAX_SOURCES = 8
"""Alternatives of one value."""

_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get", "os.environ.setdefault", "environ.get"})
_FIELDS = frozenset({"Field", "field", "attrib", "ib", "PrivateAttr"})
_SAME = frozenset({"cast", "SecretStr", "Final"})


@dataclass(frozen=True, eq=False)
class Frame:
    """A call of a function of the project that is being followed, with what it passes, by parameter.

    ``is_open``: it may pass more than can be seen. ``outer`` is the call in which it stands.
    """

    function: Scope
    arguments: dict[str, tuple[ast.expr, Scope]]
    is_open: bool
    outer: Frame | None


@dataclass(frozen=True)
class Source:
    """An expression that a value comes from, and the scope it stands in.

    ``given`` is false for what holds only until something from outside says otherwise: the environment, a settings
    file, a caller. ``name`` is the name by which that is said, or that of a constant. ``frame`` is the call by which a
    function was reached, where it was.
    """

    node: ast.expr
    scope: Scope
    given: bool = True
    name: str = ""
    frame: Frame | None = None


@dataclass(frozen=True)
class Sources:
    """All that are known; ``complete`` says that there are no others."""

    found: tuple[Source, ...] = ()
    complete: bool = False


NOWHERE = Sources()


def union(parts: list[Sources]) -> Sources:
    """Several alternatives."""
    found = tuple(dict.fromkeys(one for part in parts for one in part.found))
    complete = bool(parts) and all(part.complete for part in parts)
    return Sources(found[:MAX_SOURCES], complete and len(found) <= MAX_SOURCES)


class Following:
    """Follows values to where they come from, in one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.frame: Frame | None = None
        """The call that is being followed."""

    def sources(self, node: ast.expr, scope: Scope, depth: int = 0) -> Sources:
        """What ``node``, which stands in ``scope``, comes from; itself where there is nothing to follow."""
        if depth > MAX_DEPTH:
            return NOWHERE
        if isinstance(node, ast.Name):
            return self._name(node, scope, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, depth)
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth)
        if isinstance(node, ast.IfExp):
            return union([self.sources(one, scope, depth + 1) for one in (node.body, node.orelse)])
        if isinstance(node, ast.BoolOp):
            return self._bool_op(node, scope, depth)
        if isinstance(node, ast.NamedExpr):
            return self.sources(node.value, scope, depth + 1)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, scope, depth)
        return Sources((Source(node, scope, frame=self.frame),), True)

    def _bool_op(self, node: ast.BoolOp, scope: Scope, depth: int) -> Sources:
        """``a or b``: what ``a`` may be is not known to be true, so ``b`` holds where nobody has set it."""
        if isinstance(node.op, ast.And):
            return NOWHERE
        parts = [self.sources(one, scope, depth + 1) for one in node.values]
        last = parts[-1]
        if any(not part.found or not part.complete for part in parts[:-1]):
            last = replace(last, found=tuple(replace(one, given=False) for one in last.found))
        return union([*parts[:-1], last])

    # Names

    def _name(self, node: ast.Name, scope: Scope, depth: int) -> Sources:
        bindings = scope.bindings.get(node.id)
        if bindings is not None:
            found = reaching(bindings, node)
            return union([self._binding(one, one.scope or scope, node.id, depth) for one in found])
        around = scope.parent
        while around is not None and (around.kind == "class" or node.id not in around.bindings):
            around = around.parent
        return self.named(node.id, around, depth) if around is not None else NOWHERE

    def named(self, name: str, scope: Scope, depth: int) -> Sources:
        """What a name of ``scope`` comes from, seen from elsewhere."""
        bindings = scope.bindings.get(name, [])
        real = [one for one in bindings if not (isinstance(one.value, ast.Constant) and one.value.value is None)]
        return union([self._binding(one, _home(one, scope), name, depth) for one in real or bindings])

    def _binding(self, binding: Binding, scope: Scope, name: str, depth: int) -> Sources:
        if binding.kind == "import":
            dotted, colon, inner = binding.origin.partition(":")
            module = imports.first_party(self.ev, dotted, binding.level, scope.module) if colon else None
            return self.named(inner, module.scope, depth + 1) if module is not None else NOWHERE
        if binding.kind == "parameter":
            return self._parameter(binding, scope, name, depth)
        if binding.kind not in ("assign", "annotated") or binding.value is None or binding.index >= 0:
            return NOWHERE
        found = self.sources(binding.value, scope, depth + 1)
        return replace(found, found=tuple(replace(one, name=one.name or name) for one in found.found))

    def _parameter(self, binding: Binding, scope: Scope, name: str, depth: int) -> Sources:
        """What the call that is being followed passes; else the default, which any caller may replace."""
        frame = self.frame
        is_called = frame is not None and frame.function is scope
        if frame is not None and is_called and name in frame.arguments:
            self.frame = frame.outer
            try:
                return self.sources(*frame.arguments[name], depth + 1)
            finally:
                self.frame = frame
        default = self.sources(binding.value, scope.parent or scope, depth + 1) if binding.value else NOWHERE
        return default if frame is not None and is_called and not frame.is_open else _unless_set(default, name)

    # Attributes

    def _attribute(self, node: ast.Attribute, scope: Scope, depth: int) -> Sources:
        parts = []
        for one in alternatives(self.ev.type_of(node.value, scope)):
            if isinstance(one, ModuleObject):
                parts.append(self.named(node.attr, one.module.scope, depth + 1))
            elif isinstance(one, (Instance, ClassObject)) and one.cls is not one.base:
                parts.append(self._member(one, node.attr, depth))
            else:
                parts.append(NOWHERE)
        return union(parts)

    def _member(self, owner: Instance | ClassObject, name: str, depth: int) -> Sources:
        """A field of a class of the project, a constant in its body, or a property of it."""
        cls = ClassObject(owner.cls, owner.base) if isinstance(owner, Instance) else owner
        for home in lineage(self.ev, cls):
            assigned = [one for one in home.self_assignments.get(name, []) if isinstance(owner, Instance)]
            if assigned:
                return union([self._binding(one, one.scope or home, name, depth) for one in assigned])
            bindings = home.bindings.get(name)
            if not bindings:
                continue
            last = bindings[-1]
            if last.kind == "function" and last.scope is not None:
                is_property = not decorators(self.ev, last.scope).isdisjoint(PROPERTIES | {"computed_field"})
                return self.returned(last.scope, depth) if is_property or _is_property(last.scope) else NOWHERE
            if last.kind == "annotated" and _is_validated(home, name):
                return NOWHERE
            found = self._binding(last, home, name, depth)
            return _unless_set(found, name) if last.kind == "annotated" and isinstance(owner, Instance) else found
        return NOWHERE

    def returned(self, function: Scope, depth: int) -> Sources:
        """What a function of the project returns."""
        if function.is_generator or not function.returns:
            return NOWHERE
        return union([self.sources(one, function, depth + 1) for one in function.returns])

    # Calls

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Sources:
        name = last_name(node.func)
        default = next((one.value for one in node.keywords if one.arg == "default"), None)
        callee = alternatives(self.ev.type_of(node.func, scope))
        if name in _FIELDS and not isinstance(callee[0], Function):
            return self._field(node, default, scope, depth)
        qualified = self.ev.qualified_name(callee[0]) if len(callee) == 1 else ""
        if qualified in _ENVIRONMENT or (isinstance(node.func, ast.Attribute) and _is_environ(node.func)):
            default = node.args[1] if len(node.args) > 1 else default
            found = self.sources(default, scope, depth + 1) if default is not None else NOWHERE
            return _unless_set(found, _text(node.args[0]) if node.args else "")
        if name in _SAME and node.args:
            return self.sources(node.args[-1], scope, depth + 1)
        functions = [one for one in callee if isinstance(one, Function)]
        if functions and len(functions) == len(callee):
            return union([self._called(one, node, scope, depth) for one in functions])
        if default is not None and (not callee or qualified.partition(".")[0] not in self.ev.models.roots):
            return _unless_set(self.sources(default, scope, depth + 1), _text(node.args[0]) if node.args else "")
        if name == "get" and isinstance(node.func, ast.Attribute) and len(node.args) == 2:
            return _unless_set(self.sources(node.args[1], scope, depth + 1), _text(node.args[0]))
        return Sources((Source(node, scope, frame=self.frame),), True)

    def _called(self, function: Function, node: ast.Call, scope: Scope, depth: int) -> Sources:
        """What a call of a function of the project gives."""
        outer = self.frame
        self.frame = _frame(function, node, scope, outer)
        try:
            return self.returned(function.scope, depth)
        finally:
            self.frame = outer

    def _field(self, node: ast.Call, default: ast.expr | None, scope: Scope, depth: int) -> Sources:
        """``Field("postgresql://…")``, ``field(default_factory=lambda: 5)``."""
        if default is None and node.args and not isinstance(node.args[0], ast.Starred):
            default = node.args[0]
        factory = next((one.value for one in node.keywords if one.arg == "default_factory"), None)
        if isinstance(factory, ast.Lambda):
            default = factory.body
        if default is None or (isinstance(default, ast.Constant) and default.value is ...):
            return NOWHERE
        return self.sources(default, scope, depth + 1)

    def _subscript(self, node: ast.Subscript, scope: Scope, depth: int) -> Sources:
        """An item of a dictionary that is written out."""
        if not isinstance(node.slice, ast.Constant):
            return NOWHERE
        parts = []
        owner = self.sources(node.value, scope, depth + 1)
        for one in owner.found:
            if not isinstance(one.node, ast.Dict):
                return NOWHERE
            values = [
                value
                for key, value in zip(one.node.keys, one.node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == node.slice.value
            ]
            parts.append(self.sources(values[-1], one.scope, depth + 1) if values else NOWHERE)
        return replace(union(parts), complete=False)


def _frame(function: Function, node: ast.Call, scope: Scope, outer: Frame | None) -> Frame:
    arguments = {one.arg: (one.value, scope) for one in node.keywords if one.arg is not None}
    declared = getattr(function.scope.node, "args", None)
    names = [one.arg for one in (*declared.posonlyargs, *declared.args)] if declared is not None else []
    if function.receiver is not None:
        names = names[1:]
    plain = [one for one in node.args if not isinstance(one, ast.Starred)]
    arguments.update((name, (value, scope)) for name, value in zip(names, plain, strict=False))
    is_open = len(plain) < len(node.args) or any(one.arg is None for one in node.keywords)
    return Frame(function.scope, arguments, is_open, outer)


def _unless_set(found: Sources, name: str) -> Sources:
    """The same, but as what holds only as long as nobody says otherwise."""
    return Sources(tuple(replace(one, given=False, name=name or one.name) for one in found.found))


def _home(binding: Binding, scope: Scope) -> Scope:
    return binding.scope if binding.scope is not None and binding.kind not in ("function", "class") else scope


def _is_property(function: Scope) -> bool:
    names = {last_name(one) for one in getattr(function.node, "decorator_list", ())}
    return not names.isdisjoint({"property", "cached_property", "computed_field"})


def _is_validated(cls: Scope, name: str) -> bool:
    """Whether a method of a class may put another value in the place of a field's default."""
    for method in cls.children:
        for decorator in getattr(method.node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and "validator" in last_name(decorator.func):
                fields = [_text(one) for one in decorator.args]
                if name in fields or "*" in fields or not any(fields):
                    return True
    return not {"model_post_init", "__post_init__"}.isdisjoint(one.name for one in cls.children)


def _is_environ(node: ast.Attribute) -> bool:
    return node.attr in ("get", "setdefault", "pop") and last_name(node.value) == "environ"


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
