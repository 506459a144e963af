"""What runs around a call: which variables have something there, and whether an event loop runs.

A manager may put the session that it opens into a context variable for the time of its block, or into a global or an
attribute. What is called in the block asks the variable, and opens a session of its own only where that has none. This
says what variables have where a call is made (:meth:`Contexts.at`), and what a function finds in them that is called
there (:meth:`Contexts.entered`): by itself, or by functions that it asks in turn. It is part of what is known of a call:
all calls below are made in the same context, those of tasks included, which begin with a copy.
"""

from __future__ import annotations

import ast
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import TOLD, UNKNOWN, Hint, told_key, truth, value
from poolint.analyses.conditions import Entering, is_decided, is_excluded
from poolint.analyses.context_puts import IN, OWN, RUNNING, Puts, drop, is_on_the_way, place_of
from poolint.analyses.property_reads import property_reads
from poolint.flow.flags import name_of
from poolint.flow.summaries import Components, Summaries
from poolint.syntax.scopes import ScopeKey, parent_of
from poolint.types.call_sites import callees_of
from poolint.types.decorated import wrapped
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.context_puts import Put, Values
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

LOOP_RUNS = (f"{IN}loop", Hint.TRUE)
"""That an event loop runs: said of what a coroutine calls."""

TRANSACTION_OPEN = (f"{IN}transaction", Hint.TRUE)
"""That a transaction is open: said of what is called in its block."""

