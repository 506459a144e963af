"""Which pool a checkout is from: engines, pools and factories are told apart by where they are made or come in.

An identity is followed through names, imports, attributes of ``self``, factories and their ``bind``, and functions of
the project that give one. Two checkouts are from one pool when their identities are equal; what cannot be followed
has the identity of the name or attribute where the trail ends.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.summaries import Summaries
from poolint.frameworks.entries import providers
from poolint.models.standard import ENTERING
from poolint.types import imports
from poolint.types.call_sites import call_fact
from poolint.types.values import ClassObject, Function, ModuleObject, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope, ScopeKey
    from poolint.types.call_sites import CallFact
    from poolint.types.evaluator import Evaluator

Pool = tuple[object, ...]
"""An identity, in plain values; only good for comparing."""

UNPOOLED: Pool = ("unpooled",)
"""That of all engines whose pool keeps no connection: nobody waits there for one."""

_NONE_YET: Pool = ()
"""That of what a function gives which is not known to return at all, while summaries look for a fixpoint."""

_MAX_STEPS = 8
_OPTIONS = frozenset({"execution_options"})
"""Methods that give an engine with other settings and the same pool."""

_SAME = frozenset({"sync_engine", "bind", "engine"})
"""Attributes of an engine, a factory or a registry that stand for the same pool."""


class Pools:
    """Answers for the checkouts of one project. The pool of what a function gives is a problem of summaries: one and the
    same on all ways, or none that can be told."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._of_function: Summaries[ScopeKey, Pool | None] = Summaries(
            "pool", self._given, bottom=_NONE_YET, top=None, join=_either
        )

    def of_checkout(self, call: ast.Call, scope: Scope) -> Pool | None:
        """The pool that a call takes a connection from, or will, with the first use of the session that it makes."""
        if last_name(call.func) in ENTERING and call.args and isinstance(call.args[0], ast.Call):
            call = call.args[0]
        for one in alternatives(self.ev.type_of(call.func, scope)):
            if isinstance(one, Function):
                return self._from_function(one.scope)
        fact = call_fact(self.ev, call, scope, use_evidence=False)
        if fact is None or fact.cls is None:
            return None
        if fact.row is None:
            bind = _bind(call)
            takes = fact.cls.construct in ("open", "checkout") and bind is not None
            return self.identity(bind, scope) if takes and bind is not None else None
        is_owner = fact.cls.kind in ("engine", "pool", "factory", "registry")
        if not is_owner or fact.role not in ("checkout", "open", "begin", "query"):
            return None
        if fact.cls.kind == "factory" and fact.role == "open":
            for keyword in call.keywords:
                if keyword.arg == "bind" and not isinstance(keyword.value, ast.Constant):
                    return self.identity(keyword.value, scope)  # this session is bound elsewhere
        owner = call.func.value if isinstance(call.func, ast.Attribute) and fact.method != "__call__" else call.func
        return self.identity(owner, scope)

    def of_resource(self, name: str, scope: Scope) -> Pool | None:
        """The pool of what a variable of a function holds, where one statement binds it."""
        bindings = [one for one in scope.bindings.get(name, ()) if one.kind != "narrowed"]
        if len(bindings) != 1:
            return None
        binding = bindings[0]
        if binding.kind == "parameter":
            return self._injected(binding, scope)
        value = binding.value.value if isinstance(binding.value, ast.Await) else binding.value
        return self.of_checkout(value, scope) if isinstance(value, ast.Call) else None

    def _injected(self, binding: Binding, scope: Scope) -> Pool | None:
        """The pool of a dependency that a framework passes: ``Depends(get_session)``."""
        found = next(providers(self.ev, binding, scope), None)
        return self._from_function(found.scope) if found is not None else None

    def _from_function(self, inner: Scope) -> Pool | None:
        """The pool of what a function of the project returns or yields."""
        found = self._of_function.of(inner.key)
        return None if found == _NONE_YET and inner.key in self._of_function.finished else found

    def _given(self, key: ScopeKey) -> Pool | None:
        inner = self.ev.project.scope(key)
        given = _given(inner) if inner.kind == "function" else []
        found: Pool | None = _NONE_YET if given else None
        for one in given:
            found = _either(found, self._of_given(one, inner))
        return found

    def _of_given(self, node: ast.expr, scope: Scope) -> Pool | None:
        """The pool of a returned or yielded value."""
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Name):
            values = [one.value for one in scope.bindings.get(node.id, ()) if one.value is not None]
            node = values[0] if len(values) == 1 else node
            node = node.value if isinstance(node, ast.Await) else node
        return self.of_checkout(node, scope) if isinstance(node, ast.Call) else None

    def identity(self, node: ast.expr, scope: Scope) -> Pool:
        """Where an engine, a pool or a factory has its origin."""
        for _ in range(_MAX_STEPS):
            if isinstance(node, ast.Await):
                node = node.value
            elif isinstance(node, ast.Name):
                home, binding = _bound(node.id, scope)
                if binding is None:
                    return ("name", home.key, node.id)
                if binding.kind == "import":
                    return self._imported(binding, scope.module, node.id)
                if binding.kind not in ("assign", "annotated") or binding.value is None or binding.index >= 0:
                    return ("name", home.key, node.id)
                where = binding.scope or home
                if not isinstance(binding.value, (ast.Name, ast.Attribute, ast.Call, ast.Await)):
                    return ("name", home.key, node.id)
                node, scope = binding.value, where
            elif isinstance(node, ast.Attribute):
                step = self._attribute(node, scope)
                if not isinstance(step, _Step):
                    return step
                node, scope = step.node, step.scope
            elif isinstance(node, ast.Call):
                made = self._made(node, scope)
                if not isinstance(made, _Step):
                    return made
                node, scope = made.node, made.scope
            else:
                break
        return ("place", scope.module.path, getattr(node, "lineno", 0), getattr(node, "col_offset", 0))

    def _imported(self, binding: Binding, module: Module, name: str) -> Pool:
        dotted, _, inner = binding.origin.partition(":")
        source = imports.first_party(self.ev, dotted, binding.level, module) if inner else None
        if source is None or inner not in source.scope.bindings:
            return ("import", binding.origin, name)
        return self.identity(ast.Name(inner, ast.Load()), source.scope)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> _Step | Pool:
        if node.attr in _SAME and not isinstance(node.value, ast.Name):
            return _Step(node.value, scope)
        for one in alternatives(self.ev.type_of(node.value, scope)):
            if isinstance(one, ModuleObject):
                return self.identity(ast.Name(node.attr, ast.Load()), one.module.scope)
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            return ("attribute", self.identity(node.value, scope), node.attr)
        owner = scope
        while owner.parent is not None and owner.kind != "class":
            owner = owner.parent
        bindings = owner.self_assignments.get(node.attr, [])
        if len(bindings) == 1:
            value, home = bindings[0].value, bindings[0].scope or owner
            if isinstance(value, ast.Call):
                return _Step(value, home)
        return ("attribute", owner.key, node.attr)

    def _made(self, node: ast.Call, scope: Scope) -> _Step | Pool:
        """What a factory is bound to, what a function gives, or the place where an engine is made."""
        for one in alternatives(self.ev.type_of(node.func, scope)):
            if isinstance(one, Function) and (node.args or node.keywords):
                return ("call", scope.key, ast.dump(node))  # what it gives depends on what it gets
            if isinstance(one, Function) and len(one.scope.returns) == 1 and not one.scope.is_generator:
                return _Step(one.scope.returns[0], one.scope)
            if isinstance(one, Function):
                return ("function", one.scope.key)
            if isinstance(one, ClassObject) and one.base is not None and one.base.kind in ("factory", "registry"):
                bind = _bind(node)
                if bind is not None:
                    return _Step(bind, scope)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _OPTIONS:
            return _Step(node.func.value, scope)
        if is_unpooled(self.ev, node, scope):
            return UNPOOLED
        return ("place", scope.module.path, node.lineno, node.col_offset)


