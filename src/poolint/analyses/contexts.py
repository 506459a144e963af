"""What runs around a call: which context variables have a value there, and whether an event loop runs.

A manager may put the session that it opens into a context variable for the time of its block. What is called in the block
asks the variable, and opens a session of its own only where that has none. This says what variables have where a call is
made (:meth:`Contexts.at`), and what a function finds in them that is called there (:meth:`Contexts.entered`): by itself,
or by functions that it asks in turn. It is part of what is known of a call: all calls below are made in the same context,
those of tasks included, which begin with a copy.
"""

from __future__ import annotations

import ast
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import UNKNOWN, Hint, told_key, truth, value
from poolint.analyses.conditions import Entering, is_decided, is_excluded
from poolint.analyses.property_reads import property_reads
from poolint.flow.flags import name_of
from poolint.flow.summaries import Components, Summaries
from poolint.models.schema import HANDLES, OWNERS
from poolint.models.standard import ENTERING, ENTERS
from poolint.syntax.scopes import ScopeKey, home_of, parent_of, statement_of
from poolint.types.decorated import wrapped
from poolint.types.following import origin
from poolint.types.values import ClassObject, Either, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.conditions import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_IN = "<in> "
"""What stands under a name that begins like this is known of all that a call runs, not of a parameter of its callee."""

LOOP_RUNS = (f"{_IN}loop", Hint.TRUE)
"""That an event loop runs: said of what a coroutine calls."""

_THROUGH: frozenset[Passage] = frozenset(("import", "attribute"))
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_MAY_RAISE = (ast.Call, ast.Await, ast.Subscript, ast.Raise, ast.BinOp, ast.Yield, ast.YieldFrom)
_Place = tuple[int, int]


class _Called(NamedTuple):
    """A function as it is called: with what is known of its parameters, and of what is around it."""

    function: ScopeKey
    fixed: Known


def is_around(known: Known) -> bool:
    """Whether something is known of what runs around a call."""
    return any(name.startswith(_IN) for name, _ in known)


