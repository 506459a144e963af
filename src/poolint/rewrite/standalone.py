"""Whether statements mean the same when what they stand under holds no connection any more."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.derived import Derived
from poolint.analyses.plain_data import Values, captured, is_database
from poolint.analyses.session_options import expires as expires_on_commit
from poolint.flow.liveness import Reads
from poolint.models.schema import SESSIONS
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.rewrite.runs import Run
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


def touches(fact: CallSite) -> str:
    """Whether a call does anything with a database, or with what gives connections to one."""
    return (
        "database" if fact.cls is not None and fact.cls.kind not in ("client", "response", "other", "context") else ""
    )


class Standing:
    """Answers for the statements of one function that wait while ``holds`` are held; ``touching`` is for :func:`touches`."""

    def __init__(self, ev: Evaluator, holdings: Holdings, touching: Effects, scope: Scope, holds: list[Hold]) -> None:
        self.ev = ev
        self.holdings = holdings
        self.touching = touching
        self.scope = scope
        self.holds = holds
        self.values = Values(ev, scope)

    def may_leave(self, run: Run, passed: list[WithNode], *, commits: bool = True, expires: bool = False) -> bool:
        """Whether statements mean the same when what is held has been given back."""
        if not run.is_plain or run.yields or run.stores & self.scope.declared or self.touches(run):
            return False
        names = {name for block in passed for name in bound_by_header(block)}
        names |= {one.resource.partition(".")[0] for one in self.holds if "(" not in one.resource}
        if (run.loads & names) - {"self"} or any(one.resource in run.texts for one in self.holds):
            return False
        inner = [one for name in run.loads for one in self.scope.bindings.get(name, ()) if one.kind == "function"]
        if any(captured(self.scope, one.node) & names for one in inner):
            return False
        for load in (load for name in names for load in self._derived(name)):
            if load in run.nodes and not self.values.is_read_out(load.id):
                return False
        is_session = any(one.cls is not None and one.cls.kind in (*SESSIONS, "factory") for one in self.holds)
        return not is_session or self._is_plain(run, commits=commits, expires=expires)

    def _derived(self, name: str) -> Iterator[ast.Name]:
        """The reads of what is made of a resource."""
        bindings = self.scope.bindings.get(name, ())
        reads = Reads(self.scope, self.holdings.graph(self.scope))
        for one in bindings:
            starts = tuple(reads.graph.nodes_of(one.node))
            cls = next((hold.cls for hold in self.holds if hold.resource == name), self.holds[0].cls)
            yield from (mention.load for mention in Derived(self.ev, self.scope, reads, name, starts, cls).mentions)

    def _is_plain(self, run: Run, *, commits: bool, expires: bool) -> bool:
        """Whether what a run reads is no entity, or one that has been loaded and stays so."""
        is_async = all(one.cls is not None and one.cls.mode == "async" for one in self.holds)
        keeps = not commits or all(expires_on_commit(self.ev, one.resource, self.scope) is False for one in self.holds)
        stays = is_async and keeps and not expires
        others = {name: uses for name, uses in run.reads.items() if not self.values.is_plain_name(name)}
        if not all(map(self._is_own_member, others.pop("self", []))):
            return False
        if others.keys() <= run.stores:
            return True
        return stays and all(_reads_only(one) for uses in others.values() for one in uses)

    def _is_own_member(self, load: ast.Name) -> bool:
        """Whether ``self`` is read for one of its methods, or for something that is no entity."""
        parent = parent_of(load)
        if not isinstance(parent, ast.Attribute):
            return False
        outer = parent_of(parent)
        is_method = isinstance(outer, ast.Call) and outer.func is parent
        return is_method or self.values.is_plain(parent)

    def touches(self, run: Run) -> bool:
        """Whether a run does anything with a database, itself or by functions of the project."""
        for node in run.nodes:
            is_read = isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)
            if is_read and is_database(self.ev.type_of(node, self.scope)):  # type: ignore[arg-type]
                return True
            if isinstance(node, ast.Call):
                fact = call_site(self.ev, node, self.scope)
                if (fact is not None and touches(fact)) or self.touching.of_call(node, self.scope) is not None:
                    return True
        return False


def is_caught(node: ast.AST, scope: Scope, outer: ast.AST | None = None) -> bool:
    """Whether a handler around a statement, within ``outer``, would now see another state of the database."""
    child, current = node, parent_of(node)
    while current is not None and current is not scope.node and current is not outer:
        is_try = isinstance(current, ast.Try) or type(current).__name__ == "TryStar"
        if is_try and current.handlers and any(child is one for one in current.body):  # type: ignore[attr-defined]
            return True
        child, current = current, parent_of(current)
    return False


def bound_by_header(block: WithNode) -> Iterator[str]:
    """The names that the header of a block binds."""
    for item in block.items:
        if item.optional_vars is not None:
            yield from (one.id for one in ast.walk(item.optional_vars) if isinstance(one, ast.Name))


def _reads_only(load: ast.Name) -> bool:
    """Whether an object is only looked at: an attribute is read, or it is iterated over."""
    parent = parent_of(load)
    if isinstance(parent, ast.Attribute):
        outer = parent_of(parent)
        return isinstance(parent.ctx, ast.Load) and not (isinstance(outer, ast.Call) and outer.func is parent)
    return isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is load
