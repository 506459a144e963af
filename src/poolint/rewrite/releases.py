"""Where a function gives a resource back by hand: the statements that do it, and the call that would."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate, Ownership
from poolint.models.schema import CLOSING_ROLES
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import loops_around, next_statement
from poolint.types.call_sites import call_site
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class, Method
    from poolint.rewrite.extent import Checkout
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_UNTYPED = frozenset({"close", "aclose", "release", "dispose", "disconnect"})
"""Methods that give back what is not known otherwise."""
_TAKES_BACK = frozenset({"release", "putconn"})
"""Methods of pools that are given what they take back."""
_PLAIN = ("release_conn", "close", "aclose", "dispose", "disconnect")
"""Methods that do what leaving a block does, or better; the first that a class has is the one to call: an order no row has."""


@dataclass(frozen=True, eq=False)
class Release:
    """A statement that does nothing but give the resource back.

    ``is_plain``: it does what leaving a block does. ``by_helper``: a function of the project does it, maybe among other
    things. ``may_hide``: it talks to the server first (``smtp.quit()``), so that where there is no connection it raises
    an error of its own, which would take the place of the one that says why.
    """

    statement: ast.Expr
    call: ast.Call
    is_plain: bool
    by_helper: bool = False
    may_hide: bool = False


def releases(one: Checkout) -> list[Release] | None:
    """All statements that release a checkout, and nothing else; also those that nothing reaches, in its own suite.

    None where it is released in the midst of something else: ``tasks.add(create_task(conn.close()))``.
    """
    found = []
    seen = set(one.reads.seeing(one.stores, one.name))
    behind = one.behind
    for load in one.scope.loads.get(one.name, ()):
        if load not in seen and one.in_suite(load) not in behind:
            continue
        call, is_plain, by_helper = _releasing(one, load)
        if call is not None:
            statement = _whole_statement(one.ev, call)
            if statement is None:
                return None
            found.append(Release(statement, call, is_plain, by_helper, _talks_first(one, call)))
    return found


def _talks_first(one: Checkout, call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    row = one.ev.models.method(one.cls, name) if one.cls is not None else None
    return row is not None and row.role in CLOSING_ROLES and bool(row.effect)


def _releasing(one: Checkout, load: ast.Name) -> tuple[ast.Call | None, bool, bool]:
    """The call by which a read of the resource releases it, if it does; whether it is plain, and a helper does it."""
    parent = parent_of(load)
    keyword = None
    if isinstance(parent, ast.keyword):
        keyword, parent = parent.arg, parent_of(parent)
    if isinstance(parent, ast.Attribute):
        call = parent_of(parent)
        if isinstance(call, ast.Call) and call.func is parent and _releases_itself(one.ev, one.cls, parent.attr):
            return call, parent.attr in _PLAIN, False
    elif isinstance(parent, ast.Call) and load is not parent.func:
        if _releases_argument(one.ev, one.scope, parent):
            return parent, True, False
        if _helper_releases(one, parent, load, keyword):
            return parent, False, True
    return None, False, False


def _helper_releases(one: Checkout, call: ast.Call, load: ast.Name, keyword: str | None) -> bool:
    """Whether a function of the project releases what it is passed: ``await give_back(pool, conn)``."""
    if one.cls is None:
        return False
    return Ownership(one.ev).fate(call, load, one.scope, one.cls, keyword) is Fate.RELEASED


def _releases_itself(ev: Evaluator, cls: Class | None, name: str) -> bool:
    if cls is None:
        return name in _UNTYPED
    row = ev.models.method(cls, name)
    return row is not None and row.role in CLOSING_ROLES and row.releases == "self"


def _releases_argument(ev: Evaluator, scope: Scope, call: ast.Call) -> bool:
    fact = call_site(ev, call, scope, use_evidence=False)
    if fact is not None:
        return fact.role == "release" and getattr(fact.row, "releases", "") == "argument"
    return isinstance(call.func, ast.Attribute) and call.func.attr in _TAKES_BACK and len(call.args) == 1


def _whole_statement(ev: Evaluator, call: ast.Call) -> ast.Expr | None:
    """The statement that is nothing but a call, its ``await``, and what shields both."""
    current: ast.AST = call
    parent = parent_of(current)
    while True:
        if isinstance(parent, ast.Expr):
            return parent
        shields = (
            isinstance(parent, ast.Call)
            and parent.args[:1] == [current]
            and last_name(parent.func) in ev.models.words("shields", "limits-awaited")
        )
        if parent is None or not (shields or isinstance(parent, ast.Await)):
            return None
        current, parent = parent, parent_of(parent)


def unit(statement: ast.stmt, found: list[Release], name: str) -> bool:
    """Whether a statement gives the resource back whenever control comes to it, and does nothing else.

    That is a release itself, one under a guard that asks for nothing but the resource (``if conn is not None:``), or
    one whose own failure is swallowed.
    """
    statements = {one.statement for one in found}
    if statement in statements:
        return True
    if isinstance(statement, ast.If) and not statement.orelse:
        names = {node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)}
        if names != {name}:
            return False
        inner = statement.body
    elif _swallows(statement):
        inner = statement.body  # type: ignore[attr-defined]
    else:
        return False
    return all(unit(one, found, name) or _clears(one, name) for one in inner) and not all(
        _clears(one, name) for one in inner
    )


def _swallows(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Try):
        return bool(statement.handlers) and not (statement.orelse or statement.finalbody)
    return isinstance(statement, ast.With) and all(_is_suppress(item.context_expr) for item in statement.items)


def _is_suppress(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else node
    return last_name(function) == "suppress"


def _clears(statement: ast.stmt, name: str) -> bool:
    """``conn = None`` behind the release."""
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and all(isinstance(one, ast.Name) and one.id == name for one in statement.targets)
    )


def given_back(statement: ast.stmt) -> ast.expr | None:
    """What a statement gives back, whatever that is: it stands beside a release and belongs to it. None where it does
    something else."""
    if isinstance(statement, ast.If) and not statement.orelse and len(statement.body) == 1:
        statement = statement.body[0]
    if not isinstance(statement, ast.Expr):
        return None
    value = without_await(statement.value)
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return None
    given = call_arguments(value)
    if value.func.attr not in (_TAKES_BACK if given else _UNTYPED):
        return None
    return given[0] if given else value.func.value


def new_release(one: Checkout) -> tuple[ast.Call, bool] | None:
    """The call that gives a checkout back, and whether it is awaited; None where the models know none."""
    value = without_await(one.value)
    assert isinstance(value, ast.Call)
    fact = call_site(one.ev, value, one.scope, use_evidence=False)
    if fact is not None and fact.cls is not None and isinstance(value.func, ast.Attribute):
        for name, row in _rows(one.ev, fact.cls):
            if row.role == "release" and row.releases == "argument":
                if not _is_stable(value.func.value):
                    return None
                receiver = ast.parse(ast.unparse(value.func.value), mode="eval").body
                call = ast.Call(ast.Attribute(receiver, name, ast.Load()), [ast.Name(one.name, ast.Load())], [])
                return _with_await(call, row, one.scope)
    if one.cls is None or _goes_back_to_a_pool(one.ev, one.cls):
        return None
    own = {name: row for name, row in _rows(one.ev, one.cls) if row.role in CLOSING_ROLES and row.releases == "self"}
    if one.cls.kind == "response" and isinstance(one.value, ast.Await):  # one class may serve both kinds of clients
        own = {name: row for name, row in own.items() if row.call == "coroutine"} or own
    plain = next((name for name in _PLAIN if name in own), None)
    if plain is None:
        return None
    call = ast.Call(ast.Attribute(ast.Name(one.name, ast.Load()), plain, ast.Load()), [], [])
    return _with_await(call, own[plain], one.scope)


def _goes_back_to_a_pool(ev: Evaluator, cls: Class) -> bool:
    """Whether a pool gives out such resources and takes them back: closing one instead gives the slot to nobody."""
    for pool in ev.models.classes.values():
        rows = pool.methods
        if any(row.releases == "argument" for row in rows) and any(
            row.role == "checkout" and row.returns == cls.name for row in rows
        ):
            return True
    return False


def _with_await(call: ast.Call, row: Method, scope: Scope) -> tuple[ast.Call, bool] | None:
    awaited = row.call != "sync"
    return None if awaited and not scope.is_async else (call, awaited)


def _rows(ev: Evaluator, cls: Class) -> Iterator[tuple[str, Method]]:
    for one in ev.models.lineage(cls):
        for row in one.methods:
            for name in row.names:
                yield name, row


def _is_stable(node: ast.expr) -> bool:
    """Whether an expression can be written a second time: names and attributes only."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def ends_its_way(release: Release, one: Checkout) -> bool:
    """Whether a release is the last that happens before control leaves the checkout's suite.

    Then a block around that suite makes it superfluous: it is followed at once by a ``return`` that calls nothing, or by
    a ``raise``.
    """
    follower = next_statement(release.statement)
    if isinstance(follower, (ast.Raise, ast.Return, ast.Break, ast.Continue)) and _comes_by_more(follower, one):
        return False
    if isinstance(follower, ast.Raise):
        return follower.exc is None or not _has(follower.exc, ast.Await, ast.Yield, ast.YieldFrom)
    if isinstance(follower, ast.Return):
        return follower.value is None or not _has(follower.value, ast.Call, ast.Await, ast.Yield, ast.YieldFrom)
    loops = loops_around(follower) if isinstance(follower, (ast.Break, ast.Continue)) else []
    return bool(loops) and one.in_suite(loops[0]) is None


def ends_in_failure(release: Release) -> bool:
    """Whether what was caught, or something else, is raised as soon as a release has happened."""
    return isinstance(next_statement(release.statement), ast.Raise)


def _comes_by_more(jump: ast.stmt, one: Checkout) -> bool:
    """Whether something of the function still runs on the way out of the checkout's suite, and may rely on the release.

    A ``finally`` or the end of a ``with`` does for each way, a handler for what is raised.
    """
    child: ast.AST = jump
    parent = parent_of(child)
    while parent is not None and parent is not one.scope.node:
        if isinstance(parent, (ast.With, ast.AsyncWith)):
            return True
        if isinstance(parent, ast.Try):
            in_final = any(child is each for each in parent.finalbody)
            in_body = any(child is each for each in parent.body)
            if (parent.finalbody and not in_final) or (isinstance(jump, ast.Raise) and in_body and parent.handlers):
                return True
        if child in one.suite:
            return False
        child, parent = parent, parent_of(parent)
    return False


def _has(value: ast.expr, *kinds: type[ast.expr]) -> bool:
    return any(isinstance(node, kinds) for node in ast.walk(value))
