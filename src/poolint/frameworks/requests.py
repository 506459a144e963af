"""When a framework ends the dependencies of a request: before it sends the response, or after that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.types.annotated import injection as marker
from poolint.types.providers import injections, provided

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

End = Literal["before-response", "after-response", ""]
"""When a dependency ends, relative to sending the response and to the background tasks; empty where that is not known."""


def end_of(ev: Evaluator, parameter: Binding, scope: Scope) -> End:
    """When the dependency that gives a parameter its value ends."""
    ends = {_end(ev, one, where, scope) for one, where in injections(ev, parameter, scope)}
    return ends.pop() if len(ends) == 1 else ""


def lent(ev: Evaluator, resource: str, scope: Scope) -> Iterator[End]:
    """When the dependencies end that lend a resource of an endpoint: one of its parameters, or `get_session()`, or what one of
    its parameters keeps, `orders.session`.

    The second is what its own dependencies have from a generator of that name, the last what that of the parameter have.
    """
    functions = [scope]
    root, dot, _ = resource.partition(".")
    for depending in functions:  # grows
        for name, bindings in depending.bindings.items():
            for binding in bindings:
                for one, where in injections(ev, binding, depending) if binding.kind == "parameter" else ():
                    for function in provided(ev, one, where, made=True):
                        is_meant = resource in (name, f"{function.scope.name}()") or (dot and depending is not scope)
                        if is_meant and function.scope.is_generator:
                            yield _end(ev, one, where, depending)
                        elif (resource.endswith("()") or (dot and (depending is not scope or name == root))) and (
                            function.scope not in functions
                        ):
                            functions.append(function.scope)


def _end(ev: Evaluator, injection: ast.Call, where: Scope, scope: Scope) -> End:
    row = marker(ev, injection, where)
    if row is None or not row.fact:
        return ""
    for keyword in injection.keywords:
        if keyword.arg == row.scope:
            said = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            return row.ends.get(said, "") if isinstance(said, str) else ""
    fact = ev.models.facts[row.fact]
    known = ev.project.versions.holding_anew(fact.since, fact.distribution, scope.module.path)
    return next((end for end in row.ends.values() if known == {end}), "")
