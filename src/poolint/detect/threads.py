"""Observations about one synchronous session or connection in several threads at once.

Threads are started by an executor's `submit` and `map`, by `Thread(…).start()`, by objects of classes that derive from
`Thread`, and by `run_in_executor`; where one of them is waited for before anybody else uses the session, all is well.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.holding import root_of
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.launches import (
    begun_by,
    blocks,
    executor_of,
    has_one_thread,
    started,
    work_of,
)
from poolint.analyses.thread_use import of_caller, of_threads
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.thread_waits import Waits
from poolint.detect.together import exclude_each_other, is_serialised
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import REACHING_ROLES
from poolint.models.standard import START
from poolint.syntax.surroundings import REPEATING, around, end_of, has_its_own, is_inside, may_await, start_of
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.definitions import Definitions
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.thread_use import Shared, Threading
    from poolint.analyses.waypoints import Waypoint
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class SharedByThreads(Observation, frozen=True, eq=False):
    """One session or connection that several threads use at once. ``node`` starts a thread by ``maker``.

    ``uses`` is how many threads get it: 0 for as many as a loop or collection makes, 1 for one beside the function that
    has started it.
    """

    maker: str
    resource: str
    cls: schema.Class
    uses: int
    path: tuple[Waypoint, ...]


_NAMES = frozenset((ast.Name, ast.Attribute, ast.NamedExpr))
"""What has a name as it is written."""


class _Launch(NamedTuple):
    """A call that runs a function in a thread: where it is started, and the sessions that it gets. ``is_in_turn``: in the only
    thread of an executor, which does one thing after the other."""

    node: ast.Call
    started: ast.Call
    resources: dict[str, Class]
    is_several: bool
    waits: Waits
    is_in_turn: bool = False

    @property
    def executor(self) -> str:
        """What it is submitted to, as it is written."""
        executor = executor_of(self.node)
        return name_of(executor) if executor is not None else ""


class Threads:
    """Observes what threads share."""

    def __init__(self, ev: Evaluator, threading: Threading) -> None:
        self.ev = ev
        self.threading = threading
        self._running: Summaries[ScopeKey, Shared] = Summaries(
            "leaves-running", self._left_running, bottom=frozenset(), join=frozenset.union
        )

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that give threads a session that somebody else uses meanwhile; each session once."""
        told: set[str] = set()
        earlier: list[_Launch] = []
        for launch in sorted(self._launches(scope), key=lambda one: start_of(one.started)):
            for resource, cls in launch.resources.items():
                if resource in told:
                    continue
                others = [one for one in earlier if resource in one.resources and self._beside(one, launch, scope)]
                found = None
                if launch.is_several or (not launch.is_in_turn and _is_repeated(launch, resource, scope)):
                    found = _observation(launch, scope, resource, cls, 0, None)
                elif others:
                    found = _observation(launch, scope, resource, cls, len(others) + 1, None)
                else:
                    used = self._used_meanwhile(launch, resource, scope)
                    found = _observation(launch, scope, resource, cls, 1, used) if used is not None else None
                if found is not None:
                    told.add(resource)
                    yield found
            earlier.append(launch)

    def _beside(self, one: _Launch, other: _Launch, scope: Scope) -> bool:
        """Whether a thread still runs when the next one is started."""
        is_waited = _is_waited(one, other.started, scope)
        is_waited = is_waited or (one.is_in_turn and one.executor == other.executor)
        return not is_waited and not exclude_each_other(one.started, other.started)

    # What is started

    def _launches(self, scope: Scope) -> Iterator[_Launch]:
        for node in scope.calls_named(self.ev.models.words("starts-thread")):
            work = work_of(self.ev, node, scope)
            if work is None:
                continue
            callees = alternatives(self.ev.type_of(work.function, scope))
            if any(isinstance(one, Function) and is_serialised(self.ev, one.scope) for one in callees):
                continue
            begun = begun_by(node, scope)
            resources = dict(self.threading.resources(work, scope))
            if begun is not None and resources:
                waits = Waits(self.ev, node, begun, resources, scope)
                in_turn = has_one_thread(node, scope)
                yield _Launch(node, begun, resources, last_name(node.func) == "map" and not in_turn, waits, in_turn)
        if START in scope.called:
            yield from self._of_own_classes(scope)
        yield from self._of_helpers(scope)

    def _of_helpers(self, scope: Scope) -> Iterator[_Launch]:
        """Threads that functions of the project start, and do not wait for, with what they are passed."""
        source = scope.module.source
        if not scope.calls or not self.ev.screen.may_block(source.path, source.data):
            return
        names = self.threading.using.places.carrying.carriers(scope)
        defined = self.ev.derived(Definitions).of(scope.module) if names else frozenset()
        for call in scope.calls if names else ():
            if last_name(call.func) not in defined:
                continue
            given = [one for _, one in arguments_of(call)]
            given += [call.func.value] if isinstance(call.func, ast.Attribute) else []
            given = [one for one in given if type(one) in _NAMES and name_of(one).partition(".")[0] in names]
            if not any(self._is_for_one_thread(self.ev.type_of(one, scope)) for one in given):
                continue
            resources: dict[str, Class] = {}
            for one in callees_of(self.ev, call, scope):
                if isinstance(one, Function) and one.scope.kind == "function" and not one.scope.is_generator:
                    running = self._running.of(one.scope.key)
                    resources.update(self.threading.placed(running, one, call, scope))
            if resources:
                yield _Launch(call, call, resources, False, Waits(self.ev, call, call, resources, scope))

    def _is_for_one_thread(self, one: Type) -> bool:
        """Whether something is a session or connection that one thread at a time may use, or keeps one."""
        kept = self.threading.using.places.kept(one).values()
        return any(of_threads(cls) is not None for cls in (kept_class(one), *kept))

    def _left_running(self, key: ScopeKey) -> Shared:
        """What threads have that a function starts, and that it waits for nowhere, of what its caller has."""
        scope = self.ev.project.scope(key)
        found: dict[str, Class] = {}
        for launch in self._launches(scope):
            if not (launch.is_in_turn or launch.waits.any()) and next(blocks(launch.started, scope), None) is None:
                found.update(launch.resources)
        return of_caller(found, scope)

    def _of_own_classes(self, scope: Scope) -> Iterator[_Launch]:
        """Threads of classes that the project derives from the library's."""
        for node in scope.calls:
            run = self.threading.run_by(node, scope)
            if run is None or is_serialised(self.ev, run.scope):
                continue
            begun = started(node, scope)
            resources = dict(self.threading.of_object(node, run, scope))
            if begun is not None and resources:
                yield _Launch(node, begun, resources, False, Waits(self.ev, node, begun, resources, scope))

    # What goes on meanwhile

    def _used_meanwhile(self, launch: _Launch, resource: str, scope: Scope) -> ast.Call | None:
        """The first use of a session by the function that has started the thread, before it waits for it."""
        end = end_of(launch.started)
        for call in sorted(scope.calls, key=start_of):
            if start_of(call) <= end or exclude_each_other(call, launch.started):
                continue
            root = root_of(call)
            if root is not None and text_of(root, scope) == resource:
                fact = call_site(self.ev, call, scope)
                is_used = fact is not None and (fact.role in REACHING_ROLES or fact.role == "release")
            else:
                is_used = resource in self.threading.using.of_call(call, scope)
            if is_used:
                return None if _is_waited(launch, call, scope) else call
        return None


