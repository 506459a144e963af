"""Where the value of a call goes: the name that gets it, or why no single name does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.flow.cfg.bindings import matching
from poolint.flow.flags import name_of
from poolint.models.schema import RELEASABLE
from poolint.models.standard import ENTERS
from poolint.syntax.expressions import dotted, without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import around, method_call, with_await
from poolint.types.call_sites import call_site
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Set

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.vocabulary import Vocabulary

Unfollowed = Literal[
    "entered",  # by the header of a `with`
    "returned",
    "yielded",
    "passed",  # to another call as it is
    "stored",  # in an attribute or an item
    "module",  # the code of a module or of a class takes it
    "unnamed",  # no single name holds it
    "global",  # the name is a global one
    "declared",  # the name is declared with a type that says who owns it
    "captured",  # an inner function uses the name
    "unlikely",  # neither what is called nor what is done with its value says that it takes anything
    "no-class",  # what it gives is no one class of resource
    "no-concern",  # nobody knows that anything comes of a client that is not closed
    "unpooled",  # an engine that keeps no connection
    "registry",  # what a registry gives stays the registry's
    "borrowed",  # it works on a connection that somebody else holds
    "takes-nothing",  # neither it nor a function that it calls is known to check anything out
]
"""Why no obligation begins with a call."""

_ELSEWHERE: dict[type[ast.AST], Unfollowed] = {
    ast.withitem: "entered",
    ast.Return: "returned",
    ast.Yield: "yielded",
    ast.YieldFrom: "yielded",
    ast.Call: "passed",
    ast.keyword: "passed",
}


def elsewhere(parent: ast.AST | None) -> Unfollowed:
    """Why no name of the function holds a value, by where it goes."""
    targets = parent.targets if isinstance(parent, ast.Assign) else [getattr(parent, "target", None)]
    if any(isinstance(one, (ast.Attribute, ast.Subscript)) for one in targets):
        return "stored"
    return "unnamed" if parent is None else _ELSEWHERE.get(type(parent), "unnamed")


def awaited(node: ast.expr, vocabulary: Vocabulary) -> ast.expr:
    """The ``await`` of a call: its own, or that of what waits for it in its place, ``await asyncio.wait_for(pool.acquire(), 2)``;
    the call itself where nothing here waits for it."""
    outer, around = node, parent_of(node)
    while isinstance(around, ast.Call) and around.func is not outer and around.args[:1] == [outer]:
        if last_name(around.func) not in vocabulary.awaits_in_place:
            break
        outer, around = around, parent_of(around)
    return around if isinstance(around, ast.Await) else node


def given(ev: Evaluator, node: ast.Call, scope: Scope) -> ast.expr:
    """The widest expression that has what a call gives: awaited, or by methods of it that give it back, as
    ``engine.connect().execution_options(…)``."""
    value = awaited(node, ev.vocabulary)
    while (call := method_call(value)) is not None and last_name(call.func) in ev.vocabulary.gives_itself:
        fact = call_site(ev, call, scope, use_evidence=False)
        row, cls = (fact.row, fact.cls) if fact is not None else (None, None)
        if row is None or cls is None or cls.kind not in RELEASABLE or row.returns not in ("self", cls.name):
            break
        value = awaited(call, ev.vocabulary)
    return value


def begun_with(ev: Evaluator, call: ast.Call, scope: Scope) -> ast.Call:
    """The call that such a chain begins with, of the one that it ends with."""
    called, vocabulary = last_name(call.func), ev.vocabulary
    inner = call.func.value if isinstance(call.func, ast.Attribute) and called in vocabulary.gives_itself else None
    if called in vocabulary.awaits_in_place and call.args:
        inner = call.args[0]
    inner = without_await(inner)
    if isinstance(inner, ast.Call):
        first = begun_with(ev, inner, scope)
        if given(ev, first, scope) is with_await(call):
            return first
    return call


def is_entered_attribute(name: str, scope: Scope) -> bool:
    """Whether a dotted name is an attribute of the object that a method enters, or does so by a step of it: where that method
    fails, nobody has what it has put there, since ``__exit__`` is not called then."""
    is_own = name.startswith("self.") and name.count(".") == 1
    return is_own and scope.enclosing_class is not None and (scope.name in ENTERS or _is_step(scope))


def _is_step(method: Scope) -> bool:
    """Whether a method is only called as its object is entered, and what that raises is raised by what enters it."""
    owner = method.enclosing_class
    calls = (
        [(call, one) for one in owner.descendants() for call in one.calls_of(method.name)] if owner is not None else []
    )
    return bool(calls) and all(
        one.name in ENTERS and dotted(call.func) == f"self.{method.name}" and around(call, one, (ast.Try,)) is None
        for call, one in calls
    )


def target_of(parent: ast.AST | None, value: ast.expr, scope: Scope) -> str | None:
    """The local name that the value is assigned to, or the attribute of the object that is being entered; empty where
    it is read off or dropped at once."""
    if isinstance(parent, ast.Assign):
        if len(parent.targets) == 1 and is_entered_attribute(name_of(parent.targets[0]), scope):
            return name_of(parent.targets[0])
        names = [one.id for one in parent.targets if isinstance(one, ast.Name)]
        return names[0] if len(names) == len(parent.targets) else None
    if isinstance(parent, ast.Tuple):
        target = given_target(value)
        return target.id if isinstance(target, ast.Name) else None
    if isinstance(parent, ast.AnnAssign) and parent.value is value and isinstance(parent.target, ast.Name):
        return parent.target.id
    if isinstance(parent, ast.NamedExpr) and parent.value is value:
        return parent.target.id
    return "" if isinstance(parent, (ast.Attribute, ast.Expr)) else None


def given_target(value: ast.expr) -> ast.expr | None:
    """What an assignment binds to a value: its first target, or the part of that which stands where the value stands among
    others."""
    parent = parent_of(value)
    if isinstance(parent, ast.Tuple):
        assigned = parent_of(parent)
        targets = assigned.targets if isinstance(assigned, ast.Assign) else []
        if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)) and matching(targets[0].elts, parent):
            return targets[0].elts[parent.elts.index(value)]
        return None
    if isinstance(parent, ast.Assign):
        return parent.targets[0]
    return parent.target if isinstance(parent, ast.AnnAssign) and parent.value is value else None


def entered_as(parent: ast.AST | None) -> str | None:
    """The name that the header of a ``with`` binds; empty where it binds none, or where ``closing`` gets the value."""
    if isinstance(parent, ast.Call) and last_name(parent.func) == "closing":
        return "" if isinstance(parent_of(parent), ast.withitem) else None
    if not isinstance(parent, ast.withitem):
        return None
    if parent.optional_vars is None:
        return ""
    return parent.optional_vars.id if isinstance(parent.optional_vars, ast.Name) else None


def may_lend(node: ast.Call) -> bool:
    """Whether a call with the name of one that lends a response may do so: it is awaited, or asks for that."""
    says = any(isinstance(one.value, ast.Constant) and isinstance(one.value.value, bool) for one in node.keywords)
    return says or isinstance(parent_of(node), ast.Await)


_HOLDING = frozenset((ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Tuple, ast.IfExp, ast.BoolOp))
"""What stands around a value that a name may get."""


def may_acquire(node: ast.Call, vocabulary: Vocabulary, lenders: Set[str]) -> bool:
    """Whether an obligation may begin with a call, by what stands around it and by words: what most calls fail at. ``lenders``
    are the names of functions that hand on a response."""
    parent = parent_of(awaited(node, vocabulary))
    kind = type(parent)
    if kind is ast.Expr or kind is ast.Attribute:
        return may_be_lost(node, parent, vocabulary, lenders)
    return kind in _HOLDING or last_name(node.func) in vocabulary.outlasts


def may_be_lost(node: ast.Call, parent: ast.AST | None, vocabulary: Vocabulary, lenders: Set[str]) -> bool:
    """The same for what no name holds: ``SessionLocal().execute(…)``, ``(await client.get(url)).status``."""
    called = last_name(node.func)
    if called in vocabulary.takes or called in lenders or (called in vocabulary.lends and may_lend(node)):
        return True
    return isinstance(parent, ast.Attribute) and parent.attr in vocabulary.of_resources
