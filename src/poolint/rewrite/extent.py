"""How far a block around a resource has to reach: from its checkout to the last statement that needs it.

It is the fixpoint over what is derived from the resource, not its last use by name: a result that is read two rows
further down would be read from a closed connection. What lies between belongs to the block by position.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from poolint.analyses.derived import Derived, Escape
from poolint.diagnostics import Applicability
from poolint.flow.cfg import TooComplex
from poolint.flow.liveness import Reads, bound_by
from poolint.syntax.captures import is_captured
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.derived import Mention
    from poolint.flow.cfg import Node
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_TAKES_TIME = (
    *(ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Import, ast.ImportFrom),
)
_SUITES = ("body", "orelse", "finalbody")


@dataclass(frozen=True, eq=False)
class Extent:
    """A stretch of the checkout's own suite, from the statement behind it on.

    ``last`` is the last statement that needs the resource or what is derived from it, ``last_use`` the last one that
    names it. ``applicability`` says how far a block that ends with ``last`` may be trusted. ``yields``: the resource
    is lent to the consumer of a generator. ``gives_entities``: the caller may get entities, which are detached then.
    """

    first: ast.stmt
    last: ast.stmt
    last_use: ast.stmt
    applicability: Applicability
    yields: bool = False
    gives_entities: bool = False


Reason = (
    Escape
    | Literal[
        # of the checkout
        "no-function",
        "no-assignment",
        "no-single-name",
        "more-than-call",
        "global",
        "shared-row",
        "too-large",
        "unreachable",
        "unused",
        "rebound",
        "read-outside",
        "result-read-outside",
        # of its release
        "released-in-expression",
        "released-in-other-suite",
        "released-already",
        "released-by-helper",
        "released-twice",
        "release-needs-later-name",
        "nothing-between",
        "no-release-known",
    ]
)
"""Why a checkout gets no block."""


@dataclass(frozen=True)
class Refusal:
    """Why there can be no block."""

    reason: Reason


class Checkout:
    """The statement ``name = checkout`` with what an extent is worked out from.

    ``suite`` and ``index`` say where it stands; ``stores`` are the events that bind the name.
    """

    def __init__(self, ev: Evaluator, scope: Scope, statement: ast.Assign | ast.AnnAssign, name: str) -> None:
        self.ev = ev
        self.scope = scope
        self.statement = statement
        self.name = name
        self.value = statement.value
        self.suite, self.index = _place(statement)
        self._members = frozenset(self.suite)
        self.reads = Reads(scope)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        self.stores = tuple(self.reads.graph.nodes_of(target))
        self.cls = _class(ev, statement, scope)

    @property
    def behind(self) -> list[ast.stmt]:
        """The statements behind the checkout in its suite, up to the first that binds its name anew."""
        found = []
        rebinding = self._rebinding()
        for statement in self.suite[self.index + 1 :]:
            if statement in rebinding:
                break
            found.append(statement)
        return found

    def _rebinding(self) -> set[ast.stmt]:
        """The statements of the suite that bind the name again before they read it."""
        seen = {self.in_suite(load) for load in self.reads.seeing(self.stores, self.name)}
        bound = {self.in_suite(node.node) for node in self.reads.graph.nodes if self.name in bound_by(node)}
        return {one for one in bound - seen if one is not None and one is not self.statement}

    def in_suite(self, node: ast.AST) -> ast.stmt | None:
        """The statement of the suite that ``node`` stands in; None where it stands elsewhere."""
        current: ast.AST | None = node
        while current is not None and current is not self.scope.node:
            if isinstance(current, ast.stmt) and current in self._members:
                return current
            current = parent_of(current)
        return None


def checkout(ev: Evaluator, scope: Scope, statement: ast.stmt, name: str) -> Checkout | Refusal:
    """Look at a statement that binds ``name`` to a resource; refuse what cannot begin a block."""
    if scope.kind != "function":
        return Refusal("no-function")
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return Refusal("no-assignment")
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or targets[0].id != name:
        return Refusal("no-single-name")
    value = without_await(statement.value)
    if not isinstance(value, ast.Call):
        return Refusal("more-than-call")
    if name in scope.declared:
        return Refusal("global")
    source = scope.module.source
    row = source.lines[statement.lineno - 1][: source.column(statement.lineno, statement.col_offset) - 1]
    end = statement.end_lineno or statement.lineno
    rest = source.lines[end - 1][source.column(end, statement.end_col_offset or 0) - 1 :].strip()
    if row.strip(" \t\f") or rest[:1] not in ("", "#"):
        return Refusal("shared-row")
    try:
        return Checkout(ev, scope, statement, name)
    except TooComplex:
        return Refusal("too-large")


def extent_of(one: Checkout, until: ast.stmt | None = None) -> Extent | Refusal:
    """The block that the resource of a checkout needs, or why there can be none.

    ``until`` is a statement further down that gives it back. Where it stands in the same suite the block ends before
    it, else with the statement that it stands in, whatever comes later.
    """
    if not one.stores:
        return Refusal("unreachable")
    if is_captured(one.name, one.scope):
        return Refusal("captured")
    stops = set(_events_in(one, until)) if until is not None else set()
    derived = Derived(one.ev, one.scope, one.reads, one.name, one.stores, one.cls, stops)
    if derived.handed_out:
        return Refusal(derived.handed_out)
    places = _Places(one, derived.mentions, until)
    if places.refusal:
        return Refusal(places.refusal)
    if places.last < 0:
        return Refusal("unused")
    body = one.suite[one.index + 1 : places.last + 1]
    if is_bound_in(one, body):
        return Refusal("rebound")
    added = one.suite[places.last_use + 1 : places.last + 1]
    return Extent(
        body[0],
        body[-1],
        one.suite[places.last_use],
        _applicability(added, derived.mentions, derived),
        derived.yields,
        derived.gives_entities,
    )


class _Places:
    """Where in the suite the mentions of a resource stand."""

    def __init__(self, one: Checkout, mentions: list[Mention], until: ast.stmt | None) -> None:
        self.last = self.last_use = -1
        self.refusal: Reason | None = None
        indices = {statement: index for index, statement in enumerate(one.suite)}
        end = one.in_suite(until) if until is not None else None
        limit = len(one.suite) if end is None else indices[end] + (end is not until)
        for mention in mentions:
            statement = one.in_suite(mention.load)
            index = indices[statement] if statement is not None else -1
            if index <= one.index:
                # A result or entity may be read further out where it is released by hand before.
                if mention.origin.is_resource or until is None:
                    self.refusal = self.refusal or (
                        "read-outside" if mention.origin.is_resource else "result-read-outside"
                    )
            elif index < limit:
                self.last = max(self.last, index)
                if mention.origin.is_resource:
                    self.last_use = max(self.last_use, index)
        self.last_use = self.last if self.last_use < 0 else self.last_use


def _applicability(added: list[ast.stmt], mentions: list[Mention], derived: Derived) -> Applicability:
    """How far a block may be trusted that holds the resource also while ``added`` runs."""
    if all(map(_is_idle, added)):
        return Applicability.SAFE
    loads = {mention.load for mention in mentions}
    for statement in added:
        nodes = list(_own_nodes(statement))
        lends = any(node in loads for node in nodes)
        for node in nodes:
            if isinstance(node, (ast.Yield, ast.YieldFrom)) and not lends:
                return Applicability.DISPLAY
            if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) and not _is_own(node, loads, derived):
                return Applicability.DISPLAY
    return Applicability.UNSAFE


def _is_idle(statement: ast.stmt) -> bool:
    """Whether a statement takes no time: with it the resource is held no longer than without."""
    return not any(isinstance(node, _TAKES_TIME) for node in _own_nodes(statement))


def _is_own(node: ast.Await | ast.AsyncFor | ast.AsyncWith, loads: set[ast.Name], derived: Derived) -> bool:
    """Whether what is waited for works on the resource or what is derived from it, and on nothing else."""
    if isinstance(node, ast.AsyncWith):
        return all(_works_on(item.context_expr, loads, derived) for item in node.items)
    return _works_on(node.iter if isinstance(node, ast.AsyncFor) else node.value, loads, derived)


def _works_on(value: ast.expr, loads: set[ast.Name], derived: Derived) -> bool:
    current: ast.expr = value
    while isinstance(current, (ast.Call, ast.Attribute, ast.Subscript, ast.Await)):
        if isinstance(current, ast.Call):
            arguments = [one.value if isinstance(one, ast.Starred) else one for one in current.args]
            arguments += [one.value for one in current.keywords]
            # An entity may be handed to anybody; what still reads from the connection works on it.
            if not derived.keeps_entities and any(one in loads for one in arguments):
                return True
            current = current.func
        else:
            current = current.value
    return current in loads


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement that run with it: not those of functions that it only defines."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))


def is_bound_in(one: Checkout, body: list[ast.stmt]) -> bool:
    """Whether some statements bind the name of a checkout again, or delete it."""
    inside = frozenset(body)
    return any(
        one.name in bound_by(node) and one.in_suite(node.node) in inside
        for node in one.reads.graph.nodes
        if node not in one.stores
    )


def _events_in(one: Checkout, statement: ast.stmt) -> Iterator[Node]:
    for node in one.reads.graph.nodes:
        if node.kind == "call" and is_inside(node.node, statement):
            yield node


def _place(statement: ast.stmt) -> tuple[list[ast.stmt], int]:
    """The suite that a statement stands in, and its index there."""
    owner = parent_of(statement)
    for field in _SUITES:
        suite = getattr(owner, field, None)
        if isinstance(suite, list) and any(one is statement for one in suite):
            return suite, next(index for index, one in enumerate(suite) if one is statement)
    raise AssertionError("every statement stands in a suite")


def _class(ev: Evaluator, statement: ast.Assign | ast.AnnAssign, scope: Scope) -> Class | None:
    """The one library class of what a statement binds."""
    if statement.value is None:
        return None
    found = alternatives(ev.type_of(statement.value, scope))
    bases = {one.base.name: one.base for one in found if isinstance(one, Instance) and one.base is not None}
    return next(iter(bases.values())) if len(bases) == 1 == len(found) else None
