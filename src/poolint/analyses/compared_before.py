"""What the guards before a call say of a comparison that its callee makes: ``if mode is not Mode.REMOTE: render(mode)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.assumed import is_same_there
from poolint.flow.flags import name_of
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.patterns import as_test
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope

_SAME = (ast.Is, ast.Eq)
_COMPARING = (*_SAME, ast.IsNot, ast.NotEq)


def comparisons_of(callee: Scope, tested: frozenset[str]) -> Iterator[tuple[ast.Name, ast.Compare]]:
    """The comparisons of one of some parameters with something, those of patterns too, each with the parameter as it is read
    there."""
    for name in sorted(tested):
        for load in callee.loads.get(name, ()):
            test = parent_of(load)
            for one in _of_patterns(test) if isinstance(test, ast.Match) else (test,):
                if isinstance(one, ast.Compare) and len(one.ops) == 1:
                    yield load, one


def _of_patterns(match: ast.Match) -> Iterator[ast.expr]:
    """The comparisons that the patterns of a ``match`` stand for."""
    for case in match.cases:
        test = as_test(case.pattern)
        if test is not None:
            yield from test.values if isinstance(test, ast.BoolOp) else (test,)


def asks_what_it_is(load: ast.Name, test: ast.Compare) -> bool:
    """Whether a comparison asks whether a parameter is a certain thing."""
    return test.left is load and _is_plain(test)


def outcome_before(test: ast.Compare, argument: ast.expr, call: ast.Call, scope: Scope) -> bool | None:
    """How a comparison of a parameter comes out where a call passes this for it, as far as a guard has asked the same of that;
    None where none has."""
    name, other = name_of(argument), ast.dump(test.comparators[0])
    for whole, holds in tests_before(call, scope) if name else ():
        for part, outcome in parts_of(whole, holds):
            if not (isinstance(part, ast.Compare) and _is_plain(part) and name_of(part.left) == name):
                continue
            if ast.dump(part.comparators[0]) == other and is_same_there(part.left, argument, name, scope):
                is_it = isinstance(part.ops[0], _SAME) is outcome
                return isinstance(test.ops[0], _SAME) is is_it
    return None


def _is_plain(test: ast.Compare) -> bool:
    return len(test.ops) == 1 and isinstance(test.ops[0], _COMPARING)