class Contexts:
    """Answers for the functions of one project. One for each evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._entering = ev.derived(Entering)
        self._needs_loop = ev.models.words("needs-loop")
        self._components = components = Components()
        self._left: Summaries[ScopeKey, Known] = Summaries(
            "leaves-in-context", self._leaves, bottom=(), join=_both, components=components
        )
        self._told: Summaries[_Called, Known] = Summaries(
            "finds-in-context", self._finds, bottom=(), join=_both, components=components
        )
        self._variables: dict[ast.expr, str] = {}
        self._put: dict[Scope, list[tuple[_Place, ast.expr, dict[str, object]]]] = {}

    def at(self, node: ast.expr, scope: Scope) -> Known:
        """What the context variables have where a call is made, as far as its function, the managers whose blocks are
        around it, and the decorators of its function have put it there."""
        around: dict[str, object] = {}
        for _, call, wrapper in wrapped(self.ev, scope):
            self._put_before(call, wrapper, around)
        self._put_before(node, scope, around)
        return _known(around)

    def asks_for_loop(self, scope: Scope) -> bool:
        """Whether the module of a function asks for the running loop, so that it may do something else where none runs."""
        return any(scope.module.mentions(word.encode()) for word in self._needs_loop)

    def entered(self, fixed: Known, node: ast.expr, target: Scope, scope: Scope, caller: Known) -> Known:
        """What is known of a function that is called, where ``fixed`` is of its parameters, and ``caller`` of what calls."""
        around = {name: what for name, what in caller if name.startswith(_IN)}
        self._put_before(node, scope, around)
        if not around:
            return fixed
        known = _known({**dict(fixed), **around})
        return _both(known, self._told.of(_Called(target.key, known)))

    def _put_before(self, node: ast.AST, scope: Scope, around: dict[str, object]) -> None:
        """Note in ``around`` what a function has put into variables by the time that it comes to a node."""
        found = self._put.get(scope)
        if found is None:
            provisional = self._components.provisional
            found = sorted(self._puts(scope), key=itemgetter(0))
            if self._components.provisional == provisional:
                self._put[scope] = found
        place = _place(node)
        for at, where, what in found:
            if at >= place:
                break
            is_sure = _is_on_the_way(where, node, scope)
            for name, given in what.items():
                if given is UNKNOWN or (not is_sure and not given):
                    _drop(name, around)
                elif is_sure and name.startswith(_IN):
                    if "." not in name.rpartition(":")[2]:
                        _drop(name, around)
                    around[name] = given

    def _puts(self, scope: Scope) -> Iterator[tuple[_Place, ast.expr, dict[str, object]]]:
        """What a function puts into variables, and where: itself, by helpers that open something, and by managers, whose
        blocks it is in then."""
        for call in scope.calls_named({"set", "reset"}):
            variable = self._variable_of(call, scope)
            if variable:
                is_set = last_name(call.func) == "set" and len(call.args) == 1
                yield _end(call), call, self._set(variable, call.args[0], scope) if is_set else {variable: UNKNOWN}
        for call in scope.calls:
            entered = call.args[0] if last_name(call.func) in ENTERING and call.args else None
            parent = parent_of(call)
            statement = parent_of(parent) if isinstance(parent, ast.Await) else parent
            left: Known = ()
            if entered is not None:
                left = self._of_manager(entered, scope)
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
                left = self._of_callee(call, scope)
            if left:
                yield _end(call), call, dict(left)
        for statement in scope.withs:
            for item in statement.items:
                left = self._of_manager(item.context_expr, scope)
                if left:
                    yield _end(item.context_expr), item.context_expr, dict(left)

    def _set(self, variable: str, given: ast.expr, scope: Scope) -> dict[str, object]:
        """What is known of a variable once something has been put into it: of an object in it the members as well that
        it was made with."""
        found: dict[str, object] = {variable: self._worth(given, scope)}
        for one in ast.walk(given):
            if isinstance(one, ast.Call) and self._is_made(one, scope):
                found |= {
                    f"{variable}.{each.arg}": self._same_for_all(each.value, scope)
                    for each in one.keywords
                    if each.arg is not None and self._same_for_all(each.value, scope)
                }
        return found

    def _worth(self, node: ast.expr, scope: Scope) -> object:
        """What is known of a value: that of a constant, that it is true, or nothing."""
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return Hint.TRUE if any(not isinstance(one, ast.Starred) for one in node.elts) else UNKNOWN
        if isinstance(node, ast.Dict):
            return Hint.TRUE if any(one is not None for one in node.keys) else UNKNOWN
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.BitOr)):
            return (
                Hint.TRUE if Hint.TRUE in (self._worth(node.left, scope), self._worth(node.right, scope)) else UNKNOWN
            )
        if isinstance(node, ast.Constant):
            return value(node, {}, scope)
        found = self.ev.type_of(node, scope)
        several = found.members if isinstance(found, Either) else (found,)
        if all(isinstance(one, Instance) and one.base is not None and one.base.kind in _OPENED for one in several):
            return Hint.TRUE
        end = origin(self.ev, node, scope, frozenset())
        is_new = isinstance(end.node, ast.Call) and self._is_made(end.node, end.scope)
        return Hint.TRUE if is_new else UNKNOWN

    def _is_made(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call makes an object of a class of the project, which is true unless the class says otherwise."""
        found = alternatives(self.ev.type_of(call.func, scope))
        return len(found) == 1 and isinstance(found[0], ClassObject) and found[0].cls is not found[0].base

    def _same_for_all(self, node: ast.expr, scope: Scope) -> str:
        """A text that is the same for all expressions in the methods of a class that come to the same for one object; empty
        where an expression is of something else."""
        cls = scope.enclosing_class
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        names -= {one for one in names if home_of(one, scope) is None}
        return f"{cls.key} {ast.dump(node)}" if cls is not None and names == {"self"} else ""

    def _variable_of(self, call: ast.Call, scope: Scope) -> str:
        """The context variable whose method a call calls, by where it is made; empty for anything else."""
        if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, (ast.Name, ast.Attribute)):
            return ""
        node = call.func.value
        found = self._variables.get(node)
        if found is None:
            end = origin(self.ev, node, scope, _THROUGH)
            found = ""
            if isinstance(end.node, ast.Call) and last_name(end.node.func) == "ContextVar":
                is_one = self.ev.qualified_name(self.ev.type_of(end.node.func, end.scope)) == "contextvars.ContextVar"
                row, column = _place(end.node)
                found = f"{_IN}{end.scope.module.path}:{row}:{column}" if is_one else ""
            self._variables[node] = found
        return found

    def _of_manager(self, node: ast.expr, scope: Scope) -> Known:
        """What is in variables while a block of this manager runs."""
        if isinstance(node, ast.Call):
            found = alternatives(self.ev.type_of(node.func, scope))
            if len(found) == 1 and isinstance(found[0], Function):
                inner = found[0].scope
                return self._left.of(inner.key) if inner.is_generator else ()
        found = alternatives(self.ev.type_of(node, scope))
        one = found[0] if len(found) == 1 else None
        for name in ENTERS if isinstance(one, Instance) and one.cls is not one.base else ():
            method = self.ev.type_of_member(one, name)  # type: ignore[arg-type]
            if isinstance(method, Function):
                return self._left.of(method.scope.key)
        return ()

    def _of_callee(self, call: ast.Call, scope: Scope) -> Known:
        """What a function that opens something leaves in variables when it has returned that."""
        found = alternatives(self.ev.type_of(call.func, scope))
        if len(found) != 1 or not isinstance(found[0], Function) or found[0].scope.is_generator:
            return ()
        inner = found[0].scope
        return self._left.of(inner.key) if inner.calls_of("set") else ()

    def _leaves(self, key: ScopeKey) -> Known:
        """What is in variables whenever a generator yields, or a function returns, as far as it has put it there or has
        found it there."""
        scope = self.ev.project.scope(key)
        points: list[ast.AST] = list(scope.yields) if scope.is_generator else list(_returned(scope))
        if not scope.is_generator and isinstance(body := getattr(scope.node, "body", None), list):
            points += [_After.of(body[-1])] if self._may_end(body, (), scope) else []
        each: list[dict[str, object]] = []
        for point in points:
            found: dict[str, object] = {}
            self._put_before(point, scope, found)
            each.append(found)
        several = {name: what for found in each for name, what in found.items()}
        return _known(
            {
                name: what
                for name, what in several.items()
                if all(
                    found.get(name) == what or self._is_found(point, scope, name, several)
                    for point, found in zip(points, each, strict=True)
                )
            }
        )

    def _is_found(self, point: ast.AST, scope: Scope, name: str, around: dict[str, object]) -> bool:
        """Whether a function comes to a place only where it has found something in a variable."""
        variable = name if name in around and "." not in name.rpartition(":")[2] else name.rpartition(".")[0]
        mine = _known({one: what for one, what in around.items() if one == variable or one.startswith(f"{variable}.")})
        told = self._told.of(_Called(scope.key, mine))
        return bool(told) and is_decided(point, scope, told)

    def _finds(self, key: _Called) -> Known:
        """What calls in a function, and properties that it reads, come to by what is around it; and its handlers that are
        not entered then."""
        scope = self.ev.project.scope(key.function)
        told: dict[str, object] = {}
        asked: list[ast.Call] = []
        for call in scope.calls:
            found, is_asked = self._found_by(call, scope, key.fixed)
            if found is not UNKNOWN:
                told[told_key(call)] = found
                asked += [call] if is_asked else []
        for read, function in property_reads(self.ev, scope):
            found = self._given(read, function.scope, scope, key.fixed)
            if found is not UNKNOWN:
                told[told_key(read)] = found
        for one in {around for call in asked if (around := _tried(call)) is not None}:
            if not any(_is_risky(each, asked) for statement in one.body for each in ast.walk(statement)):
                told |= {told_key(handler): False for handler in one.handlers}
        return _known(told)

    def _found_by(self, call: ast.Call, scope: Scope, fixed: Known) -> tuple[object, bool]:
        """What a call comes to, and whether it asks for something that is around and raises only where that is not."""
        name = last_name(call.func)
        if name in self._needs_loop and LOOP_RUNS in fixed:
            full = self.ev.qualified_name(self.ev.type_of(call.func, scope))
            return (Hint.TRUE, True) if self.ev.models.ends("needs-loop", full) else (UNKNOWN, False)
        if name == "get" and (variable := self._variable_of(call, scope)):
            return self._now(call, scope, fixed).get(variable, UNKNOWN), True
        if name == "next" and isinstance(call.func, ast.Name):
            return self._searched(call, scope, fixed), False
        called = alternatives(self.ev.type_of(call.func, scope))
        if len(called) != 1 or not isinstance(called[0], Function) or called[0].scope.is_generator:
            return UNKNOWN, False
        inner = called[0].scope
        if inner.is_async and not isinstance(parent_of(call), ast.Await):
            return UNKNOWN, False
        return self._given(call, inner, scope, fixed), False

    def _now(self, node: ast.AST, scope: Scope, fixed: Known) -> dict[str, object]:
        around = {one: what for one, what in fixed if one.startswith(_IN)}
        self._put_before(node, scope, around)
        return around

    def _searched(self, call: ast.Call, scope: Scope, fixed: Known) -> object:
        """What ``next(one for one in VARIABLE.get() if one.key == key)`` gives: what was put there with the same key."""
        search = call.args[0] if call.args else None
        if not isinstance(search, ast.GeneratorExp) or len(search.generators) != 1:
            return UNKNOWN
        (loop,) = search.generators
        items = loop.iter
        if isinstance(items, ast.Call) and last_name(items.func) == "reversed" and len(items.args) == 1:
            items = items.args[0]
        variable = self._variable_of(items, scope) if isinstance(items, ast.Call) else ""
        now = self._now(call, scope, fixed)
        if variable not in now or not isinstance(loop.target, ast.Name) or last_name(search.elt) != loop.target.id:
            return UNKNOWN
        for test in loop.ifs:
            if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is))):
                return UNKNOWN
            base, _, key = name_of(test.left).rpartition(".")
            wanted = self._same_for_all(test.comparators[0], scope)
            if base != loop.target.id or not wanted or now.get(f"{variable}.{key}") != wanted:
                return UNKNOWN
        return Hint.TRUE

    def _given(self, node: ast.expr, callee: Scope, scope: Scope, fixed: Known) -> object:
        """What a call of a function gives by what is around it."""
        passed = self._entering.known(node, callee, scope, fixed) if isinstance(node, ast.Call) else ()
        known = self.entered(passed, node, callee, scope, fixed)
        if not any(name.startswith("<at ") for name, _ in known):
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


