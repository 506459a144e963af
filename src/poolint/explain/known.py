"""By what a name is known: the binding that says it, and where; or why nothing says it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.explain.report import Known
from poolint.explain.words import of_type, place
from poolint.semantics import annotated
from poolint.semantics.calls import text_of
from poolint.semantics.evidence import evidence
from poolint.semantics.members import lineage
from poolint.semantics.reaching import reaching
from poolint.semantics.scopes import parent_of
from poolint.semantics.types import (
    UNKNOWN,
    ClassObject,
    Function,
    Instance,
    LibraryName,
    ModuleObject,
    Type,
    alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.project import Module
    from poolint.semantics.scopes import Binding, Scope

    Bound = tuple[Binding, Scope]

_MOST = 3
"""Bindings of one name that are told; more say nothing more."""


class Knowledge:
    """Answers for one module: ``here`` is where places are seen from."""

    def __init__(self, ev: Evaluator, here: Module) -> None:
        self.ev = ev
        self.here = here

    def of(self, node: ast.expr, scope: Scope) -> Known:
        """What a name or an attribute is, and by what that is known."""
        text = text_of(node, scope)
        one = self.ev.type_of(node, scope)
        if one is UNKNOWN:
            return self._by_use(text, node, scope) or Known(
                text, f"unknown: {self.why_unknown(node, scope)}", (), False
            )
        by = dict.fromkeys(self._by(binding, where) for binding, where in self.bindings(node, scope))
        return Known(text, of_type(one, self.here), tuple(by)[:_MOST])

    def _by_use(self, text: str, node: ast.expr, scope: Scope) -> Known | None:
        """What is taken for a database by its use alone."""
        one = evidence(self.ev, node, scope)
        if one is None or one.base is None:
            return None
        region = scope.outermost_function or scope.module.scope
        if isinstance(node, ast.Attribute):
            region = scope.module.scope
        wanted = ast.dump(node)
        for inner in region.descendants():
            for call in inner.calls:
                if not (isinstance(call.func, ast.Attribute) and ast.dump(call.func.value) == wanted):
                    continue
                if isinstance(parent_of(call), ast.Await):
                    use = f"by its use alone: `await {text_of(call, inner)}` ({self.at(call, inner)})"
                    return Known(text, of_type(one, self.here), (use,))
        return Known(text, of_type(one, self.here), ("by its use alone",))

    def at(self, node: ast.AST, scope: Scope) -> str:
        """Where a node of ``scope`` stands."""
        return place(node, scope.module, self.here)

    # Bindings

    def bindings(self, node: ast.expr, scope: Scope) -> list[Bound]:
        """The bindings that a name or an attribute may have its value from, with the scopes that they stand in."""
        if isinstance(node, ast.Name):
            own = scope.bindings.get(node.id)
            if own:
                return [(one, scope) for one in reaching(own, node)]
            outer = self._around(node.id, scope)
            return [(one, outer) for one in outer.bindings[node.id]] if outer is not None else []
        if isinstance(node, ast.Attribute):
            return list(self._of_attribute(node, scope))
        return []

    def _around(self, name: str, scope: Scope) -> Scope | None:
        current = scope.parent
        while current is not None:
            if current.kind != "class" and name in current.bindings:
                return current
            current = current.parent
        return None

    def _of_attribute(self, node: ast.Attribute, scope: Scope) -> Iterator[Bound]:
        for owner in alternatives(self.ev.type_of(node.value, scope)):
            if isinstance(owner, ModuleObject):
                inner = owner.module.scope
                yield from ((one, inner) for one in inner.bindings.get(node.attr, ()))
            elif isinstance(owner, (Instance, ClassObject)):
                for cls in lineage(self.ev, owner):
                    found = [(one, cls) for one in cls.bindings.get(node.attr, ())]
                    found += [(one, one.scope or cls) for one in cls.self_assignments.get(node.attr, ())]
                    yield from found
                    if found:
                        break

    # By what something is known

    def _by(self, binding: Binding, scope: Scope) -> str:
        at = self.at(binding.node, scope)
        kind = binding.kind
        if kind == "parameter":
            return self._by_parameter(binding, scope, at)
        if kind == "import":
            return self._by_import(binding, scope, at)
        if kind in ("function", "class"):
            return f"defined at {at}"
        if kind == "narrowed" and binding.annotation is not None:
            return f"by `isinstance` with `{text_of(binding.annotation, scope)}` at {at}"
        if kind == "annotated" and binding.annotation is not None:
            value = self.ev.type_of(binding.value, scope) if binding.value is not None else UNKNOWN
            if not (isinstance(value, Instance) and value.base is not None):
                return f"from the annotation `{text_of(binding.annotation, scope)}` at {at}"
        if binding.value is None:
            return f"bound at {at}"
        value_text = text_of(binding.value, scope)
        if kind == "with":
            word = "async with" if binding.asynchronous else "with"
            return f"bound by `{word} {value_text}` at {at}{self._through(binding.value, scope)}"
        if kind == "for":
            return f"an item of `{value_text}` at {at}"
        part = "a part of " if binding.index >= 0 else ""
        return f"assigned from {part}`{value_text}` at {at}{self._through(binding.value, scope)}"

    def _by_parameter(self, binding: Binding, scope: Scope, at: str) -> str:
        if (
            binding.value is not None
            and annotated.injected(self.ev, binding.value, scope.parent or scope) is not UNKNOWN
        ):
            given = binding.value.args[0] if isinstance(binding.value, ast.Call) and binding.value.args else None
            through = self._source(given, scope.parent or scope) if given is not None else ""
            return f"injected by `{text_of(binding.value, scope)}` at {at}{through}"
        if binding.annotation is not None:
            return f"from the annotation `{text_of(binding.annotation, scope)}` at {at}"
        if scope.enclosing_class is not None:
            return f"the object that the method is called on ({at})"
        if self.ev.callers.passed(binding, scope) is not UNKNOWN:
            return f"a parameter without annotation ({at}), by what its callers pass"
        return f"a parameter without annotation ({at}), by the calls on it"

    def _by_import(self, binding: Binding, scope: Scope, at: str) -> str:
        dotted, _, name = binding.origin.partition(":")
        origin = f"{'.' * binding.level}{dotted}"
        source = self.ev.project.imported(dotted, binding.level, scope.module) if name else None
        further = source.scope.bindings.get(name) if source is not None and source is not scope.module else None
        if source is not None and further:
            last = further[-1]
            there = place(last.node, source, self.here)
            is_import = last.kind == "import"
            deeper = self._by_import(last, source.scope, there) if is_import else self._by(last, source.scope)
            return f"imported from {origin} at {at}; there {deeper}"
        return f"imported from {origin} at {at}"

    def _through(self, value: ast.expr, scope: Scope) -> str:
        """Which function of the project has given a value."""
        call = value.value if isinstance(value, ast.Await) else value
        return self._source(call.func, scope) if isinstance(call, ast.Call) else ""

    def _source(self, callee: ast.expr, scope: Scope) -> str:
        for one in alternatives(self.ev.type_of(callee, scope)):
            if isinstance(one, Function) and isinstance(one.scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                how = "by its return annotation" if one.scope.node.returns is not None else "by what it returns"
                if one.scope.is_generator:
                    how = how.replace("returns", "yields")
                return f", through `{one.scope.name}` ({self.at(one.scope.node, one.scope)}) {how}"
        return ""

    # Why something is not known

    def why_unknown(self, node: ast.expr, scope: Scope) -> str:
        """Why no type is known for an expression: the first thing on the way to one that fails."""
        return self._why(node, scope, 0)

    def _why(self, node: ast.expr, scope: Scope, depth: int) -> str:
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Call):
            return self._why_result(node, scope, depth)
        found = self.bindings(node, scope)
        for binding, where in found:
            if self.ev.binding(binding, where) is UNKNOWN:
                return self._why_bound(binding, where, depth)
        if isinstance(node, ast.Attribute):
            return self._why_member(node, scope, depth)
        if isinstance(node, ast.Name) and not found:
            return f"nothing in this file binds `{node.id}`"
        return "poolint does not follow what it is made of"

    def _why_member(self, node: ast.Attribute, scope: Scope, depth: int) -> str:
        owner = self.ev.type_of(node.value, scope)
        text = text_of(node.value, scope)
        if owner is UNKNOWN:
            if depth < _MOST:
                return f"`{text}` is unknown: {self._why(node.value, scope, depth + 1)}"
            return f"`{text}` is unknown"
        return f"`{text}` is {of_type(owner, self.here)}, and nothing is known of its `{node.attr}`"

    def _why_result(self, node: ast.Call, scope: Scope, depth: int) -> str:
        callee = self.ev.type_of(node.func, scope)
        text = text_of(node.func, scope)
        if callee is UNKNOWN:
            if depth < _MOST:
                return f"`{text}` is unknown: {self._why(node.func, scope, depth + 1)}"
            return f"`{text}` is unknown"
        for one in alternatives(callee):
            if isinstance(one, Function):
                at = self.at(one.scope.node, one.scope)
                return f"neither a return annotation nor the body of `{one.scope.name}` ({at}) tells what it gives"
            if isinstance(one, LibraryName):
                return f"the models say nothing of `{one.name}`"
        return f"nothing is known of what `{text}` gives"

    def _why_bound(self, binding: Binding, scope: Scope, depth: int) -> str:
        at = self.at(binding.node, scope)
        kind = binding.kind
        if kind == "parameter":
            if binding.annotation is None:
                name = getattr(binding.node, "arg", "")
                if not any(
                    _is_awaited_use(load) for inner in scope.descendants() for load in inner.loads.get(name, ())
                ):
                    return f"the parameter ({at}) has no annotation and no call on it is awaited"
                return f"the parameter ({at}) has no annotation, and neither its name nor its module says database"
            text = text_of(binding.annotation, scope)
            return f"the annotation `{text}` ({at}) names no class that poolint knows"
        if kind == "import":
            return self.why_import(binding, scope)
        if kind == "opaque":
            return f"it is bound at {at} in a way that is not followed"
        if binding.value is not None and depth < _MOST:
            return f"assigned at {at}, and {self._why(binding.value, scope, depth + 1)}"
        return f"bound at {at}, and that is not followed further"

    def why_import(self, binding: Binding, scope: Scope) -> str:
        """Why an import gives nothing."""
        dotted, _, name = binding.origin.partition(":")
        origin = f"{'.' * binding.level}{dotted}"
        source = self.ev.project.imported(dotted, binding.level, scope.module)
        at = self.at(binding.node, scope)
        if source is None:
            return f"the import of `{origin}` ({at}) leads to no file of the project"
        if name and name not in source.scope.bindings:
            return f"`{origin}` ({at}) has no `{name}`"
        if name:
            last = source.scope.bindings[name][-1]
            if last.kind == "import":
                return self.why_import(last, source.scope)
            return self._why_bound(last, source.scope, 1)
        return f"imported at {at}"


def is_one_of(one: Type, kinds: frozenset[str]) -> bool:
    """Whether something is an object of a library's class of one of these kinds."""
    return any(
        isinstance(each, Instance) and each.base is not None and each.base.kind in kinds for each in alternatives(one)
    )


def _is_awaited_use(load: ast.Name) -> bool:
    """Whether a method is called on a name, and awaited."""
    attribute = parent_of(load)
    call = parent_of(attribute) if isinstance(attribute, ast.Attribute) else None
    return isinstance(call, ast.Call) and call.func is attribute and isinstance(parent_of(call), ast.Await)
