"""Observations about one session or connection in several tasks at once.

A coroutine has what it is made with, what the coroutines among its arguments have, what it takes from the function
around it, and what the object keeps that it is a method of: of these last two, what it surely uses. Of synchronous ones it
has what it hands to threads.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of, whole_call
from poolint.analyses.collected import behind, emptied_by, gone_over, mapped, named, puts, task_of
from poolint.analyses.spared import Spared
from poolint.analyses.waypoints import waypoint
from poolint.detect.creators import Creators
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.run_together import RunTogether
from poolint.detect.together import exclude_each_other, is_serialised
from poolint.flow.flags import name_of
from poolint.models.schema import HANDLES
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import COMPREHENSIONS, REPEATING, around, has_its_own, is_inside, may_await
from poolint.types.call_sites import callees_of, text_of
from poolint.types.values import Function, Instance, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.session_use import Using
    from poolint.analyses.thread_use import Threading
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.detector import Observe
    from poolint.detect.services import Services
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class SharedByTasks(Observation, frozen=True, eq=False):
    """One session or connection that several tasks use at once. ``node`` is the call that makes the tasks.

    ``resource`` is its name, ``uses`` how many of the tasks are seen to use it; 0 for one in a loop or comprehension, 1
    for one beside the function that has started it, whose use is in the ``path``.
    """

    resource: str
    cls: schema.Class
    uses: int
    maker: str
    path: tuple[Waypoint, ...] = ()


class _Task(NamedTuple):
    """A coroutine that runs beside others: ``loop`` is what makes several of it, ``map(work, items)`` too."""

    made: ast.expr
    loop: ast.AST | None = None


class Sharing:
    """Observes sessions and connections that several tasks of one function have."""

    def __init__(self, ev: Evaluator, using: Using, threading: Threading, creators: Creators) -> None:
        self.ev = ev
        self.creators = creators
        self.using = using
        self.threading = threading
        self.spared = ev.derived(Spared)
        self._together = ev.derived(RunTogether)
        self._at_once, self._starts = ev.models.words("at-once"), ev.models.words("makes-task", "starts")
        self._in_threads = ev.models.words("starts-thread")
        self._passes_on = self._starts | ev.models.words("shields", "limits-awaited")

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that give one session or connection to several tasks; each resource of a call once."""
        yield from self._in_one_group(scope)
        yield from self._one_after_the_other(scope)
        for node in scope.calls_named(self._at_once | self._starts):
            if last_name(node.func) in self._at_once:
                yield from self._shared(node, list(_coroutines(node, scope)), scope)
            elif node.args and (loop := _loop_of_tasks(node, scope)) is not None:
                for resource, cls in dict(self._given_to_task(node, scope)).items():
                    if not has_its_own(resource.partition(".")[0], loop, scope):
                        yield _observation(node, scope, resource, cls, 0)
                if (coroutines := gone_over(node.args[0], scope)) is not None:
                    yield from self._shared(node, list(_items(coroutines, node, scope)), scope)
            elif node.args and not isinstance(parent_of(node), ast.Await):
                yield from self._beside_creator(node, scope)
        for node in scope.calls:
            if last_name(node.func) not in self._at_once:
                for given in self._together.given(node, scope):
                    yield from self._shared(node, list(_items(given, node, scope)), scope)

    def _beside_creator(self, node: ast.Call, scope: Scope) -> Iterator[Observation]:
        """What one task has that the function which has started it uses before it is done."""
        for resource, cls in dict(self._given_to_task(node, scope)).items():
            used = self.creators.used_meanwhile(node, resource, scope)
            if used is not None:
                path = (
                    waypoint("given-to-task", node, scope.module, resource),
                    waypoint("used-meanwhile", used, scope.module, text_of(used, scope)),
                )
                yield _observation(node, scope, resource, cls, 1, path)

    def _in_one_group(self, scope: Scope) -> Iterator[Observation]:
        """The second of the tasks that one group is given side by side, with nothing awaited between them."""
        earlier: dict[tuple[ast.AST, str], list[ast.Call]] = {}
        told: set[tuple[ast.AST, str]] = set()
        for node in scope.calls_named(self._starts):
            block = _group(node, _owner(node)) if node.args else None
            if block is None:
                continue
            for resource, cls in dict(self._given_to_task(node, scope)).items():
                others = earlier.setdefault((block, resource), [])
                if (block, resource) not in told and not all(exclude_each_other(node, one) for one in others):
                    told.add((block, resource))
                    yield _observation(node, scope, resource, cls, 2)
                others.append(node)

    def _one_after_the_other(self, scope: Scope) -> Iterator[Observation]:
        """The second of two tasks that are started before the first of them is waited for."""
        starting = [one for one in scope.calls_named(self._starts) if one.args and _group(one, _owner(one)) is None]
        if len(starting) < 2:
            return
        told: set[str] = set()
        for node in starting:
            for resource, cls in dict(self._given_to_task(node, scope)).items():
                other = None
                if resource not in told:
                    other = self.creators.started_meanwhile(node, starting, resource, scope)
                if other is not None:
                    told.add(resource)
                    gets = [waypoint("given-to-task", one, scope.module, resource) for one in (node, other)]
                    yield _observation(other, scope, resource, cls, 2, tuple(gets))

    def _shared(self, node: ast.Call, tasks: list[_Task], scope: Scope) -> Iterator[Observation]:
        users: dict[str, tuple[Class, list[_Task]]] = {}
        for task in tasks:
            started = last_name(task.made.func) if isinstance(task.made, ast.Call) else ""
            if started in self._in_threads or (task.loop is not None and started in self._starts):
                continue  # reported where the threads or tasks are started
            for resource, cls in dict(self._resources(task.made, scope)).items():
                if not _is_of_each_round(resource, task.loop, scope):
                    users.setdefault(resource, (cls, []))[1].append(task)
        for resource, (cls, found) in users.items():
            is_several = any(one.loop is not None for one in found)
            uses = sum(_is_beside_another(one, found) for one in found)
            if is_several or uses:
                yield _observation(node, scope, resource, cls, 0 if is_several else uses)

    def _given_to_task(self, node: ast.Call, scope: Scope) -> Iterator[tuple[str, Class]]:
        """What a task is started with: by its coroutine, or by a function and what that is to be called with."""
        yield from self._resources(task_of(node, scope), scope)

    def _resources(self, task: ast.expr, scope: Scope) -> Iterator[tuple[str, Class]]:
        """The sessions and connections that a coroutine is made with, made on, or uses."""
        if not isinstance(task, ast.Call):
            return
        if last_name(task.func) in self._passes_on and task.args:
            yield from self._resources(task.args[0], scope)
            return
        in_thread = self.threading.work(task, scope)
        if in_thread is not None:
            yield from self.threading.resources(in_thread, scope)
            return
        task = whole_call(task, scope)
        callees = callees_of(self.ev, task, scope)
        if self._is_serialised(callees):
            return
        passed = arguments_of(task)
        given = [one for _, one in passed]
        for one in given:
            made = self.ev.type_of(one, scope) if isinstance(one, ast.Call) else None
            if isinstance(made, Pending) and made.call == "coroutine":
                yield from self._resources(one, scope)
        spared = [one for name, one in passed if self.spared.argument(task, one, name, scope)]
        given = [one for one in given if one not in spared]
        if isinstance(task.func, ast.Attribute):
            given.append(task.func.value)
        yield from self._of_kind(given, scope)
        alone = {self.using.places.first(name, scope) for one in spared if (name := name_of(one))}
        used = self._of_function(task.func, task.args, task.keywords, callees, scope)
        yield from (one for one in used if one[0] not in alone)

    def _is_serialised(self, callees: tuple[object, ...]) -> bool:
        return any(isinstance(one, Function) and is_serialised(self.ev, one.scope) for one in callees)

    def _of_kind(self, given: list[ast.expr], scope: Scope) -> Iterator[tuple[str, Class]]:
        """Those of some values that are asynchronous sessions and connections."""
        for one in given:
            if name_of(one):
                kinds = [
                    member.base
                    for member in alternatives(self.ev.type_of(one, scope))
                    if isinstance(member, Instance) and member.base is not None
                ]
                if kinds and all(cls.kind in HANDLES and cls.mode == "async" for cls in kinds):
                    yield self.using.places.first(name_of(one), scope), kinds[0]

    def _of_function(
        self,
        callee: ast.expr,
        given: list[ast.expr],
        keywords: list[ast.keyword],
        functions: tuple[object, ...],
        scope: Scope,
    ) -> Iterator[tuple[str, Class]]:
        """What a function takes from the one around it, or uses of what its object or an argument keeps."""
        for one in functions:
            if not isinstance(one, Function) or not one.scope.is_async:
                continue
            call = ast.Call(callee, given, keywords)
            yield from ((place, cls) for place, cls in self.using.of_call(call, scope).items() if cls.mode == "async")
            yield from self.threading.of_call(call, scope).items()


