"""What is owed: the places of a function where it takes on the duty to give something back."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.carrying import Carrying
from poolint.analyses.joined import called_in_thread
from poolint.analyses.lifetimes.borrowed import borrows
from poolint.analyses.lifetimes.defaults import is_kept_by_default
from poolint.analyses.lifetimes.destinations import (
    begun_with,
    elsewhere,
    entered_as,
    given,
    may_acquire,
    may_be_lost,
    may_lend,
    target_of,
)
from poolint.analyses.lifetimes.given_pools import is_bound_to, is_given_away
from poolint.analyses.lifetimes.own_registries import is_own_registry
from poolint.analyses.lifetimes.responses import Lenders, is_handed_on, is_owed, is_streamed, may_owe
from poolint.analyses.lifetimes.state import Taker
from poolint.analyses.pool_limits import is_lent, is_unpooled
from poolint.flow.summaries import Summaries
from poolint.models.schema import POOLING, RELEASABLE
from poolint.models.standard import STEPPING
from poolint.syntax.captures import is_captured
from poolint.syntax.expressions import first_name
from poolint.syntax.scopes import CallKey, ScopeKey, parent_of
from poolint.syntax.surroundings import chosen
from poolint.types.call_sites import at_hand, call_site, callees_of, may_ask_registry
from poolint.types.evidence import as_used
from poolint.types.following import origin
from poolint.types.overrides import Heirs
from poolint.types.values import Function, Instance, union
from poolint.types.vocabulary import last_name, outlasts_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.lifetimes.destinations import Unfollowed
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

State = Literal["idle", "dirty", "connecting", "held", "committing", "fresh", "open", "closed", "releasing"]
"""Of a session, a subscription or a lazy engine: nothing is held, not yet but there is something to flush, a connection
is on its way, one is held, a commit is under way. Of all else: not used yet, open, or closed while its pool still waits for
it. Of both: passed to a coroutine of the project that releases it, if it comes to that."""

OWED: frozenset[State] = frozenset({"held", "fresh", "open", "closed"})
"""States in which something has to be given back."""

KINDS = RELEASABLE | {"engine", "pool", "client", "response"}
_BLOCKS: frozenset[Passage] = frozenset({"with"})
_TAKES = frozenset({"checkout", "open", "create"})


class Site(NamedTuple):
    """One obligation: ``value`` is the acquiring call, or the ``await`` around it.

    ``bound`` is the expression that is stored: ``value`` itself, or what may come out as it, such as
    ``await pool.acquire() if wanted else None``. ``name`` is the variable that it is stored under, the first of several;
    empty where it is not stored at all. ``helper`` is the function of the project that has checked it out for its
    caller, if one has, or the class whose object has; ``part`` is then the attribute of the object under that name by which
    it has it.
    """

    call: ast.Call
    value: ast.expr
    bound: ast.expr
    name: str
    fact: CallSite
    cls: Class
    helper: str = ""
    part: str = ""

    @property
    def names(self) -> frozenset[str]:
        """By what it is reached once it is stored under its name."""
        return self.taker.names if self.taker is not None else frozenset({self.name})

    @property
    def taker(self) -> Taker | None:
        """The object that has it, if one has."""
        return Taker(self.name, self.part) if self.part else None

    @property
    def start(self) -> State:
        """The state in which it begins: sessions and subscriptions are lazy, and so are some engines."""
        return starts_as(self.cls)


def starts_as(cls: Class) -> State:
    """The state in which what is of a class begins."""
    return "idle" if cls.kind in ("session", "subscription") or cls.lazy else "open"


def sites(ev: Evaluator, scope: Scope) -> Iterator[Site]:
    """The obligations that begin in ``scope``: checkouts outside ``with`` that a single local name holds, or none."""
    if scope.kind != "function":
        return
    words = _Words(ev, scope)
    for node in scope.calls:
        if not may_acquire(node, ev.vocabulary, words.lenders):
            continue
        found = _acquired(ev, node, scope, words)
        if isinstance(found, Site):
            yield found


class Acquisitions:
    """The obligations of the functions of one project, each function looked at once."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._sites: dict[Scope, tuple[Site, ...]] = {}

    def of(self, scope: Scope) -> tuple[Site, ...]:
        """See :func:`sites`."""
        found = self._sites.get(scope)
        if found is None:
            found = self._sites[scope] = tuple(sites(self._ev, scope))
        return found


