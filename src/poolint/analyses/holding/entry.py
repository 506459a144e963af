"""What is held when a function begins: by what its framework has run before it, and by the decorators around it.

FastAPI runs the dependencies of an endpoint first and gives those that ask for it the same session, so one that the
authentication has used holds its connection in the endpoint too. A decorator of the project may open a transaction
around the function that it wraps.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.transactions import Region, inside, transactions
from poolint.analyses.holding.transfer import Change
from poolint.analyses.waypoints import Cause, waypoint
from poolint.frameworks.entries import parameters, required, routes
from poolint.models.schema import SESSIONS
from poolint.types.call_sites import text_of
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import Waypoint, What
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Used(NamedTuple):
    """A session that a dependency has left in use: its class, and how that has come about."""

    cls: Class | None
    cause: Cause


def taken(holdings: Holdings, ev: Evaluator, scope: Scope) -> Iterator[Change]:
    """The sessions that the dependencies of an endpoint hold when it begins, under the endpoint's own name for them."""
    for route in routes(ev, scope):
        own: dict[Scope, str] = {}
        used: dict[Scope, tuple[Used, ast.expr]] = {}
        run: list[tuple[ast.expr, Function]] = list(required(ev, route, scope.parent or scope))
        for name, parameter, provider in parameters(ev, scope):
            own[provider.scope] = name
            run.append((_place(parameter, scope), provider))
        done: set[Scope] = set()
        for node, provider in run:
            for function in _in_order(ev, provider.scope, done):
                _run(holdings, ev, function, node, used)
        for session, (how, node) in used.items():
            yield Change(own.get(session, f"{session.name}()"), True, node, how.cls, cause=how.cause)
        return


def _in_order(ev: Evaluator, dependency: Scope, done: set[Scope]) -> Iterator[Scope]:
    """A dependency after those that it has itself, but for those ``done``: within a request each of them runs once."""
    waiting = [(dependency, iter([one.scope for _, _, one in parameters(ev, dependency)]))]
    begun = {dependency, *done}
    while dependency not in done:
        function, rest = waiting[-1]
        following = next((one for one in rest if one not in begun), None)
        if following is not None:
            begun.add(following)
            waiting.append((following, iter([one.scope for _, _, one in parameters(ev, following)])))
            continue
        waiting.pop()
        done.add(function)
        yield function


def _run(
    holdings: Holdings, ev: Evaluator, function: Scope, node: ast.expr, used: dict[Scope, tuple[Used, ast.expr]]
) -> None:
    """Note which sessions a dependency has used or ended."""
    names = {name: provider.scope for name, _, provider in parameters(ev, function)}
    held, ended = holdings.left(function)
    for hold in held:
        if hold.is_sure and hold.cls is not None and hold.cls.kind in SESSIONS:
            if hold.resource in names:
                source = names[hold.resource]
                used[source] = Used(hold.cls, Cause("dependency-used", (function.name, source.name))), node
            elif hold.resource == _yielded(function):
                used[function] = Used(hold.cls, Cause("dependency-used-own", (function.name,))), node
    for name in names.keys() & set(ended):
        used.pop(names[name], None)


def _yielded(function: Scope) -> str:
    """The name of what a dependency gives to those that depend on it."""
    given = function.yields[0].value if function.yields else None
    return given.id if isinstance(given, ast.Name) else ""


def _place(parameter: ast.arg, scope: Scope) -> ast.expr:
    """Where in the endpoint's own lines a dependency is asked for."""
    if parameter.annotation is not None:
        return parameter.annotation
    arguments = scope.node.args  # type: ignore[attr-defined]
    by_order = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip(reversed(by_order), reversed(arguments.defaults), strict=False))
    defaults |= {one: value for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value}
    found: ast.expr = defaults[parameter]
    return found


def around(ev: Evaluator, scope: Scope) -> Iterator[Region]:
    """The transactions that decorators of the project have open while a function runs."""
    source = scope.module.source
    for decorator in getattr(scope.node, "decorator_list", ()):
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(made) not in ev.screen.definitions(source.path, source.data):
            continue  # none of the project's
        for one in alternatives(ev.type_of(made, scope.parent or scope)):
            if isinstance(one, Function):
                for inner in one.scope.descendants():
                    yield from _around_call(ev, inner, decorator, scope)


def _around_call(ev: Evaluator, wrapper: Scope, decorator: ast.expr, scope: Scope) -> Iterator[Region]:
    """The transactions in which a wrapper calls the function that it has been given."""
    regions = transactions(ev, wrapper) if wrapper.kind == "function" and wrapper.withs else []
    for call in wrapper.calls if regions else ():
        if not (isinstance(call.func, ast.Name) and _is_given(call.func.id, wrapper)):
            continue
        for region in regions:
            if inside(call, region.statement):
                session = _passed(region.session, call, scope) if region.session else ""
                if session or not region.session:
                    yield Region(scope.node, decorator, region.fact, session)  # type: ignore[arg-type]


def _is_given(name: str, wrapper: Scope) -> bool:
    """Whether a name is a parameter of the function around a wrapper: of the decorator, which gets the function."""
    around = wrapper.parent
    while around is not None and name not in around.bindings:
        around = around.parent
    return (
        name not in wrapper.bindings
        and around is not None
        and around.kind == "function"
        and any(one.kind == "parameter" for one in around.bindings[name])
    )


def _passed(session: str, call: ast.Call, scope: Scope) -> str:
    """The name under which a function gets its wrapper's session; one of an attribute keeps its own."""
    if "." in session:
        return session
    arguments = scope.node.args  # type: ignore[attr-defined]
    for parameter, value in zip([*arguments.posonlyargs, *arguments.args], call.args, strict=False):
        if isinstance(value, ast.Name) and value.id == session:
            return str(parameter.arg)
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name) and keyword.value.id == session and keyword.arg in scope.bindings:
            return keyword.arg or ""
    return ""


def since(hold: Hold, scope: Scope, does: What = "takes-connection") -> Waypoint:
    """Where a connection came to be held, and how; ``does`` is what the call there does by itself."""
    what, about = hold.cause or Cause(does, (text_of(hold.since, scope),))
    return waypoint(what, hold.since, scope.module, *about)