def _either(one: Pool | None, other: Pool | None) -> Pool | None:
    """The pool of what comes from one of two."""
    if _NONE_YET in (one, other):
        return other if one == _NONE_YET else one
    return one if one == other else None


class _Step:
    """The next expression on a trail."""

    __slots__ = ("node", "scope")

    def __init__(self, node: ast.expr, scope: Scope) -> None:
        self.node = node
        self.scope = scope


def _given(scope: Scope) -> list[ast.expr]:
    """What a function yields, or returns if it is no generator."""
    if scope.yields:
        return [one.value for one in scope.yields if isinstance(one, ast.Yield) and one.value is not None]
    return [one for one in scope.returns if not isinstance(one, ast.Constant)]


def is_unpooled(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """Whether an engine is made with a class of pool that keeps no connection."""
    return any(
        isinstance(one, ClassObject)
        and one.base is not None
        and one.base.pool is not None
        and one.base.pool.limit == "none"
        for keyword in made.keywords
        if keyword.arg == "poolclass"
        for one in alternatives(ev.type_of(keyword.value, scope))
    )


def is_checkout(fact: CallFact) -> bool:
    """Whether a call takes a connection out of a pool, or makes a session that will.

    A registry does not: it gives the session that the thread or task has already, if it has one.
    """
    if fact.cls is None or fact.cls.kind not in ("engine", "pool", "factory"):
        return False
    if fact.role == "query":
        return fact.cls.kind in ("engine", "pool")  # `pool.fetch(…)` takes one for the time of the query
    return fact.role in ("checkout", "open") or (fact.role == "begin" and fact.cls.kind in ("engine", "factory"))


def _bind(call: ast.Call) -> ast.expr | None:
    """What a session or a factory is bound to."""
    named = next((one.value for one in call.keywords if one.arg == "bind"), None)
    first = call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None
    return named if named is not None else first


def _bound(name: str, scope: Scope) -> tuple[Scope, Binding | None]:
    """The scope that binds a name, and its only binding."""
    around: Scope | None = scope
    while around is not None and (name not in around.bindings or (around.kind == "class" and around is not scope)):
        around = around.parent
    if around is None:
        return scope.module.scope, None
    found = [one for one in around.bindings[name] if one.kind != "narrowed"]
    return around, found[0] if len(found) == 1 else None