def acquisition(ev: Evaluator, node: ast.Call, scope: Scope) -> Site | Unfollowed:
    """The obligation that begins with a call, or why none does."""
    if scope.kind == "function":
        return _acquired(ev, node, scope, _Words(ev, scope))
    parent = parent_of(node)
    why = elsewhere(parent_of(parent) if isinstance(parent, ast.Await) else parent)
    return why if why in ("entered", "passed") else "module"


def is_given_to_caller(ev: Evaluator, scope: Scope) -> bool:
    """Whether whatever a function returns is a checkout that its caller owes."""
    return bool(ev.derived(_Handing).of(scope))


def is_taking(fact: CallSite) -> bool:
    """Whether a call takes something, by its own words or as the making of an object that does."""
    return (fact.role or (fact.cls.construct if fact.cls is not None else "")) in _TAKES


class _Words:
    """What names say of the calls of one function: each is found out once."""

    def __init__(self, ev: Evaluator, scope: Scope) -> None:
        self.lenders = ev.derived(Lenders).of(scope.module)
        """Functions that hand on a response."""
        self.used: dict[str, bool] = {}
        """Whether the uses of a name of the function make it likely to be a resource."""


def _acquired(ev: Evaluator, node: ast.Call, scope: Scope, words: _Words) -> Site | Unfollowed:
    value = given(ev, node, scope)
    parent = parent_of(value)
    bound, around = chosen(value)
    name = target_of(around, bound, scope)
    if name is None and last_name(node.func) in ev.vocabulary.outlasts:
        name = entered_as(parent)
    if name is None:
        return elsewhere(around)
    if name and name in scope.globals:
        return "global"
    if name and scope.children and is_captured(name, scope, at_once=False):
        return "captured"
    if name and not _is_likely(ev, node, name, scope, words):
        return "unlikely"
    is_header = isinstance(parent, (ast.withitem, ast.Call))
    if not name and not is_header and not may_be_lost(node, parent, ev.vocabulary, words.lenders):
        return "unlikely"
    found = _checkout(ev, node, value, scope)
    if isinstance(found, str):
        return found
    if is_header and not outlasts_block(found[1]):
        return "entered"
    if name and is_kept_by_default(ev, name, found[1], scope):
        return "captured"
    return "declared" if name in scope.declared else Site(node, value, bound, name, *found)


def _is_likely(ev: Evaluator, node: ast.Call, name: str, scope: Scope, words: _Words) -> bool:
    """Whether it is worth asking for the type of what a name is assigned: something that takes a connection is called; or
    what is called, or the name, may carry one by its words, and methods of a resource are called on the name, or it is
    passed on or entered, or nothing at all is done with it, which is rare."""
    called, vocabulary = last_name(node.func), ev.vocabulary
    if called in vocabulary.takes or called in vocabulary.makes or vocabulary.is_library_import(node.func, scope):
        return True
    if called in words.lenders or (called in vocabulary.lends and may_lend(node)):
        return True
    carriers = ev.derived(Carrying).first_names(scope)
    if first_name(node.func) not in carriers and name not in carriers:
        return False
    if name not in words.used:
        parents = [parent_of(one) for one in _loads(name, scope)]
        words.used[name] = not parents or any(
            not isinstance(one, ast.Attribute) or one.attr in vocabulary.of_resources for one in parents
        )
    return words.used[name]


def _loads(name: str, scope: Scope) -> Iterator[ast.expr]:
    """Where a function reads a name, also where that gets its value (``(conn := connect()).execute()``), or an attribute of
    its object: ``self.conn``."""
    owner, dot, attribute = name.partition(".")
    yield from (at for one in scope.bindings.get(name, ()) if isinstance(at := parent_of(one.node), ast.NamedExpr))
    for load in scope.loads.get(owner, ()):
        parent = parent_of(load)
        if not dot:
            yield load
        elif isinstance(parent, ast.Attribute) and parent.attr == attribute and isinstance(parent.ctx, ast.Load):
            yield parent


def checkout(ev: Evaluator, node: ast.Call, value: ast.expr, scope: Scope) -> tuple[CallSite, Class, str] | None:
    """What a call checks out, by itself or by the function of the project that it calls."""
    found = _checkout(ev, node, value, scope)
    return None if isinstance(found, str) else found


