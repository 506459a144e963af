"""Where a transaction is open: the statements of a ``with`` block from which on a connection is held.

A Session is lazy: inside ``session.begin()`` nothing is held before the first statement that may reach the database.
A connection's or an engine's transaction holds from entry.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import bound_to
from poolint.analyses.holding.direct import opens_directly
from poolint.analyses.places import Places, registry_places
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import Method
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import CallKey, parent_of, placed
from poolint.syntax.surroundings import with_await
from poolint.types.call_sites import call_sites, callees_of, text_of
from poolint.types.definitions import Definitions
from poolint.types.followed import one_step
from poolint.types.following import Follower, origin
from poolint.types.returns import made_manager
from poolint.types.values import Function, Instance, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope, ScopeKey, WithNode
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Step, Steps
    from poolint.types.values import Type


UNNAMED = "?"
"""What a session is called that a block's manager has, and that the block binds to no name: nobody has it afterwards."""


class Region(NamedTuple):
    """A ``with`` block that has a transaction open.

    ``session`` is the name of the session whose first use checks out, empty where the block holds from entry.
    """

    statement: WithNode
    header: ast.expr
    fact: CallSite
    session: str

    def name(self, scope: Scope) -> str:
        """What holds the connection of a block that no name stands for: its header, with the row."""
        return f"{text_of(self.header, scope)} (line {self.header.lineno})"


def transactions(ev: Evaluator, scope: Scope) -> list[Region]:
    """The blocks directly in ``scope`` that open a transaction, themselves or by a context manager of the project."""
    found = []
    for statement in scope.withs:
        for item in statement.items:
            call = entered_call(ev, item.context_expr, scope)
            if call is None:
                continue
            target = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else UNNAMED
            opened = _opened(ev, call, scope, asynchronous=isinstance(statement, ast.AsyncWith), target=target)
            if opened is not None:
                found.append(Region(statement, item.context_expr, opened[0], opened[1]))
    return found


def entered_call(ev: Evaluator, header: ast.expr, scope: Scope) -> ast.Call | None:
    """The call that makes what a ``with`` enters: the header, or what that has been given a name of before it is entered,
    ``begun = engine.begin()``, ``tx = session.begin()``. An object that is a connection already has been taken where it was
    made."""
    header = without_await(header)
    header = header.target if isinstance(header, ast.NamedExpr) else header
    if isinstance(header, ast.Name) and _is_pending(ev, header, scope):
        made, where = origin(ev, header, scope, frozenset())
        return made if isinstance(made, ast.Call) and where is scope else None
    return header if isinstance(header, ast.Call) else None


def lent_to(statement: WithNode, header: ast.expr, scope: Scope, ev: Evaluator) -> Region | None:
    """The block for which an engine has a connection of its pool that it gives to nobody: what runs there asks the engine, which
    has that one for its thread or task. One that the block opens itself, and closes, is of no pool."""
    call = entered_call(ev, header, scope)
    kind = "async-cm" if isinstance(statement, ast.AsyncWith) else "cm"
    for fact in call_sites(ev, call, scope) if call is not None else ():
        if fact.role == "checkout" and fact.cls is not None and fact.cls.shares and isinstance(fact.row, Method):
            return Region(statement, header, fact, "") if fact.row.call == kind and not fact.row.closes else None
    return None


def given_name(header: ast.expr) -> str:
    """The name, dotted or not, of what a ``with`` or an exit stack enters that has one: before it, or in the header itself,
    ``with (conn := engine.connect()):``; empty for anything else."""
    return name_of(without_await(header))


def taken_as_entered(ev: Evaluator, header: ast.expr, scope: Scope) -> bool:
    """Whether a connection of a pool is taken as a ``with`` is entered, and not before: by a call, or by what a function is
    passed for its block."""
    made = entered_call(ev, header, scope)
    if made is None:
        return isinstance(header, ast.Name) and _is_pending(ev, header, scope)
    return not opens_directly(ev, made, scope)


def _is_pending(ev: Evaluator, name: ast.Name, scope: Scope) -> bool:
    """Whether what has a name has to be awaited or entered before it is anything, wherever it was made, or is a transaction,
    which ends with its block."""
    found = alternatives(ev.type_of(name, scope))
    return all(isinstance(one, Pending) or _is_of_kind(one, "transaction", "context") for one in found)


def is_begun_before(ev: Evaluator, header: ast.expr, scope: Scope) -> bool:
    """Whether what a ``with`` enters is a transaction that has been begun before: ``tx = session.begin()``."""
    found = alternatives(ev.type_of(header, scope)) if isinstance(header, ast.Name) else ()
    return any(_is_of_kind(one, "transaction") for one in found)


def _is_of_kind(one: Type, *kinds: str) -> bool:
    return isinstance(one, Instance) and one.base is not None and one.base.kind in kinds