def _observation(
    node: ast.Call, scope: Scope, resource: str, cls: Class, uses: int, path: tuple[Waypoint, ...] = ()
) -> SharedByTasks:
    where = (node, scope.qualified_name, may_await(node, scope))
    return SharedByTasks(*where, resource, cls, uses, last_name(node.func), path)


def _is_beside_another(task: _Task, tasks: list[_Task]) -> bool:
    return any(one is not task and not exclude_each_other(task.made, one.made) for one in tasks)


def _owner(node: ast.Call) -> str:
    """The name that a task is started by: that of a task group, or of a module."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _group(node: ast.AST, name: str) -> ast.AsyncWith | None:
    """The block of the task group ``name`` that a statement stands in, under conditions at most; one that awaits
    something itself is not looked at."""
    current = parent_of(node)
    while current is not None and not isinstance(current, ast.AsyncWith):
        if isinstance(current, (*REPEATING, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return None
        current = parent_of(current)
    if not isinstance(current, ast.AsyncWith):
        return None
    is_bound = any(isinstance(one.optional_vars, ast.Name) and one.optional_vars.id == name for one in current.items)
    awaits = any(isinstance(one, ast.Await) for statement in current.body for one in ast.walk(statement))
    return current if is_bound and not awaits else None


def _coroutines(node: ast.Call, scope: Scope) -> Iterator[_Task]:
    """What is run: the arguments, and the items of lists among them, also of lists that a name holds."""
    for argument in node.args:
        yield from _items(argument, node, scope)


def _items(collection: ast.expr, node: ast.Call, scope: Scope) -> Iterator[_Task]:
    value = named(collection)
    if isinstance(value, ast.Name):
        yield from _collected(value.id, node, scope)
    else:
        yield from _listed(value)


def _listed(value: ast.expr) -> Iterator[_Task]:
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        for one in value.elts:
            yield from _listed(one.value) if isinstance(one, ast.Starred) else [_Task(one)]
    elif isinstance(value, ast.Dict):
        for one in value.values:
            yield _Task(one)
    elif isinstance(value, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        yield _Task(value.elt, value)
    elif isinstance(value, ast.DictComp):
        yield _Task(value.value, value)
    elif (made := mapped(value)) is not None and isinstance(value, ast.Call):
        yield _Task(made, value)
    else:
        yield _Task(value)


def _collected(name: str, node: ast.Call, scope: Scope) -> Iterator[_Task]:
    """The items of a list that a name holds: those that it is made with, and those that are appended to it."""
    bindings = [one for one in scope.bindings.get(name, ()) if not isinstance(parent_of(one.node), ast.AugAssign)]
    if not bindings or any(one.kind not in ("assign", "annotated") or one.value is None for one in bindings):
        return
    made = bindings[0].value
    assert made is not None
    if len(bindings) > 1:
        if all(isinstance(one.value, ast.Call) for one in bindings):
            yield _Task(made)  # whichever it is, it is one
        return
    yield from (one._replace(made=behind(one.made, scope)) for one in _listed(made))
    for item, at in puts(name, scope):
        loop = around(at, scope, REPEATING)
        is_around = loop is not None and not is_inside(node, loop) and not is_inside(made, loop)
        yield _Task(item, loop if is_around else None)


def _is_of_each_round(resource: str, loop: ast.AST | None, scope: Scope) -> bool:
    """Whether each item of a loop or comprehension has its own: ``[work(session) for session in sessions]``."""
    name = resource.partition(".")[0]
    if isinstance(loop, COMPREHENSIONS):
        return any(
            isinstance(node, ast.Name) and node.id == name
            for generator in loop.generators
            for node in ast.walk(generator.target)
        )
    if isinstance(loop, ast.Call) and isinstance(loop.args[0], ast.Lambda):
        return name in scope.module.scope_of(loop.args[0].body).bindings
    return loop is not None and has_its_own(name, loop, scope)


def _loop_of_tasks(node: ast.Call, scope: Scope) -> ast.AST | None:
    """The loop or comprehension in which one task after the other is started here, and none is waited for in between."""
    loop = None if isinstance(parent_of(node), ast.Await) else around(node, scope, REPEATING)
    body = loop.body if isinstance(loop, (ast.For, ast.While)) else []
    waits = (
        (ast.Await, ast.AsyncWith, ast.AsyncFor, ast.Break, ast.Return) if isinstance(loop, ast.While) else (ast.Await,)
    )
    is_one = isinstance(loop, (ast.For, *COMPREHENSIONS)) or (
        isinstance(loop, ast.While) and emptied_by(loop) is not None
    )
    return loop if is_one and not any(isinstance(one, waits) for part in body for one in ast.walk(part)) else None


def _observing(services: Services) -> Observe:
    creators = Creators(services.evaluator, services.using, services.graphs)
    return Sharing(services.evaluator, services.at_once, services.threading, creators).observe


DETECTOR = Detector(
    "sharing",
    _observing,
    of="coroutines",
)
