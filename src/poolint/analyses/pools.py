"""Which pool a checkout is from: engines, pools and factories are told apart by where they are made or come in.

An identity is followed through names, imports, attributes of ``self``, factories and their ``bind``, and functions of
the project that give one. Two checkouts are from one pool when their identities are equal; what cannot be followed
has the identity of the name or attribute where the trail ends.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import truth
from poolint.analyses.conditions import Entering, is_excluded
from poolint.analyses.lent_pools import (
    asked,
    bind_of,
    borrowed,
    bound_session,
    hands_back,
    is_of_its_object,
    kept_by_application,
    opened_here,
    passed_for,
    passed_through,
    put_for,
    set_on_object,
)
from poolint.analyses.managers import entry_of_made
from poolint.analyses.only_pools import OnlyPools
from poolint.analyses.pool_limits import lets_nobody_wait
from poolint.analyses.pools_of_parts import PoolsOfParts
from poolint.flow.summaries import Summaries
from poolint.models.schema import OPENING_ROLES, POOLING
from poolint.models.standard import ENTERING
from poolint.syntax.expressions import dotted, is_partial, without_await
from poolint.syntax.file_kinds import is_test
from poolint.syntax.scopes import ScopeKey, home_of, only_binding
from poolint.types.bound import elsewhere
from poolint.types.call_sites import call_site, callees_of, function_run
from poolint.types.decorated import argument, wrapped
from poolint.types.followed import Origin
from poolint.types.following import PASSAGES, given, origin
from poolint.types.members import lineage
from poolint.types.providers import providers
from poolint.types.values import ClassObject, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

Pool = tuple[object, ...]
"""An identity, in plain values; only good for comparing."""

UNPOOLED: Pool = ("unpooled",)
"""How that of an engine begins whose pool keeps no connection, or gives all the same one: nobody waits there for one. Where
the engine is made follows, if that is known."""

_NONE_YET: Pool = ()
"""That of what a function gives which is not known to return at all, while summaries look for a fixpoint."""


class _Parameter(NamedTuple):
    """A parameter of a function."""

    function: ScopeKey
    name: str


_THROUGH: frozenset[Passage] = frozenset(("import", "attribute", "function", "key"))
_LOOKED_UP: frozenset[Passage] = frozenset((*_THROUGH, "call"))
_OWN: frozenset[Passage] = frozenset(("with", "for"))


class Pools:
    """Answers for the checkouts of one project. The pool of what a function gives is a problem of summaries: one and the
    same on all ways, or none that can be known."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._of_function: Summaries[ScopeKey, Pool | None] = Summaries(
            "pool", self._given, bottom=_NONE_YET, join=_either
        )
        self._of_parameter: Summaries[_Parameter, Pool | None] = Summaries(
            "passed-pool", self._passed, bottom=_NONE_YET, join=_either
        )
        self._of_owner: Summaries[_Parameter, Pool | None] = Summaries(
            "lent-pool", self._lent, bottom=_NONE_YET, join=_either
        )
        self._entering = ev.derived(Entering)
        self._parts = PoolsOfParts(ev, self._of_value)
        self._only = ev.derived(OnlyPools)

    def of_checkout(self, call: ast.Call, scope: Scope) -> Pool | None:
        """The pool that a call takes a connection from, or will, with the first use of the session that it makes."""
        if last_name(call.func) in ENTERING and call.args and isinstance(call.args[0], ast.Call):
            call = call.args[0]
        for one in callees_of(self.ev, call, scope):
            if isinstance(callee := entry_of_made(self.ev, one) or one, Function):
                return self.lent_by(call, scope, function_run(self.ev, one) or callee, self.of_function(callee.scope))
        fact = call_site(self.ev, call, scope, use_evidence=False)
        if fact is None or fact.cls is None:
            return None
        if fact.row is None:
            bind, where = self._bind_of(call, scope)
            return self.identity(bind, where) if fact.cls.construct in OPENING_ROLES and bind is not None else None
        if fact.cls.kind not in (*POOLING, "factory", "registry") or fact.role not in (
            *OPENING_ROLES,
            "begin",
            "query",
        ):
            return None
        if fact.cls.kind == "factory" and fact.role == "open":
            for keyword in call.keywords:
                if keyword.arg == "bind" and not isinstance(keyword.value, ast.Constant):
                    return self.identity(keyword.value, scope)  # this session is bound elsewhere
        return self.identity(asked(fact), scope)

    def _bind_of(self, call: ast.Call, scope: Scope) -> tuple[ast.expr | None, Scope]:
        """What a session is bound to that a call makes, or a ``partial`` that it calls, and where that stands."""
        bind = bind_of(call)
        made = origin(self.ev, call.func, scope, PASSAGES - {"function"}) if bind is None else None
        if made is None or not is_partial(made.node):
            return bind, scope
        return bind_of(ast.Call(made.node.args[0], made.node.args[1:], made.node.keywords)), made.scope

    def lent_by(self, call: ast.Call, scope: Scope, callee: Function, pool: Pool | None) -> Pool | None:
        """A pool of which a function takes, as a caller knows it: that of a parameter is what the call passes. Of what it is
        passed and hands back as it is the pool is known by where that comes from."""
        pool = self._chosen(pool, call, scope, callee.scope) or pool
        name = borrowed(pool, callee.scope)
        argument = passed_for(name, call, callee) if name else None
        if pool is not None and argument is not None:
            pool = put_for(pool, name, callee.scope, self.identity(argument, scope))
        calls = passed_through(self.ev, call, callee, scope) if pool else []
        if any(not hands_back(self.ev, *one) and self.of_checkout(*one) not in (None, pool) for one in calls):
            return None
        return pool

    def _chosen(self, pool: Pool | None, call: ast.Call, scope: Scope, inner: Scope) -> Pool | None:
        """The pool of a maker that a function chooses by what it is passed: ``Writer if kind == "writer" else Reader``."""
        if pool is None or (pool[:2] != ("place", inner.module.path) and pool[:2] != ("name", inner.key)):
            return None
        found: list[Pool | None] = []
        for name, bindings in inner.bindings.items():
            for binding in bindings:
                value = binding.value
                if value is None or pool not in (("name", inner.key, name), _place(value, inner)):
                    continue
                fixed = self._entering.known(call, inner, scope, ())
                if is_excluded(binding.node, inner, fixed):
                    continue
                if isinstance(value, ast.IfExp):
                    holds = truth(value.test, dict(fixed), inner)
                    value = None if holds is None else value.body if holds else value.orelse
                found.append(self.identity(value, inner) if isinstance(value, (ast.Name, ast.Attribute)) else None)
        return found[0] if len(found) == 1 else None

    def of_resource(self, name: str, scope: Scope) -> Pool | None:
        """The pool of what a variable of a function holds, where one statement binds it."""
        if name not in scope.bindings:
            return None
        ends = list(opened_here(self.ev, elsewhere(name), scope))
        if ends:
            return self._of_opened(ends)
        node, where = origin(self.ev, elsewhere(name), scope, _OWN)
        binding, home = only_binding(node.id, where) if isinstance(node, ast.Name) else (None, where)
        return self._injected(binding, home) if binding is not None and binding.kind == "parameter" else None

    def of_given(self, name: str, scope: Scope) -> Pool | None:
        """The pool of what a function is given, under a name that may be one of an object, ``self.session``: the same for all
        who give it, as far as it is known of them."""
        base, _, attribute = name.rpartition(".")
        if not base:
            found = self.of_resource(name, scope)
            return found if found is not None else self._of_name(name, scope)
        home = home_of(base, scope)
        if home is None or "." in base:
            return self._parts.of(name, scope)
        stored = [
            self._of_value(binding.value, binding.scope)
            for one in alternatives(self.ev.scope_name(base, home))
            for cls in (lineage(self.ev, one) if isinstance(one, Instance) else ())
            for binding in cls.self_assignments.get(attribute, ())
            if binding.value is not None and binding.scope is not None
        ]
        return _only(stored) or self._parts.of(name, scope)

    def _of_value(self, node: ast.expr, scope: Scope) -> Pool | None:
        """The pool of what is passed or kept: of a call, or by the name of what it is in turn."""
        if isinstance(node, ast.Call):
            return self.of_checkout(node, scope)
        name = dotted(node)
        return self.of_given(name, scope) if name else None

    def _of_name(self, name: str, scope: Scope) -> Pool | None:
        """The same for a local name that a parameter stands behind."""
        binding, home = only_binding(name, scope)
        if binding is None or not _is_parameter(binding, home):
            return None
        found = self._of_parameter.of(_Parameter(home.key, name))
        return None if found == _NONE_YET else found

    def _passed(self, key: _Parameter) -> Pool | None:
        scope = self.ev.project.scope(key.function)
        binding = scope.bindings[key.name][0]
        parameter = binding.node
        if not isinstance(parameter, ast.arg):
            return None
        found = []
        for one in wrapped(self.ev, scope):
            value = argument(one, parameter, scope)
            found.append(self._of_value(value, one.wrapper) if value is not None else None)
        for given_, inner, _ in self.ev.callers.given(binding, scope):
            if given_ is not None and not is_test(inner.module, self.ev.project):
                found.append(self._of_value(given_, inner))
        return _only(found)

    def _lent(self, key: _Parameter) -> Pool | None:
        """The identity of an engine, a pool or a factory that all callers pass for a parameter, or that is its default."""
        scope = self.ev.project.scope(key.function)
        binding = scope.bindings[key.name][0]
        found: list[Pool | None] = []
        for given_, inner, is_default in self.ev.callers.given(binding, scope):
            if is_test(inner.module, self.ev.project):
                continue
            if given_ is None and not (is_default and binding.value is not None):
                return None
            found.append(self.identity(given_, inner) if given_ is not None else self._default(binding, scope))
        return _only(found)

    def _default(self, binding: Binding, scope: Scope) -> Pool | None:
        value = binding.value
        return self.identity(value, scope.parent or scope) if isinstance(value, (ast.Name, ast.Attribute)) else None

    def of_hold(self, hold: Hold, scope: Scope) -> Pool | None:
        """The pool of a connection that is held in a function."""
        found = self.of_resource(hold.resource, scope)
        if found is None:
            since = without_await(hold.since)
            found = self.of_checkout(since, scope) if isinstance(since, ast.Call) else None
        return found

    def _injected(self, binding: Binding, scope: Scope) -> Pool | None:
        """The pool of a dependency that a framework passes: ``Depends(get_session)``."""
        found = next(providers(self.ev, binding, scope), None)
        return self.of_function(found.scope) if found is not None else None

    def of_function(self, inner: Scope) -> Pool | None:
        """The pool of what a function of the project returns or yields."""
        found = self._of_function.of(inner.key)
        return None if found == _NONE_YET and inner.key in self._of_function.finished else found

    def _given(self, key: ScopeKey) -> Pool | None:
        inner = self.ev.project.scope(key)
        values = given(inner) if inner.kind == "function" else []
        if values and (made := set_on_object(inner)):
            return _only([self.of_checkout(one.node, one.scope) for one in made if isinstance(one.node, ast.Call)])
        return self._of_opened([end for one in values for end in opened_here(self.ev, one, inner)])

    def _of_opened(self, ends: list[Origin]) -> Pool | None:
        """The pool of a value that comes from one of these."""
        found: Pool | None = _NONE_YET if ends else None
        for node, scope in ends:
            found = _either(found, self.of_checkout(node, scope) if isinstance(node, ast.Call) else None)
        return found

    def identity(self, node: ast.expr, scope: Scope) -> Pool:
        """Where an engine, a pool or a factory has its origin."""
        seen: set[ast.expr] = set()
        while node not in seen:
            seen.add(node)
            end = origin(self.ev, node, scope, _THROUGH)
            session = bound_session(self.ev, end.node, end.scope)
            if session is not None:
                return self._of_value(session, end.scope) or of_session(dotted(session), end.scope)
            owner = self._owner(end.node, end.scope)
            if owner is None:
                return self._of_callable(end) or self._told(end)
            node, scope = owner, end.scope
        return _place(node, scope)

    def _owner(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """What has the pool of an origin: what a factory is bound to, an engine with other settings."""
        models = self.ev.models
        if isinstance(node, ast.Attribute):
            is_same = node.attr in models.words("same-pool") and not isinstance(node.value, ast.Name)
            return node.value if is_same or is_of_its_object(self.ev, node, scope) else None
        if not isinstance(node, ast.Call):
            return None
        callee = callees_of(self.ev, node, scope)
        if any(isinstance(one, Function) for one in callee):
            return None
        for one in callee:
            if isinstance(one, ClassObject) and one.base is not None and one.base.kind in ("factory", "registry"):
                bind = bind_of(node)
                if bind is not None:
                    return bind
        same = models.words("same-pool-method")
        return node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr in same else None

    def _of_callable(self, end: Origin) -> Pool | None:
        """The pool of what a function of the project gives that stands for a factory: ``Reports(session_scope)``."""
        named = self.ev.type_of(end.node, end.scope) if isinstance(end.node, (ast.Name, ast.Attribute)) else None
        return self.of_function(named.scope) if isinstance(named, Function) else None

    def _told(self, end: Origin) -> Pool:
        """What an origin tells of a pool: where it is made, or that of the only one which it can be."""
        found = self._of_origin(end)
        if found[0] == "place" or found[:1] == UNPOOLED:
            return found
        only = self._only.behind(end.node, end.scope)
        return found if only is None else self._of_origin(Origin(*only))

    def _of_origin(self, end: Origin) -> Pool:
        node, scope = end.node, end.scope
        kept = kept_by_application(self.ev, node, scope)
        if kept:
            return ("application", kept)
        if isinstance(node, ast.Name):
            binding, home = only_binding(node.id, scope)
            if binding is not None and _is_parameter(binding, home):
                passed = self._of_owner.of(_Parameter(home.key, node.id))
                if passed:
                    return passed
            is_foreign = binding is not None and binding.kind == "import"
            return ("import", binding.origin, node.id) if binding and is_foreign else ("name", home.key, node.id)
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                return ("attribute", self.identity(node.value, scope), node.attr)
            while scope.parent is not None and scope.kind != "class":
                scope = scope.parent
            return ("attribute", scope.key, node.attr)
        if isinstance(node, ast.Call):
            for one in callees_of(self.ev, node, scope):
                if isinstance(one, Function) and lets_nobody_wait(self.ev, node, scope):
                    return UNPOOLED  # handed on to what makes the engine
                if isinstance(one, Function) and (node.args or node.keywords):
                    kept = kept_by_application(self.ev, *origin(self.ev, node, scope, _LOOKED_UP))
                    return ("application", kept) if kept else ("call", scope.key, ast.dump(node))
                if isinstance(one, Function):
                    return ("function", one.scope.key)
            if lets_nobody_wait(self.ev, node, scope):
                return (*UNPOOLED, *_place(node, scope)[1:])
        return _place(node, scope)


def _is_parameter(binding: Binding, home: Scope) -> bool:
    """Whether a binding is that of a parameter of a function that has a name."""
    return binding.kind == "parameter" and isinstance(home.node, (ast.FunctionDef, ast.AsyncFunctionDef))


def of_session(name: str, scope: Scope) -> Pool:
    """The pool of a session of which no more is known than what it is called in a function."""
    return ("session", scope.key, name)


def _place(node: ast.expr, scope: Scope) -> Pool:
    part = (ast.dump(node.slice),) if isinstance(node, ast.Subscript) else ()  # of a tuple all have its place
    return ("place", scope.module.path, getattr(node, "lineno", 0), getattr(node, "col_offset", 0), *part)


def _only(several: list[Pool | None]) -> Pool | None:
    """The pool of what comes from one of several of which some are not known; None where they are known to differ."""
    found = {one for one in several if one}
    if len(found) > 1 and all(one[:1] == UNPOOLED for one in found):
        return UNPOOLED
    return next(iter(found)) if len(found) == 1 else None


def _either(one: Pool | None, other: Pool | None) -> Pool | None:
    """The pool of what comes from one of two."""
    if _NONE_YET in (one, other):
        return other if one == _NONE_YET else one
    are_unpooled = one is not None and other is not None and one[:1] == other[:1] == UNPOOLED
    return one if one == other else UNPOOLED if are_unpooled else None


def is_checkout(fact: CallSite) -> bool:
    """Whether a call takes a connection out of a pool, or makes a session that will.

    A registry does not: it gives the session that the thread or task has already, if it has one.
    """
    if fact.cls is None or fact.cls.kind not in ("engine", "pool", "factory"):
        return False
    if fact.role == "query":
        return fact.cls.kind in POOLING  # `pool.fetch(…)` takes one for the time of the query
    return fact.role in OPENING_ROLES or (fact.role == "begin" and fact.cls.kind in ("engine", "factory"))
