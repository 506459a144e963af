"""By what a name is known: the binding that says it, and where; or why nothing says it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.explain.reasons import Reasons
from poolint.explain.report import Known
from poolint.explain.words import of_type, place
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of
from poolint.types import annotated, callbacks, decorated, stand_ins, traced
from poolint.types.bound import bindings
from poolint.types.call_sites import text_of
from poolint.types.evidence import evidence, use_of
from poolint.types.values import UNKNOWN, Function, Instance, Type, alternatives

if TYPE_CHECKING:
    from poolint.analyses.coverage import Unknown
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.bound import Bound
    from poolint.types.evaluator import Evaluator

_MOST = 3
"""Bindings of one name that are reported; more say nothing more."""


class Knowledge:
    """Answers for one module: ``here`` is where places are seen from."""

    def __init__(self, ev: Evaluator, here: Module) -> None:
        self.ev = ev
        self.here = here
        self._reasons = Reasons(ev, here)

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
        one, use = evidence(self.ev, node, "", scope), use_of(self.ev, node, scope)
        if one is None or use.by is None:
            return None
        words = text_of(use.by, scope)
        how = "async with" if isinstance(parent_of(use.by), ast.withitem) else "await"
        told = f"bound to what `{words}` gives" if use.is_bound else f"`{how} {words}`"
        return Known(text, of_type(one, self.here), (f"by its use alone: {told} ({self.at(use.by, scope)})",))

    def at(self, node: ast.AST, scope: Scope) -> str:
        """Where a node of ``scope`` stands."""
        return place(node, scope.module, self.here)

    def bindings(self, node: ast.expr, scope: Scope) -> list[Bound]:
        """The bindings that a name or an attribute may have its value from, with the scopes that they stand in."""
        return bindings(self.ev, node, scope)

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
        if scope.enclosing_class is not None and binding.node is scope.first_parameter:
            return f"the object that the method is called on ({at})"
        return f"a parameter without annotation ({at}), by {self._undeclared(binding, scope)}"

    def _undeclared(self, binding: Binding, scope: Scope) -> str:
        if self.ev.callers.passed(binding, scope) is not UNKNOWN:
            return "what its callers pass"
        if decorated.passed(self.ev, binding, scope) is not UNKNOWN:
            return "what a decorator passes"
        if isinstance(binding.node, ast.arg) and callbacks.passed_to(self.ev, binding.node, scope) is not UNKNOWN:
            return "what the function is called with where it is passed on"
        if stand_ins.stand_in(self.ev, binding, scope) is not UNKNOWN:
            return "what is made where it is None"
        if traced.of_name(self.ev, getattr(binding.node, "arg", ""), scope) is not UNKNOWN:
            return "the calls on it or by a trace of a test run"
        return "the calls on it"

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
        call = without_await(value)
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
        return self._reasons.of(node, scope).sentence

    def why_not_seen(self, one: Unknown, scope: Scope) -> str:
        """Why nothing is known of a value that is used as a session or a connection."""
        reasons = self._reasons
        return (reasons.of_union(one.node, scope) if one.is_union else reasons.of(one.node, scope)).sentence

    def why_import(self, binding: Binding, scope: Scope) -> str:
        """Why an import gives nothing."""
        return self._reasons.of_import(binding, scope).sentence


def is_one_of(one: Type, kinds: frozenset[str]) -> bool:
    """Whether something is an object of a library's class of one of these kinds."""
    return any(
        isinstance(each, Instance) and each.base is not None and each.base.kind in kinds for each in alternatives(one)
    )
