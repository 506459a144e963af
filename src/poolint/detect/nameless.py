"""Observations about engines that get no name: a session is bound to one where it is made, ``Session(create_engine(url))``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import bind_of
from poolint.analyses.lifetimes.acquisitions import Site, checkout
from poolint.analyses.repetition import is_repeated
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.factories import forgets, is_bound_session
from poolint.detect.harmless import is_harmless
from poolint.detect.leaks import LeakedCheckout
from poolint.models.schema import OPENING_ROLES, POOLING
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.detect.observation import Observation
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Nameless:
    """Observes the functions of one project."""

    def __init__(self, ev: Evaluator, is_run_here: Callable[[str], bool]) -> None:
        self.ev = ev
        self._is_run_here = is_run_here
        self._words = binding(ev.models)
        self._ends = ev.models.words("bound-to")

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The engines that ``scope`` has made for a session, which it lets go of without a way to close them."""
        for call in scope.calls_named(self._words):
            made = bind_of(call)
            if not isinstance(made, ast.Call):
                continue
            around = parent_of(call)
            session = around if isinstance(around, ast.Call) and around.func is call else call
            if is_bound_session(self.ev, session, scope) and forgets(session, scope, self._ends, "session"):
                yield from self._built(made, scope)

    def _built(self, made: ast.Call, scope: Scope) -> Iterator[LeakedCheckout]:
        found = checkout(self.ev, made, made, scope)
        if found is None or found[1].kind not in POOLING:
            return
        fact, cls, helper = found
        site = Site(made, made, made, "", fact, cls, helper)
        yield LeakedCheckout(
            made,
            scope.qualified_name,
            may_await(made, scope),
            fact.text,
            "",
            cls,
            "never",
            (waypoint("checked-out-unheld", made, scope.module),),
            helper=helper,
            repeated=is_repeated(self.ev, made, scope),
            is_possible=is_harmless(self.ev, site, "never", scope, self._is_run_here),
        )


def binding(models: Models) -> frozenset[str]:
    """The last names of the classes of sessions, and of their factories, which are bound to an engine as they are made."""
    classes = [one for one in models.classes.values() if one.kind in ("session", "factory")]
    made = [one for one in classes if one.kind == "factory" or one.construct in OPENING_ROLES]
    return frozenset(path.rpartition(".")[2] for one in made for path in (one.name, *one.aliases))


DETECTOR = Detector(
    "nameless",
    lambda services: Nameless(services.evaluator, lambda path: services.deployed.is_run_here(path)).observe,
    of="functions",
    calls=lambda services: binding(services.evaluator.models),
)
