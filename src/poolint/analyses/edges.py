"""What functions call: the steps of chains that effects are followed along."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.analyses.given_work import Given
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.values import Type


class Link(NamedTuple):
    """One call on a chain: where it stands, and what it calls, as people say it; or a block or a loop that waits."""

    node: ast.expr
    scope: Scope
    name: str


class Edge(NamedTuple):
    """One call as the search sees it: of a library, by its fact, or of a function of the project, by its scope.

    Where an abstract method is called, ``target`` is one of those that write it and ``others`` are the rest: the call
    has an effect when all of them have it. ``is_around``: it is made by a decorator of what is called, and reported only
    where nothing else is. ``is_wrapper``: ``target`` is the function that a decorator puts around what is called.
    ``in_thread``: it runs in a thread that is awaited, ``await asyncio.to_thread(work)``: who calls waits, the loop does not.
    ``is_handed``: the function that it stands in only gives it, and it runs where a caller awaits or enters what that gives.
    ``work``: it is passed by this call to functions of the project that run it, and ``way`` are the calls by which they do.
    """

    link: Link
    fact: CallSite | None
    target: Scope | None
    others: tuple[Scope, ...] = ()
    is_around: bool = False
    is_wrapper: bool = False
    in_thread: bool = False
    is_handed: bool = False
    work: ast.expr | None = None
    way: tuple[Link, ...] = ()

    @property
    def is_thread(self) -> bool:
        """Whether it says no more than that a thread is waited for, whatever that runs."""
        return self.fact is not None and self.fact.row is None and self.fact.cls is None

    @property
    def links(self) -> tuple[Link, ...]:
        """What it adds to a chain."""
        return (self.link, *self.way)


def way_of(given: Given, name: str) -> tuple[Link, ...]:
    """The calls by which something is run that is passed on; the last one runs it, by the name that it has there where it has
    none of its own."""
    *through, (node, scope, own) = given.way
    return (*(Link(*one) for one in through), Link(node, scope, name or own))


def implementations(callees: Sequence[Type], node: ast.Call, scope: Scope) -> list[Function]:
    """The methods of several classes of the project that a call may run, where it is made on a parameter that is declared to be
    an object of one of these: what all of them do is certain, and what some do is not. Which one a choice takes that stands in
    the program is asked for elsewhere."""
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    bindings = scope.bindings.get(receiver.id, ()) if isinstance(receiver, ast.Name) else ()
    if len(callees) < 2 or not (len(bindings) == 1 and bindings[0].kind == "parameter" and bindings[0].annotation):
        return []
    found = [one for one in callees if isinstance(one, Function) and one.receiver is not None]
    return found if len(found) == len(callees) and len({one.scope.name for one in found}) == 1 else []
