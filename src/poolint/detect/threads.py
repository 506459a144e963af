"""Observations about one synchronous session or connection in several threads at once.

Threads are started by an executor's `submit` and `map`, by `Thread(…).start()`, by objects of classes that derive from
`Thread`, and by `run_in_executor`; where one of them is waited for before anybody else uses the session, all is well.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding import root_of
from poolint.analyses.places import arguments_of, bound_value, kept_class
from poolint.analyses.thread_use import of_caller, of_threads
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.thread_waits import Waits
from poolint.detect.together import exclude_each_other, is_serialised
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.scopes import nearest, parent_of
from poolint.syntax.surroundings import is_inside, may_await, start_of
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.definitions import Definitions
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.thread_use import Shared, Threading
    from poolint.analyses.waypoints import Waypoint
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey, WithNode
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


_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NAMES = frozenset((ast.Name, ast.Attribute, ast.NamedExpr))
"""What has a name as it is written."""

_START = "start"
"""The method of a thread that begins it."""


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
        function = self.node.func
        return name_of(function.value) if isinstance(function, ast.Attribute) else ""


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
            name = last_name(node.func)
            function, given = _work(node, name)
            if function is None or not self._is_of_threads(node, name, scope):
                continue
            callees = alternatives(self.ev.type_of(function, scope))
            if any(isinstance(one, Function) and is_serialised(self.ev, one.scope) for one in callees):
                continue
            started = _started(node, scope) if name in ("Thread", "Timer") else node
            resources = dict(self.threading.resources(function, given, scope))
            if started is not None and resources:
                waits = Waits(self.ev, node, started, resources, scope)
                in_turn = _has_one_thread(node.func, scope)
                yield _Launch(node, started, resources, name == "map" and not in_turn, waits, in_turn)
        if _START in scope.called:
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
            if not (launch.is_in_turn or launch.waits.any()) and next(_blocks(launch, scope), None) is None:
                found.update(launch.resources)
        return of_caller(found, scope)

    def _of_own_classes(self, scope: Scope) -> Iterator[_Launch]:
        """Threads of classes that the project derives from the library's."""
        for node in scope.calls:
            run = self.threading.run_by(node, scope)
            if run is None or is_serialised(self.ev, run.scope):
                continue
            started = _started(node, scope)
            resources = dict(self.threading.of_object(node, run, scope))
            if started is not None and resources:
                yield _Launch(node, started, resources, False, Waits(self.ev, node, started, resources, scope))

    def _is_of_threads(self, node: ast.Call, name: str, scope: Scope) -> bool:
        """Whether a call starts a thread: not a process, to which no session can be sent."""
        if name in ("Thread", "Timer"):
            return self.ev.qualified_name(self.ev.type_of(node.func, scope)) == f"threading.{name}"
        if name == "run_in_executor":
            return not isinstance(parent_of(node), ast.Await)
        if not isinstance(node.func, ast.Attribute):
            return False  # the builtin `map`
        executor, starting = node.func.value, self.ev.models.manners["starts-thread"]
        for one in alternatives(self.ev.type_of(executor, scope)):
            if isinstance(one, Instance) and one.base is not None and f"{one.base.name}.{name}" in starting:
                return True
        return False

    # What goes on meanwhile

    def _used_meanwhile(self, launch: _Launch, resource: str, scope: Scope) -> ast.Call | None:
        """The first use of a session by the function that has started the thread, before it waits for it."""
        end = (launch.started.end_lineno or 0, launch.started.end_col_offset or 0)
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


def _work(node: ast.Call, name: str) -> tuple[ast.expr | None, list[ast.expr]]:
    """What runs in the thread, and what that is called with."""
    if name in ("Thread", "Timer"):
        named = {one.arg: one.value for one in node.keywords}
        position = 1
        function = named.get("target") or named.get("function") or (node.args[1] if len(node.args) > position else None)
        given: list[ast.expr] = []
        arguments = named.get("args") or (node.args[2] if name == "Timer" and len(node.args) > 2 else None)
        if isinstance(arguments, (ast.Tuple, ast.List)):
            given += arguments.elts
        if isinstance(named.get("kwargs"), ast.Dict):
            given += named["kwargs"].values  # type: ignore[attr-defined]
        return function, given
    skipped = 1 if name == "run_in_executor" else 0
    if len(node.args) <= skipped:
        return None, []
    given = [] if name == "map" else [*node.args[skipped + 1 :], *(one.value for one in node.keywords)]
    return node.args[skipped], given


def _started(node: ast.Call, scope: Scope) -> ast.Call | None:
    """Where a thread is started: ``Thread(…).start()``, or ``thread.start()`` further down."""
    parent = parent_of(node)
    if isinstance(parent, ast.Attribute) and parent.attr == _START:
        call = parent_of(parent)
        return call if isinstance(call, ast.Call) else None
    names = {name for name, bindings in scope.bindings.items() for one in bindings if bound_value(one) is node}
    for call in sorted(scope.calls, key=start_of):
        root = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == _START else None
        if isinstance(root, ast.Name) and root.id in names and start_of(call) > start_of(node):
            return call
    # Kept in a list, whose threads another loop starts.
    if _loop(node) is not None and any(last_name(one.func) == _START for one in scope.calls):
        return node
    return None


def _has_one_thread(submit: ast.expr, scope: Scope) -> bool:
    """Whether what an executor is given it runs one after the other, in its only thread."""
    executor = submit.value if isinstance(submit, ast.Attribute) else None
    made: ast.expr | None = executor
    if isinstance(executor, ast.Name):
        bindings = nearest(executor.id, scope)
        made = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(made, ast.Call):
        return False
    sizes = [*made.args[:1], *(one.value for one in made.keywords if one.arg == "max_workers")]
    return any(isinstance(one, ast.Constant) and one.value == 1 for one in sizes)


def _is_repeated(launch: _Launch, resource: str, scope: Scope) -> bool:
    """Whether a loop starts one thread after the other with one session, and waits for none in between."""
    loop = _loop(launch.started)
    if loop is None:
        return False
    first, last = getattr(loop, "lineno", 0), getattr(loop, "end_lineno", 0)
    name = resource.partition(".")[0]
    if any(first <= one.position[0] <= last for one in scope.bindings.get(name, ())):
        return False
    return not launch.waits.within(loop) and not any(is_inside(one, loop) for one in _blocks(launch, scope))


def _is_waited(launch: _Launch, later: ast.Call, scope: Scope) -> bool:
    """Whether a thread has ended before something else happens: it is joined, asked for its result, or its block ends."""
    if launch.waits.before(later):
        return True
    ends = ((one.end_lineno or 0, one.end_col_offset or 0) for one in _blocks(launch, scope))
    return any(start_of(launch.started) < end < start_of(later) for end in ends)


def _blocks(launch: _Launch, scope: Scope) -> Iterator[WithNode]:
    """The blocks of the executor that a thread is started by, which wait for it at their ends."""
    executor = launch.started.func.value if isinstance(launch.started.func, ast.Attribute) else None
    for statement in scope.withs:
        bound = {name_of(one.optional_vars) for one in statement.items if one.optional_vars is not None}
        if executor is not None and name_of(executor) in bound and is_inside(launch.started, statement):
            yield statement


def _loop(node: ast.AST) -> ast.AST | None:
    current = parent_of(node)
    while current is not None and not isinstance(current, _FUNCTIONS):
        if isinstance(current, _LOOPS):
            return current
        current = parent_of(current)
    return None


DETECTOR = Detector("threads", lambda services: Threads(services.evaluator, services.threading).observe, near=True)
