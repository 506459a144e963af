"""What a function leaves held by the result that a test asks for: ``if await reserve(session): return``.

Who asks tells the ways of the function apart: where it has come out as on a way that leaves the session held, it is held.
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
from poolint.syntax.scopes import parent_of
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
    """Add to the changes of a function what those of its calls leave held, by their results, that are tests."""
    for call, changes in found.calls.items():
        if not isinstance(call, ast.Call) or all(one.holds for one in changes) or not _is_test(call):
            continue
        ended = {one.resource for one in changes if not one.holds}
        for callee, inner, place, cls in (*passed(reader, call, scope), *reader.objects.kept_by(call, scope)):
            if place in ended and cls.kind in SESSIONS:
                for result in leaving.told(call, callee.scope, inner, scope):
                    found.told.setdefault((call, result), []).append(Change(place, True, call, cls))


def passed(reader: Reader, call: ast.Call, scope: Scope) -> Iterator[tuple[Function, str, str, Class]]:
    """The sessions that a call passes to functions which end their transactions, by their names there and here."""
    callees = [one for one in callees_of(reader.ev, call, scope) if isinstance(one, Function)]
    for callee, (keyword, argument) in itertools.product(callees, arguments_of(call)):
        name = parameter_for(callee, call, argument, keyword) if name_of(argument) else None
        for one in alternatives(reader.ev.type_of(argument, scope)) if name else ():
            cls = one.base if isinstance(one, Instance) else None
            fate = reader.ownership.fate(call, argument, scope, cls, keyword) if cls is not None else None
            if name and cls is not None and fate in (Fate.COMMITTED, Fate.KEPT):
                yield callee, name, reader.places.first(name_of(argument), scope), cls


def _is_test(call: ast.Call) -> bool:
    """Whether a test is, or is made of, the result of a call."""
    child: ast.AST = call
    parent = parent_of(call)
    while isinstance(parent, (ast.Await, ast.UnaryOp, ast.BoolOp)):
        child, parent = parent, parent_of(parent)
    return isinstance(parent, _TESTING) and child is parent.test
