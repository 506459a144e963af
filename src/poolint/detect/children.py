"""Observations about pools whose connections a child process shares with its parent."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.analyses.effects import Effects
from poolint.analyses.sinks import opening_sink
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.entries import is_entry
from poolint.frameworks.hooks import decorating, hook_names
from poolint.syntax.expressions import is_partial
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import callees_of, text_of
from poolint.types.following import origin
from poolint.types.values import ClassObject, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.application_pools import Made
    from poolint.analyses.effects import Witness
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.detector import Observe
    from poolint.detect.services import Services
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite


Child = Literal["started", "forked", "worker"]
"""A process that the project starts, the child of ``os.fork()``, or one that a task queue forks after importing."""


class PoolInChild(Observation, frozen=True, eq=False):
    """A pool of the parent that a child process takes connections from. ``node`` starts the child, or uses the pool.

    ``pool`` is what makes the pool, as written, ``child`` says what the child is, ``starter`` what starts it, as written.
    ``names`` is the chain of functions down to the checkout there; ``path`` leads over where the pool is made and where
    the parent has used it.
    """

    pool: str
    child: Child
    starter: str
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]


_WORDS = (b"multiprocessing", b"ProcessPool", b"fork", b"task")
_METHODS = frozenset({"set_start_method", "get_context"})


class Children:
    """Observes what child processes take from pools of their parent."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.edges = edges = services.edges
        self.pools = services.pools
        self.applications = services.applications
        self._taking = Effects(edges, opening_sink, lambda fact, scope: self._made(fact, scope) is not None)
        self._disposing = services.disposing
        by_name = {one for row in self.ev.models.forks for one in (row.methods or (row.name.rpartition(".")[2],))}
        self._after_fork = hook_names(self.ev.models, "mention", "child")
        """What runs in each child before anything else; a project that has it knows of this."""
        self._starts = by_name | {"run_in_executor", "fork"}

    def observe(self, module: Module) -> Iterator[tuple[Scope, Observation]]:
        """The places in a module where a child process begins to share a pool."""
        if not self.ev.screen.is_interesting(module.path, module.source.data):
            return
        for scope in module.scope.descendants():
            for call in scope.calls_named(self._starts):
                for function, how in self._children(call, scope):
                    yield from self._started(call, function, how, scope)
                if last_name(call.func) == "fork" and self._named(call, scope) == "os.fork":
                    yield from self._forked(call, scope)
        yield from self._imported(module)

    # What runs in a child

    def _children(self, call: ast.Call, scope: Scope) -> Iterator[tuple[Function, str]]:
        """The functions that a call runs in a child process."""
        name = last_name(call.func)
        if name == "run_in_executor" and len(call.args) > 1:
            runner = alternatives(self.ev.type_of(call.args[0], scope))
            if any(isinstance(one, Instance) and one.base and "Process" in one.base.name for one in runner):
                yield from self._functions(call.args[1], scope, name)
            return
        for row in self.ev.models.forks:
            last = row.name.rpartition(".")[2]
            if name not in (row.methods or (last,)):
                continue
            if row.methods:
                owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
                owners = alternatives(self.ev.type_of(owner, scope))
                fits = any(isinstance(one, Instance) and one.base and one.base.name == row.name for one in owners)
            else:
                fits = self._named(call, scope) == row.name
            argument = _argument(call, row.argument) if fits else None
            if argument is not None:
                yield from self._functions(argument, scope, name)

    def _functions(self, node: ast.expr, scope: Scope, starter: str) -> Iterator[tuple[Function, str]]:
        made = origin(self.ev, node, scope)
        if is_partial(made.node):
            node, scope = made.node.args[0], made.scope
        for one in alternatives(self.ev.type_of(node, scope)):
            if isinstance(one, Function):
                yield one, starter

    def _initializers(self, call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, Scope]]:
        """What is run first in the children of the pool of processes that a call gives work to; where it is not known what makes
        that, in those of all pools that its function or module makes."""
        is_on_loop = last_name(call.func) == "run_in_executor"
        pool = call.args[0] if is_on_loop else getattr(call.func, "value", call.func)
        made = origin(self.ev, pool, scope)
        makers = [made.node] if isinstance(made.node, ast.Call) else (*scope.calls, *scope.module.scope.calls)
        home = made.scope if isinstance(made.node, ast.Call) else scope
        for one in makers:
            for keyword in one.keywords:
                if keyword.arg == "initializer":
                    yield keyword.value, home

    def _named(self, call: ast.Call, scope: Scope) -> str:
        for one in callees_of(self.ev, call, scope):
            if isinstance(one, ClassObject) and one.base is not None and one.cls is one.base:
                return one.base.name
            return self.ev.qualified_name(one)
        return ""

    def _started(
        self, call: ast.Call, function: Function, starter: str, scope: Scope
    ) -> Iterator[tuple[Scope, Observation]]:
        below = self._taking.of_function(function.scope)
        if below is None or self._disposing.of_function(function.scope) is not None:
            return
        if any(self._disposes(*one) for one in self._initializers(call, scope)) or self._is_prepared(scope.module):
            return
        made = self._made_at(below)
        before = self._used_before(call, made, scope)
        if made is None or before is None:
            return
        names = (function.scope.qualified_name, *(link.name for link in below.links))
        yield scope, self._observation(call, made, ("started", starter), names, [*before, *calls_of(below)], scope)

    def _forked(self, call: ast.Call, scope: Scope) -> Iterator[tuple[Scope, Observation]]:
        """``pid = os.fork()`` and ``if pid == 0:`` behind it."""
        for branch in _child_branch(call, scope):
            inside = [one for part in branch for one in ast.walk(part) if isinstance(one, ast.Call)]
            if any(self._disposing.of_call(one, scope) is not None for one in inside) or self._is_prepared(
                scope.module
            ):
                return
            for one in inside:
                below = self._taking.of_call(one, scope)
                made = self._made_at(below) if below is not None else None
                before = self._used_before(call, made, scope)
                if below is not None and made is not None and before is not None:
                    names = tuple(link.name for link in below.links)
                    yield (
                        scope,
                        self._observation(call, made, ("forked", ""), names, [*before, *calls_of(below)], scope),
                    )
                    return

    def _imported(self, module: Module) -> Iterator[tuple[Scope, Observation]]:
        """What is taken while a module is imported that has tasks: the worker has imported it before it forks."""
        tasks = [one for one in module.scope.children if any(hook.forked for hook, _ in decorating(self.ev, one))]
        if not tasks or self._is_prepared(module):
            return
        if any(self._disposing.of_call(one, module.scope) is not None for one in module.scope.calls):
            return
        for call in module.scope.calls:
            if _is_guarded(call):
                continue
            above = self._taking.of_call(call, module.scope)
            made = self._made_at(above) if above is not None else None
            for task in tasks if made is not None else ():
                below = self._taking.of_function(task)
                theirs = self._made_at(below) if below is not None else None
                if below is not None and made is not None and theirs is not None and theirs.call is made.call:
                    names = (task.qualified_name, *(link.name for link in below.links))
                    yield (
                        module.scope,
                        self._observation(call, made, ("worker", ""), names, calls_of(below), module.scope),
                    )
                    return

    # What the parent has done before

    def _used_before(self, call: ast.Call, made: Made | None, scope: Scope) -> list[Waypoint] | None:
        """Where the parent has taken a connection from the same pool; None where it is not seen to."""
        if made is None:
            return None
        if is_entry(self.ev, scope):
            return []  # a server, which has others like this
        earlier = [one for one in scope.calls if one.lineno < call.lineno]
        here = scope.module.scope
        for one, around in [*((one, scope) for one in earlier), *((one, here) for one in here.calls)]:
            if scope is not here and around is here and _is_guarded(one):
                continue
            witness = self._taking.of_call(one, around)
            theirs = self._made_at(witness) if witness is not None else None
            if theirs is not None and theirs.call is made.call:
                return [waypoint("parent-takes-connection", one, around.module)]
        return None

    def _is_prepared(self, module: Module) -> bool:
        """Whether the project starts its processes in another way, or does something first in each of them."""
        if _starts_otherwise(module) or self._acts_after_fork(module):
            return True
        near = self.ev.project
        starting = (near.module(path) for path, _ in near.calling("set_start_method", module))
        if any(one is not None and _starts_otherwise(one) for one in starting):
            return True
        disposing = [
            path
            for path, data in near.calling("dispose", module)
            if any(one.encode() in data for one in self._after_fork)
        ]
        return any((one := near.module(path)) is not None and self._acts_after_fork(one) for path in disposing)

    def _acts_after_fork(self, module: Module) -> bool:
        """Whether a module takes one of the hooks, or defines the function that a server calls as one."""
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.alias)):
                name = node.name
            else:
                name = node.attr if isinstance(node, ast.Attribute) else ""
            if name in self._after_fork:
                return True
        return False

    def _disposes(self, node: ast.expr, scope: Scope) -> bool:
        found = alternatives(self.ev.type_of(node, scope))
        return any(isinstance(one, Function) and self._disposing.of_function(one.scope) is not None for one in found)

    # Observations

    def _observation(
        self,
        node: ast.Call,
        made: Made,
        child: tuple[Child, str],
        names: tuple[str, ...],
        path: Iterable[Waypoint],
        scope: Scope,
    ) -> PoolInChild:
        pool = text_of(made.call.func, made.scope)
        waypoints = [waypoint("makes-pool", made.call, made.scope.module, pool), *path]
        return PoolInChild(
            node,
            scope.qualified_name,
            may_await(node, scope),
            pool,
            *child,
            names,
            tuple(waypoints),
        )

    def _made(self, fact: CallSite, scope: Scope) -> Made | None:
        return self.applications.kept(self.pools.of_checkout(fact.node, scope), scope)

    def _made_at(self, witness: Witness | None) -> Made | None:
        if witness is None:
            return None
        link = witness.links[-1]
        if not isinstance(link.node, ast.Call):
            return None
        return self.applications.kept(self.pools.of_checkout(link.node, link.scope), link.scope)


