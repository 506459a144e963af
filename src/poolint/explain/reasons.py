"""Why no type is known for a value: a chain of reasons, from the value down to what it comes to in the end."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.explain.words import of_type, place
from poolint.types.bound import bindings
from poolint.types.call_sites import text_of
from poolint.types.evidence import use_of
from poolint.types.values import UNKNOWN, Function, LibraryName, alternatives

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

Cause = Literal[
    "parameter",  # a parameter without annotation
    "annotation",  # one that names no class that poolint knows
    "import",  # an import that leads nowhere
    "library",  # what a library gives of which the models say nothing
    "function",  # what a function of the project gives, which neither its annotation nor its body shows
    "attribute",  # an attribute of something known, of which nothing says what it is
    "union",  # a value of several types that do not agree on what a call does
    "name",  # a name that nothing in its file binds
    "expression",  # anything that is not followed
]


_USES = {
    "name": "its name does not say database",
    "module": "nothing in its module is of a database",
    "bindings": "it is bound to something else, too",
    "call": "no call on it is awaited that only a session or a connection has",
}
"""Why the use of a parameter does not tell what it is."""


class Reason(NamedTuple):
    """One reason: its cause, the words for it, and where it lies; ``because`` is the next one, where there is one.

    ``subject`` is what has no type there, as people would name it; ``joint`` stands before the words of the next one.
    """

    cause: Cause
    text: str
    subject: str
    path: str
    row: int
    because: Reason | None = None
    joint: str = ""

    @property
    def sentence(self) -> str:
        """The whole chain in words."""
        return self.text + (f"{self.joint}{self.because.sentence}" if self.because is not None else "")

    @property
    def root(self) -> Reason:
        """What the chain comes to in the end."""
        return self.because.root if self.because is not None else self


class Reasons:
    """Answers for one module: ``here`` is where places are seen from, ``most`` how many steps are reported."""

    def __init__(self, ev: Evaluator, here: Module, most: int = 3) -> None:
        self.ev = ev
        self.here = here
        self.most = most

    def of(self, node: ast.expr, scope: Scope) -> Reason:
        """Why no type is known for an expression: the first thing on the way to one that fails."""
        return self._of(node, scope, 0)

    def of_union(self, node: ast.expr, scope: Scope) -> Reason:
        """Why the type of an expression does not tell what a call on it does."""
        what = of_type(self.ev.type_of(node, scope), self.here)
        return _reason("union", f"it is {what}, which do not agree", text_of(node, scope), node, scope)

    def _of(self, node: ast.expr, scope: Scope, depth: int) -> Reason:
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Call):
            return self._of_result(node, scope, depth)
        found = bindings(self.ev, node, scope)
        for binding, where in found:
            if self.ev.binding(binding, where) is UNKNOWN:
                return self._of_binding(binding, where, depth)
        text = text_of(node, scope)
        if isinstance(node, ast.Attribute):
            return self._of_member(node, scope, depth)
        if isinstance(node, ast.Name) and not found:
            return _reason("name", f"nothing in this file binds `{node.id}`", text, node, scope)
        return _reason("expression", "poolint does not follow what it is made of", text, node, scope)

    def _of_member(self, node: ast.Attribute, scope: Scope, depth: int) -> Reason:
        owner = self.ev.type_of(node.value, scope)
        text = text_of(node.value, scope)
        if owner is UNKNOWN:
            return self._unknown(node.value, text, scope, depth)
        words = f"`{text}` is {of_type(owner, self.here)}, and nothing is known of its `{node.attr}`"
        cause: Cause = "library" if isinstance(owner, LibraryName) else "attribute"
        return _reason(cause, words, text_of(node, scope), node, scope)

    def _of_result(self, node: ast.Call, scope: Scope, depth: int) -> Reason:
        callee = self.ev.type_of(node.func, scope)
        text = text_of(node.func, scope)
        if callee is UNKNOWN:
            return self._unknown(node.func, text, scope, depth)
        for one in alternatives(callee):
            if isinstance(one, Function):
                at, name = self.at(one.scope.node, one.scope), one.scope.name
                words = f"neither a return annotation nor the body of `{name}` ({at}) says what it returns"
                return _reason("function", words, one.scope.qualified_name, one.scope.node, one.scope)
            if isinstance(one, LibraryName):
                return _reason("library", f"the models say nothing of `{one.name}`", one.name, node, scope)
        return _reason("expression", f"nothing is known of what `{text}` gives", text, node, scope)

    def _unknown(self, node: ast.expr, text: str, scope: Scope, depth: int) -> Reason:
        because = self._of(node, scope, depth + 1) if depth < self.most else None
        return _reason("expression", f"`{text}` is unknown", text, node, scope, because, ": ")

    def _of_binding(self, binding: Binding, scope: Scope, depth: int) -> Reason:
        at = self.at(binding.node, scope)
        kind = binding.kind
        name = _name_of(binding)
        if kind == "parameter":
            return self._of_parameter(binding, scope)
        if kind == "import":
            return self.of_import(binding, scope)
        if kind == "opaque":
            words = f"it is bound at {at} in a way that is not followed"
            return _reason("expression", words, name, binding.node, scope)
        if binding.value is not None and depth < self.most:
            because = self._of(binding.value, scope, depth + 1)
            return _reason("expression", f"assigned at {at}", name, binding.node, scope, because, ", and ")
        return _reason("expression", f"bound at {at}, and that is not followed further", name, binding.node, scope)

    def _of_parameter(self, binding: Binding, scope: Scope) -> Reason:
        name = getattr(binding.node, "arg", "")
        at = self.at(binding.node, scope)
        subject = f"{scope.qualified_name}.{name}"
        if binding.annotation is not None:
            text = text_of(binding.annotation, scope)
            words = f"the annotation `{text}` ({at}) names no class that poolint knows"
            return _reason("annotation", words, text, binding.node, scope)
        use = use_of(self.ev, ast.Name(name, ast.Load()), scope)
        words = f"the parameter ({at}) has no annotation, and {_USES.get(use.why_not, 'its use does not say it')}"
        return _reason("parameter", words, subject, binding.node, scope)

    def of_import(self, binding: Binding, scope: Scope) -> Reason:
        """Why an import gives nothing."""
        dotted, _, name = binding.origin.partition(":")
        origin = f"{'.' * binding.level}{dotted}"
        source = self.ev.project.imported(dotted, binding.level, scope.module)
        at = self.at(binding.node, scope)
        if source is None:
            words = f"the import of `{origin}` ({at}) leads to no file of the project"
            return _reason("import", words, origin, binding.node, scope)
        if name and name not in source.scope.bindings:
            return _reason("import", f"`{origin}` ({at}) has no `{name}`", f"{origin}.{name}", binding.node, scope)
        if name:
            last = source.scope.bindings[name][-1]
            if last.kind == "import":
                return self.of_import(last, source.scope)
            return self._of_binding(last, source.scope, 1)
        return _reason("import", f"imported at {at}", origin, binding.node, scope)

    def at(self, node: ast.AST, scope: Scope) -> str:
        """Where a node of ``scope`` stands."""
        return place(node, scope.module, self.here)


def _reason(
    cause: Cause, text: str, subject: str, node: ast.AST, scope: Scope, because: Reason | None = None, joint: str = ""
) -> Reason:
    return Reason(cause, text, subject, scope.module.path, getattr(node, "lineno", 1), because, joint)


def _name_of(binding: Binding) -> str:
    node = binding.node
    return str(getattr(node, "id", "") or getattr(node, "arg", "") or getattr(node, "attr", ""))
