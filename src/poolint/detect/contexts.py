"""Observations about checkouts that are put into a context variable, and that nobody takes out of it to give them back."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.owners import LongLived
from poolint.models.schema import HANDLES
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_PUTTING = ("set", "reset")
"""Methods of context variables that put something into them, as it is given or as it has been: what was there stays as it is."""


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The checkouts that ``scope`` leaves in a context variable of its module; one that no name of the function has goes by the
    name of that."""
    for node in scope.calls_of("set"):
        function, given = node.func, node.args[:1]
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
            continue
        if len(given) != 1 or not _is_variable(ev, function.value, scope):
            continue
        made = without_await(given[0])
        taken = (made, given[0]) if isinstance(made, ast.Call) else _taken(ev, given[0], scope)
        found = checkout(ev, *taken, scope) if taken is not None else None
        if found is None or found[1].kind not in HANDLES:
            continue
        name = function.value.id
        ways = {name, *_handed_out(name, scope.module)}
        held = given[0].id if isinstance(given[0], ast.Name) else ""
        if held and _is_returned(held, scope):
            ways.add(scope.name)
        if not _is_emptied(ev, name, ways, scope.module) and not _is_emptied_elsewhere(ev, ways, scope.module):
            where = (node, scope.qualified_name, may_await(node, scope))
            keeper = name if held else ""
            yield LongLived(*where, *found[:2], held or name, "context-variable", keeper, is_shared=False)


def _is_variable(ev: Evaluator, node: ast.Name, scope: Scope) -> bool:
    """Whether a name is a context variable that the module itself defines."""
    bindings = None if node.id in scope.bindings else scope.module.scope.bindings.get(node.id)
    value = bindings[0].value if bindings is not None and len(bindings) == 1 else None
    if not isinstance(value, ast.Call) or last_name(value.func) != "ContextVar":
        return False
    return ev.qualified_name(ev.type_of(value.func, scope.module.scope)) == "contextvars.ContextVar"


def _taken(ev: Evaluator, load: ast.expr, scope: Scope) -> tuple[ast.Call, ast.expr] | None:
    """The call that a name has its only value from, unless the function may release what it names."""
    if not isinstance(load, ast.Name):
        return None
    bindings = scope.bindings.get(load.id, ())
    value = bindings[0].value if len(bindings) == 1 and bindings[0].kind in ("assign", "annotated") else None
    call = without_await(value)
    if value is None or not isinstance(call, ast.Call):
        return None
    for other in scope.loads[load.id]:
        parent = parent_of(other)
        plain = isinstance(parent, (ast.Return, ast.Compare, ast.If)) or (
            isinstance(parent, ast.Attribute) and parent.attr not in ev.models.words("gives-back", "removes")
        )
        if other is not load and not plain:
            return None
    return call, value


def _is_returned(name: str, scope: Scope) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in scope.returns)


def _handed_out(name: str, module: Module) -> set[str]:
    """The functions of the module that return what is in the variable: their callers may release it."""
    found = set()
    for scope in module.scope.descendants():
        for value in scope.returns:
            function = value.func if isinstance(value, ast.Call) else None
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == name
            ):
                found.add(scope.name)
    return found


def _is_emptied(ev: Evaluator, name: str, ways: set[str], module: Module) -> bool:
    """Whether the module may take out of the variable what is in it, and release it."""
    for scope in module.scope.descendants():
        if any(scope.loads.get(way) for way in ways - {name}):
            return True
        for load in scope.loads.get(name, ()):
            read = parent_of(load)
            call = parent_of(read) if isinstance(read, ast.Attribute) else None
            if not isinstance(read, ast.Attribute) or not isinstance(call, ast.Call):
                return True
            if read.attr in _PUTTING:
                continue
            if read.attr != "get":
                return True
            used = parent_of(call)
            if isinstance(used, ast.Attribute) and used.attr not in ev.models.words("gives-back", "removes"):
                continue
            if not isinstance(used, (ast.Return, ast.Expr)):
                return True
    return False


def _is_emptied_elsewhere(ev: Evaluator, ways: set[str], module: Module) -> bool:
    """Whether another file of the project mentions the variable, or what hands it out, and releases anything."""
    word = re.compile(rb"\b(?:" + b"|".join(re.escape(way.encode()) for way in sorted(ways)) + rb")\b")
    ends = rb"|".join(sorted(name.encode() for name in ev.models.words("gives-back", "removes")))
    releases = re.compile(rb"\.(?:" + ends + rb")\b")
    project = ev.project
    for path in project.every_file(project.finder.top(module.path), module):
        if path != module.path:
            data = project.bytes_of(path)
            if word.search(data) and releases.search(data):
                return True
    return False


DETECTOR = Detector(
    "contexts",
    lambda services: partial(observe, services.evaluator),
    of="functions",
    calls=lambda _: frozenset({"set"}),
)