_SAMENESS = (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_MAY_RAISE = (ast.Call, ast.Await, ast.Subscript, ast.Raise, ast.BinOp, ast.Yield, ast.YieldFrom)


class _Called(NamedTuple):
    """A function as it is called: with what is known of its parameters, and of what is around it."""

    function: ScopeKey
    fixed: Known


def is_around(known: Known) -> bool:
    """Whether something is known of what runs around a call."""
    return any(name.startswith((IN, OWN)) for name, _ in known)


def _is_default(node: ast.Attribute) -> bool:
    """Whether an attribute is asked of the one connection that there is unless another is named: ``connections["other"]``."""
    return not any(isinstance(one, ast.Subscript) or (isinstance(one, ast.Call) and one.args) for one in ast.walk(node))


class Contexts:
    """Answers for the functions of one project. One for each evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._entering = ev.derived(Entering)
        self._needs_loop = ev.models.words("needs-loop")
        self._tells_transaction = ev.models.words("tells-transaction")
        self._components = components = Components()
        self._left: Summaries[ScopeKey, Known] = Summaries(
            "leaves-in-context", self._leaves, bottom=(), join=_both, components=components
        )
        self._told: Summaries[_Called, Known] = Summaries(
            "finds-in-context", self._finds, bottom=(), join=_both, components=components
        )
        self._puts = Puts(ev, self._left.of)
        self._put: dict[Scope, list[Put]] = {}
        self._asking: dict[Module, bool] = {}

    def at(self, node: ast.expr, scope: Scope) -> Known:
        """What variables have where a call is made, as far as its function, the managers whose blocks are around it, and the
        decorators of its function have put it there."""
        around: Values = {}
        runs: dict[ast.expr, dict[Scope, list[ast.AST]]] = {}
        for decorator, call, wrapper in wrapped(self.ev, scope):
            runs.setdefault(decorator, {}).setdefault(wrapper, []).append(call)
        for calls in runs.values():
            first, *others = (self._at_all(several, wrapper) for wrapper, several in calls.items())
            around |= {name: what for name, what in first.items() if all(one.get(name) == what for one in others)}
        around = {name: what for name, what in around.items() if name.startswith(IN)}
        self._put_before(node, scope, around)
        return _known(around)

    def asks_for_loop(self, scope: Scope) -> bool:
        """Whether the module of a function asks for the running loop, so that it may do something else where none runs."""
        module = scope.module
        found = self._asking.get(module)
        if found is None:
            found = self._asking[module] = any(
                word in inner.called for word in self._needs_loop for inner in module.scope.mentioning(word)
            )
        return found

    def asks_for_transaction(self, scope: Scope) -> bool:
        """Whether a function asks whether a transaction is open, so that it may do something else where one is."""
        return any(one.attr in self._tells_transaction for one in scope.attributes)

    def entered(self, fixed: Known, node: ast.expr, target: Scope, scope: Scope, caller: Known) -> Known:
        """What is known of a function that is called, where ``fixed`` is of its parameters, and ``caller`` of what calls."""
        around = self._puts.called(self._now(node, scope, caller), node, target, scope)
        if target.is_async and not target.is_generator and not isinstance(parent_of(node), ast.Await):
            around = {name: what for name, what in around.items() if not str(what).startswith(RUNNING)}  # another task
        if not around:
            return fixed
        known = _known({**dict(fixed), **around})
        return _both(known, self._told.of(_Called(target.key, known)))

    def _now(self, node: ast.AST, scope: Scope, known: Known) -> Values:
        """What variables have at a place in a function, by what is known of all of it."""
        around = {name: what for name, what in known if name.startswith((IN, OWN))}
        self._put_before(node, scope, around)
        return around

    def _put_before(self, node: ast.AST, scope: Scope, around: Values) -> None:
        """Note in ``around`` what a function has put into variables by the time that it comes to a node."""
        found = self._put.get(scope)
        if found is None:
            provisional = self._components.provisional
            found = self._puts.of(scope)
            if self._components.provisional == provisional:
                self._put[scope] = found
        place = place_of(node)
        for at, where, what in found:
            if at >= place:
                break
            is_sure = is_on_the_way(where, node)
            for name, given in what.items():
                if not name.endswith("]") and (is_sure or given is UNKNOWN or not given):
                    drop(name, around)
                if is_sure and given is not UNKNOWN:
                    around[name] = given

    def _leaves(self, key: ScopeKey) -> Known:
        """What is in variables whenever a generator yields, or a function returns, as far as it has put it there or has
        found it there."""
        scope = self.ev.project.scope(key)
        points: list[ast.AST] = list(scope.yields) if scope.is_generator else list(_returned(scope))
        if not scope.is_generator and isinstance(body := getattr(scope.node, "body", None), list):
            points += [scope.node] if self._may_end(body, (), scope) else []
        return _known(self._at_all(points, scope))

    def _at_all(self, points: list[ast.AST], scope: Scope) -> Values:
        """What a function has put into variables, or has found there, whenever it comes to one of several places."""
        each: list[Values] = []
        for point in points:
            found: Values = {}
            self._put_before(point, scope, found)
            each.append(found)
        several = {name: what for found in each for name, what in found.items()}
        return {
            name: what
            for name, what in several.items()
            if all(
                found.get(name) == what or self._is_found(point, scope, name, several)
                for point, found in zip(points, each, strict=True)
            )
        }

    def _is_found(self, point: ast.AST, scope: Scope, name: str, around: Values) -> bool:
        """Whether a function comes to a place only where it has found something in a variable."""
        variable = name.partition("[")[0]
        mine = _known({one: what for one, what in around.items() if one.partition("[")[0] == variable})
        told = self._told.of(_Called(scope.key, mine))
        return bool(told) and is_decided(point, scope, told)

    def _finds(self, key: _Called) -> Known:
        """What calls in a function, attributes and globals come to by what is around it; and its handlers that are not
        entered then."""
        scope = self.ev.project.scope(key.function)
        told: Values = {}
        asked: list[ast.expr] = []
        for call in scope.calls:
            found, is_asked = self._found_by(call, scope, key.fixed)
            if found is not UNKNOWN:
                told[told_key(call)] = found
                asked += [call] if is_asked else []
        for read, function, _ in property_reads(self.ev, scope):
            found = self._given(read, function.scope, scope, key.fixed)
            if found is not UNKNOWN:
                told[told_key(read)] = found
        for node in self._read(scope, key.fixed):
            found = self._now(node, scope, key.fixed).get(self._puts.variable(node, scope), UNKNOWN)
            if found is not UNKNOWN:
                told[told_key(node)] = found
                asked.append(node)
        if TRANSACTION_OPEN in key.fixed:
            tell = (one for one in scope.attributes if one.attr in self._tells_transaction and _is_default(one))
            told |= {told_key(one): Hint.TRUE for one in tell}
        for compared, is_same in self._compared(scope, key.fixed):
            told[told_key(compared)] = is_same
        for one in {around for node in asked if (around := _tried(node)) is not None}:
            if not any(_is_risky(each, asked) for statement in one.body for each in ast.walk(statement)):
                told |= {told_key(handler): False for handler in one.handlers}
        return _known(told)

    def _read(self, scope: Scope, fixed: Known) -> Iterator[ast.expr]:
        """The attributes and names in a function that may be a variable which has something."""
        names = {name.rpartition(":")[2].rpartition(".")[2] for name, _ in fixed if name.startswith((IN, OWN))}
        for node in scope.attributes:
            if node.attr in names and isinstance(node.ctx, ast.Load):
                yield node
        for name in names & scope.loads.keys():
            yield from scope.loads[name]

    def _found_by(self, call: ast.Call, scope: Scope, fixed: Known) -> tuple[object, bool]:
        """What a call comes to, and whether it asks for something that is around and raises only where that is not."""
        name = last_name(call.func)
        if name in self._needs_loop and (LOOP_RUNS in fixed or scope.is_async):
            full = self.ev.qualified_name(self.ev.type_of(call.func, scope))
            return (Hint.TRUE, True) if self.ev.models.ends("needs-loop", full) else (UNKNOWN, False)
        if name == "get" and (variable := self._puts.asked(call, scope)):
            return self._now(call, scope, fixed).get(variable, UNKNOWN), True
        if name == "getattr" and len(call.args) > 1:
            return self._member(call, scope, fixed), True
        if name == "next" and isinstance(call.func, ast.Name):
            return self._searched(call, scope, fixed), False
        called = callees_of(self.ev, call, scope)
        if len(called) != 1 or not isinstance(called[0], Function) or called[0].scope.is_generator:
            return UNKNOWN, False
        inner = called[0].scope
        if inner.is_async and not isinstance(parent_of(call), ast.Await):
            return UNKNOWN, False
        return self._given(call, inner, scope, fixed), False

    def _compared(self, scope: Scope, fixed: Known) -> Iterator[tuple[ast.Compare, bool]]:
        """Comparisons of a member of what a variable has with what that was made with: ``VARIABLE.get().task is task``."""
        if not any(name.endswith("]") for name, _ in fixed):
            return
        for call in scope.calls_of("get"):
            statement, variable = parent_of(call), self._puts.asked(call, scope)
            target = statement.targets[0] if variable and isinstance(statement, ast.Assign) else None
            now = self._now(call, scope, fixed) if isinstance(target, ast.Name) else {}
            for load in scope.loads.get(target.id, ()) if isinstance(target, ast.Name) and now else ():
                member = parent_of(load)
                test = parent_of(member) if isinstance(member, ast.Attribute) else None
                if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(member, ast.Attribute)):
                    continue
                other = test.comparators[0] if test.left is member else test.left
                same = self._puts.same_for_all(other, scope)
                if same and now.get(f"{variable}[{member.attr}]") == same and isinstance(test.ops[0], _SAMENESS):
                    yield test, isinstance(test.ops[0], (ast.Is, ast.Eq))

    def _member(self, call: ast.Call, scope: Scope, fixed: Known) -> object:
        """What ``getattr(local, "session", None)`` gives."""
        name, base = value(call.args[1], {}, scope), self._puts.base(call.args[0], scope)
        return self._now(call, scope, fixed).get(f"{base}.{name}", UNKNOWN) if base else UNKNOWN

    def _searched(self, call: ast.Call, scope: Scope, fixed: Known) -> object:
        """What ``next(one for one in VARIABLE.get() if one.key == key)`` gives: what was put there with the same key."""
        search = call.args[0] if call.args else None
        if not isinstance(search, ast.GeneratorExp) or len(search.generators) != 1:
            return UNKNOWN
        (loop,) = search.generators
        items = loop.iter
        if isinstance(items, ast.Call) and last_name(items.func) == "reversed" and len(items.args) == 1:
            items = items.args[0]
        variable = self._puts.asked(items, scope) if isinstance(items, ast.Call) else ""
        now = self._now(call, scope, fixed)
        if variable not in now or not isinstance(loop.target, ast.Name) or last_name(search.elt) != loop.target.id:
            return UNKNOWN
        for test in loop.ifs:
            if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is))):
                return UNKNOWN
            base, _, key = name_of(test.left).rpartition(".")
            wanted = self._puts.same_for_all(test.comparators[0], scope)
            if base != loop.target.id or not wanted or now.get(f"{variable}[{key}]") != wanted:
                return UNKNOWN
        return Hint.TRUE

    def _given(self, node: ast.expr, callee: Scope, scope: Scope, fixed: Known) -> object:
        """What a call of a function gives by what is around it."""
        passed = self._entering.known(node, callee, scope, fixed) if isinstance(node, ast.Call) else ()
        known = self.entered(passed, node, callee, scope, fixed)
        if not any(name.startswith(TOLD) for name, _ in known):
            return UNKNOWN
        body = getattr(callee.node, "body", None)
        if not isinstance(body, list) or self._may_end(body, known, callee):
            return UNKNOWN
        reached = [one for one in _returned(callee) if not is_excluded(one, callee, known)]
        given = [value(one.value, dict(known), callee) if one.value is not None else None for one in reached]
        return given[0] if given and all(one == given[0] and one is not UNKNOWN for one in given) else UNKNOWN

    def _may_end(self, body: list[ast.stmt], known: Known, scope: Scope) -> bool:
        """Whether what comes after a block may be reached through it."""
        values = dict(known)
        for one in body:
            if isinstance(one, _LEAVES):
                return False
            if isinstance(one, (ast.With, ast.AsyncWith)) and not self._may_end(one.body, known, scope):
                return False
            if isinstance(one, ast.If):
                holds = truth(one.test, values, scope) if values else None
                ways = [way for way, outcome in ((one.body, True), (one.orelse, False)) if holds in (outcome, None)]
                if not any(self._may_end(way, known, scope) for way in ways):
                    return False
            if isinstance(one, ast.Try):
                handlers = [each.body for each in one.handlers if values.get(told_key(each)) is not False]
                ways = [[*one.body, *one.orelse], *handlers]
                if not any(self._may_end(way, known, scope) for way in ways):
                    return False
        return True


def _known(found: Values) -> Known:
    return tuple(sorted(found.items(), key=itemgetter(0)))


def _both(one: Known, other: Known) -> Known:
    return _known({**dict(other), **dict(one)}) if one and other else one or other


def _tried(node: ast.AST) -> ast.Try | None:
    """The nearest statement in whose body a node is tried."""
    child, around = node, parent_of(node)
    while around is not None and not isinstance(around, _FUNCTIONS):
        if isinstance(around, ast.Try) and around.handlers and child in around.body:
            return around
        child, around = around, parent_of(around)
    return None


def _is_risky(node: ast.AST, asked: Iterable[ast.expr]) -> bool:
    """Whether something may raise that does more than to ask for what is around."""
    return isinstance(node, _MAY_RAISE) and not any(node is one for one in asked)


def _returned(scope: Scope) -> Iterator[ast.Return]:
    """The return statements of a function."""
    waiting: list[ast.AST] = list(getattr(scope.node, "body", ())) if not isinstance(scope.node, ast.Lambda) else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Return):
            yield one
        elif not isinstance(one, _FUNCTIONS):
            waiting += ast.iter_child_nodes(one)
