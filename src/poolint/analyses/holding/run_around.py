"""What is held around a function because of what its framework runs before it, or around it: guards and middlewares."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.changes import Change
from poolint.analyses.waypoints import Cause
from poolint.flow.flags import name_of
from poolint.frameworks.guards import Guards
from poolint.frameworks.middlewares import Middlewares
from poolint.models.schema import SESSIONS
from poolint.syntax.reaching import blocks_of
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.types.following import origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import What
    from poolint.frameworks.middlewares import Rest
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class _Around(NamedTuple):
    """What a middleware holds while it runs a function: by its name there, and by the ``keys`` under which it passes it on."""

    name: str
    hold: Hold
    rest: Rest
    keys: frozenset[str]


class RunAround:
    """Answers for the functions of one project, by what the others hold."""

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self.holdings = holdings

    def held(self, scope: Scope) -> Iterator[Change]:
        """What a function that a framework calls finds held."""
        yield from self._guarded(scope)
        seen: set[str] = set()
        rests, found = self._surrounding(scope)
        for name, hold, rest, keys in found:
            if name in seen or hold.cls is None:
                continue
            # Who runs it otherwise, or has the same in hand and has ended it, may have come to it as well.
            holding = [one.rest for one in found if one.name == name or not keys.isdisjoint(one.keys)]
            is_ended = any(one not in holding and self._ends(one, keys) for one in rests)
            is_held = hold.is_sure and all(one in holding for one in rests if one.method is rest.method)
            if not is_ended and (is_held or _is_surely_passed(hold, rest, scope)):
                seen.add(name)
                what: What = "decorator-used" if hold.cls.kind in SESSIONS else "decorator-took"
                decorator = scope.node.decorator_list[0]  # type: ignore[attr-defined]
                yield Change(name, True, decorator, hold.cls, cause=Cause(what, (rest.cls.name,)))

    def _ends(self, rest: Rest, keys: frozenset[str]) -> bool:
        """Whether a middleware ends the use of what it has under one of some keys before it runs the rest."""
        names, at = (
            {name_of(value) for key, value, _ in rest.passed if key in keys},
            (rest.call.lineno, rest.call.col_offset),
        )
        return any(
            one.resource in names and not one.holds and (one.node.lineno, one.node.col_offset) < at
            for several in self.holdings.changes(rest.method).calls.values()
            for one in several
        )

    def source(self, hold: Hold, scope: Scope) -> tuple[Hold, Scope] | None:
        """What a middleware holds that a function finds held, with the method that does."""
        if hold.cause is None or hold.cause.what not in ("decorator-used", "decorator-took"):
            return None
        found = [(one.hold, one.rest.method) for one in self._surrounding(scope)[1] if one.name == hold.resource]
        return found[0] if len({method for _, method in found}) == 1 else None

    def _guarded(self, scope: Scope) -> Iterator[Change]:
        """The sessions of registries that functions have used which run before another one, each the first time."""
        seen: set[str] = set()
        for decorator, guard in self.ev.derived(Guards).of(scope):
            for name, cls in self.holdings.objects.registries_used(guard, scope):
                if name not in seen:
                    seen.add(name)
                    yield Change(name, True, decorator, cls, cause=Cause("guard-used", (guard.name,)))

    def _surrounding(self, scope: Scope) -> tuple[list[Rest], list[_Around]]:
        """The middlewares around a function, and what they hold while they run it, by its own name for that. What it has in
        hand by another way, as a part of something, is its own to end, and not told."""
        rests = list(self.ev.derived(Middlewares).around(scope))
        found = []
        for rest in rests:
            if rest.call not in self.holdings.may_be_held(rest.method):
                continue
            for hold in self.holdings.at(rest.call, rest.method):
                keys = frozenset(key for key, value, _ in rest.passed if name_of(value) == hold.resource)
                own = min((key for key in keys if is_parameter(key, scope)), default="")
                if own or not _may_have(self.ev, hold, rest, scope):
                    found.append(_Around(own or f"{rest.cls.name}()", hold, rest, keys))
        return rests, found


def _is_surely_passed(hold: Hold, rest: Rest, scope: Scope) -> bool:
    """Whether something is passed to a function wherever it is held: who asks for that is only run on these ways."""
    since = set(blocks_of(hold.since))
    asked: list[ast.AST] = [at for key, _, at in rest.passed if is_parameter(key, scope)]
    return any(since <= set(blocks_of(at)) for at in asked)


def _may_have(ev: Evaluator, hold: Hold, rest: Rest, scope: Scope) -> bool:
    """Whether a function may have what a middleware holds by another way than as a parameter of its own: by all that it is
    passed, ``**data``, or as a part of something that it is passed, ``Repository(session)``. What is awaited is what has been
    asked for by it."""
    if getattr(getattr(scope.node, "args", None), "kwarg", None) is not None:
        return True
    asked = [value for key, value, _ in rest.passed if is_parameter(key, scope)]
    return any(_is_made_of(ev, value, hold.resource, rest.method, frozenset()) for value in asked)


def _is_made_of(ev: Evaluator, value: ast.expr, name: str, scope: Scope, seen: frozenset[ast.expr]) -> bool:
    """Whether something is part of what an expression makes: ``Service(Repository(session))``."""
    made = origin(ev, value, scope).node
    if made in seen or isinstance(made, ast.Await) or isinstance(parent_of(made), ast.Await):
        return False
    return any(
        name_of(part) == name or (part is not made and _is_made_of(ev, part, name, scope, seen | {made}))
        for part in ast.walk(made)
        if isinstance(part, (ast.Name, ast.Attribute))
    )
