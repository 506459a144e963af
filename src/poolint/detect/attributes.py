"""Observations about checkouts that go to an attribute of ``self`` and are lost before anybody can release them there.

An attribute is not followed over the graph: what is reported here stands in one row of statements, with nothing between
that could release the checkout or leave it to somebody else.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from functools import partial
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.analyses.lifetimes.destinations import given, given_target
from poolint.analyses.waypoints import waypoint
from poolint.detect.databases import closes_itself
from poolint.detect.detector import Detector
from poolint.detect.leaks import LeakedCheckout, LeakProblem
from poolint.detect.observation import Observation
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES, HANDLES, REACHING_ROLES
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import block_of, may_await
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.analyses.graphs import Graphs
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator

_BLOCKS = (ast.With, ast.AsyncWith)


def observe(ev: Evaluator, graphs: Graphs, scope: Scope) -> Iterator[Observation]:
    """The checkouts that a method puts on ``self`` and then loses."""
    owner = scope.enclosing_class
    if owner is None:
        return
    blocks: dict[int, _Block] = {}
    for node in scope.calls:
        value = given(ev, node, scope)
        parent = parent_of(value)
        statement = parent_of(parent) if isinstance(parent, ast.Tuple) else parent
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
            continue
        target = given_target(value)
        statements = block_of(statement) if target is not None and _is_own(target) else []
        if not statements or statements[-1] is statement:
            continue
        found = checkout(ev, node, value, scope)
        if found is None or found[1].kind not in HANDLES:
            continue
        assert isinstance(target, ast.Attribute)
        block = blocks.get(id(statements))
        if block is None:
            block = blocks[id(statements)] = _Block(statements)
        lost = _Row(ev, graphs, scope, target.attr, found[1]).lost(statement, block)
        if lost is not None:
            yield _observation(found, target.attr, scope, *lost)


def _observation(
    found: tuple[CallSite, Class, str], attribute: str, scope: Scope, problem: LeakProblem, culprit: ast.expr
) -> Observation:
    fact, cls, helper = found
    name = f"self.{attribute}"
    path = (
        waypoint("checked-out", fact.node, scope.module, name),
        waypoint(
            "rebinds-attribute" if problem == "overwritten" else "raises-after-checkout",
            culprit,
            scope.module,
            text_of(culprit, scope),
        ),
    )
    statement = statement_of(fact.node)
    awaits = may_await(fact.node, scope)
    return LeakedCheckout(
        fact.node, scope.qualified_name, awaits, fact.text, name, cls, problem, path, text_of(culprit, scope), False, helper,
        statement, is_possible=problem == "half-built" and closes_itself(cls),
    )  # fmt: skip


def _is_own(node: ast.AST, attribute: str = "") -> bool:
    """Whether this is an attribute of ``self``, that of a name if one is given."""
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return own and (not attribute or node.attr == attribute)  # type: ignore[attr-defined]


def _is_asked(call: ast.Call, name: str) -> bool:
    """Whether a method is called on what has a name."""
    return isinstance(call.func, ast.Attribute) and name_of(call.func.value) == name


def _is_straight(statement: ast.stmt, names: Set[str]) -> bool:
    """Whether all that a statement does it does one after the other, and lets through what is raised: it is a simple one, or a
    block of what was asked of something that has one of these names, of such ones."""
    if not isinstance(statement, _BLOCKS):
        return isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr))
    headers = [one.context_expr for one in statement.items]
    is_of_names = all(isinstance(one, ast.Call) and any(_is_asked(one, name) for name in names) for one in headers)
    return is_of_names and all(_is_straight(one, names) for one in statement.body)


class _Block:
    """Which statements of a block can matter to what an attribute holds: those that name it, and some to all of them.

    Each statement is walked once, however many attributes are bound in the block.
    """

    def __init__(self, statements: list[ast.stmt]) -> None:
        self.statements = statements
        self.positions = {one: number for number, one in enumerate(statements)}
        self._general: list[int] = []
        self._annotated: list[int] = []
        self._naming: dict[str, list[int]] = {}
        for number, one in enumerate(statements):
            is_general = not isinstance(one, (ast.Assign, ast.AnnAssign, ast.Expr))
            for node in ast.walk(one):
                if _is_own(node):
                    assert isinstance(node, ast.Attribute)
                    is_stored = isinstance(node.ctx, ast.Store)
                    is_general = is_general or not (is_stored or isinstance(parent_of(node), ast.Attribute))
                    self._name(f"self.{node.attr}", number)
                elif isinstance(node, ast.Name) and node.id != "self":
                    self._name(node.id, number)
                elif isinstance(node, (ast.Await, ast.Name)):
                    is_general = (
                        is_general or isinstance(node, ast.Await) or not isinstance(parent_of(node), ast.Attribute)
                    )
            if is_general:
                self._general.append(number)
            elif isinstance(one, ast.AnnAssign):
                self._annotated.append(number)

    def _name(self, text: str, number: int) -> None:
        naming = self._naming.setdefault(text, [])
        if not naming or naming[-1] != number:
            naming.append(number)

    def made_of(self, name: str) -> Iterator[str]:
        """A name, and those that stand for what is asked of it by a call: ``self.cursor = self.conn.cursor()``, or by the header
        of a block."""
        yield name
        for number in self._naming.get(name, ()):
            one = self.statements[number]
            if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call) and _is_asked(one.value, name):
                yield from filter(None, map(name_of, one.targets))
            for item in one.items if isinstance(one, _BLOCKS) else ():
                if isinstance(item.context_expr, ast.Call) and _is_asked(item.context_expr, name):
                    yield from filter(None, [name_of(item.optional_vars)] if item.optional_vars is not None else ())

    def behind(self, statement: ast.stmt, names: Iterable[str], *, annotated: bool) -> Iterator[ast.stmt]:
        """Those behind a statement that name one of these, or may concern all, in their order; with ``annotated`` also each
        annotated assignment."""
        start = self.positions[statement] + 1
        named = (self._naming.get(one, []) for one in names)
        several = [self._general, *named, *([self._annotated] if annotated else [])]
        last = -1
        for number in merge(*(islice(one, bisect_left(one, start), None) for one in several)):
            if number != last:
                yield self.statements[number]
            last = number


class _Row:
    """The statements behind a checkout that ``self.attribute`` holds."""

    def __init__(self, ev: Evaluator, graphs: Graphs, scope: Scope, attribute: str, cls: Class) -> None:
        self.ev = ev
        self.graphs = graphs
        self.scope = scope
        self.attribute = attribute
        self.cls = cls

    def lost(self, statement: ast.stmt, block: _Block) -> tuple[LeakProblem, ast.expr] | None:
        """How the checkout is lost, and what loses it."""
        again = None
        if self.cls.kind == "connection":
            again = self._bound_again(block.behind(statement, [f"self.{self.attribute}"], annotated=True))
        if again is not None:
            return "overwritten", again
        if self._is_building() and parent_of(statement) is self.scope.node and not self._has_finalizer():
            names = frozenset(block.made_of(f"self.{self.attribute}"))
            raising = self._may_fail(block.behind(statement, names, annotated=False), names)
            return ("half-built", raising) if raising is not None else None
        return None

    def _bound_again(self, later: Iterator[ast.stmt]) -> ast.expr | None:
        for one in later:
            if not isinstance(one, (ast.Assign, ast.Expr)) or self._lets_go(one):
                return None
            if isinstance(one, ast.Assign) and any(_is_own(target, self.attribute) for target in one.targets):
                is_read = any(_is_own(node, self.attribute) for node in ast.walk(one.value))
                return None if is_read or isinstance(one.value, ast.Constant) else one.targets[0]
        return None

    def _may_fail(self, later: Iterator[ast.stmt], names: frozenset[str]) -> ast.expr | None:
        """The first that may well raise while the checkout is held: what works with it, or with what was asked of it and has one
        of these names, and what waits.

        A session holds nothing before it was used.
        """
        is_held = self.cls.kind == "connection"
        for one in later:
            if self._lets_go(one) or not _is_straight(one, names):
                return None
            calls = sorted(
                (node for node in ast.walk(one) if isinstance(node, ast.Call)),
                key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0),
            )
            for call in calls:
                is_held = is_held or self._reaches(call)
                uses = isinstance(parent_of(call), ast.Await) or any(name_of(n) in names for n in ast.walk(call))
                if is_held and uses and self.graphs.may_raise(call, self.scope):
                    return call
        return None

    def _reaches(self, call: ast.Call) -> bool:
        if not (isinstance(call.func, ast.Attribute) and _is_own(call.func.value, self.attribute)):
            return False
        row = self.ev.models.method(self.cls, call.func.attr)
        return row is not None and row.role in REACHING_ROLES

    def _lets_go(self, statement: ast.stmt) -> bool:
        """Whether a statement may release the checkout, or give it or the whole object to somebody else."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == "self" and not isinstance(parent_of(node), ast.Attribute):
                return True
            if not _is_own(node) or isinstance(getattr(node, "ctx", None), ast.Store):
                continue
            assert isinstance(node, ast.Attribute)
            read = parent_of(node)
            if node.attr != self.attribute:
                if not isinstance(read, ast.Attribute) and self.ev.type_of(node, self.scope).key[0] == "function":
                    return True  # a method of the object, called or registered
                continue
            row = self.ev.models.method(self.cls, read.attr) if isinstance(read, ast.Attribute) else None
            if row is None or row.role in CLOSING_ROLES:
                return True
        return False

    def _is_building(self) -> bool:
        """Whether nobody has the object where the method fails: it is made then. What enters one is followed over the graph."""
        name = self.scope.name
        return name == "__init__" or name in self.ev.models.words("completes")

    def _has_finalizer(self) -> bool:
        owner = self.scope.enclosing_class
        return owner is not None and "__del__" in owner.bindings


DETECTOR = Detector(
    "attributes", lambda services: partial(observe, services.evaluator, services.graphs), of="functions", near=True
)
