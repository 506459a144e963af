"""The pool of a session that an object of a library is made of: ``manager.user_db.session``.

It is followed from the object to where that is made, through what frameworks and callers pass and what functions give, and
from there to what the constructor is given.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.worked_on import made_of
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import home_of
from poolint.types.bound import elsewhere
from poolint.types.following import PASSAGES, Follower
from poolint.types.made_of import given_for_part
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.analyses.pools import Pool
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_THROUGH: frozenset[Passage] = PASSAGES | {"caller"}


class PoolsOfParts:
    """Answers for the places of one project; ``of_value`` gives the pool of an expression that is a session."""

    def __init__(self, ev: Evaluator, of_value: Callable[[ast.expr, Scope], Pool | None]) -> None:
        self.ev = ev
        self._of_value = of_value
        self._finding: set[tuple[Scope, str]] = set()

    def of(self, name: str, scope: Scope) -> Pool | None:
        """The pool of a session under a dotted name: the same for all that such objects are made of, as far as it is known of
        them."""
        key = (scope, name)
        if key in self._finding:
            return None  # it is made of its own
        self._finding.add(key)
        found = {pool for node, at in _sources(self.ev, name, scope) if (pool := self._of_value(node, at))}
        self._finding.discard(key)
        return next(iter(found)) if len(found) == 1 else None


def _sources(ev: Evaluator, name: str, scope: Scope) -> list[tuple[ast.expr, Scope]]:
    """What the objects on the way of a dotted name are made of in the end, each with the scope that it stands in."""
    root, *path = name.split(".")
    home = home_of(root, scope)
    if home is None or not path:
        return []
    ways: list[tuple[ast.expr, Scope]] = [(elsewhere(root), scope)]
    own = scope.first_parameter if scope.enclosing_class is not None else None
    if own is not None and own.arg == root:
        found = alternatives(ev.scope_name(root, home))
        objects = [one for one in found if isinstance(one, Instance)]
        ways = [way for one in objects for way in given_for_part(ev, one, path[0])]
        path = path[1:]
    follower = Follower(ev, _THROUGH)
    for part in path:
        ends = [end for node, at in ways for end in follower.sources(node, at).found]
        made = [(made_of(ev, end.node, end.scope, part), end.scope) for end in ends if isinstance(end.node, ast.Call)]
        ways = [(value, at) for value, at in made if value is not None and not is_test(at.module, ev.project)]
    return ways
