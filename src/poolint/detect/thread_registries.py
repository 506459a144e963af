"""Observations about registries of sessions (``scoped_session``) in threads that live on.

A registry keeps a session for each thread. A thread of an executor takes up other work when it has done its own: what it has
left in the registry stays there, and the ``remove()`` at the end of a request is that of another thread.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.joined import run_in_thread
from poolint.analyses.launches import blocks, executor_of, work_of
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.flags import name_of
from poolint.syntax.expressions import is_partial
from poolint.syntax.file_kinds import kinds_of
from poolint.syntax.scopes import home_of, parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.entities import Registry
    from poolint.analyses.holding.objects import Objects
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.models import schema
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope


class RegistryLeftInThread(Observation, frozen=True, eq=False):
    """A registry whose session stays, with its connection, in a thread that ``node`` has run ``user`` by ``runner``."""

    cls: schema.Class
    variable: str
    user: str
    runner: str
    used: Waypoint


class ThreadRegistries:
    """Observes what the functions of one project have threads do that live on."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.objects: Objects = services.holdings.objects
        self._words = _words(self.ev.models)

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that have a thread run a function which leaves a session of a registry there."""
        if kinds_of(scope.module, "", self.ev.models, self.ev.project):
            return
        for named in scope.calls_named(self._words):
            around = parent_of(named)
            node = around if isinstance(around, ast.Call) and around.func is named else named
            work = self._given(node, scope)
            for function in self._run(work, scope) if work is not None else ():
                if getattr(function.node, "decorator_list", ()):
                    continue  # which may do so
                for registry in self.objects.registries_held_by(function):
                    if self._is_of_threads(registry):
                        cls = self.ev.models.classes[registry.cls]
                        used = waypoint("given-to-thread", node, scope.module, function.qualified_name)
                        where = (node, scope.qualified_name, may_await(node, scope))
                        runner = last_name(node.func)
                        yield RegistryLeftInThread(*where, cls, registry.name, function.qualified_name, runner, used)
                        return

    def _given(self, node: ast.Call, scope: Scope) -> ast.expr | None:
        """What a call has a thread run that lives on when that is done: one of an executor of a module or an object that no block
        of the function ends."""
        run = run_in_thread(self.ev.models, node)
        if run is not None:
            return run[0]
        executor = executor_of(node) if last_name(node.func) in self._words else None
        if executor is None or next(blocks(node, scope), None) is not None or not _lives_on(executor, scope):
            return None
        work = work_of(self.ev, node, scope)
        return work.function if work is not None else None

    def _run(self, work: ast.expr, scope: Scope) -> Iterator[Scope]:
        """The function that a thread runs: that one, or the only one that a lambda calls."""
        if isinstance(work, ast.Call) and is_partial(work) and work.args:
            work = work.args[0]
        if isinstance(work, ast.Lambda):
            inner = scope.module.scope_of(work.body)
            work, scope = (work.body.func, inner) if isinstance(work.body, ast.Call) else (work, scope)
        found = [one.scope for one in alternatives(self.ev.type_of(work, scope)) if isinstance(one, Function)]
        if len(found) == 1 and not (found[0].is_async or found[0].is_generator):
            yield found[0]

    def _is_of_threads(self, registry: Registry) -> bool:
        """Whether a registry of a module has a session for each thread, and none that something else tells apart."""
        module = self.ev.project.module(registry.module) if registry.module and not registry.path else None
        bindings = module.scope.bindings.get(registry.name, ()) if module is not None else ()
        made = bindings[0].value if len(bindings) == 1 else None
        is_plain = (
            isinstance(made, ast.Call) and len(made.args) < 2 and all(one.arg != "scopefunc" for one in made.keywords)
        )
        return is_plain and self.ev.models.classes[registry.cls].mode == "sync"


def _words(models: Models) -> frozenset[str]:
    """The last names of all that has a thread run something."""
    return frozenset(models.threaded) | models.words("starts-thread")


def _lives_on(executor: ast.expr, scope: Scope) -> bool:
    """Whether an executor is one of a module, or of an object."""
    if isinstance(executor, ast.Name):
        return home_of(executor.id, scope) is scope.module.scope
    return name_of(executor).startswith("self.")


DETECTOR = Detector(
    "thread-registries",
    lambda services: ThreadRegistries(services).observe,
    of="functions",
    calls=lambda services: _words(services.evaluator.models),
)
