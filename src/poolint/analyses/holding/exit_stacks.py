"""What exit stacks enter: that is left when the stack's block ends, or its function where it has none there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.direct import opens_directly
from poolint.analyses.holding.given_sessions import resource_class
from poolint.analyses.holding.transactions import given_name
from poolint.flow.flags import name_of
from poolint.models.standard import ENTERING, MOVING
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.changes import Changes
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Stacked(NamedTuple):
    """A call that makes a stack enter ``header``, awaited or not in ``value``, what that is ``bound`` to, and the items of the
    blocks that end the stack."""

    call: ast.Call
    value: ast.expr
    header: ast.expr | None
    bound: ast.expr | None
    ends: tuple[ast.withitem, ...]

    @property
    def target(self) -> str:
        """The name that it is bound to; empty where it is none."""
        return self.bound.id if isinstance(self.bound, ast.Name) else ""

    def name(self, scope: Scope) -> str:
        """What is bound, or how it is written where it has no name."""
        return self.target or text_of(self.call, scope)

    def note(self, place: str, cls: Class, found: Changes) -> None:
        """Note that a connection is held from here on, until the stack's block ends."""
        found.calls.setdefault(self.call, []).append(Change(place, True, self.call, cls, reverse=True))
        for item in self.ends:
            found.exits.setdefault(item, []).append(Change(place, False, item.context_expr, began=self.call))

    def end(self, place: str, found: Changes) -> None:
        """Note that what a place has is over with the stack's block, wherever that was begun."""
        for item in self.ends:
            found.exits.setdefault(item, []).append(Change(place, False, item.context_expr))


def stacked(scope: Scope) -> Iterator[Stacked]:
    """All that the stacks of a function enter. One whose content is moved to another stack ends nothing with its block."""
    emptied = {name_of(call.func.value) for call in scope.calls_named(MOVING) if isinstance(call.func, ast.Attribute)}
    for call in scope.calls_named(ENTERING.keys()):
        parent = parent_of(call)
        value: ast.expr = call
        if isinstance(parent, ast.Await):
            value, parent = parent, parent_of(parent)
        bound = parent.targets[0] if isinstance(parent, ast.Assign) else None
        stack = name_of(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        ends = tuple(
            item
            for statement in scope.withs
            for item in statement.items
            if stack not in ("", *emptied)
            and stack in (name_of(item.context_expr), item.optional_vars and name_of(item.optional_vars))
        )
        yield Stacked(call, value, call.args[0] if call.args else None, bound, ends)


def take_by_stack(ev: Evaluator, one: Stacked, scope: Scope, found: Changes) -> None:
    """Note that a connection of a pool which an exit stack enters is held until the end of the stack's block, or of the
    function; and that what has had a name before, and a session, is over there as well."""
    cls = resource_class(ev.type_of(one.value, scope))
    if cls is None:
        return
    given = given_name(one.header) if one.header is not None else ""
    if cls.releases_on_exit and given:
        one.end(given, found)
    if cls.kind != "connection":
        one.end(one.name(scope), found)
        return
    if cls.embedded:
        return
    if one.header is None or not opens_directly(ev, one.header, scope):
        one.note(one.name(scope), cls, found)
