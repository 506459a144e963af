"""What the arguments of a call decide about how its function leaves a session: ``await repository.save(order, commit=commit)``.

Where a caller says how a parameter comes out, so do the helpers that this one is passed on to: what they change is then told
by what is known there. Where nobody knows it, a helper that ends a transaction only when it is asked to has a way past
that, as if it were written out.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.conditions import Entering
from poolint.analyses.holding.asked_results import passed
from poolint.analyses.holding.changes import Asked, Change
from poolint.analyses.holding.exit_summaries import Left
from poolint.analyses.ownership import Fate
from poolint.models.schema import SESSIONS
from poolint.types.arguments import parameter_for
from poolint.types.following import origin
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.exit_summaries import Leaving
    from poolint.analyses.holding.transfer import Reader
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_ENDING = (Fate.COMMITTED, Fate.KEPT)


def deciding(leaving: Leaving, left: Left, call: ast.Call, callee: Function, place: str, scope: Scope) -> Asked | None:
    """By which argument a function decides whether it ends the use of a session that it is passed, and otherwise leaves it
    alone, or held, as it is said to do on some way; None where nothing is known of that."""
    otherwise = {Left.ENDED: Left.UNTOUCHED, Left.HELD: Left.HELD}.get(left)
    if otherwise is None:
        return None
    entering, inner = leaving.ev.derived(Entering), callee.scope
    known = entering.known(call, inner, scope, ())
    told = {name for name, _ in known}
    for name, argument, outcomes in entering.undecided(call, inner):
        if name in told:
            continue
        one, other = (
            leaving.parameter(inner, place, tuple(sorted((*known, (name, outcome)), key=lambda one: one[0])))
            for outcome in outcomes
        )
        if {one, other} == {Left.ENDED, otherwise}:
            return Asked(argument, one is Left.ENDED)
    return None


def asked_by(
    leaving: Leaving, left: Left, call: ast.Call, session: ast.expr, keyword: str | None, scope: Scope
) -> Asked | None:
    """The same of the one function that a call runs and a session that it is passed."""
    callees = alternatives(leaving.ev.type_of(call.func, scope))
    one = callees[0] if len(callees) == 1 else None
    name = parameter_for(one, call, session, keyword) if isinstance(one, Function) else None
    return deciding(leaving, left, call, one, name, scope) if isinstance(one, Function) and name else None


def told_by(reader: Reader, leaving: Leaving, scope: Scope, found: Changes, fixed: Known) -> Changes:
    """The changes of a function where this is known of its parameters, by what its calls pass on of that."""
    known = found
    for call, changes in found.calls.items():
        if not isinstance(call, ast.Call) or not changes:
            continue
        if all(isinstance(one, ast.Constant) for _, one in arguments_of(call)):
            continue
        for place, left, cls in _left(reader, leaving, call, scope, fixed):
            if known is found:
                known = found.copied()
            others = [one for one in known.calls[call] if one.resource != place]
            known.calls[call] = [*others, *_changes(left, place, call, cls)]
    return known


def _left(
    reader: Reader, leaving: Leaving, call: ast.Call, scope: Scope, fixed: Known
) -> Iterator[tuple[str, Left, Class]]:
    """How a call leaves sessions, where it does so otherwise for what is known of the parameters of its function."""
    entering = reader.ev.derived(Entering)
    for callee, inner, place, cls in _passed(reader, call, scope):
        there = entering.known(call, callee.scope, scope, fixed)
        if cls.kind in SESSIONS and there != entering.known(call, callee.scope, scope, ()):
            yield place, leaving.place(call, callee.scope, inner, scope, fixed), cls
    shared, known = reader.objects.of_registries(call, scope), reader.objects.of_registries(call, scope, fixed)
    if shared != known:
        found = {place: (left, cls) for place, left, cls in known}
        yield from ((place, *found.get(place, (Left.UNTOUCHED, cls))) for place, _, cls in shared)


def _passed(reader: Reader, call: ast.Call, scope: Scope) -> list[tuple[Function, str, str, Class]]:
    """The sessions that a call passes to the one function that it may run, by their names there and here."""
    given = [*passed(reader, call, scope, _ENDING), *reader.objects.kept_by(call, scope)]
    return given if len({one.scope for one, *_ in given}) == 1 else []


def _changes(left: Left, place: str, call: ast.Call, cls: Class) -> Iterator[Change]:
    if left in (Left.ENDED, Left.RENEWED):
        yield Change(place, False, call)
    if left in (Left.HELD, Left.RENEWED):
        yield Change(place, True, call, cls)
    if left is Left.NEVER:
        yield Change(place, False, call, never=True)


def said_by(ev: Evaluator, test: ast.expr, scope: Scope) -> Iterator[str | None]:
    """What a condition is about, as it is written: names, and what is asked of them, ``data.get("draft")``; None where the
    function says in several places what one of its names is."""
    if isinstance(test, ast.Constant):
        return
    if isinstance(test, ast.Name):
        yield test.id
        made, home = origin(ev, test, scope, frozenset())
        if made is not test:
            yield from said_by(ev, made, home)
        elif any(one.kind not in ("parameter", "with") for one in scope.bindings.get(test.id, ())):
            yield None
    elif isinstance(test, (ast.Attribute, ast.Subscript)):
        yield ast.unparse(test)
    elif isinstance(test, ast.Call):
        if isinstance(test.func, ast.Attribute):
            yield ast.unparse(test)
        for _, one in arguments_of(test):
            yield from said_by(ev, one, scope)
    else:
        for part in ast.iter_child_nodes(test):
            if isinstance(part, ast.expr):
                yield from said_by(ev, part, scope)
