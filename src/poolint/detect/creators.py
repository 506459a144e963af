"""Whether the function that has started a task works with what it gave the task before that is done.

The task begins when the function waits for the first time: for the answer to its own query, at the latest.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.collected import task_of
from poolint.analyses.holding import root_of
from poolint.detect.thread_waits import Waits
from poolint.detect.together import exclude_each_other
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.liveness import bound_by
from poolint.flow.solver import completed, reach
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.analyses.session_use import Using
    from poolint.flow.cfg import Graph, Node
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Creators:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, using: Using, graphs: Graphs) -> None:
        self.ev = ev
        self.using = using
        self._graphs = graphs

    def used_meanwhile(self, node: ast.Call, resource: str, scope: Scope) -> ast.Call | None:
        """The first awaited use of a session or connection by the function itself, after ``node`` has started a task that
        surely uses it, and before that is waited for: by its name, or at the end of its group's block."""
        return self._first_meanwhile(
            node,
            (
                call
                for call in scope.calls
                if isinstance(parent_of(call), ast.Await)
                and not is_inside(call, node)
                and self._uses(call, resource, scope)
            ),
            resource,
            scope,
        )

    def started_meanwhile(
        self, node: ast.Call, others: Iterable[ast.Call], resource: str, scope: Scope
    ) -> ast.Call | None:
        """The first of some ``others`` that start a task which surely uses what the one of ``node`` does, before that is waited
        for."""
        found = (one for one in others if one is not node and self._is_used_by_task(one, resource, scope))
        return self._first_meanwhile(node, found, resource, scope)

    def _first_meanwhile(
        self, node: ast.Call, calls: Iterable[ast.Call], resource: str, scope: Scope
    ) -> ast.Call | None:
        """The first of some calls, in the order of the text, that is made while the task of ``node`` surely uses something."""
        group = _group(node)
        if group is None and isinstance(parent_of(node), ast.Expr):
            return None  # nobody waits for it: it outlives the session as well
        if not self._is_used_by_task(node, resource, scope):
            return None
        uses = [one for one in calls if not exclude_each_other(one, node)]
        if not uses:
            return None
        try:
            graph = self._graphs.of(scope)
        except TooComplex:
            return None
        stops = set(self._ends(node, resource, group, graph, scope))
        begun = completed(graph.nodes_of(node))
        reached = set(reach(begun, lambda edge: edge.source not in stops and not edge.is_unwinding))
        uses.sort(key=lambda one: (one.lineno, one.col_offset))
        return next((call for call in uses if any(one in reached for one in graph.nodes_of(call))), None)

    def _is_used_by_task(self, node: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether a task surely uses something, and not only has it."""
        return self._uses(task_of(node, scope), resource, scope)

    def _uses(self, call: ast.Call, resource: str, scope: Scope) -> bool:
        root = root_of(call)
        if root is not None and self.using.places.first(name_of(root), scope) == resource:
            fact = call_site(self.ev, call, scope)
            if fact is not None and fact.role in REACHING_ROLES:
                return True
        if resource in self.using.of_call(call, scope):
            return True
        return any(
            name_of(one) == resource and self.using.argument(call, one, keyword, scope)
            for keyword, one in arguments_of(call)
        )

    def _ends(
        self, node: ast.Call, resource: str, group: ast.withitem | None, graph: Graph, scope: Scope
    ) -> Iterator[Node]:
        """The events behind which the task is done, or may be known to be: one that asks about it, too; or the name of what
        it uses stands for another one."""
        waits = Waits(self.ev, node, node, (resource,), scope)
        root = resource.partition(".")[0]
        for event in graph.nodes:
            one = event.node
            match event.kind:
                case "exit":
                    ends = one is group
                case "store":
                    ends = root in bound_by(event)
                case "await" | "test":
                    ends = isinstance(one, ast.expr) and waits.concerns(one)
                case "iterate":
                    ends = event.value is not None and waits.concerns(event.value)
                case "call":
                    ends = isinstance(one, ast.Call) and waits.is_cancelled_by(one)
                case _:
                    ends = False
            if ends:
                yield event


def _group(node: ast.Call) -> ast.withitem | None:
    """The item of the block that binds the group a task is started in: its end waits for all of its tasks."""
    name = name_of(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    current = parent_of(node)
    while name and current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(current, ast.AsyncWith):
            for item in current.items:
                if item.optional_vars is not None and name_of(item.optional_vars) == name:
                    return item
        current = parent_of(current)
    return None
