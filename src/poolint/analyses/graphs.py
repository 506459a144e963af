"""Control-flow graphs of the project's functions, with what the models and the types know about calls."""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING

from poolint.analyses.expired_reads import ExpiredReads
from poolint.analyses.importable import Importable
from poolint.analyses.managers import is_manager, is_no_iterable, is_no_manager, protocol, suppressed
from poolint.analyses.never_returning import never_returns
from poolint.analyses.property_reads import property_reads
from poolint.analyses.sinks import PAUSING
from poolint.flow import cfg
from poolint.flow.solver import completed, reach
from poolint.flow.summaries import Components, Summaries
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of, placed, statement_of
from poolint.syntax.surroundings import around
from poolint.types.arguments import is_not_made, is_refused
from poolint.types.call_sites import call_site, callees_of
from poolint.types.mapped_classes import MappedClasses
from poolint.types.narrowing import conditions
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.living import Living
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_CATCHING = (ast.Try, ast.With, ast.AsyncWith)
_QUIET_ROLES = frozenset({"local", "release", "dispose", "create", "open", "begin", "cursor"})
"""Roles of calls that do not raise in practice: memory work, and releases, whose failure frees the slot all the same."""


class Graphs:
    """The graphs of one project's functions, built on demand."""

    def __init__(self, ev: Evaluator, components: Components | None = None) -> None:
        self.ev = ev
        self._graphs: dict[Scope, cfg.Graph] = {}
        self._at_once = ev.models.manners["at-once"]
        self._quiet_methods = ev.models.manners["quiet-method"]
        self._quiet_with_default = ev.models.manners["quiet-with-default"]
        self._quiet_if_asked = ev.models.manners["quiet-if-asked"]
        self._mapped = ev.derived(MappedClasses)
        self._importable = ev.derived(Importable)
        self._expired = ev.derived(ExpiredReads)
        self._watching = ev.models.words("limits-block", "watches")
        self._components = components if components is not None else Components()
        self._raising: Summaries[ScopeKey, bool] = Summaries(
            "raises", self._raises, bottom=False, join=or_, components=self._components
        )

    def inherit(self, other: Graphs, living: Living) -> None:
        """Take over what others have found out about files that still are as they were."""
        self._graphs = living.kept(other._graphs)
        self._raising.inherit(other._raising, living)

    def of(self, scope: Scope) -> cfg.Graph:
        """The graph of a function.

        Raises:
            poolint.flow.cfg.TooComplex: it has more events than a graph may hold.
        """
        graph = self._graphs.get(scope)
        if graph is None:
            provisional = self._components.provisional
            graph = cfg.build(
                scope.node,
                raises=lambda node: self.may_raise(node, scope),
                never_returns=lambda node: self.never_returns(node, scope),
                suppresses=lambda item, _: self._suppresses(item, scope),
                reads=frozenset((*(one.node for one in property_reads(self.ev, scope)), *self._expired.of(scope))),
            )
            if self._components.provisional == provisional:
                self._graphs[scope] = graph
        return graph

    def is_reached(self, node: ast.AST, scope: Scope) -> bool:
        """Whether a function comes to a place in it, as far as what never returns or cannot be made shows."""
        try:
            graph = self.of(scope)
        except cfg.TooComplex:
            return True
        if isinstance(node, ast.Call) and not graph.nodes_of(node) and any(map(graph.nodes_of, ast.walk(node))):
            return False  # what it is to be passed never comes
        call = without_await(node)
        if isinstance(call, ast.Call) and not self._is_left_unawaited(call, scope) and self.is_never_made(call, scope):
            return False
        return any(graph.nodes_of(one) for one in ast.walk(statement_of(node)))

    def _is_left_unawaited(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call makes a coroutine that nothing awaits where it stands: a mistake as well, whatever it is passed."""
        if isinstance(parent_of(call), ast.Await):
            return False
        return any(isinstance(one, Function) and one.scope.is_async for one in callees_of(self.ev, call, scope))

    def always_runs(self, value: ast.expr, scope: Scope) -> bool:
        """Whether a function never ends normally but when something in it has happened."""
        try:
            graph = self.of(scope)
        except cfg.TooComplex:
            return False
        events = frozenset(graph.nodes_of(value))
        ways = reach(completed([graph.entry]), lambda edge: edge.source not in events or edge.is_unwinding)
        return bool(events) and all(one.kind != "exit-normal" for one in ways)

    def may_raise(self, node: ast.expr | ast.Import | ast.ImportFrom, scope: Scope) -> bool:
        """Whether something may raise in practice: an import finds what is installed."""
        if isinstance(node, ast.stmt):
            return False
        is_awaited = False
        if isinstance(node, ast.Await):
            node, is_awaited = node.value, True
        if not isinstance(node, ast.Call):
            if node in self._expired.of(scope):
                return False
            return isinstance(node, (ast.Yield, ast.YieldFrom)) or not (
                isinstance(node, (ast.Name, ast.Constant)) or self._is_quiet_to_enter(node, scope)
            )
        if node in self._mapped.failing(scope):
            return True
        if last_name(node.func) in self._watching or _logs(self.ev, node.func):
            return False
        fact = call_site(self.ev, node, scope)
        if fact is not None and fact.row is not None:
            if fact.row.call == "coroutine" and isinstance(parent_of(node), ast.Expr):
                return False  # it is made and dropped: nothing of it ever runs
            models = self.ev.models
            connects = fact.role == "create" and is_awaited  # what is awaited as it is made, opens connections
            is_quiet = (
                (fact.role in _QUIET_ROLES and not connects)
                or fact.row.effect in PAUSING
                or fact.name in models.manners["quiet"]
            )
            return not is_quiet or models.ends("fails", fact.name)
        callee = self.ev.type_of(node.func, scope)
        if isinstance(callee, LibraryName):
            if callee.name in self._at_once and node.args and all(isinstance(one, ast.Call) for one in node.args):
                return any(self.may_raise(one, scope) for one in node.args)  # it raises what one of them does
            return not self.ev.models.ends("quiet", callee.name)
        if isinstance(callee, Instance):
            return True
        if isinstance(callee, Function):
            return self._raising.of(callee.scope.key) or self._is_refused(callee, node, scope)
        if isinstance(callee, ClassObject) and self._is_refused(callee, node, scope):
            return True
        base = callee.base if isinstance(callee, ClassObject) and callee.cls is callee.base else None
        if base is not None and base.kind == "session" and not is_awaited:
            return False  # it is lazy: nothing is opened as it is made
        if isinstance(callee, ClassObject) and callee.cls is not callee.base:
            methods = protocol(self.ev, callee)
            return methods is None or any(self._raising.of(one.key) for one in methods)
        if fact is not None or not isinstance(node.func, ast.Attribute):
            return True
        if len(node.args) == 2 and node.func.attr in self._quiet_with_default:
            return False
        if (
            len(node.args) == 1
            and node.func.attr in self._quiet_if_asked
            and _is_asked_for(node.args[0], node.func.value)
        ):
            return False
        return node.func.attr not in self._quiet_methods

    def _is_quiet_to_enter(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a block is entered by an object of which nothing raises in practice, such as a lock."""
        if not isinstance(parent_of(node), ast.withitem):
            return False
        entered = self.ev.type_of(node, scope)
        return (
            isinstance(entered, Instance)
            and entered.base is not None
            and self.ev.models.ends("quiet", entered.base.name)
        )

    def _raises(self, key: ScopeKey) -> bool:
        """Whether something may leave a function of the project by an exception, as far as its body shows: a problem of
        summaries, in which a function that calls itself raises nothing but what it raises elsewhere."""
        scope = self.ev.project.scope(key)
        manages = bool(scope.yields) and is_manager(self.ev, scope)
        if not (manages or _tells_all(scope)) or self._calls_what_raises(scope):
            return True
        if manages:  # what a manager lets pass at its `yield` is the block's
            return False
        try:
            return self.of(scope).may_end_in("exit-exception")
        except cfg.TooComplex:
            return True

    def _calls_what_raises(self, scope: Scope) -> bool:
        """Whether a function calls something that may raise and that it does not try to catch."""
        return any(around(call, scope, _CATCHING) is None and self.may_raise(call, scope) for call in scope.calls)

    def never_returns(self, call: ast.Call | ast.Import | ast.ImportFrom, scope: Scope) -> bool:
        """Whether nothing comes after a call: ``sys.exit``, or one of a function of the project that never returns, or does
        not take what it is passed; or it cannot be made, entered or gone over, or there is no such method. Or after an
        import, which raises."""
        if not isinstance(call, ast.Call):
            block = around(call, scope, (ast.With, ast.AsyncWith))  # which may suppress what it raises
            return block is None and self._importable.raises(call, scope.module)
        if call in self._mapped.failing(scope):
            return True
        around_it = parent_of(call)
        if isinstance(around_it, ast.withitem) and is_no_manager(self.ev, call, scope):
            return True
        if (
            isinstance(around_it, (ast.For, ast.AsyncFor))
            and around_it.iter is call
            and is_no_iterable(self.ev, call, scope)
        ):
            return True
        for one in callees_of(self.ev, call, scope):
            ends = self.ev.models.ends
            if isinstance(one, LibraryName) and (ends("never-returns", one.name) or ends("ends-process", one.name)):
                continue
            if isinstance(one, Function) and never_returns(self.ev, one.scope):
                continue
            if not self._is_refused(one, call, scope):
                return False
        return True

    def is_never_made(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call surely raises before anything of what it calls runs."""
        callees = callees_of(self.ev, call, scope)
        return call in self._mapped.failing(scope) or all(self._is_refused(one, call, scope) for one in callees)

    def _is_refused(self, callee: Type, call: ast.Call, scope: Scope) -> bool:
        if isinstance(callee, Function):
            return is_refused(self.ev, callee, call, scope)
        if isinstance(callee, ClassObject):
            return is_not_made(self.ev, callee, call, scope) or self._mapped.refuses(callee, call, scope)
        return callee is UNKNOWN and self._is_missing(call.func, scope)

    def _is_missing(self, callee: ast.expr, scope: Scope) -> bool:
        """Whether what is called is a method that no object has of which it may be one."""
        if not isinstance(callee, ast.Attribute):
            return False
        owners = alternatives(self.ev.type_of(callee.value, scope))
        return all(self._mapped.lacks(one, callee.attr) for one in owners)

    def _suppresses(self, item: ast.withitem, scope: Scope) -> bool | tuple[ast.expr, ...]:
        return isinstance(item.context_expr, ast.Call) and suppresses(self.ev, item.context_expr, scope)


def suppresses(ev: Evaluator, context: ast.Call, scope: Scope) -> bool | tuple[ast.expr, ...]:
    """Whether a block may suppress what is raised in it that enters what a call gives; the classes that it suppresses where
    these can be known."""
    callee = ev.type_of(context.func, scope)
    if isinstance(callee, (Function, ClassObject)):
        return suppressed(ev, callee)
    name = ev.qualified_name(callee)
    if name == "contextlib.suppress" and not any(isinstance(one, ast.Starred) for one in context.args):
        return tuple(context.args)
    return ev.models.ends("suppresses", name)


def _is_asked_for(item: ast.expr, container: ast.expr) -> bool:
    """Whether a test has shown that an item is in a container, where a call names both."""
    asked = ast.dump(item), ast.dump(container)
    for holds, test in conditions(item):
        parts = test.values if holds and isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
        shown = ast.In if holds else ast.NotIn
        compared = [one for one in parts if isinstance(one, ast.Compare) and len(one.ops) == 1]
        if any(
            isinstance(one.ops[0], shown) and (ast.dump(one.left), ast.dump(one.comparators[0])) == asked
            for one in compared
        ):
            return True
    return False


class BlockEnd(ast.expr):
    """The end of a block as a place that something happens at: what leaves it stands nowhere in the text.

    It stands where the context does, and its parent is the item of the ``with`` statement.
    """

    @classmethod
    def of(cls, item: ast.withitem) -> BlockEnd:
        """That of one item of a block."""
        return placed(cls(), item.context_expr, item)


def written_at(node: ast.expr) -> ast.expr:
    """What stands in the text where something happens: for the end of a block its context."""
    item = parent_of(node) if isinstance(node, BlockEnd) else None
    return item.context_expr if isinstance(item, ast.withitem) else node


def events_at(graph: cfg.Graph, node: ast.AST) -> list[cfg.Node]:
    """The events that happen where ``node`` begins.

    Of the context of a block or the iterator of a loop, that is not called there, it is when the block is entered, or when
    the loop asks for its next item.
    """
    if isinstance(node, BlockEnd):
        item = parent_of(node)
        assert item is not None, "it was made for one"
        return [one for one in graph.nodes_of(item) if one.kind == "exit" and one.way not in cfg.UNWINDING]
    events, where = graph.nodes_of(node), parent_of(node)
    while not events and isinstance(where, (ast.expr, ast.comprehension)):
        events, where = graph.nodes_of(where), parent_of(where)  # in a generator expression, which runs later
    if not events and isinstance(where, (ast.withitem, ast.For, ast.AsyncFor)):
        return [one for one in graph.nodes_of(where) if one.kind in ("enter", "iterate")]
    if not events and isinstance(where, ast.stmt):
        targets = where.targets if isinstance(where, ast.Assign) else [getattr(where, "target", where)]
        return [event for one in (where, *targets) for event in graph.nodes_of(one)]
    # A test of what a call gives comes after it.
    return [one for one in events if one.kind != "test"] or events


def ends_the_process(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call is ``sys.exit()`` or the like: what is still open then is given back with the process."""
    return ev.models.ends("ends-process", ev.qualified_name(ev.type_of(call.func, scope)))


def _logs(ev: Evaluator, function: ast.expr) -> bool:
    """Whether this is a method of a logger, of whatever library."""
    if not (isinstance(function, ast.Attribute) and function.attr in ev.models.manners["logs"]):
        return False
    return last_name(function.value).lower().endswith(("logger", "log", "logging"))


def _tells_all(scope: Scope) -> bool:
    """Whether the body of a function is what runs when it is called: not decorated, but for a method that needs no object, and
    no stub that others override."""
    node = scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or scope.is_generator:
        return False
    if not {last_name(one) for one in node.decorator_list} <= {"classmethod", "staticmethod"}:
        return False
    return not all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in node.body
    )