_OPENED = frozenset({*HANDLES, *OWNERS})


class _After(ast.Pass):
    """The end of a function as a place that it comes to."""

    @classmethod
    def of(cls, last: ast.stmt) -> _After:
        row, column = last.end_lineno or last.lineno, last.end_col_offset or 0
        found = cls(lineno=row, col_offset=column, end_lineno=row, end_col_offset=column)
        found.__dict__["_poolint_parent"] = parent_of(last)
        return found


def _known(found: dict[str, object]) -> Known:
    return tuple(sorted(found.items(), key=itemgetter(0)))


def _both(one: Known, other: Known) -> Known:
    return _known({**dict(other), **dict(one)}) if one and other else one or other


def _drop(variable: str, around: dict[str, object]) -> None:
    """Forget what is known of a variable, and of an object in it."""
    for name in [one for one in around if one == variable or one.startswith(f"{variable}.")]:
        del around[name]


def _place(node: ast.AST) -> _Place:
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def _end(node: ast.expr) -> _Place:
    return (node.end_lineno or node.lineno, node.end_col_offset or 0)


def _is_on_the_way(before: ast.expr, node: ast.AST, scope: Scope) -> bool:
    """Whether who comes to a node of a function has come by another one before it in the text; of a block, and has not
    left it since."""
    item = parent_of(before)
    if isinstance(item, ast.withitem):
        return _is_inside(node, parent_of(item))
    child: ast.AST = statement_of(before)
    while child is not scope.node:
        around = parent_of(child)
        if around is None:
            return False
        if _is_inside(node, around):
            return _is_same_block(child, node, around)
        if not isinstance(around, (ast.With, ast.AsyncWith)) and not (
            isinstance(around, ast.Try) and child in around.body
        ):
            return False
        child = around
    return False


def _is_inside(node: ast.AST, outer: ast.AST | None) -> bool:
    current: ast.AST | None = node
    while current is not None and current is not outer:
        current = parent_of(current)
    return current is not None


def _is_same_block(child: ast.AST, node: ast.AST, around: ast.AST) -> bool:
    """Whether a node stands in the block of a statement, or in one that is reached through that."""
    blocks = [getattr(around, name, None) for name in ("body", "orelse", "finalbody")]
    mine = next((one for one in blocks if isinstance(one, list) and child in one), None)
    if mine is None or any(_is_inside(node, one) for one in mine):
        return mine is not None
    return isinstance(around, ast.Try) and child in around.body and any(_is_inside(node, one) for one in around.orelse)


def _tried(node: ast.AST) -> ast.Try | None:
    """The nearest statement in whose body a node is tried."""
    child, around = node, parent_of(node)
    while around is not None and not isinstance(around, _FUNCTIONS):
        if isinstance(around, ast.Try) and around.handlers and child in around.body:
            return around
        child, around = around, parent_of(around)
    return None


def _is_risky(node: ast.AST, asked: Iterable[ast.Call]) -> bool:
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
