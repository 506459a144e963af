"""What the functions on a chain of calls call a resource that the first one holds: as it is passed down, or seen from inside."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from poolint.types.arguments import parameter_for
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Link, Witness
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.syntax.scopes import Scope


def along(holdings: Holdings, hold: Hold, witness: Witness, scope: Scope) -> Iterator[tuple[Link, set[str]]]:
    """The links of a chain that stand in other functions, each with what that one calls the resource."""
    name = hold.resource.partition(".")[0]
    passed = {hold.resource}
    for before, link in itertools.pairwise(witness.links):
        own = {one for one in passed if one.startswith("self.") and _is_of_same_object(before, link)}
        passed = {*_received(holdings, before, link.scope, passed), *own}
        seen = {hold.resource} if _sees(link.scope, name, scope) else set()
        shared = holdings.objects.shared(hold.resource, scope, link.scope)
        yield link, passed | seen | ({shared} if shared else set())


def _is_of_same_object(before: Link, link: Link) -> bool:
    """Whether a method calls another one of its own object."""
    function = before.node.func if isinstance(before.node, ast.Call) else None
    is_self = isinstance(function, ast.Attribute) and text_of(function.value, before.scope) == "self"
    return is_self and link.scope.enclosing_class is not None


def _received(holdings: Holdings, link: Link, inner: Scope, names: set[str]) -> Iterator[str]:
    """What the function that a call leads to calls those of ``names`` that it is passed."""
    if not isinstance(link.node, ast.Call):
        return
    given = [(None, one) for one in link.node.args] + [(one.arg, one.value) for one in link.node.keywords]
    callee = holdings.callee(link.node, link.scope, inner)
    function = link.node.func
    if callee is not None and callee.receiver is not None and isinstance(function, ast.Attribute):
        first = inner.first_parameter
        if first is not None and text_of(function.value, link.scope) in names:
            yield first.arg
    if callee is not None:
        yield from holdings.objects.inside(link.node, callee, names, link.scope)
    for keyword, argument in given if callee is not None else ():
        if text_of(argument, link.scope) in names:
            assert callee is not None
            name = parameter_for(callee, link.node, argument, keyword)
            if name is not None:
                yield name


def _sees(inner: Scope, name: str, outer: Scope) -> bool:
    """Whether a name in a function inside another is that of the outer one."""
    current: Scope | None = inner
    while current is not None and current is not outer:
        if name in current.bindings:
            return False
        current = current.parent
    return current is outer and inner is not outer