def _opened(
    ev: Evaluator, call: ast.Call, scope: Scope, *, asynchronous: bool, target: str
) -> tuple[CallSite, str] | None:
    """How entering ``call`` opens a transaction, and the name of the session that holds it from its first use on."""
    found = _begun(ev, call, scope, asynchronous=asynchronous, target=target)
    if found is not None:
        return found
    below = ev.derived(_Generators).of_call(call, scope)
    if below is None:
        return None
    inner = _begun(ev, *ev.project.call(below.call), asynchronous=below.asynchronous, target=UNNAMED)
    assert inner is not None
    return inner[0], target if inner[1] else ""


def managers_around(ev: Evaluator, decorator: ast.expr, scope: Scope) -> list[Scope]:
    """The context managers of the project, one of which has not left its block while a function runs that it decorates. A plain
    one has before a coroutine runs."""
    if not isinstance(decorator, ast.Call) or last_name(decorator.func) not in ev.derived(Definitions).of(scope.module):
        return []
    kind = "async-cm" if scope.is_async else "cm"
    callees = [one.scope for one in callees_of(ev, decorator, scope.parent or scope) if isinstance(one, Function)]
    return callees if all(made_manager(ev, one) == kind for one in callees) else []


def decorating(ev: Evaluator, decorator: ast.expr, scope: Scope) -> Region | None:
    """The transaction that a context manager of the project has open while a function runs that it decorates:
    ``@exclusive(1)``."""
    if not isinstance(decorator, ast.Call) or not managers_around(ev, decorator, scope):
        return None
    below = ev.derived(_Generators).of_call(decorator, scope.parent or scope)
    begun = _begun(ev, *ev.project.call(below.call), asynchronous=below.asynchronous, target=UNNAMED) if below else None
    return Region(scope.node, decorator, begun[0], "") if begun is not None else None  # type: ignore[arg-type]


def _begun(
    ev: Evaluator, call: ast.Call, scope: Scope, *, asynchronous: bool, target: str
) -> tuple[CallSite, str] | None:
    """The same of a call of a library."""
    for fact in call_sites(ev, call, scope):
        if fact.role != "begin" or fact.row is None:
            continue
        if asynchronous != (fact.row.call in ("async-cm", "awaitable-cm")):
            continue
        if fact.cls is None:  # a function that begins one on the connection of the thread or task
            return fact, ""
        if fact.cls.kind in ("session", "registry"):
            begin, where = origin(ev, call.func, scope, frozenset())  # `begin = session.begin`, called by that name
            if not isinstance(begin, ast.Attribute):
                continue
            return fact, ev.derived(Places).named(begin.value, where)
        return fact, target if fact.cls.kind == "factory" else ""
    return None


class _Opening(NamedTuple):
    """The call that opens a transaction, and whether ``async with`` enters it."""

    call: CallKey
    asynchronous: bool


