"""Listeners: which function is called when, and on what, as far as the code that registers it shows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.scopes import parent_of
from poolint.types.following import origin
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.api_rows import Target
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Registration(NamedTuple):
    """One call that registers a listener. ``event`` is the argument with the event's name, ``listener`` the function."""

    call: ast.Call
    target: ast.expr
    event: ast.expr
    listener: Function | None


_REGISTERING = frozenset({"listens_for", "listen"})


def registrations(ev: Evaluator, scope: Scope) -> Iterator[Registration]:
    """The calls directly in ``scope`` that register listeners."""
    for call in scope.calls_named(_REGISTERING):
        if len(call.args) < 2:
            continue
        name = ev.qualified_name(ev.type_of(call.func, scope))
        decorates = ev.models.ends("registers-decorated", name)
        if not (decorates or ev.models.ends("registers", name)) or any(
            isinstance(one, ast.Starred) for one in call.args
        ):
            continue
        listener = None
        if decorates:
            owner = parent_of(call)
            if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef)) and call in owner.decorator_list:
                listener = Function(scope.module.scopes[owner])
        elif len(call.args) > 2 and not isinstance(call.args[2], ast.Call):
            found = alternatives(ev.type_of(call.args[2], scope))
            listener = found[0] if len(found) == 1 and isinstance(found[0], Function) else None
        yield Registration(call, call.args[0], call.args[1], listener)


def targeted(ev: Evaluator, node: ast.expr, scope: Scope) -> list[tuple[Class, Target, bool]]:
    """What a target can be: its class, what is known of it as a target, and whether it is the class itself.

    Nothing where one of the alternatives is unknown.
    """
    found = []
    for one in alternatives(ev.type_of(node, scope)):
        if not isinstance(one, (Instance, ClassObject)) or one.base is None:
            return []
        lineage = (ev.models.targets.get(each.name) for each in ev.models.lineage(one.base))
        row = next(filter(None, lineage), None)
        if row is None:
            return []
        found.append((one.base, row, isinstance(one, ClassObject)))
    return found


def is_of_async_engine(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether a target belongs to an asynchronous engine: it was read off one, or is a class that one shares."""
    if isinstance(node, ast.Name):
        node, scope = origin(ev, node, scope, frozenset())
    if isinstance(node, ast.Attribute):
        owners = alternatives(ev.type_of(node.value, scope))
        if any(isinstance(one, Instance) and one.base is not None and one.base.mode == "async" for one in owners):
            return True
        return isinstance(node.value, ast.Attribute) and is_of_async_engine(ev, node.value, scope)
    is_class = any(isinstance(one, ClassObject) for one in alternatives(ev.type_of(node, scope)))
    return is_class and uses_async_engines(ev, scope)


def uses_async_engines(ev: Evaluator, scope: Scope) -> bool:
    """Whether the module of ``scope`` imports a class or factory of asynchronous engines, so that its pools are theirs."""
    for statement, _ in scope.module.imports:
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            for alias in statement.names:
                name = f"{statement.module}.{alias.name}"
                function = ev.models.functions.get(name)
                cls = ev.models.classes.get(function.returns if function is not None else name)
                if cls is not None and cls.mode == "async" and cls.kind == "engine":
                    return True
    return False
