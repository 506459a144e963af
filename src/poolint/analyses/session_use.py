"""Whether a function of the project surely takes the connection of a session or uses a connection, and whose that is.

It can be one that the function is passed, one of the functions around it, or one that its object keeps: the latter are
known by their path from the object, ``session`` or ``orders.session``. What a function does on some way counts; what it
does with a name that it binds again, or with a member that it sets itself, does not: that may be another one by then.
"""

from __future__ import annotations

import ast
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.transactions import is_query, source_of
from poolint.analyses.ownership import parameter_for
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import HANDLES, REACHING_ROLES, SESSIONS, TAKING_ROLES
from poolint.syntax.scopes import Scope
from poolint.types.call_sites import call_site
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_MAX_PATH = 3
"""Members from an object down to the session that is used; real ones are one or two."""


class Named(NamedTuple):
    """A name that a function has, as a parameter or from the function around it."""

    function: ScopeKey
    name: str


class Bound(NamedTuple):
    """A method, and the class of the project whose object it is called on."""

    method: ScopeKey
    cls: ScopeKey


class Using:
    """Answers for the functions of one project; ``uses`` are the effects that take a session's connection.

    Two problems of summaries: whether a function uses a name, and which members a method uses, by their paths and
    classes. What a function does before it calls itself, it does whenever it is called.
    """

    def __init__(self, ev: Evaluator, uses: Effects, components: Components | None = None) -> None:
        self.ev = ev
        self.uses = uses
        self._names: Summaries[Named, bool] = Summaries(
            "uses", self._uses, bottom=False, join=or_, components=components
        )
        self._members: Summaries[Bound, frozenset[tuple[str, str]]] = Summaries(
            "members",
            self._uses_of_own,
            bottom=frozenset(),
            join=frozenset.union,
            components=components,
        )

    def argument(self, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope) -> bool:
        """Whether a function of the project surely takes the connection of the session that it is passed."""
        return self.uses.of_call(call, scope) is not None and self._passed(call, argument, keyword, scope)

    def _passed(self, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope) -> bool:
        for callee in alternatives(self.ev.type_of(call.func, scope)):
            if isinstance(callee, Function) and callee.scope.kind == "function":
                name = parameter_for(callee, call, argument, keyword)
                if name is not None and self.parameter(callee.scope, name):
                    return True
        return False

    def parameter(self, inner: Scope, name: str) -> bool:
        """The same for one function and its parameter."""
        is_bound_once = all(one.kind in ("parameter", "narrowed") for one in inner.bindings.get(name, ()))
        return is_bound_once and self._names.of(Named(inner.key, name))

    def around(self, inner: Scope, name: str) -> bool:
        """The same for a function and a name of the one around it."""
        return name not in inner.bindings and name in inner.loads and self._names.of(Named(inner.key, name))

    def _uses(self, key: Named) -> bool:
        inner = self.ev.project.scope(key.function)
        return any(self._is_use(call, key.name, inner) for call in inner.calls)

    def _is_use(self, call: ast.Call, name: str, inner: Scope) -> bool:
        root = source_of(self.ev, call, inner)
        if isinstance(root, ast.Name) and root.id == name:
            fact = call_site(self.ev, call, inner)
            if fact is not None and fact.role in TAKING_ROLES:
                return True
        for keyword, argument in _passed(call):
            if isinstance(argument, ast.Name) and argument.id == name:
                made = self.ev.type_of(call, inner)
                if isinstance(self.ev.type_of(call.func, inner), ClassObject) or is_query(made) or self.keeps(made):
                    return True  # an object that has it, or a query on it, works with it
                if self.argument(call, argument, keyword, inner):
                    return True
        return False

    def members(self, function: Function) -> dict[str, Class]:
        """What a bound method uses of the sessions and connections that its object keeps, by their paths."""
        receiver = function.receiver
        if not isinstance(receiver, Instance) or receiver.cls is receiver.base:
            return {}
        assert isinstance(receiver.cls, Scope)
        found = self._members.of(Bound(function.scope.key, receiver.cls.key))
        return {path: self.ev.models.classes[cls] for path, cls in sorted(found)}

    def _uses_of_own(self, key: Bound) -> frozenset[tuple[str, str]]:
        method = self.ev.project.scope(key.method)
        receiver = self.ev.class_object(self.ev.project.scope(key.cls)).instance()
        return frozenset(
            (path, cls.name) for call in method.calls for path, cls in self._of_own(call, method, receiver)
        )

    def _of_own(self, call: ast.Call, method: Scope, receiver: Instance) -> Iterator[tuple[str, Class]]:
        """What one call in a method uses."""
        root = source_of(self.ev, call, method)
        path = _path(root) if root is not None else ""
        if path and root is not None:
            cls = kept_class(self.ev.type_of(root, method))
            fact = call_site(self.ev, call, method) if cls is not None else None
            if (
                cls is not None
                and fact is not None
                and fact.role in _roles(cls)
                and self._is_kept(path, method, receiver)
            ):
                yield path, cls
                return
        for keyword, argument in _passed(call):
            path = _path(argument)
            cls = kept_class(self.ev.type_of(argument, method)) if path else None
            if cls is None or not self._is_kept(path, method, receiver):
                continue
            if cls.kind not in SESSIONS or self._passed(call, argument, keyword, method):
                yield path, cls
        if not isinstance(call.func, ast.Attribute):
            return
        owner = name_of(call.func.value)
        if owner != "self" and not _path(call.func.value):
            return
        prefix = owner.partition(".")[2]
        for one in alternatives(self.ev.type_of(call.func, method)):
            if isinstance(one, Function):
                bound = Function(one.scope, receiver) if owner == "self" else one
                for inner, cls in self.members(bound).items():
                    whole = f"{prefix}.{inner}" if prefix else inner
                    if whole.count(".") < _MAX_PATH and self._is_kept(whole, method, receiver):
                        yield whole, cls

    def keeps(self, one: Type) -> bool:
        """Whether a value is an object of the project that keeps a session or connection."""
        return any(
            isinstance(each, Instance) and isinstance(each.cls, Scope) and self._keeps(each)
            for each in alternatives(one)
        )

    def _keeps(self, one: Instance) -> bool:
        return any(
            kept_class(self.ev.type_of_member(one, name)) is not None
            for cls in lineage(self.ev, one)
            for name, assigned in cls.self_assignments.items()
            if any(isinstance(each.value, ast.Name) for each in assigned)
        )

    def kept_once(self, owner: Type, member: str) -> str:
        """The member of an object that has the session which its object at ``member`` was made with, or the first of
        several that were made with the same; empty where that cannot be known."""
        for one in alternatives(owner):
            for cls in lineage(self.ev, one) if isinstance(one, Instance) else ():
                given = {
                    name: self._given(bindings[0])
                    for name, bindings in cls.self_assignments.items()
                    if len(bindings) == 1
                }
                session = given.get(member)
                if session is not None:
                    same = [name for name, other in given.items() if other is not None and other[:2] == session[:2]]
                    direct = [name for name in same if not given[name][2]]  # type: ignore[index]
                    return (direct or same)[0]
        return ""

    def _given(self, binding: Binding) -> tuple[Scope, str, bool] | None:
        """The session that a member is set to, or that its object is made with: where, and under which name."""
        value, scope = binding.value, binding.scope
        if scope is None or value is None:
            return None
        made = isinstance(value, ast.Call) and isinstance(self.ev.type_of(value.func, scope), ClassObject)
        values = [one for _, one in _passed(value)] if isinstance(value, ast.Call) and made else [value]
        names = [name_of(one) for one in values if name_of(one) and kept_class(self.ev.type_of(one, scope)) is not None]
        return (scope, names[0], made) if len(names) == 1 else None

    def _is_kept(self, path: str, method: Scope, receiver: Instance) -> bool:
        """Whether the first step of a path is a member that an object keeps, and that this method does not set."""
        first = path.partition(".")[0]
        for owner in lineage(self.ev, receiver):
            bindings = owner.bindings.get(first, [])
            if any(one.kind == "function" for one in bindings):
                return False  # a property: what it gives may be another one each time
            assigned = owner.self_assignments.get(first, [])
            if bindings or assigned:
                return all(one.scope is not method for one in assigned)
        return False


def kept_class(one: Type) -> Class | None:
    """The class of session or connection that a value is; None where it is something else, or may be."""
    found = [
        member.base if isinstance(member, Instance) and member.base is not None else None
        for member in alternatives(one)
    ]
    first = found[0] if len(found) == 1 else None
    return first if first is not None and first.kind in HANDLES else None


def _roles(cls: Class) -> frozenset[str]:
    return frozenset(TAKING_ROLES if cls.kind in SESSIONS else REACHING_ROLES)


def _path(node: ast.expr) -> str:
    """``orders.session`` of ``self.orders.session``; empty for what is no member of ``self``."""
    text = name_of(node)
    return text.removeprefix("self.") if text.startswith("self.") else ""


def _passed(call: ast.Call) -> Iterator[tuple[str | None, ast.expr]]:
    yield from ((None, one) for one in call.args)
    yield from ((one.arg, one.value) for one in call.keywords)
