"""Where statements that wait for something else can stand so that no connection is held meanwhile.

Those that begin a block can stand before it, those that end it behind it, and those right before a commit after that:
if they need nothing of the block, change nothing that it writes, and decide nothing about it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.effects import Effects
from poolint.analyses.holding.transactions import inside, is_begun_before, root_of
from poolint.analyses.managers import suppressed
from poolint.analyses.plain_data import is_database
from poolint.flow.cfg import TooComplex
from poolint.models.schema import ENDING_ROLES, SESSIONS
from poolint.rewrite.reads import LOCKS
from poolint.rewrite.runs import Run, own_nodes
from poolint.rewrite.standalone import Standing, bound_by_header, is_caught, touches
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import block_of
from poolint.types.call_sites import call_site, text_of
from poolint.types.following import Follower
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Edges
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator


class Relocation(NamedTuple):
    """Statements that follow each other, and the one that they can stand before or behind."""

    statements: tuple[ast.stmt, ...]
    target: ast.stmt
    behind: bool


class Relocations:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, holdings: Holdings, edges: Edges) -> None:
        self.ev = ev
        self.holdings = holdings
        self.touching = Effects(edges, touches)

    def out(self, node: ast.Call, scope: Scope, *, may_pass: bool = False) -> Relocation | None:
        """Where the statement that a call stands in can go; None where it has to stay, or that cannot be told.

        ``may_pass``: it goes where nothing is held any more, past statements that have nothing to do with it if need
        be, and never before what holds.
        """
        holds = self.holdings.at(node, scope)
        if scope.kind != "function" or not holds:
            return None
        try:
            return _Search(self, node, scope, holds, may_pass).find()
        except TooComplex:
            return None


class _Search:
    """The search for one call."""

    def __init__(self, ways: Relocations, node: ast.Call, scope: Scope, holds: list[Hold], may_pass: bool) -> None:
        self.ev = ways.ev
        self.ways = ways
        self.node = node
        self.scope = scope
        self.holds = holds
        self.may_pass = may_pass
        self.standing = Standing(self.ev, ways.holdings, ways.touching, scope, holds)
        self.values = self.standing.values
        self.regions = ways.holdings.changes(scope).regions

    def find(self) -> Relocation | None:
        """The first that fits: before the block, after a commit, behind the block."""
        blocks = [self._block(one) for one in self.holds]
        around = [one for one in blocks if one is not None]
        if len(around) == len(blocks):
            outermost = next(one for one in around if all(one is other or inside(other, one) for other in around))
            passed = self._passed(outermost)
            if passed is not None:
                return self._before(passed) or self._after_commit() or self._behind(passed)
        return self._after_commit()

    def _block(self, hold: Hold) -> WithNode | None:
        """The ``with`` at whose end a connection is given back."""
        header = hold.header or hold.since
        for statement in self.scope.withs:
            for item in statement.items:
                target = item.optional_vars
                is_its = isinstance(target, ast.Name) and target.id == hold.resource
                if (item.context_expr is header or (hold.header is None and is_its)) and inside(self.node, statement):
                    return statement
        return None

    def _passed(self, outermost: WithNode) -> list[WithNode] | None:
        """The blocks from the innermost around the call to the outermost that holds; none of another kind between."""
        current: ast.AST = statement_of(self.node)
        while not (isinstance(parent_of(current), (ast.With, ast.AsyncWith)) and self._is_own(parent_of(current))):
            parent = parent_of(current)
            if parent is None or parent is outermost:
                return None
            current = parent
        found: list[WithNode] = []
        while True:
            block = parent_of(current)
            if not isinstance(block, (ast.With, ast.AsyncWith)) or not self._is_own(block):
                return None
            found.append(block)
            if block is outermost:
                return found
            current = block

    def _is_own(self, block: ast.AST | None) -> bool:
        """Whether a ``with`` enters nothing but sessions, connections and transactions."""
        if not isinstance(block, (ast.With, ast.AsyncWith)):
            return False
        for item in block.items:
            is_region = any(one.header is item.context_expr for one in self.regions)
            one = self.ev.type_of(item.context_expr, self.scope)
            entered = self.ev.entered(one, asynchronous=isinstance(block, ast.AsyncWith))
            if not (is_region or is_database(entered) or is_database(one)):
                return False
        return True

    def _locks(self, block: ast.AST) -> bool:
        """Whether statements before the call lock something that the call may need to be locked."""
        ahead = (node for node in ast.walk(block) if getattr(node, "lineno", 0) <= self.node.lineno)
        return any(self._says_lock(node, 0) for node in ahead)

    def _says_lock(self, node: ast.AST, depth: int) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and LOCKS.search(node.value) is not None
        if isinstance(node, ast.Attribute):
            return node.attr == "with_for_update"
        if isinstance(node, ast.keyword):
            return node.arg == "with_for_update"
        if not isinstance(node, ast.Name) or depth:
            return False
        sources = Follower(self.ev, frozenset()).sources(node, self.scope).found
        return any(self._says_lock(inner, 1) for source in sources for inner in ast.walk(source.node))

    # Before the block.

    def _before(self, passed: list[WithNode]) -> Relocation | None:
        if self.may_pass or any(self._is_lazy(one) for one in self.holds):
            return None
        if any(is_begun_before(self.ev, item.context_expr, self.scope) for block in passed for item in block.items):
            return None
        inner, outer = passed[0], passed[-1]
        statement = self._child(inner)
        index = inner.body.index(statement)
        chain = [one for block, child in zip(passed[1:], passed, strict=False) for one in _up_to(block, child)]
        ahead = [*chain, *inner.body[:index]]
        if not all(map(_is_pure, ahead)) or len(inner.body) == index + 1:
            return None
        bound = {name for block in passed for name in bound_by_header(block)}
        needed = {name for block in passed for item in block.items for name in _loads(item.context_expr)}
        for statements in ([statement], inner.body[: index + 1]):
            run = Run(statements)
            rest = [one for one in ahead if one not in statements]
            if chain and len(statements) > 1:
                continue
            if (
                run.is_plain
                and not run.yields
                and not run.loads & (bound | Run(rest).stores)
                and not run.stores & (bound | needed | Run(rest).loads | self.scope.declared)
                and not self.standing.touches(run)
            ):
                return Relocation(tuple(statements), outer, behind=False)
        return None

    def _is_lazy(self, hold: Hold) -> bool:
        """Whether a connection is held since a use in the block, and not since its header."""
        return not any(hold.since is item.context_expr for one in self.scope.withs for item in one.items)

    def _child(self, block: WithNode) -> ast.stmt:
        """The statement of a block's suite that the call stands in."""
        return next(one for one in block.body if any(node is self.node for node in ast.walk(one)))

    # Behind it.

    def _behind(self, passed: list[WithNode]) -> Relocation | None:
        inner, outer = passed[0], passed[-1]
        index = inner.body.index(self._child(inner))
        is_last = all(block.body[-1] is child for block, child in zip(passed[1:], passed, strict=False))
        if not is_last or is_caught(outer, self.scope) or self._locks(outer) or any(map(self._swallows, passed)):
            return None
        commits = any(self._commits(one) for one in passed)
        run = Run(inner.body[index:])
        if (
            index
            and not run.leaves(self.ev.models, may_return=True)
            and self.standing.may_leave(run, passed, commits=commits)
        ):
            return Relocation(tuple(run.statements), outer, behind=True)
        return self._passing(inner.body, index, len(inner.body), passed, outer, commits=commits)

    def _swallows(self, block: WithNode) -> bool:
        """Whether what is behind a block is reached although something has been raised in it."""
        calls = (item.context_expr for item in block.items)
        return any(
            bool(suppressed(self.ev, self.ev.type_of(one.func, self.scope)))
            for one in calls
            if isinstance(one, ast.Call)
        )

    def _after_commit(self) -> Relocation | None:
        """Past the statement of the same suite that commits, or ends in another way, what is held."""
        hold = self.holds[0]
        if len(self.holds) > 1 or hold.header is not None or not self._is_lazy(hold):
            return None
        current: ast.AST | None = statement_of(self.node)
        while isinstance(current, ast.stmt) and current is not self.scope.node:
            suite = block_of(current) or [current]
            index = next((number for number, one in enumerate(suite) if one is current), 0)
            end = next((number for number in range(index + 1, len(suite)) if self._ends(suite[number], hold)), None)
            if end is not None:
                if is_caught(current, self.scope) or self._locks(self.scope.node):
                    return None
                run = Run(suite[index:end])
                expires = not self._commits_only(suite[end])
                if (
                    not run.leaves(self.ev.models)
                    and not run.stores & Run([suite[end]]).loads
                    and self.standing.may_leave(run, [], expires=expires)
                ):
                    return Relocation(tuple(run.statements), suite[end], behind=True)
                return self._passing(suite, index, end, [], suite[end])
            current = parent_of(current)
        return None

    def _passing(
        self,
        suite: list[ast.stmt],
        index: int,
        end: int,
        passed: list[WithNode],
        target: ast.stmt,
        *,
        commits: bool = True,
    ) -> Relocation | None:
        """Past statements that have nothing to do with it."""
        run, others = Run(suite[index : index + 1]), Run(suite[index + 1 : end])
        if not self.may_pass or not isinstance(suite[index], ast.Expr) or run.stores or others.jumps:
            return None
        changing = {one for one in run.loads & others.loads if self._may_change(one)}
        if run.loads & others.stores or changing or run.leaves(self.ev.models):
            return None
        return (
            Relocation(tuple(run.statements), target, behind=True)
            if self.standing.may_leave(run, passed, commits=commits)
            else None
        )

    def _may_change(self, name: str) -> bool:
        """Whether what a name of this function is bound to may be changed by others that use it."""
        if name not in self.scope.bindings:
            return False
        found = alternatives(self.ev.type_of(ast.Name(name, ast.Load()), self.scope))
        is_client = all(
            isinstance(one, Instance) and one.base is not None and one.base.kind == "client" for one in found
        )
        return not is_client and not self.values.is_scalar(ast.Name(name, ast.Load()))

    def _commits_only(self, statement: ast.stmt) -> bool:
        """Whether the end of a transaction is a commit: a rollback expires all entities whatever is asked for."""
        return any(isinstance(one, ast.Attribute) and one.attr == "commit" for one in ast.walk(statement))

    def _ends(self, statement: ast.stmt, hold: Hold) -> bool:
        value = statement.value if isinstance(statement, ast.Expr) else None
        call = without_await(value)
        if not isinstance(call, ast.Call) or call.args or call.keywords:
            return False
        fact, root = call_site(self.ev, call, self.scope), root_of(call)
        if fact is None or root is None or fact.role not in ENDING_ROLES or fact.cls is None:
            return False
        return fact.cls.kind in SESSIONS and text_of(root, self.scope) == hold.resource

    # What the end of a block does.

    def _commits(self, block: WithNode) -> bool:
        """Whether the end of a block commits, as far as can be told."""
        for item in block.items:
            if any(one.header is item.context_expr for one in self.regions):
                return True
            if not is_database(self.ev.type_of(item.context_expr, self.scope)):
                return True  # a context manager of the project
        return False


def _up_to(block: WithNode, child: ast.stmt) -> list[ast.stmt]:
    return block.body[: block.body.index(child)]


def _loads(node: ast.AST) -> Iterator[str]:
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def _is_pure(statement: ast.stmt) -> bool:
    """Whether a statement does no more than to give names to values that are there."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return all(isinstance(one, ast.Name) for one in targets) and not any(
        isinstance(one, (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr))
        for one in own_nodes([statement])
    )
