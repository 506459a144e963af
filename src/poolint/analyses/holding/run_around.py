"""What is held around a function because of what its framework runs before it, or around it: guards and middlewares."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.changes import Change
from poolint.analyses.waypoints import Cause
from poolint.flow.flags import name_of
from poolint.frameworks.guards import Guards
from poolint.frameworks.middlewares import Middlewares
from poolint.models.schema import SESSIONS
from poolint.syntax.reaching import blocks_of
from poolint.syntax.scopes import is_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import What
    from poolint.frameworks.middlewares import Rest
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class RunAround:
    """Answers for the functions of one project, by what the others hold."""

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self.holdings = holdings

    def held(self, scope: Scope) -> Iterator[Change]:
        """What a function that a framework calls finds held."""
        yield from self._guarded(scope)
        seen: set[str] = set()
        for name, hold, rest in self._surrounding(scope):
            if name not in seen and hold.cls is not None:
                seen.add(name)
                what: What = "decorator-used" if hold.cls.kind in SESSIONS else "decorator-took"
                decorator = scope.node.decorator_list[0]  # type: ignore[attr-defined]
                sure = hold.is_sure or _is_surely_passed(hold, rest, scope)
                cause = Cause(what, (rest.cls.name,))
                yield Change(name, True, decorator, hold.cls, cause=cause, at_times=not sure)

    def source(self, hold: Hold, scope: Scope) -> tuple[Hold, Scope] | None:
        """What a middleware holds that a function finds held, with the method that does."""
        if hold.cause is None or hold.cause.what not in ("decorator-used", "decorator-took"):
            return None
        found = ((one, rest.method) for name, one, rest in self._surrounding(scope) if name == hold.resource)
        return next(found, None)

    def _guarded(self, scope: Scope) -> Iterator[Change]:
        """The sessions of registries that functions have used which run before another one, each the first time."""
        seen: set[str] = set()
        for decorator, guard in self.ev.derived(Guards).of(scope):
            for name, cls in self.holdings.objects.registries_used(guard, scope):
                if name not in seen:
                    seen.add(name)
                    yield Change(name, True, decorator, cls, cause=Cause("guard-used", (guard.name,)))

    def _surrounding(self, scope: Scope) -> Iterator[tuple[str, Hold, Rest]]:
        """What middlewares hold while they run a function, by its own name for that."""
        for rest in self.ev.derived(Middlewares).around(scope):
            if rest.call not in self.holdings.may_be_held(rest.method):
                continue
            for hold in self.holdings.at(rest.call, rest.method):
                keys = [key for key, value, _ in rest.passed if name_of(value) == hold.resource]
                own = next((key for key in keys if is_parameter(key, scope)), "")
                yield own or f"{rest.cls.name}()", hold, rest


def _is_surely_passed(hold: Hold, rest: Rest, scope: Scope) -> bool:
    """Whether something is passed to a function wherever it is held: who asks for that is only run on these ways."""
    since = set(blocks_of(hold.since))
    asked: list[ast.AST] = [at for key, _, at in rest.passed if is_parameter(key, scope)]
    return any(since <= set(blocks_of(at)) for at in asked)