def _checkout(ev: Evaluator, node: ast.Call, value: ast.expr, scope: Scope) -> tuple[CallSite, Class, str] | Unfollowed:
    run = called_in_thread(ev, node)
    fact = call_site(ev, run, scope, use_evidence=False)
    cls = _class_of(ev, value, scope, target_of(parent_of(value), value, scope) or "")
    if fact is None or cls is None or not ev.is_told(cls.name, scope):
        return "no-class"
    if cls.kind == "client" and not cls.on_drop:
        return "no-concern"
    if cls.kind == "engine" and is_unpooled(ev, node, scope):
        return "unpooled"
    if cls.commands and is_lent(node):
        return "borrowed"
    if may_ask_registry(ev, node, scope) and not is_own_registry(node.func, scope):
        return "registry"
    if fact.row is None and fact.cls is None:
        return ev.derived(_Handing).from_helper(run, scope, cls) or "takes-nothing"
    if cls.kind == "response":
        return (fact, cls, "") if is_streamed(ev, cls, fact, value, scope) else "takes-nothing"
    if not is_taking(fact):
        return "takes-nothing"
    return "borrowed" if borrows(ev, node, scope) else (fact, cls, "")


def _class_of(ev: Evaluator, value: ast.expr, scope: Scope, name: str = "") -> Class | None:
    """The one class of resource that an expression gives, as far as a library knows it; of two, the one that is used
    under the name."""
    found = at_hand(ev.type_of(value, scope), scope)
    if len(found) > 1:
        found = at_hand(as_used(ev, union([*found]), name, scope), scope)
    bases = [one.base for one in found if isinstance(one, Instance) and one.base is not None]
    if len(bases) < len(found) or not all(_is_owed_alike(one, bases[0]) for one in bases[1:]):
        return None
    return bases[0] if bases[0].kind in KINDS else None


def _is_owed_alike(one: Class, other: Class) -> bool:
    """Whether connections of two drivers' pools are given back in the same ways, or clients of two libraries closed, and what
    comes of it if they are not: the one library is imported where the other one is not there."""
    if one.kind != other.kind or one.kind not in ("connection", "client"):
        return False
    if (one.mode, one.on_drop) != (other.mode, other.on_drop):
        return False
    return (one.releases_on_exit, one.close_gives_back) == (other.releases_on_exit, other.close_gives_back)


class _Handed(NamedTuple):
    """A checkout that a function hands to its caller: the call, and the class of what it gives, empty where that is as
    the caller sees it."""

    call: CallKey
    cls: str


_NOT_ALL: tuple[_Handed, ...] = (_Handed(CallKey(ScopeKey("", "", 0, 0), 0, 0, 0, 0), ""),)
"""What a function hands on that also gives something else: nothing that its caller would owe."""


