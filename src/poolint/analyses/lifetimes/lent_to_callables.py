"""What is passed to a callable of which only the declaration is known: it is lent, where who passes it gives it back later."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate
from poolint.flow.flags import asks_none, name_of
from poolint.models.schema import CLOSING_ROLES, OWNERS
from poolint.syntax.nodes import walk_own
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import block_of, is_inside, loops_around, start_of, tries_around
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import CallableValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_LEAVING = (ast.Return, ast.Break, ast.Continue)
"""What leaves a block, or a loop around it, before its end."""


def fate_of(
    ownership: Ownership, call: ast.Call, argument: ast.expr, names: frozenset[str], scope: Scope, cls: Class
) -> Fate:
    """What a call does with the resource that it is passed, which these names hold: see :meth:`Ownership.fate`."""
    keyword = next((one.arg for one in call.keywords if one.value is argument), None)
    fate = ownership.fate(call, argument, scope, cls, keyword)
    is_lent = fate is Fate.KEPT and cls.kind not in OWNERS and _is_lent(ownership.ev, call, names, scope)
    return Fate.USED if is_lent else fate


def _is_lent(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    callees = callees_of(ev, call, scope)
    if not all(isinstance(one, CallableValue) and one.runs is None for one in callees):
        return False
    return any(_gives_back(ev, one, names, scope) and _comes_after(one, call, names, scope) for one in scope.calls)


def _gives_back(ev: Evaluator, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether a call is a release of what one of these names holds, by a method of it or of its pool."""
    if not isinstance(call.func, ast.Attribute):
        return False
    given = (call.func.value, *call.args)
    fact = call_site(ev, call, scope) if any(name_of(one) in names for one in given) else None
    return fact is not None and fact.role in CLOSING_ROLES


def _comes_after(release: ast.Call, call: ast.Call, names: frozenset[str], scope: Scope) -> bool:
    """Whether a release follows a call whatever that gives: in a `finally` around it, or further down in a block around it, which
    nothing leaves before that. Who goes on without it by the answer, ``if keep(conn): return``, may have given it up; so may
    who binds the name anew."""
    blocks = [(one, one.finalbody) for one in tries_around(call, scope)]
    failed = [handler for one, _ in blocks for handler in one.handlers]
    between = [
        one
        for one in walk_own(ast.iter_child_nodes(scope.node))
        if isinstance(one, (*_LEAVING, ast.Name)) and start_of(call) < start_of(one) < start_of(release)
        if not any(is_inside(one, handler) for handler in failed)
    ]
    if any(isinstance(one, ast.Name) and one.id in names and not isinstance(one.ctx, ast.Load) for one in between):
        return False
    leaving = [one for one in between if isinstance(one, _LEAVING)]
    for statement in _unasked(statement_of(release), names):
        block = block_of(statement)
        first = next((one for one in block if is_inside(call, one)), None)
        if first is not None:
            passed = block[block.index(first) : block.index(statement) + 1]
        else:
            passed = next((last for _, last in blocks if any(one is statement for one in last)), [])
        if passed and first is not statement and not any(_leaves(one, passed) for one in leaving):
            return True
    return False


def _unasked(statement: ast.stmt, names: frozenset[str]) -> Iterator[ast.stmt]:
    """A statement and the ones around it that do, whatever else is so, what it does: ``if conn is not None:`` only asks whether
    there is anything, and a ``try`` nothing."""
    yield statement
    around = parent_of(statement)
    while isinstance(around, (ast.If, ast.Try, ast.With, ast.AsyncWith)):
        if not any(statement is one for one in around.body):
            return
        if isinstance(around, ast.If) and not _is_there(around.test, names):
            return
        yield around
        statement, around = around, parent_of(around)


def _is_there(test: ast.expr, names: frozenset[str]) -> bool:
    """Whether a test holds where one of these names holds anything."""
    if isinstance(test, ast.Compare):
        return asks_none(test) and isinstance(test.ops[0], ast.IsNot) and name_of(test.left) in names
    return name_of(test) in names


def _leaves(statement: ast.stmt, passed: list[ast.stmt]) -> bool:
    """Whether a statement leaves the block that these stand in, from inside one of them."""
    whole = next((one for one in passed if is_inside(statement, one)), None)
    if whole is None or isinstance(statement, ast.Return):
        return whole is not None
    return not any(is_inside(loop, whole) for loop in loops_around(statement)[:1])