def _observation(
    launch: _Launch, scope: Scope, resource: str, cls: Class, uses: int, used: ast.Call | None
) -> SharedByThreads:
    path = [waypoint("given-to-thread", launch.node, scope.module, resource)]
    if used is not None:
        path.append(waypoint("used-meanwhile", used, scope.module, text_of(used, scope)))
    return SharedByThreads(
        launch.node,
        scope.qualified_name,
        may_await(launch.node, scope),
        last_name(launch.node.func),
        resource,
        cls,
        uses,
        tuple(path),
    )


def _is_repeated(launch: _Launch, resource: str, scope: Scope) -> bool:
    """Whether a loop starts one thread after the other with one session, and waits for none in between."""
    loop = around(launch.started, scope, REPEATING)
    if loop is None or has_its_own(resource.partition(".")[0], loop, scope):
        return False
    return not launch.waits.within(loop) and not any(is_inside(one, loop) for one in blocks(launch.started, scope))


def _is_waited(launch: _Launch, later: ast.Call, scope: Scope) -> bool:
    """Whether a thread has ended before something else happens: it is joined, asked for its result, or its block ends."""
    if launch.waits.before(later):
        return True
    ends = map(end_of, blocks(launch.started, scope))
    return any(start_of(launch.started) < end < start_of(later) for end in ends)


DETECTOR = Detector("threads", lambda services: Threads(services.evaluator, services.threading).observe, near=True)