class _Handing:
    """What functions of the project have checked out and hand to their callers: a problem of summaries."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._handed: Summaries[ScopeKey, tuple[_Handed, ...]] = Summaries(
            "hands-on", self._of_function, bottom=(), join=_all_handed
        )

    def of(self, scope: Scope) -> tuple[_Handed, ...]:
        """What a function hands to its caller, which has nothing else from it."""
        found = self._handed.of(scope.key) if _is_plain(scope) else _NOT_ALL
        return () if found == _NOT_ALL else found

    def from_helper(self, node: ast.Call, scope: Scope, cls: Class) -> tuple[CallSite, Class, str] | None:
        """What a call gives that a function of the project has checked out, and the name of that function.

        The class is that of what is really checked out: `-> Connection` is often declared of what a pool has given out.
        """
        may_be_owed = cls.kind in RELEASABLE or cls.kind == "response"
        may_be_owed = may_be_owed or (cls.kind in POOLING and is_bound_to(node, scope))
        run = self._run_by(node, scope) if may_be_owed else ()
        inner = run[0] if run else None
        handed = self._handed_by(run)
        if inner is None and cls.kind == "session":
            inner = self._stepped(node, scope)
            handed = self._of_value(inner.yields[0].value, inner, _BLOCKS) if inner is not None else ()
        if not handed or handed == _NOT_ALL or inner is None:
            return None
        made, where = self.ev.project.call(handed[0].call)
        fact = call_site(self.ev, made, where, use_evidence=False)
        assert fact is not None
        if cls.kind == "response" and not (where is inner and is_owed(self.ev, cls, fact, node, inner, scope)):
            return None
        names = {one.cls or cls.name for one in handed}
        return fact, self.ev.models.classes.get(handed[0].cls, cls) if len(names) == 1 else cls, inner.name

    def _run_by(self, node: ast.Call, scope: Scope) -> tuple[Scope, ...]:
        """The function of the project that a call runs, all of it and nothing else; of an abstract method all that write it."""
        callees = callees_of(self.ev, node, scope)
        if len(callees) != 1 or not isinstance(callees[0], Function):
            return ()
        found = self.ev.derived(Heirs).written(callees[0]) or (callees[0].scope,)
        return found if all(map(_is_plain, found)) else ()

    def _handed_by(self, run: tuple[Scope, ...]) -> tuple[_Handed, ...]:
        return functools.reduce(_all_handed, (self._handed.of(one.key) for one in run), ())

    def _stepped(self, node: ast.Call, scope: Scope) -> Scope | None:
        """The plain generator of the project that a call makes, asks for the one item that it gives, and lets go of:
        ``next(get_session())``. Python closes it at once, and with it the session, which whoever has it uses again: nobody
        else gives back the connection that it takes then (SQLAlchemy 2.0 and 2.1 with CPython 3.9 to 3.13)."""
        made = node.args[0] if last_name(node.func) in STEPPING and len(node.args) == 1 else None
        callees = callees_of(self.ev, made, scope) if isinstance(made, ast.Call) else ()
        if len(callees) != 1 or not isinstance(callees[0], Function):
            return None
        inner = callees[0].scope
        is_one = inner.is_generator and not inner.is_async and len(inner.yields) == 1
        return inner if is_one else None

    def _of_function(self, key: ScopeKey) -> tuple[_Handed, ...]:
        scope = self.ev.project.scope(key)
        found: tuple[_Handed, ...] = ()
        values = [one for one in scope.returns if not (isinstance(one, ast.Constant) and one.value is None)]
        for one in values:
            found = _all_handed(found, self._of_value(one, scope))
        return found if values else _NOT_ALL

    def _of_value(
        self, value: ast.expr | None, scope: Scope, through: frozenset[Passage] = frozenset()
    ) -> tuple[_Handed, ...]:
        """The checkout that a returned expression is, itself or by the one name that holds it."""
        if value is None:
            return _NOT_ALL
        call, where = origin(self.ev, value, scope, through)
        if not isinstance(call, ast.Call) or where is not scope:
            return _NOT_ALL
        if isinstance(value, ast.Name) and (value.id in scope.declared or value.id in scope.globals):
            return _NOT_ALL  # a name that is another's as well
        stepped = self._stepped(call, scope)
        if stepped is not None:
            return self._of_value(stepped.yields[0].value, stepped, _BLOCKS)
        call = begun_with(self.ev, call, scope)
        value = given(self.ev, call, scope)
        fact = call_site(self.ev, call, scope, use_evidence=False)
        if fact is None or borrows(self.ev, call, scope):
            return _NOT_ALL
        if fact.cls is not None and fact.cls.kind == "registry" and not is_own_registry(call.func, scope):
            return _NOT_ALL
        role = fact.role or (fact.cls.construct if fact.cls is not None else "")
        if may_owe(fact):
            cls = _class_of(self.ev, value, scope)
            is_handed = cls is not None and is_handed_on(self.ev, cls, fact, value, scope)
            return (_Handed(CallKey.of(call, scope), cls.name),) if is_handed and cls is not None else _NOT_ALL
        if role in ("checkout", "open"):
            cls = _class_of(self.ev, value, scope)
            return (_Handed(CallKey.of(call, scope), cls.name if cls is not None else ""),)
        if role == "create" and is_given_away(call, value, scope) and not is_unpooled(self.ev, call, scope):
            cls = _class_of(self.ev, value, scope)
            is_pool = cls is not None and cls.kind in POOLING
            return (_Handed(CallKey.of(call, scope), cls.name),) if is_pool and cls is not None else _NOT_ALL
        run = self._run_by(call, scope) if fact.row is None and fact.cls is None else ()
        return self._handed_by(run) if run else _NOT_ALL


def _is_plain(inner: Scope) -> bool:
    """Whether a call of a function runs it, all of it and nothing else."""
    return inner.kind == "function" and not inner.is_generator and not getattr(inner.node, "decorator_list", None)


def _all_handed(one: tuple[_Handed, ...], other: tuple[_Handed, ...]) -> tuple[_Handed, ...]:
    if _NOT_ALL in (one, other):
        return _NOT_ALL
    return (*one, *(each for each in other if each not in one))
