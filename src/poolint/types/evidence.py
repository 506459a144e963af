"""Evidence of use: what a receiver must be, judged by the other calls on it, where nothing declares its type.

If one ``session.execute(…)`` in a function is awaited, the session is an asynchronous one, and ``session.commit()``
further down gives a coroutine as well. On real packages that says the right kind in 99.5 % of the cases in which types
can confirm it; it shows *asynchronous*, not *what*, so it only counts for names that say database, in modules that
name a database library or import what comes from one: the
screen's judgement, so that evidence never depends on whether the screen is on.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.models.schema import CLOSING_ROLES
from poolint.syntax.scopes import means, parent_of
from poolint.types.values import UNKNOWN, Either, Instance, Pending, Type, alternatives, without_none
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.schema import Class, Method
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

ASYNC_CLASS = "poolint.evidence.AsyncDatabase"

_DATABASE = ("sess", "session", "conn", "connection", "connexion", "db", "database", "tx", "transaction")
_SAYS_DATABASE = re.compile(rf"(?:^|_)(?:a|async_?)?(?:{'|'.join(_DATABASE)})[0-9]*$", re.IGNORECASE)
# English words, and what is left of them, in names that people choose for what has no type.
_SAYS_GIVEN = re.compile(r"conn|sess|acquire|transaction|begin", re.IGNORECASE)
_AT_ONCE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Attribute)
"""What stands around a call whose value is used as it is, or not at all."""
_ENOUGH = 2
"""Awaited calls on an attribute in a class that show how it is called."""
SAYS_ENGINE = re.compile(r"(?:^|_)engine$", re.IGNORECASE)


def says_database(name: str) -> bool:
    """Whether a name says that it is a session, a connection or the like. Most names do not end so, and that is asked first."""
    return name.rstrip("0123456789").lower().endswith(_DATABASE) and _SAYS_DATABASE.search(name) is not None


class Use(NamedTuple):
    """What shows that a receiver is an asynchronous session or connection: an awaited call on it, or, where ``is_bound``,
    the value that it is bound to. Nothing shows it where ``by`` is None, because of its ``place`` in an expression, its
    ``name``, a ``module`` without a database, its ``bindings``, or since no ``call`` on it is awaited."""

    by: ast.expr | None
    is_bound: bool = False
    why_not: Literal["", "place", "name", "module", "bindings", "call"] = ""


def evidence(ev: Evaluator, receiver: ast.expr, method: str, scope: Scope) -> Instance | None:
    """The class that stands for what ``receiver`` must be where ``method``, if any, is called on it, or None where its use says
    nothing. Connections with asynchronous blocks may be closed at once, as those of aiomysql are.
    """
    cls, by = ev.models.classes.get(ASYNC_CLASS), use_of(ev, receiver, scope).by
    if cls is None or by is None:
        return None
    row = ev.models.method(cls, method) if isinstance(parent_of(by), ast.withitem) else None
    return Instance(cls, cls) if row is None or row.role not in CLOSING_ROLES else None


def use_of(ev: Evaluator, receiver: ast.expr, scope: Scope) -> Use:
    """What shows what a receiver is, or why nothing does."""
    if isinstance(receiver, ast.Name):
        name, region = receiver.id, _owner(receiver.id, scope)
    elif isinstance(receiver, ast.Attribute) and _is_object(receiver.value):
        name, region = receiver.attr, _class_around(scope)
    else:
        return Use(None, why_not="place")
    if not says_database(name):
        return Use(None, why_not="name")
    if region is None:
        return Use(None, why_not="bindings")
    if not ev.screen.is_near_database(scope.module.path, scope.module.source.data):
        return Use(None, why_not="module")
    if isinstance(receiver, ast.Name) and _comes_asynchronously(ev, name, region):
        return Use(region.bindings[name][0].value, is_bound=True)
    strong, blocks = ev.models.words("shows-database"), ev.models.words("shows-block")
    if isinstance(receiver, ast.Attribute) and not _is_set_asynchronously(ev, name, region):
        elsewhere = _awaited_but_once(name, region, strong)
        if elsewhere is not None:
            return Use(elsewhere)
        region = _method_around(scope)  # another method may await something else
    for inner in region.descendants():
        if isinstance(receiver, ast.Attribute) or _owner(name, inner) is region:
            for call in inner.calls:
                if _is_awaited_use(call, receiver, strong) or _is_entered_use(call, receiver, blocks):
                    return Use(call)
    return Use(None, why_not="call")


def _comes_asynchronously(ev: Evaluator, name: str, region: Scope) -> bool:
    """Whether a name is bound by nothing but ``async with`` and ``await`` on what may well be asynchronous.

    On real packages what is executed or committed on such a name was awaited in each of 330 places. What is awaited may
    also have been made in a thread, and be synchronous: it has to be called for what it gives, and only one call on it
    may lack its ``await``.
    """
    bindings = region.bindings.get(name, ())
    if not bindings or not all(_is_given_asynchronously(ev, one, region) for one in bindings):
        return False
    return (
        all(one.asynchronous for one in bindings)
        or _unawaited_uses(name, region, ev.models.words("shows-database")) <= 1
    )


def _is_set_asynchronously(ev: Evaluator, name: str, region: Scope) -> bool:
    """The same for an attribute of ``self``: what it is assigned in its class counts, not what other methods await on it.

    A class for several drivers sets it to whatever ``vendor.connect()`` gives; what one method awaits says nothing of the
    objects that come into another.
    """
    bindings = [
        one
        for one in region.self_assignments.get(name, ())
        if not (isinstance(one.value, ast.Constant) and one.value.value is None)
    ]
    return bool(bindings) and all(_is_given_asynchronously(ev, one, one.scope or region) for one in bindings)


def _awaited_but_once(name: str, region: Scope, strong: frozenset[str]) -> ast.Call | None:
    """A call on an attribute that is awaited, where all but one of those in its class are, and what that one calls is awaited
    in another place: an object that is now this, now that is not called so."""
    awaited: list[ast.Call] = []
    others: list[ast.Call] = []
    for inner in region.descendants():
        for call in inner.calls_named(strong):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            if not (isinstance(owner, ast.Attribute) and owner.attr == name and _is_object(owner.value)):
                continue
            parent = parent_of(call)
            if isinstance(parent, ast.Await):
                awaited.append(call)
            elif others or not inner.is_async or not isinstance(parent, _AT_ONCE):
                return None
            else:
                others.append(call)
    if not others or len(awaited) < _ENOUGH:
        return None
    return next((one for one in awaited if last_name(one.func) == last_name(others[0].func)), None)


def _is_object(node: ast.expr) -> bool:
    """Whether this is the object that a method is called on, or its class."""
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _unawaited_uses(name: str, region: Scope, strong: frozenset[str]) -> int:
    return sum(
        isinstance(call.func, ast.Attribute)
        and call.func.attr in strong
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
        and not isinstance(parent_of(call), ast.Await)
        for inner in region.descendants()
        for call in inner.calls
    )


def _is_given_asynchronously(ev: Evaluator, binding: Binding, region: Scope) -> bool:
    value = binding.value
    if binding.kind == "assign" and isinstance(value, ast.Await):
        value = value.value
        called = value.func if isinstance(value, ast.Call) else value
        if not _SAYS_GIVEN.search(called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")):
            return False
    elif binding.kind != "with" or not binding.asynchronous:
        return False
    if value is None or binding.index >= 0:
        return False
    one = ev.type_of(value, region)
    return one is UNKNOWN or all(
        isinstance(other, Pending) and other.call not in ("cm", "generator", "iterable") for other in alternatives(one)
    )


def _owner(name: str, scope: Scope) -> Scope | None:
    """The function that binds a name once, but for None, or always by ``async with``; the outermost one where none does."""
    current: Scope | None = scope
    while current is not None and current.kind != "module":
        if current.kind != "class" and name in current.bindings:
            real = [
                one
                for one in current.bindings[name]
                if one.kind != "narrowed" and not (isinstance(one.value, ast.Constant) and one.value.value is None)
            ]
            is_one = len(real) == 1 or all(one.kind == "parameter" or one.asynchronous for one in real)
            return current if is_one else None
        current = current.parent
    return scope.outermost_function


def engine_evidence(ev: Evaluator, name: str, scope: Scope) -> Instance | None:
    """What an undeclared parameter called ``engine`` must be, where a module that names SQLAlchemy connects by it."""
    if not SAYS_ENGINE.search(name):
        return None
    known = [ev.models.classes[one] for one in sorted(ev.models.manners["named-engine"])]
    if not any(scope.module.mentions(one.name.partition(".")[0].encode()) for one in known):
        return None
    uses = [
        call
        for inner in scope.descendants()
        for call in inner.calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ev.models.words("shows-engine")
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name
    ]
    if not uses:
        return None
    mode = "async" if any(_is_asynchronous(call) for call in uses) else "sync"
    if mode == "sync" and scope.is_async:
        return None  # an `await` may be what is missing
    cls = next((one for one in known if one.mode == mode), None)
    return Instance(cls, cls) if cls is not None else None


def _is_asynchronous(call: ast.Call) -> bool:
    parent = parent_of(call)
    return isinstance(parent, ast.Await) or (
        isinstance(parent, ast.withitem) and isinstance(parent_of(parent), ast.AsyncWith)
    )


def as_used(ev: Evaluator, one: Type, name: str, scope: Scope) -> Type:
    """What a name stands for that is declared as a synchronous class: its asynchronous twin, where most of the calls on
    it that only make sense with an ``await`` there have one. ``db: Session = Depends(get_async_session)`` works.
    """
    declared = without_none(one)
    members = declared.members if isinstance(declared, Either) else ()
    if len(members) == 2 and scope.is_async:
        # Of a synchronous class and its twin, it is the one that the calls fit.
        for plain, other in (members, members[::-1]):
            if not (isinstance(plain, Instance) and isinstance(other, Instance) and plain.base and other.base):
                continue
            if plain.base.twin == other.base.name:
                found = as_used(ev, plain, name, scope)
                return found if found != plain else one
    if not isinstance(declared, Instance):
        return one
    base = declared.base
    if base is None or not base.twin or declared.cls is not base or not scope.is_async:
        return one
    twin = ev.models.classes.get(base.twin)
    if twin is None:
        return one
    awaited = others = 0
    for inner in scope.descendants():
        for call in inner.calls:
            function = call.func
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == name
                and (inner is scope or means(name, inner, scope))
            ):
                row, own = ev.models.method(twin, function.attr), ev.models.method(base, function.attr)
                if row is not None and row.call == "coroutine":
                    awaited += isinstance(parent_of(call), ast.Await)
                    others += not isinstance(parent_of(call), ast.Await)
                elif row is not None and own is not None and _differ_in_blocks(ev, own, row):
                    is_async = _is_asynchronous(call)
                    shown = _is_awaited_on(ev, call, row.enters or row.returns, inner) if is_async else None
                    awaited += is_async and shown is True
                    others += isinstance(parent_of(call), ast.withitem) and (not is_async or shown is False)
    if awaited == others == 0:
        return _passed(ev, one, twin, name, scope)
    return Instance(twin, twin) if awaited > others else one


def _differ_in_blocks(ev: Evaluator, plain: Method, other: Method) -> bool:
    """Whether what a method gives can only be entered with ``with``, and what another gives only with ``async with``."""
    if plain.call == "cm" and other.call == "async-cm":
        return True
    one, another = ev.models.classes.get(plain.returns), ev.models.classes.get(other.returns)
    if one is None or another is None:
        return False
    return bool(one.enter and not one.async_enter and another.async_enter and not another.enter)


def _is_awaited_on(ev: Evaluator, call: ast.Call, given: str, scope: Scope) -> bool | None:
    """Whether what would give coroutines, if a block were asynchronous, is awaited on what the block binds: if not, it is
    the ``async`` that is wrong. A block that binds nothing tells by itself; None where nothing is called on what it binds."""
    item, cls = parent_of(call), ev.models.classes.get(given)
    bound = item.optional_vars if isinstance(item, ast.withitem) else None
    if not isinstance(bound, ast.Name) or cls is None:
        return True
    calls = (
        (one, ev.models.method(cls, one.func.attr))
        for one in scope.calls
        if isinstance(one.func, ast.Attribute) and getattr(one.func.value, "id", "") == bound.id
    )
    uses = [isinstance(parent_of(one), ast.Await) for one, row in calls if row is not None and row.call == "coroutine"]
    return all(uses) if uses else None


def _passed(ev: Evaluator, declared: Type, twin: Class, name: str, scope: Scope) -> Type:
    """What a parameter is that is declared as a synchronous class and only passed on: the twin, where callers pass that."""
    bindings = [one for one in scope.bindings.get(name, ()) if one.kind == "parameter"]
    passed = ev.callers.passed(bindings[0], scope) if len(bindings) == 1 else UNKNOWN
    return passed if is_of_class(ev, passed, twin.name) else declared


def is_twin(ev: Evaluator, declared: Type, found: Type) -> bool:
    """Whether something is declared as a synchronous class, and is what it is easily taken for: its asynchronous twin."""
    if not isinstance(declared, Instance) or declared.base is None or declared.cls is not declared.base:
        return False
    return bool(declared.base.twin) and is_of_class(ev, found, declared.base.twin)


def is_of_class(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something is an object of a class of a library, or of one derived from that."""
    base = one.base if isinstance(one, Instance) else None
    return base is not None and any(cls.name == name for cls in ev.models.lineage(base))


def _class_around(scope: Scope) -> Scope | None:
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    return current


def _method_around(scope: Scope) -> Scope:
    current = scope
    while current.parent is not None and current.parent.kind not in ("class", "module"):
        current = current.parent
    return current


def _is_awaited_use(call: ast.Call, receiver: ast.expr, strong: frozenset[str]) -> bool:
    return _is_called_on(receiver, call, strong) and isinstance(parent_of(call), ast.Await)


def _is_entered_use(call: ast.Call, receiver: ast.expr, blocks: frozenset[str]) -> bool:
    item = parent_of(call)
    is_entered = isinstance(item, ast.withitem) and isinstance(parent_of(item), ast.AsyncWith)
    return is_entered and _is_called_on(receiver, call, blocks)


def _is_called_on(receiver: ast.expr, call: ast.Call, names: frozenset[str]) -> bool:
    """Whether one of these methods is called on a receiver, as far as its name tells."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and function.attr in names):
        return False
    other = function.value
    if isinstance(receiver, ast.Name):
        return isinstance(other, ast.Name) and other.id == receiver.id
    assert isinstance(receiver, ast.Attribute)
    return isinstance(other, ast.Attribute) and other.attr == receiver.attr and _is_object(other.value)
