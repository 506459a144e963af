"""What a function leaves held by the result that a test asks for: ``if await reserve(session): return``.

Who asks tells the ways of the function apart: where it has come out as on a way that leaves the session held, it is held;
where it has come out as only those ways do that leave it alone, ``user = await known(session, token)`` and ``if user: return
user``, it is not.
"""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.holding.changes import Change
from poolint.analyses.ownership import Fate
from poolint.flow.flags import name_of
from poolint.models.schema import SESSIONS
from poolint.syntax.expressions import is_none
from poolint.syntax.scopes import assigned, parent_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.exit_summaries import Leaving
    from poolint.analyses.holding.transfer import Reader
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope

_TESTING = (ast.If, ast.IfExp, ast.While)


def add_by_results(reader: Reader, leaving: Leaving, scope: Scope, found: Changes) -> None:
    """Add to the changes of a function what those of its calls leave held, or leave alone, by their results, that are tests."""
    for call, changes in found.calls.items():
        if not isinstance(call, ast.Call) or not (tests := list(_tests(call, scope))):
            continue
        ended = {one.resource for one in changes if not one.holds}
        begun = {one.resource for one in changes if one.holds} - ended
        for callee, inner, place, cls in (*passed(reader, call, scope), *reader.objects.kept_by(call, scope)):
            if cls.kind not in SESSIONS:
                continue
            if place in ended and tests[0][0] is call:
                for result in leaving.told(call, callee.scope, inner, scope):
                    found.told.setdefault((call, result), []).append(Change(place, True, call, cls))
            elif place in begun and len(callees_of(reader.ev, call, scope)) == 1:
                for result in leaving.left_alone(call, callee.scope, inner, scope):
                    for test, is_result in tests:
                        told = found.told.setdefault((test, is_result is result), [])
                        told.append(Change(place, False, call, began=call))


def passed(reader: Reader, call: ast.Call, scope: Scope) -> Iterator[tuple[Function, str, str, Class]]:
    """The sessions that a call passes to functions which use them, or end their transactions, by their names there and here."""
    callees = [one for one in callees_of(reader.ev, call, scope) if isinstance(one, Function)]
    for callee, (keyword, argument) in itertools.product(callees, arguments_of(call)):
        name = parameter_for(callee, call, argument, keyword) if name_of(argument) else None
        for one in alternatives(reader.ev.type_of(argument, scope)) if name else ():
            cls = one.base if isinstance(one, Instance) else None
            fate = reader.ownership.fate(call, argument, scope, cls, keyword) if cls is not None else None
            if name and cls is not None and fate in (Fate.USED, Fate.COMMITTED, Fate.KEPT):
                yield callee, name, reader.places.first(name_of(argument), scope), cls


def _tests(call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of the result of a call, and how each comes out where that is true: the call itself, or where the only name
    that it is given is asked for."""
    value: ast.expr = call
    parent = parent_of(call)
    if isinstance(parent, ast.Await):
        value, parent = parent, parent_of(parent)
    if isinstance(parent, ast.Assign):
        target = parent.targets[0]
        if isinstance(target, ast.Name) and assigned(target.id, scope) is value:
            for load in scope.loads.get(target.id, ()):
                yield from _tests_of(load)
    else:
        yield from _tests_of(value, call)


def _tests_of(value: ast.expr, asked: ast.expr | None = None) -> Iterator[tuple[ast.expr, bool]]:
    """The test that a value is, or a part of one, or whether it is None; by ``asked``, if it has another name in graphs."""
    test, is_result, parent = asked or value, True, parent_of(value)
    if (
        isinstance(parent, ast.Compare)
        and is_none(parent.comparators[-1])
        and isinstance(parent.ops[0], (ast.Is, ast.IsNot))
    ):
        test, value, is_result, parent = parent, parent, isinstance(parent.ops[0], ast.IsNot), parent_of(parent)
    child: ast.AST = value
    while isinstance(parent, (ast.UnaryOp, ast.BoolOp)):
        child, parent = parent, parent_of(parent)
    if isinstance(parent, _TESTING) and child is parent.test:
        yield test, is_result
