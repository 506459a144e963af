"""What an application keeps for all its requests: members of its ``state``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.screen.shapes import REQUESTS, STATE_HOLDERS, TABLE
from poolint.syntax.expressions import asked_by_name, last_name
from poolint.syntax.scopes import home_of
from poolint.types import returns
from poolint.types.serving import is_serving
from poolint.types.values import UNKNOWN, alternatives, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def of_state(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    """``request.app.state.NAME``: what was assigned to ``….state.NAME`` anywhere in the project, or what a lifespan yields."""
    name = state_name(ev, node, scope)
    return ev.once(("state", name, scope.module.path), _compute_state, ev, node, scope) if name else UNKNOWN


def state_name(ev: Evaluator, node: ast.expr, scope: Scope) -> str:
    """The name under which an application keeps what an expression asks it for, ``app.state.NAME`` or
    ``getattr(app.state, "NAME", None)``; empty for anything else."""
    if isinstance(node, ast.Attribute):
        owner, name = node.value, node.attr
    elif isinstance(node, ast.Call) and asked_by_name(node):
        owner, name = node.args[0], asked_by_name(node)
    else:
        return ""
    is_kept = isinstance(owner, ast.Attribute) and owner.attr == "state" and is_application(ev, owner.value, scope)
    return name if is_kept else ""


def is_application(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is an application by its class, or by its name, or what leads to it, or its table of what it keeps
    for all."""
    if isinstance(node, ast.Attribute) and node.attr == TABLE:
        node = node.value
    return last_name(node) in STATE_HOLDERS or any(is_serving(ev, one) for one in alternatives(ev.type_of(node, scope)))


def is_request(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a request, by what the parameter of that name is declared to be, or by its name alone."""
    home = home_of(node.id, scope) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Name) and home is not None:
        declared = (one.annotation for one in home.bindings[node.id] if one.kind == "parameter")
        if any(one is not None and is_class_of_requests(ev, one, home.parent or home) for one in declared):
            return True
    return last_name(node) in REQUESTS


def is_class_of_requests(ev: Evaluator, annotation: ast.expr, scope: Scope) -> bool:
    """Whether an annotation names a class of requests of a web framework."""
    if not isinstance(annotation, (ast.Name, ast.Attribute)) or last_name(annotation) not in ev.models.words(
        "of-request"
    ):
        return False
    return ev.qualified_name(ev.type_of(annotation, scope)) in ev.models.manners.get("of-request", frozenset())


def state_bindings(ev: Evaluator, node: ast.expr, scope: Scope) -> Iterator[tuple[Binding, Scope]]:
    """What an application is given under the name that an expression asks it for, each with the scope that does so."""
    name = state_name(ev, node, scope)
    for module, binding in ev.project.state_assignments(name, scope.module) if name else ():
        if type(binding.node) is not ast.Constant or is_lifespan(ev, binding.scope):
            yield binding, binding.scope or module.scope


def _compute_state(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    return known([ev.binding(*one) for one in state_bindings(ev, node, scope)])


def is_lifespan(ev: Evaluator, scope: Scope | None) -> bool:
    """Whether what a function yields in a dictionary becomes the state of requests: it is the manager of an application."""
    first = scope.first_parameter if scope is not None else None
    taken = getattr(scope.node, "args", None) if scope is not None else None
    is_for_one = isinstance(taken, ast.arguments) and [*taken.posonlyargs, *taken.args, *taken.kwonlyargs] == [first]
    return scope is not None and is_for_one and returns.made_manager(ev, scope) == "async-cm"
