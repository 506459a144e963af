"""Calls of libraries without a model, by where what is called comes from.

A path leads from a name that is imported from a library to what is called: ``acme.Client``, an object of it, its
attribute ``charges``, the method ``create``. That is enough to say which package it is of, and what rows of the models
would tell of it.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

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
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

DATABASE = frozenset({*RELEASABLE, "registry", "transaction", "cursor", "query", "result", "engine", "pool", "factory"})
"""Kinds of what works with a database, or gives it."""

_MAX_STEPS = 8
"""Bindings and expressions on the way from a call back to an import; real ones stay under 6."""

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
    path = _path(ev, node.func, scope, 0)
    if not path or not _is_foreign(ev, path[0].name, scope.module):
        return None
    cls = ev.models.classes.get(path[0].name)
    if cls is not None and cls.kind in DATABASE:
        return None  # it waits for the database that is held anyway
    return Unmodelled(node, scope, (*path[:-1], Step(path[-1].name, how)))


def path_to(ev: Evaluator, node: ast.expr, scope: Scope) -> Path:
    """The path from a library's name to an expression; empty where none is found."""
    return _path(ev, node, scope, 0)


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


def _path(ev: Evaluator, node: ast.expr, scope: Scope, depth: int) -> Path:
    """The path from a library's name to an expression; empty where there is none."""
    if depth > _MAX_STEPS:
        return ()
    one = ev.type_of(node, scope)
    if isinstance(one, LibraryName):
        return (Step(one.name, "name"),)
    if isinstance(one, Instance) and one.base is not None and one.cls is one.base:
        return (Step(one.base.name, "object"),)
    if one is not UNKNOWN:
        return ()
    if isinstance(node, ast.Await):
        return _taken(_path(ev, node.value, scope, depth + 1), "coroutine")
    if isinstance(node, ast.Call):
        path = _path(ev, node.func, scope, depth + 1)
        return _ending(path, "sync") if path and path[-1].how in ("name", "attribute") else ()
    for binding, where in bindings(ev, node, scope):
        path = _of_binding(ev, binding, where, depth + 1)
        if path:
            return path
    if isinstance(node, ast.Attribute):
        path = _path(ev, node.value, scope, depth + 1)
        return (*path, Step(node.attr, "attribute")) if path and path[-1].how != "name" else ()
    return ()


def _of_binding(ev: Evaluator, binding: Binding, scope: Scope, depth: int) -> Path:
    if binding.kind == "import":
        found = imports.source(ev, binding, scope.module)
        if found is None or depth > _MAX_STEPS:
            return ()
        module, name = found
        last = module.scope.bindings[name][-1]
        return _of_binding(ev, last, last.home(module.scope), depth + 1)
    if binding.annotation is not None and binding.kind in ("parameter", "annotated"):
        path = _of_annotation(ev, binding.annotation, scope.parent or scope if binding.kind == "parameter" else scope)
        if path:
            return path
    if binding.value is None or binding.index >= 0 or depth > _MAX_STEPS:
        return ()
    if binding.kind in ("assign", "annotated"):
        return _path(ev, binding.value, scope, depth)
    if binding.kind == "with":
        path = _path(ev, binding.value, scope, depth)
        return _taken(path, "async-cm" if binding.asynchronous else "cm")
    return ()


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
            if isinstance(found, LibraryName) and _is_foreign(ev, found.name, scope.module):
                return (Step(found.name, "object"),)
    return ()


def _taken(path: Path, how: How) -> Path:
    """A path whose last step is a call, with what is done with the value of that."""
    if path and path[-1].how == "sync":
        return _ending(path, how)
    return path if path and path[-1].how == "object" and how in ("cm", "async-cm") else ()


def _ending(path: Path, how: How) -> Path:
    return (*path[:-1], Step(path[-1].name, how))