def _starts_otherwise(module: Module) -> bool:
    """Whether a module asks for child processes that are no copies of this one."""
    for scope in module.scope.descendants():
        for call in scope.calls:
            if last_name(call.func) in _METHODS:
                method = _argument(call, "method") or _argument(call, 0)
                if isinstance(method, ast.Constant) and method.value in ("spawn", "forkserver"):
                    return True
    return False


def _argument(call: ast.Call, place: str | int) -> ast.expr | None:
    if isinstance(place, int):
        return call.args[place] if place < len(call.args) else None
    return next((one.value for one in call.keywords if one.arg == place), None)


def _child_branch(call: ast.Call, scope: Scope) -> Iterator[list[ast.stmt]]:
    """The statements that only the child runs."""
    statement = parent_of(call)
    name = statement.targets[0] if isinstance(statement, ast.Assign) else None
    for node in ast.walk(scope.node):
        if not isinstance(node, ast.If) or node.lineno < call.lineno:
            continue
        test = node.test
        is_not = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        asked = test.operand if isinstance(test, ast.UnaryOp) else getattr(test, "left", test)
        is_ours = asked is call or (isinstance(name, ast.Name) and isinstance(asked, ast.Name) and asked.id == name.id)
        is_zero = isinstance(test, ast.Compare) and ast.unparse(test).endswith("== 0")
        if is_ours and (is_not or is_zero):
            yield node.body
        elif is_ours and not isinstance(test, (ast.Compare, ast.UnaryOp)):
            yield node.orelse


def _is_guarded(node: ast.AST) -> bool:
    """Whether a place in a module runs only in some cases: ``if __name__ == "__main__"``."""
    current = parent_of(node)
    while current is not None:
        if isinstance(current, ast.If):
            return True
        current = parent_of(current)
    return False


def _of_module(services: Services) -> Observe:
    children = Children(services)
    return lambda scope: children.observe(scope.module)


DETECTOR = Detector("children", _of_module, of="modules", words=lambda _: _WORDS)
