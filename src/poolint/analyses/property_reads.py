"""Properties: reading an attribute that the class of an object defines as a function is a call of that function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.models.standard import KEPT_PROPERTIES, PROPERTIES
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import parent_of, placed
from poolint.types.call_sites import callees_of
from poolint.types.definitions import Definitions
from poolint.types.members import lineage
from poolint.types.overrides import is_left_open
from poolint.types.returns import decorators
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Read(NamedTuple):
    """An attribute that is read, and the function that runs then."""

    node: ast.Attribute
    function: Function
    is_kept: bool
    """Whether the function only runs when the first one asks, whoever that is."""

    @property
    def call(self) -> ast.Call:
        """The same as a call that passes nothing, where the attribute stands."""
        return placed(ast.Call(self.node, [], []), self.node, parent_of(self.node))


def property_reads(ev: Evaluator, scope: Scope) -> Iterator[Read]:
    """The attributes in a function whose reading runs a function of the project that calls something itself, reads another one,
    or is left to the classes below."""
    if not scope.attributes:
        return
    definitions = ev.derived(Definitions)
    names = definitions.properties(scope.module)
    for node in scope.attributes:
        if node.attr in names and isinstance(node.ctx, ast.Load):
            for one in alternatives(ev.type_of(node.value, scope)):
                inner = _property(ev, one, node.attr) if isinstance(one, Instance) and one.cls is not one.base else None
                if inner is not None and (
                    inner.calls or inner.withs or _may_read(definitions, inner) or is_left_open(inner)
                ):
                    is_kept = not KEPT_PROPERTIES.isdisjoint(decorators(ev, inner))
                    yield Read(node, Function(inner, one), is_kept)


def always_run(ev: Evaluator, scope: Scope) -> Iterator[Read]:
    """Those of them that run a function whenever they are read, or as the first ones of an object that the function has made."""
    return (one for one in property_reads(ev, scope) if not one.is_kept or _is_first(ev, one.node, scope))


def readers(ev: Evaluator, function: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """Where the project reads a property, each as a call, with the function that it stands in; tests aside."""
    project = ev.project
    modules = [function.module, *filter(None, map(project.module, project.saying(function.name, function.module)))]
    for module in dict.fromkeys(modules):
        for inner in () if is_test(module, project) else module.scope.mentioning(function.name):
            for read in property_reads(ev, inner):
                if read.function.scope is function:
                    yield read.call, inner


def _is_first(ev: Evaluator, node: ast.Attribute, scope: Scope) -> bool:
    """Whether nothing in a function reads the attribute before of an object that it has made itself."""
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    bindings = scope.bindings.get(name, ())
    made = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
    if not isinstance(made, ast.Call) or not any(isinstance(one, ClassObject) for one in callees_of(ev, made, scope)):
        return False
    reads = (one for one in scope.attributes if one.attr == node.attr and getattr(one.value, "id", "") == name)
    return node is min(reads, key=lambda one: (one.lineno, one.col_offset))


def _may_read(definitions: Definitions, scope: Scope) -> bool:
    """Whether words let a function read a property."""
    if not scope.attributes:
        return False
    names = definitions.properties(scope.module)
    return any(one.attr in names for one in scope.attributes)


def _property(ev: Evaluator, owner: Instance, name: str) -> Scope | None:
    """The function behind a property of an object of the project; None where the member is something else."""
    for cls in lineage(ev, owner):
        bindings = cls.bindings.get(name)
        if bindings:
            inner = bindings[0].scope if bindings[0].kind == "function" else None  # what follows are its setters
            return inner if inner is not None and not PROPERTIES.isdisjoint(decorators(ev, inner)) else None
    return None