class _Generators:
    """The transactions that generators of the project have open when they yield: a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._openings: Summaries[ScopeKey, _Opening | None] = Summaries(
            "opens", self._around_yield, bottom=None, join=_first
        )

    def of_call(self, call: ast.Call, scope: Scope) -> _Opening | None:
        """The transaction that entering what a call makes opens, in a generator of the project."""
        for one in callees_of(self.ev, call, scope):
            if isinstance(one, Function) and one.scope.is_generator:
                found = self._openings.of(one.scope.key)
                if found is not None:
                    return found
        return None

    def _around_yield(self, key: ScopeKey) -> _Opening | None:
        scope = self.ev.project.scope(key)
        for statement in scope.withs:
            asynchronous = isinstance(statement, ast.AsyncWith)
            for item in statement.items if any(inside(one, statement) for one in scope.yields) else ():
                call = item.context_expr
                if not isinstance(call, ast.Call):
                    continue
                if _begun(self.ev, call, scope, asynchronous=asynchronous, target=UNNAMED) is not None:
                    return _Opening(CallKey.of(call, scope), asynchronous)
                found = self.of_call(call, scope)
                if found is not None:
                    return found
        return None


def _first(one: _Opening | None, other: _Opening | None) -> _Opening | None:
    return one if one is not None else other


def handles(ev: Evaluator, scope: Scope, methods: tuple[str, ...] = ("begin",)) -> dict[str, ast.Name]:
    """The names that get nothing but what ``begin()`` of a named object gives, ``tx = await session.begin()``, each with
    that object: ending the transaction by its name ends it of the session."""
    found: dict[str, ast.Name] = {}
    for call in (one for method in methods for one in scope.calls_of(method)):
        value = with_await(call)
        parent = parent_of(value)
        if not (isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(call.func, ast.Attribute)):
            continue
        target, session = parent.targets[0], call.func.value
        if not (isinstance(target, ast.Name) and isinstance(session, ast.Name)):
            continue
        is_only = all(one.value is value for one in scope.bindings.get(target.id, ()))
        if is_only and any(fact.role == "begin" for fact in call_sites(ev, call, scope)):
            found[target.id] = session
    return found


def inside(node: ast.AST, statement: ast.stmt) -> bool:
    """Whether ``node`` stands in the body of a compound statement."""
    current: ast.AST | None = node
    while current is not None:
        parent = parent_of(current)
        if parent is statement:
            return isinstance(current, ast.stmt)
        current = parent
    return False


def root_of(node: ast.Call) -> ast.expr | None:
    """The object at the beginning of a chain of calls: ``session`` of ``session.query(A).filter(…).all()``."""
    current: ast.expr = node.func
    while True:
        if isinstance(current, ast.Call):
            current = current.func
        elif isinstance(current, ast.Attribute):
            if not isinstance(current.value, (ast.Call, ast.Await)):
                return current.value
            current = current.value
        elif isinstance(current, ast.Await):
            current = current.value
        else:
            return None


def registry_asked(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.expr | None:
    """The registry whose session a chain of calls begins with: ``registry`` of ``registry().query(A).all()``, also where a
    function of the project gives it."""
    while isinstance(node, (ast.Call, ast.Attribute, ast.Await)):
        if isinstance(node, ast.Call) and not node.args and not node.keywords and name_of(node.func):
            found = ev.type_of(node.func, scope)
            if isinstance(found, Instance) and getattr(found.base, "kind", "") == "registry":
                return node.func
            parent = parent_of(node)
            return registry_places(ev).standing_for(parent if isinstance(parent, ast.Await) else node, scope)
        node = node.func if isinstance(node, ast.Call) else node.value
    return None


def source_of(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.expr | None:
    """The same through variables, and through functions of the project that only make a query: ``session`` of ``query.all()`` or
    ``query`` where ``query = session.query(A)``, ``self.session`` of ``self.active().all()``."""
    root = _root_of(ev, node, scope) if isinstance(node, ast.Call) else node
    if not _is_name_of_query(ev, root, scope):
        return root

    def chained(call: ast.Call, at: Step, _: tuple[Type, ...]) -> Steps | None:
        inner = root_of(call)
        return one_step(inner, at.scope) if inner is not None and _is_name_of_query(ev, inner, at.scope) else None

    ends = Follower(ev, frozenset(), chained).sources(root, scope).found if root is not None else ()
    roots = [_root_of(ev, end.node, scope) for end in ends if isinstance(end.node, ast.Call) and end.scope is scope]
    # What a class has for asking for its objects is no call, and is followed no further.
    read = [one.value for one in scope.bindings.get(root.id, ())] if isinstance(root, ast.Name) else []
    roots += [one for one in read if isinstance(one, ast.Attribute)]
    return next((one for one in roots if one is not None), root)


def _root_of(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.expr | None:
    """The object at the beginning of a chain of calls, or that by which a function of the project makes the query which the
    chain begins with."""
    made = ev.derived(_MadeQueries)
    one: ast.expr = call
    while isinstance(one, ast.Call):
        found = made.of_call(one, scope)
        if found is not None:
            return found
        one = one.func.value if isinstance(one.func, ast.Attribute) else one.func
    return registry_asked(ev, call, scope) or root_of(call)


def _member(found: ast.expr, path: list[str], at: ast.expr) -> ast.expr:
    """What is reached by some attributes, as if it were read at a place."""
    for step in path:
        found = placed(ast.Attribute(found, step, ast.Load()), at, at)
    return found


class _MadeQueries:
    """Which session the queries are of that functions of the project make and give back: a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._places: Summaries[ScopeKey, str] = Summaries("queries-of", self._place, bottom="", join=max)

    def of_call(self, call: ast.Call, scope: Scope) -> ast.expr | None:
        """The session of the query that a call gives, as ``scope`` has it; None where no function of the project makes it."""
        function = call.func
        if not is_query(self.ev.type_of(call, scope)):
            return None
        callees = callees_of(self.ev, call, scope)
        callee = callees[0] if len(callees) == 1 else None
        if not isinstance(callee, Function) or callee.scope.kind != "function":
            return None
        root, *path = self._places.of(callee.scope.key).split(".")
        if root == "self" and callee.receiver is not None and path and isinstance(function, ast.Attribute):
            made = ".".join(path)
            if isinstance(function.value, ast.Call):  # an object that is made on the way, with the session
                root, *path = self.ev.derived(Places).of(function.value, scope).get(made, "").split(".")
                session = placed(ast.Name(root, ast.Load()), call, call)
                return _member(session, path, call) if root else None
            return _member(function.value, path, call)
        passed = bound_to(callee.scope, call, is_method=callee.receiver is not None)
        return passed.get(root) if root and not path else None

    def _place(self, key: ScopeKey) -> str:
        """The session's place in a function, where all that it returns are queries of one."""
        scope = self.ev.project.scope(key)
        if scope.is_generator or scope.is_async or not scope.returns:
            return ""
        sources = [source_of(self.ev, one, scope) for one in scope.returns]
        places = {name_of(one) if one is not None else "" for one in sources}
        place = places.pop() if len(places) == 1 else ""
        root = place.partition(".")[0]
        return place if root and all(one.kind == "parameter" for one in scope.bindings.get(root, ())) else ""


def _is_name_of_query(ev: Evaluator, node: ast.expr | None, scope: Scope) -> bool:
    return isinstance(node, ast.Name) and isinstance(one := ev.type_of(node, scope), Instance) and is_query(one)


def is_query(one: Type) -> bool:
    """Whether a value is a query, or may be one, that a session runs later."""
    return any(
        isinstance(member, Instance) and member.base is not None and member.base.kind == "query"
        for member in alternatives(one)
    )
