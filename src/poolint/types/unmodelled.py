"""Calls of libraries without a model, by where what is called comes from.

A path leads from a name that is imported from a library to what is called: ``acme.Client``, an object of it, its
attribute ``charges``, the method ``create``. That is enough to say which package it is of, and what rows of the models
would tell of it.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.flow.summaries import Summaries
from poolint.models.schema import RELEASABLE
from poolint.syntax.scopes import parent_of
from poolint.types import annotated, imports
from poolint.types.bound import bindings
from poolint.types.steps import How as How
from poolint.types.steps import Path as Path
from poolint.types.steps import Step as Step
from poolint.types.values import UNKNOWN, Instance, LibraryName, alternatives

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

DATABASE = frozenset({*RELEASABLE, "registry", "transaction", "cursor", "query", "result", "engine", "pool", "factory"})
"""Kinds of what works with a database, or gives it."""

_OURS = frozenset({*sys.stdlib_module_names, "builtins", "poolint"})


class Unmodelled(NamedTuple):
    """A call that is awaited and of which the models say nothing; ``path`` leads to it."""

    node: ast.Call
    scope: Scope
    path: Path

    @property
    def package(self) -> str:
        """The package that it is of, as it is imported."""
        return self.path[0].name.partition(".")[0]

    @property
    def name(self) -> str:
        """The steps as one dotted name."""
        return ".".join(step.name for step in self.path)


def unmodelled(ev: Evaluator, node: ast.Call, scope: Scope) -> Unmodelled | None:
    """The call as one of another's library without a model; None where it is none, or is not waited for."""
    how = waited_for(node)
    if not how:
        return None
    callee = ev.type_of(node.func, scope)
    if callee is not UNKNOWN and not all(isinstance(one, LibraryName) for one in alternatives(callee)):
        return None
    path = path_to(ev, node.func, scope)
    if not path or not _is_foreign(ev, path[0].name, scope.module):
        return None
    row = ev.models.threaded.get(path[0].name.rpartition(".")[2])
    if row is not None and path[0].name in row.names:
        return None  # what that waits for is what it runs
    cls = ev.models.classes.get(path[0].name)
    if cls is not None and cls.kind in DATABASE:
        return None  # it waits for the database that is held anyway
    return Unmodelled(node, scope, (*path[:-1], Step(path[-1].name, how)))


def path_to(ev: Evaluator, node: ast.expr, scope: Scope) -> Path:
    """The path from a library's name to an expression; empty where none is found."""
    return _Paths(ev).of(node, scope)


def waited_for(node: ast.Call) -> How | Literal[""]:
    """How a call's value is waited for where it stands; empty where it is not."""
    parent = parent_of(node)
    if isinstance(parent, ast.Await):
        return "coroutine"
    if isinstance(parent, ast.withitem) and isinstance(parent_of(parent), ast.AsyncWith):
        return "async-cm"
    is_iterated = isinstance(parent, ast.AsyncFor) or (isinstance(parent, ast.comprehension) and bool(parent.is_async))
    return "async-generator" if is_iterated else ""


def _is_foreign(ev: Evaluator, name: str, module: Module) -> bool:
    """Whether a qualified name is of a library that is neither Python's own nor the project's."""
    root = name.partition(".")[0]
    return root not in _OURS and "." in name and ev.project.finder.find(root, module.path) is None


class _Place(NamedTuple):
    """Where an expression stands, and of what kind it is: no two of one kind begin and end at the same places."""

    scope: ScopeKey
    row: int
    column: int
    end_row: int | None
    end_column: int | None
    kind: str


class _Paths:
    """The paths of one question: a problem of summaries, since names may be bound to what they are made of."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._met: dict[_Place, tuple[ast.expr, Scope]] = {}
        self._found: Summaries[_Place, Path] = Summaries("path", self._path, bottom=(), join=_first)

    def of(self, node: ast.expr, scope: Scope) -> Path:
        """The path to an expression; empty where there is none."""
        where = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
        place = _Place(scope.key, *where, type(node).__name__)
        self._met[place] = node, scope
        return self._found.of(place)

    def _path(self, place: _Place) -> Path:
        node, scope = self._met[place]
        one = self.ev.type_of(node, scope)
        if isinstance(one, LibraryName):
            return (Step(one.name, "name"),)
        if isinstance(one, Instance) and one.base is not None and one.cls is one.base:
            return (Step(one.base.name, "object"),)
        if one is not UNKNOWN:
            return ()
        if isinstance(node, ast.Await):
            return _taken(self.of(node.value, scope), "coroutine")
        if isinstance(node, ast.Call):
            path = self.of(node.func, scope)
            return _ending(path, "sync") if path and path[-1].how in ("name", "attribute") else ()
        for binding, where in bindings(self.ev, node, scope):
            path = self._of_binding(binding, where)
            if path:
                return path
        if isinstance(node, ast.Attribute):
            path = self.of(node.value, scope)
            return (*path, Step(node.attr, "attribute")) if path and path[-1].how != "name" else ()
        return ()

    def _of_binding(self, binding: Binding, scope: Scope) -> Path:
        imported: set[Binding] = set()
        while binding.kind == "import":
            found = imports.source(self.ev, binding, scope.module)
            if found is None or binding in imported:
                return ()
            imported.add(binding)
            module, name = found
            binding = module.scope.bindings[name][-1]
            scope = binding.home(module.scope)
        if binding.annotation is not None and binding.kind in ("parameter", "annotated"):
            around = scope.parent or scope if binding.kind == "parameter" else scope
            path = _of_annotation(self.ev, binding.annotation, around)
            if path:
                return path
        if binding.value is None or binding.index >= 0:
            return ()
        if binding.kind in ("assign", "annotated"):
            return self.of(binding.value, scope)
        if binding.kind == "with":
            return _taken(self.of(binding.value, scope), "async-cm" if binding.asynchronous else "cm")
        return ()


def _first(one: Path, other: Path) -> Path:
    return one or other


def _of_annotation(ev: Evaluator, node: ast.expr, scope: Scope) -> Path:
    """The library's class that an annotation names, also in ``Client | None`` and ``Annotated[Client, …]``."""
    annotated.annotation(ev, node, scope)
    stack: list[ast.expr] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.Constant):
            quoted = one.__dict__.get("_poolint_expression")
            stack += [quoted] if quoted is not None else []
        elif isinstance(one, ast.BinOp):
            stack += [one.right, one.left]
        elif isinstance(one, ast.Subscript):
            stack.append(one.slice.elts[0] if isinstance(one.slice, ast.Tuple) and one.slice.elts else one.slice)
        elif isinstance(one, (ast.Name, ast.Attribute)):
            found = ev.type_of(one, scope)
            if isinstance(found, LibraryName) and (
                ev.models.ends("awaits-nothing", found.name) or _is_foreign(ev, found.name, scope.module)
            ):
                return (Step(found.name, "object"),)
    return ()


def _taken(path: Path, how: How) -> Path:
    """A path whose last step is a call, with what is done with the value of that."""
    if path and path[-1].how == "sync":
        return _ending(path, how)
    return path if path and path[-1].how == "object" and how in ("cm", "async-cm") else ()


def _ending(path: Path, how: How) -> Path:
    return (*path[:-1], Step(path[-1].name, how))
