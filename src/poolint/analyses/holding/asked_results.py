"""What a function leaves held by the result that a test asks for: ``if await reserve(session): return``.

Who asks tells the ways of the function apart: where it has come out as on a way that leaves the session held, it is held;
where it has come out as only those ways do that leave it alone, ``user = await known(session, token)`` and ``if user: return
user``, it is not.
"""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.results import Result
from poolint.analyses.ownership import Fate
from poolint.flow.flags import asks_none, name_of
from poolint.models.schema import SESSIONS
from poolint.syntax.scopes import assigned, parent_of
from poolint.syntax.surroundings import next_statement
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.exit_summaries import Leaving
    from poolint.analyses.holding.transfer import Reader
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope

_TESTING = (ast.If, ast.IfExp, ast.While)
_TOLD = (Fate.USED, Fate.COMMITTED, Fate.KEPT)


def add_by_results(reader: Reader, leaving: Leaving, scope: Scope, found: Changes) -> None:
    """Add to the changes of a function what those of its calls leave held, or leave alone, by their results, that are tests."""
    for call, changes in found.calls.items():
        if not isinstance(call, ast.Call) or (asked := _asked(call, scope)) is None:
            continue
        ended = {one.resource for one in changes if not one.holds}
        begun = {one.resource for one in changes if one.holds} - ended
        for callee, inner, place, cls in (*passed(reader, call, scope, _TOLD), *reader.objects.kept_by(call, scope)):
            if cls.kind not in SESSIONS:
                continue
            if place in ended and asked.test is call:
                for result in leaving.told(call, callee.scope, inner, scope):
                    found.told.setdefault((call, result == asked.if_true), []).append(Change(place, True, call, cls))
            elif place in begun and len(callees_of(reader.ev, call, scope)) == 1:
                for result in leaving.left_alone(call, callee.scope, inner, scope, (asked.if_true, asked.if_false)):
                    told = found.told.setdefault((asked.test, result == asked.if_true), [])
                    told.append(Change(place, False, call, began=call))


def passed(
    reader: Reader, call: ast.Call, scope: Scope, fates: Collection[Fate]
) -> Iterator[tuple[Function, str, str, Class]]:
    """The sessions that a call passes to functions of which one of these comes for them, by their names there and here."""
    callees = [one for one in callees_of(reader.ev, call, scope) if isinstance(one, Function)]
    for callee, (keyword, argument) in itertools.product(callees, arguments_of(call)):
        name = parameter_for(callee, call, argument, keyword) if name_of(argument) else None
        for one in alternatives(reader.ev.type_of(argument, scope)) if name else ():
            cls = one.base if isinstance(one, Instance) else None
            fate = reader.ownership.fate(call, argument, scope, cls, keyword) if cls is not None else None
            if name and cls is not None and fate in fates:
                yield callee, name, reader.places.first(name_of(argument), scope), cls


class _Asked(NamedTuple):
    """The test of a result, and what that is where it comes out as true, and as false."""

    test: ast.expr
    if_true: Result
    if_false: Result


def _asked(call: ast.Call, scope: Scope) -> _Asked | None:
    """The test of the result of a call, between which and the call nothing happens: the call itself, or what the next statement
    asks first of the only name that it is given."""
    value: ast.expr = call
    parent = parent_of(call)
    if isinstance(parent, ast.Await):
        value, parent = parent, parent_of(parent)
    if not isinstance(parent, ast.Assign):
        return _test_of(value, call)
    target, following = parent.targets[0], next_statement(parent)
    if not isinstance(target, ast.Name) or not isinstance(following, ast.If) or assigned(target.id, scope) is not value:
        return None
    first = _first_of(following.test)
    return _test_of(first, first) if isinstance(first, ast.Name) and first.id == target.id else None


def _first_of(test: ast.expr) -> ast.expr:
    """What is asked first of all that a test is made of."""
    match test:
        case ast.UnaryOp(operand=inner) | ast.BoolOp(values=[inner, *_]) | ast.Compare(left=inner):
            return _first_of(inner)
        case _:
            return test


def _test_of(value: ast.expr, asked: ast.expr) -> _Asked | None:
    """The test that a value is, or a part of one, or whether it is None; ``asked`` is the name of the first in graphs."""
    found, child, parent = _Asked(asked, "true", "false"), value, parent_of(value)
    if isinstance(parent, ast.Compare) and parent.left is value and asks_none(parent):
        is_there = isinstance(parent.ops[0], ast.IsNot)
        found = _Asked(parent, "some", "none") if is_there else _Asked(parent, "none", "some")
        child, parent = parent, parent_of(parent)
    while isinstance(parent, (ast.UnaryOp, ast.BoolOp)):
        child, parent = parent, parent_of(parent)
    return found if isinstance(parent, _TESTING) and child is parent.test else None
