"""A second checkout in a block of its own that could do its work with the connection in hand."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.transactions import inside
from poolint.analyses.plain_data import Values
from poolint.models.schema import HANDLES, SESSIONS
from poolint.rewrite.reads import is_read, is_write, only_reads
from poolint.rewrite.runs import Run
from poolint.rewrite.standalone import is_caught
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.call_sites import call_site
from poolint.types.following import Follower
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator

_WORKS = frozenset({"query", "flush", "refresh"})
_TAKES = frozenset({"begin", "connect", "acquire", "connection"})


class Inner(NamedTuple):
    """A block that can go when ``name`` becomes ``at_hand`` in it."""

    statement: WithNode
    name: str
    at_hand: str


def inner_block(ev: Evaluator, holdings: Holdings, node: ast.Call, resource: str, scope: Scope) -> Inner | None:
    """The block whose only header ``node`` is, if its work is the same on what ``resource`` stands for."""
    item = parent_of(node)
    block = parent_of(item) if isinstance(item, ast.withitem) else None
    if not isinstance(block, (ast.With, ast.AsyncWith)) or len(block.items) != 1 or scope.kind != "function":
        return None
    target = block.items[0].optional_vars
    hold = next((one for one in holdings.at(node, scope) if one.resource == resource), None)
    if not isinstance(target, ast.Name) or hold is None or not hold.is_sure or node.args or node.keywords:
        return None
    return _Comparison(ev, holdings, block, node, target.id, hold, scope).result()


class _Comparison:
    """Holds an inner block to what is held around it."""

    def __init__(
        self,
        ev: Evaluator,
        holdings: Holdings,
        block: WithNode,
        node: ast.Call,
        name: str,
        hold: Hold,
        scope: Scope,
    ) -> None:
        self.ev = ev
        self.holdings = holdings
        self.block = block
        self.node = node
        self.name = name
        self.hold = hold
        self.scope = scope
        self.run = Run(block.body)
        self._follower = Follower(ev, frozenset())

    def result(self) -> Inner | None:
        """The block with the two names, or None."""
        outer = self._around()
        at_hand = self._at_hand(outer)
        if outer is None or not at_hand or at_hand == self.name or self._class(at_hand) is None:
            return None
        if self._class(at_hand) is not self._class(self.name):
            return None
        if _owner(outer.items[0].context_expr) != _owner(self.node):
            return None  # of one pool, but maybe with other settings
        if is_caught(self.block, self.scope) or not self._is_simple(at_hand) or self._is_streamed(outer):
            return None
        calls = self._calls()
        if calls is None or not self._may_join(calls, at_hand, outer):
            return None
        return Inner(self.block, self.name, at_hand)

    def _around(self) -> WithNode | None:
        """The block around that owns what is at hand."""
        for statement in self.scope.withs:
            for item in statement.items:
                target = item.optional_vars
                is_its = isinstance(target, ast.Name) and target.id == self.hold.resource
                is_header = item.context_expr is (self.hold.header or self.hold.since)
                if (is_its or is_header) and inside(self.block, statement) and len(statement.items) == 1:
                    return statement
        return None

    def _at_hand(self, outer: WithNode | None) -> str:
        """The name of what is held."""
        target = outer.items[0].optional_vars if outer is not None else None
        name = target.id if isinstance(target, ast.Name) else ""
        for one in (name, self.name):
            found = [binding for binding in self.scope.bindings.get(one, ()) if binding.kind != "narrowed"]
            if len(found) != 1 or one in self.scope.declared:
                return ""
        return name

    def _class(self, name: str) -> Class | None:
        """The class of library that a name is an object of, itself and not by inheritance."""
        found = alternatives(self.ev.scope_name(name, self.scope))
        one = found[0] if len(found) == 1 else None
        if isinstance(one, Instance) and one.base is not None and one.cls is one.base and one.base.kind in HANDLES:
            return one.base
        return None

    def _is_simple(self, at_hand: str) -> bool:
        """Whether the block only works with its own, and nobody else ever gets that."""
        if not self.run.is_plain or self.run.yields or at_hand in self.run.stores or self.name in self.run.stores:
            return False
        if any(isinstance(node, ast.Try) or type(node).__name__ == "TryStar" for node in self.run.nodes):
            return False  # after an error what is at hand is of no use any more
        everywhere = [one for _, one in reads_of(self.name, self.scope)]
        if any(one not in self.run.nodes for one in everywhere):
            return False
        if any(isinstance(node, (ast.Lambda, ast.GeneratorExp)) for node in self.run.nodes):
            return False
        return not self._is_session() or self._gives_values()

    def _is_session(self) -> bool:
        cls = self._class(self.name)
        return cls is not None and cls.kind in SESSIONS

    def _gives_values(self) -> bool:
        """Whether what the block binds, and is used behind it, are no entities, which a commit would now expire."""
        values = Values(self.ev, self.scope)
        return all(
            values.is_plain_name(name) or all(one in self.run.nodes for one in self.scope.loads.get(name, ()))
            for name in self.run.stores
        )

    def _is_streamed(self, outer: WithNode) -> bool:
        """Whether the block stands in a loop over what may still be read from the connection at hand."""
        current = parent_of(self.block)
        while current is not None and current is not outer:
            if isinstance(current, ast.AsyncFor):
                return True
            if isinstance(current, ast.For) and not self._is_fetched(current.iter):
                return True
            current = parent_of(current)
        return any(
            isinstance(one, ast.Attribute) and one.attr in ("stream", "stream_scalars") for one in ast.walk(outer)
        )

    def _is_fetched(self, node: ast.expr) -> bool:
        """Whether what is iterated over has been read whole."""
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in ("all", "fetchall", "fetch", "partitions")
        sources = self._follower.sources(node, self.scope)
        if sources.complete and all(isinstance(one.node, ast.Call) and one.node is not node for one in sources.found):
            return all(self._is_fetched(one.node) for one in sources.found)
        return Values(self.ev, self.scope).is_plain(node)

    def _calls(self) -> list[ast.Call] | None:
        """The calls on what the block has taken; None where more is done with it than to call its methods."""
        found = []
        for load in self.run.reads.get(self.name, []):
            method = parent_of(load)
            call = parent_of(method) if isinstance(method, ast.Attribute) else None
            if not isinstance(call, ast.Call) or call.func is not method:
                return None
            fact = call_site(self.ev, call, self.scope)
            if fact is None or fact.row is None:
                return None
            if fact.role not in _WORKS and fact.method not in ("add", "add_all"):
                return None
            found.append(call)
        return found

    def _may_join(self, calls: list[ast.Call], at_hand: str, outer: WithNode) -> bool:
        """Whether reads see what they would have seen, and writes are committed where they would have been."""
        reads = [one for one in calls if is_read(self.ev, one, self.scope)]
        until = self._end_of_loops(outer)
        has_read = only_reads(
            self.ev, self.holdings, at_hand, self.scope, until, but=self.run.nodes, entities=self._is_session()
        )
        if len(reads) == len(calls):
            return has_read
        is_blind = all(is_write(self.ev, one, self.scope) for one in calls)
        return self._commits(self.block) and self._commits(outer) and (has_read or is_blind)

    def _commits(self, block: WithNode) -> bool:
        """Whether a block is a transaction of a library's own, which its end commits."""
        call = block.items[0].context_expr
        fact = call_site(self.ev, call, self.scope) if isinstance(call, ast.Call) else None
        return fact is not None and fact.role == "begin" and fact.method == "begin"

    def _end_of_loops(self, outer: WithNode) -> tuple[int, int]:
        """Where the outermost loop between the two blocks ends: all in it may have happened before."""
        place = (self.node.lineno, self.node.col_offset)
        current = parent_of(self.block)
        while current is not None and current is not outer:
            if isinstance(current, (ast.For, ast.While)):
                place = (current.end_lineno or 0, current.end_col_offset or 0)
            current = parent_of(current)
        return place


def _owner(node: ast.expr) -> str:
    """What a checkout is asked of, written out: the engine, the pool or the maker."""
    call = without_await(node)
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return f"not a plain checkout in {node.lineno}:{node.col_offset}"
    function = call.func
    is_method = isinstance(function, ast.Attribute) and function.attr in _TAKES
    return ast.dump(function.value if is_method and isinstance(function, ast.Attribute) else function)
