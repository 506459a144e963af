"""What patterns ask: one that takes constants asks for no more than a comparison does, ``case None:`` for ``seconds is None``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.nodes import captured_name
from poolint.syntax.scopes import parent_of, placed

if TYPE_CHECKING:
    from collections.abc import Iterator


def as_test(pattern: ast.pattern) -> ast.expr | None:
    """The comparison of what is matched that says whether a pattern takes it; None for one that takes anything but constants, and
    for a part of another. It is made once, and stands where the pattern does."""
    held = pattern.__dict__
    if "_poolint_test" not in held:
        case = parent_of(pattern)
        match = parent_of(case) if isinstance(case, ast.match_case) else None
        held["_poolint_test"] = _comparison(pattern, match.subject, pattern) if isinstance(match, ast.Match) else None
    test: ast.expr | None = held["_poolint_test"]
    return test


def only_looks_at(node: ast.AST | None) -> bool:
    """Whether a statement is a ``match`` of which no pattern gives what it matches, or a part of that, another name."""
    return isinstance(node, ast.Match) and not any(
        captured_name(one) for case in node.cases for one in ast.walk(case.pattern)
    )


def _comparison(pattern: ast.pattern, subject: ast.expr, place: ast.pattern) -> ast.expr | None:
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        return _comparison(pattern.pattern, subject, place)
    made: ast.expr
    if isinstance(pattern, ast.MatchSingleton):
        constant = ast.Constant(pattern.value)
        made = ast.Compare(subject, [ast.Is()], [constant])
        placed(constant, pattern, made)
    elif isinstance(pattern, ast.MatchValue):
        made = ast.Compare(subject, [ast.Eq()], [pattern.value])
    elif isinstance(pattern, ast.MatchOr):
        parts = [_comparison(one, subject, place) for one in pattern.patterns]
        known = [one for one in parts if one is not None]
        if len(known) < len(parts):
            return None
        made = ast.BoolOp(ast.Or(), known)
        for one in known:
            placed(one, one, made)
    else:
        return None
    return placed(made, pattern, parent_of(place))


def takes_all(pattern: ast.pattern) -> bool:
    """Whether a pattern is irrefutable: a name, ``_``, or one of them among alternatives."""
    while isinstance(pattern, ast.MatchAs):
        if pattern.pattern is None:
            return True
        pattern = pattern.pattern
    return isinstance(pattern, ast.MatchOr) and any(takes_all(one) for one in pattern.patterns)


def tests_of(case: ast.match_case, match: ast.Match) -> Iterator[tuple[ast.expr, bool]]:
    """The tests that have come out one way where a case is entered, the last first: its own, and those that failed before."""
    if (test := as_test(case.pattern)) is not None:
        yield test, True
    for one in reversed(match.cases[: match.cases.index(case)]):
        if one.guard is None and (test := as_test(one.pattern)) is not None:
            yield test, False
