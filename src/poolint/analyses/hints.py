"""What is known of values that are no constants: that they are not None, or are true."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.assumed import UNKNOWN, Hint, shown_at, shown_by, value
from poolint.models.schema import HANDLES, OWNERS
from poolint.models.standard import PROPERTIES
from poolint.syntax.expressions import without_await
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside
from poolint.types.call_sites import callees_of
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.providers import injections
from poolint.types.values import ClassObject, Function, Instance, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


_DISPLAYS = (
    *(ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""Expressions that are something, whatever is in it."""


class Hints:
    """Answers for one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev

    def of(self, node: ast.expr, scope: Scope) -> object:
        """That something is not None, since it was opened, made or declared so, or has to be passed to make the object; a session
        or connection is true, too. So is what is chosen of such: ``given or own``, ``own if given is None else given``."""
        if isinstance(node, _DISPLAYS):
            return Hint.GIVEN
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self.of(node.values[-1], scope)  # all else that it may be is true
        if isinstance(node, ast.IfExp):
            arms = {self._of_arm(one, scope) for one in (node.body, node.orelse)}
            is_there = arms <= {Hint.GIVEN, Hint.TRUE}
            return (Hint.TRUE if arms == {Hint.TRUE} else Hint.GIVEN) if is_there else UNKNOWN
        if isinstance(node, ast.Attribute):
            is_there = self._is_required(node, scope) or self._is_declared_in_class(node, scope)
            return (self.of_type(node, scope) or Hint.GIVEN) if is_there else UNKNOWN
        if not isinstance(node, (ast.Name, ast.Call)) or (
            isinstance(node, ast.Name) and not self._is_there(node, scope)
        ):
            return UNKNOWN
        is_something = self._is_declared(node, scope) or self._is_made(node, scope)
        return self.of_type(node, scope) or (Hint.GIVEN if is_something else UNKNOWN)

    def _of_arm(self, node: ast.expr, scope: Scope) -> object:
        """The same of what is chosen by a test, which may show it."""
        found = value(node, shown_at(node, scope), scope)
        return self.of(node, scope) if found is UNKNOWN else found

    def _is_declared(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a name is a parameter that is declared to be of a class, and of that alone: of a library's, too, of which
        nothing is known. Of what Python itself has, it says more to know whether that is true."""
        bindings = scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
        around = scope.parent or scope
        return bool(bindings) and all(
            one.kind == "parameter"
            and one.annotation is not None
            and isinstance(declared := self.ev.type_of(one.annotation, around), (ClassObject, LibraryName))
            and not self.ev.qualified_name(declared).startswith("builtins.")
            for one in bindings
        )

    def _is_made(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a name, or a call, is only ever what is written out as something, or what functions of the project give that
        say that they always give something."""
        if not isinstance(node, ast.Name):
            return self._is_something(node, scope)
        bindings = [one for one in scope.bindings.get(node.id, ()) if one.kind != "narrowed"]
        made = [one.value for one in bindings if one.kind in ("assign", "annotated") and one.index < 0]
        is_own = not any(node.id in inner.declared for inner in scope.descendants())  # no inner function binds it
        return (
            is_own
            and len(made) == len(bindings)
            and all(one is not None and self._is_something(one, scope) for one in made)
        )

    def _is_something(self, made: ast.expr, scope: Scope) -> bool:
        call = without_await(made)
        if not isinstance(call, ast.Call):
            return isinstance(made, _DISPLAYS)
        found = callees_of(self.ev, call, scope)
        return bool(found) and all(isinstance(one, Function) and self._promises(one.scope) for one in found)

    def _promises(self, function: Scope) -> bool:
        """Whether a function declares that it gives something, of a class that Python or the project has: nothing changes what it
        gives, and no class below has another one."""
        declared = getattr(function.node, "returns", None)
        if declared is None or function.is_generator or _admits_none(declared) or self._is_changed(function):
            return False
        whole = declared.value if isinstance(declared, ast.Subscript) else declared
        found = self.ev.type_of(whole, function.parent or function)
        return isinstance(found, ClassObject) or self.ev.qualified_name(found).partition(".")[0] in (
            "builtins",
            "collections",
        )

    def _is_changed(self, function: Scope) -> bool:
        """Whether a decorator may give something else than a function does, or a class below has another one of its name."""
        decorated = (last_name(one) for one in getattr(function.node, "decorator_list", ()))
        if not all(one in ("classmethod", "staticmethod") for one in decorated):
            return True
        return function.enclosing_class is not None and self.ev.derived(Heirs).is_overridden(function)

    def of_type(self, node: ast.expr, scope: Scope) -> Hint | None:
        """The same of what is not None, by its type; None where that is not known."""
        found = alternatives(self.ev.type_of(node, scope))
        if not found or not all(isinstance(one, Instance) for one in found):
            return None
        kinds = {one.base.kind if isinstance(one, Instance) and one.base is not None else "" for one in found}
        if kinds <= {*HANDLES, *OWNERS} or all(isinstance(one, Instance) and self._is_true(one) for one in found):
            return Hint.TRUE
        return Hint.GIVEN

    def _is_true(self, one: Instance) -> bool:
        """Whether an object of the project is true, whatever it has in it."""
        classes = lineage(self.ev, one)
        is_plain = one.base is None or one.base.kind in (*HANDLES, *OWNERS)
        return bool(classes) and is_plain and not any(cls.bindings.keys() & {"__bool__", "__len__"} for cls in classes)

    def _is_there(self, node: ast.Name, scope: Scope) -> bool:
        bindings = [one for one in scope.bindings.get(node.id, ()) if one.kind != "narrowed"]
        missing = [one for one in bindings if not self._is_given(one, scope)]
        is_filled = len(missing) < len(bindings) and all(one.kind == "parameter" for one in missing)
        return bool(bindings) and (not missing or (is_filled and _is_filled_before(node, bindings, scope)))

    def _is_required(self, node: ast.Attribute, scope: Scope) -> bool:
        """Whether an attribute of an object is only ever what its constructor has to be passed, and None is none of, or what a
        property of its class always gives."""
        owners = alternatives(self.ev.type_of(node.value, scope))
        return bool(owners) and all(isinstance(one, Instance) and self._always_has(one, node.attr) for one in owners)

    def _always_has(self, owner: Instance, name: str) -> bool:
        classes = lineage(self.ev, owner)
        cls = next((one for one in classes if name in one.bindings or name in one.self_assignments), None)
        if cls is None:
            return False
        if name in cls.bindings:
            return any(_is_property(one) and self._gives(one) for one in cls.children if one.name == name)
        stored = [one for each in classes for one in each.self_assignments.get(name, ())]
        return all(
            one.scope is not None
            and one.scope.name == "__init__"
            and isinstance(one.value, ast.Name)
            and [each.kind for each in one.scope.bindings.get(one.value.id, ())] == ["parameter"]
            and _has_to_be_passed(one.scope.bindings[one.value.id][0])
            for one in stored
        )

    def _is_declared_in_class(self, node: ast.Attribute, scope: Scope) -> bool:
        """Whether the class of an object declares an attribute to be of one class: a field that None is none of. What a mapped
        class declares is only there when the database has given it."""
        owners = alternatives(self.ev.type_of(node.value, scope))
        return bool(owners) and all(
            isinstance(one, Instance) and _is_field(node.attr, lineage(self.ev, one)) for one in owners
        )

    def _is_given(self, binding: Binding, scope: Scope) -> bool:
        """Whether a binding gives something that cannot be None."""
        if binding.kind == "with":
            return True
        if binding.kind in ("assign", "annotated") and isinstance(binding.value, _DISPLAYS):
            return binding.index < 0
        if binding.annotation is not None:
            return binding.kind == "parameter" and not may_be_none(binding)
        if binding.kind == "parameter":
            return any(True for _ in injections(self.ev, binding, scope))  # the type of what it gives says the rest
        made = without_await(binding.value)
        if binding.kind != "assign" or not isinstance(made, ast.Call):
            return False
        found = callees_of(self.ev, made, scope)
        return all(self._gives(one.scope) for one in found if isinstance(one, Function))

    def _gives(self, function: Scope) -> bool:
        """Whether a function of the project always gives something: it declares so, or ends with the one call by which it returns
        what a library makes."""
        node = function.node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or function.is_generator:
            return False
        if node.returns is not None:
            return not _admits_none(node.returns)
        last = node.body[-1]
        made = without_await(last.value) if isinstance(last, ast.Return) and last.value is not None else None
        if not isinstance(made, ast.Call) or len(function.returns) != 1:
            return False
        return not any(isinstance(one, Function) for one in callees_of(self.ev, made, function))


def _is_property(scope: Scope) -> bool:
    return any(last_name(one) in PROPERTIES for one in getattr(scope.node, "decorator_list", ()))


def _is_field(name: str, classes: Sequence[Scope]) -> bool:
    """Whether the first of some classes that has an attribute declares it so, and nothing else binds it."""
    declaring = next((one for one in classes if name in one.bindings or name in one.self_assignments), None)
    bindings = list(declaring.bindings.get(name, ())) if declaring is not None else []
    if declaring is None or name in declaring.self_assignments or len(bindings) != 1:
        return False
    annotation = bindings[0].annotation
    return isinstance(annotation, (ast.Name, ast.Attribute)) and not may_be_none(bindings[0])


def _is_filled_before(node: ast.Name, bindings: list[Binding], scope: Scope) -> bool:
    """Whether a function has bound a name before, on the way to a place, where that was None: ``if session is None: session =
    maker()``."""
    ends = [parent_of(one.node) for one in bindings if one.kind == "assign"]
    for end in ends:
        test = parent_of(end) if end is not None else None
        if not isinstance(test, ast.If) or end not in test.body or not _asks_for_none(test.test, node.id):
            continue
        block, is_behind = parent_of(test), (test.end_lineno or 0) < node.lineno
        if is_behind and block is not None and (block is scope.node or is_inside(node, block)):
            return True
    return False


def _asks_for_none(test: ast.expr, name: str) -> bool:
    return any(asked == name and what in (None, Hint.FALSE) for asked, _, what in shown_by(test, True))


_OPEN = frozenset({"Any", "object"})
_MAY_BE_NONE = _OPEN | {"Optional"}
"""Names of :mod:`typing` and of Python for what may be anything, and for what None is one of."""


def _has_to_be_passed(parameter: Binding) -> bool:
    """Whether a parameter has no default, and is not declared such that None is expected for it."""
    annotation = parameter.annotation
    is_open = annotation is None or (type(annotation) is ast.Name and annotation.id in _OPEN)
    return parameter.value is None and (is_open or not may_be_none(parameter))


def may_be_none(binding: Binding) -> bool:
    """Whether a parameter is declared such that None may be passed."""
    if isinstance(binding.value, ast.Constant) and binding.value.value is None:
        return True
    return binding.annotation is not None and _admits_none(binding.annotation)


def _admits_none(annotation: ast.expr) -> bool:
    if type(annotation) is ast.Name:
        return annotation.id in _MAY_BE_NONE  # most of them
    for one in walk(annotation):
        if isinstance(one, ast.Constant) and (one.value is None or "None" in str(one.value) or "Opt" in str(one.value)):
            return True
        if isinstance(one, (ast.Name, ast.Attribute)) and last_name(one) in _MAY_BE_NONE:
            return True
    return False
