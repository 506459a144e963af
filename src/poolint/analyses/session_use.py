"""Whether a function of the project surely takes the connection of a session or uses a connection, and whose that is.

It can be one that the function is passed, one of the functions around it, or one that its object keeps: the latter are
known by their path from the object, ``session`` or ``orders.session``. What a function does on some way counts; what it
does with a name that it binds again, or with a member that it sets itself, does not: that may be another one by then.
"""

from __future__ import annotations

import ast
from itertools import chain
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of, whole_call
from poolint.analyses.flushes import takes
from poolint.analyses.given_parts import owner_of
from poolint.analyses.holding.transactions import is_query, source_of
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.made_places import made_at
from poolint.analyses.own_instead import is_made_instead, is_where_none
from poolint.analyses.places import MAX_PATH, Places
from poolint.analyses.process_locks import is_let_in_alone
from poolint.analyses.property_reads import always_run
from poolint.analyses.queried import Queried
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import REACHING_ROLES, SESSIONS
from poolint.syntax.scopes import Scope
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site, called_on, callees_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, ScopeKey
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Named(NamedTuple):
    """A name that a function has, as a parameter or from the function around it."""

    function: ScopeKey
    name: str


class Rooted(NamedTuple):
    """A parameter of a function, ``self`` of a method included, and the class of the project whose object it is."""

    function: ScopeKey
    name: str
    cls: ScopeKey


class Using:
    """Answers for the functions of one project; ``uses`` are the effects that take a session's connection.

    Two problems of summaries: whether a function uses a name, and which members a method uses, by their paths and
    classes. What a function does before it calls itself, it does whenever it is called. ``at_once``: only what several of it
    may do at the same time, which a lock does not let in.
    """

    def __init__(
        self, ev: Evaluator, uses: Effects, components: Components | None = None, *, at_once: bool = False
    ) -> None:
        self.ev = ev
        self.at_once = at_once
        self.uses = uses
        self.places = ev.derived(Places)
        self._names: Summaries[Named, bool] = Summaries(
            "uses", self._uses, bottom=False, join=or_, components=components
        )
        self._members: Summaries[Rooted, frozenset[tuple[str, str]]] = Summaries(
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
        for callee in callees_of(self.ev, call, scope):
            if isinstance(callee, Function) and callee.scope.kind == "function":
                name = parameter_for(callee, call, argument, keyword)
                if name is not None and self.parameter(callee.scope, name):
                    return True
        return False

    def parameter(self, inner: Scope, name: str) -> bool:
        """The same for one function and its parameter, also where it makes one of its own for who passes none."""
        is_what_was_passed = all(
            one.kind in ("parameter", "narrowed") or is_made_instead(one, name, inner)
            for one in inner.bindings.get(name, ())
        )
        return is_what_was_passed and self._names.of(Named(inner.key, name))

    def around(self, inner: Scope, name: str) -> bool:
        """The same for a function and a name of the one around it."""
        return name not in inner.bindings and name in inner.loads and self._names.of(Named(inner.key, name))

    def _uses(self, key: Named) -> bool:
        inner = self.ev.project.scope(key.function)
        # What is made for who passes none is used there, too.
        makes_own = any(one.kind not in ("parameter", "narrowed") for one in inner.bindings.get(key.name, ()))
        uses: Iterator[ast.AST] = (call for call in self._calls(inner) if self._is_use(call, key.name, inner))
        asked = (
            one.query
            for one in self.ev.derived(Queried).over(inner)
            if isinstance(root := source_of(self.ev, one.query, inner), ast.Name) and root.id == key.name
        )
        return any(not (makes_own and is_where_none(one, key.name, inner)) for one in chain(uses, asked))

    def _calls(self, function: Scope) -> Iterator[ast.Call]:
        return (one for one in function.calls if not (self.at_once and is_let_in_alone(self.ev, one, function)))

    def _is_use(self, call: ast.Call, name: str, inner: Scope) -> bool:
        root = source_of(self.ev, call, inner)
        if isinstance(root, ast.Name) and root.id == name:
            fact = call_site(self.ev, call, inner)
            if fact is not None and self._takes(fact, fact.cls, inner):
                return True
        for keyword, argument in arguments_of(call, inner):
            if isinstance(argument, ast.Name) and argument.id == name:
                made = self.ev.type_of(call, inner)
                if isinstance(self.ev.type_of(call.func, inner), ClassObject) or is_query(made) or self.keeps(made):
                    return True  # an object that has it, or a query on it, works with it
                if self.argument(call, argument, keyword, inner):
                    return True
        return False

    def _takes(self, fact: CallSite, cls: Class | None, scope: Scope) -> bool:
        """Whether a session takes its connection for a call, or a call does something on a connection, with a cursor too."""
        if cls is None or cls.kind in SESSIONS:
            return takes(self.ev, fact, scope)
        return fact.role in REACHING_ROLES or fact.role == "cursor"

    def members(self, function: Function) -> dict[str, Class]:
        """What a bound method uses of the sessions and connections that its object keeps, by their paths."""
        return self._of_root(function.scope, "self", function.receiver)

    def object(self, inner: Scope, name: str) -> dict[str, Class]:
        """The same for a function and its parameter, which is an object of the project."""
        if name not in inner.bindings or any(one.kind not in ("parameter", "narrowed") for one in inner.bindings[name]):
            return {}
        return self._of_root(inner, name, owner_of(self.ev.scope_name(name, inner)))

    def _of_root(self, inner: Scope, name: str, owner: Type | None) -> dict[str, Class]:
        if not isinstance(owner, Instance) or not isinstance(owner.cls, Scope):
            return {}
        found = self._members.of(Rooted(inner.key, name, owner.cls.key))
        return {path: self.ev.models.classes[cls] for path, cls in sorted(found)}

    def of_call(self, call: ast.Call, scope: Scope) -> dict[str, Class]:
        """The places in ``scope`` of which a function of the project that is called surely uses the connection."""
        found: dict[str, Class] = {}
        call = whole_call(call, scope)
        for callee in callees_of(self.ev, call, scope):
            if not isinstance(callee, Function) or callee.scope.kind != "function":
                continue
            if (receiver := called_on(call, callee, scope)) is not None:
                made = self.places.of(receiver, scope)
                owner = name_of(receiver)
                for path, cls in self.members(callee).items():
                    place = made_at(made, path) or (f"{owner}.{path}" if owner else "")
                    if place:
                        found[self.places.first(place, scope)] = cls
            for keyword, argument in arguments_of(call, scope):
                found.update(self._of_argument(callee, call, argument, keyword, scope))
            if callee.scope.parent is scope:
                found.update(self._captured(callee.scope, scope))
        return found

    def _captured(self, inner: Scope, scope: Scope) -> Iterator[tuple[str, Class]]:
        """The places of a function that one inside it uses by its names: a session, or an object that keeps one."""
        for name in inner.loads:
            if name not in scope.bindings or name in inner.bindings:
                continue
            one = self.ev.scope_name(name, scope)
            cls = kept_class(one)
            if cls is not None and self.around(inner, name):
                yield self.places.first(name, scope), cls
            elif cls is None and self.places.kept(one):
                for path, member in self._of_root(inner, name, owner_of(one)).items():
                    yield self.places.first(f"{name}.{path}", scope), member

    def _of_argument(
        self, callee: Function, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope
    ) -> Iterator[tuple[str, Class]]:
        """The places that a function uses by one of its arguments."""
        text = name_of(argument)
        one = self.ev.type_of(argument, scope) if text or isinstance(argument, ast.Call) else None
        cls = kept_class(one) if one is not None else None
        name = parameter_for(callee, call, argument, keyword) if one is not None else None
        if one is None or name is None:
            return
        if cls is not None:
            if text and self.parameter(callee.scope, name):
                yield self.places.first(text, scope), cls
        elif self.places.kept(one):
            made = self.places.of(argument, scope)
            for path, cls in self.object(callee.scope, name).items():
                place = made_at(made, path) or (f"{text}.{path}" if text else "")
                if place:
                    yield self.places.first(place, scope), cls

    def _uses_of_own(self, key: Rooted) -> frozenset[tuple[str, str]]:
        function = self.ev.project.scope(key.function)
        owner = self.ev.class_object(self.ev.project.scope(key.cls)).instance()
        found = {
            (path, cls.name)
            for call in self._calls(function)
            for path, cls in self._of_own(call, function, key.name, owner)
        }
        for read in always_run(self.ev, function):
            if self._path(read.node.value, key.name, function) == "":
                used = self.members(Function(read.function.scope, owner))
                found.update((path, cls.name) for path, cls in used.items() if self._is_kept(path, function, owner))
        return frozenset(found)

    def _of_own(self, call: ast.Call, function: Scope, name: str, owner: Instance) -> Iterator[tuple[str, Class]]:
        """What one call in a function uses of the object that ``name`` is."""
        root = source_of(self.ev, call, function)
        path = self._path(root, name, function) if root is not None else ""
        if path and root is not None:
            cls = kept_class(self.ev.type_of(root, function))
            fact = call_site(self.ev, call, function) if cls is not None else None
            is_used = cls is not None and fact is not None and self._takes(fact, cls, function)
            if is_used and cls is not None and self._is_kept(path, function, owner):
                yield path, cls
                return
        for _, argument in arguments_of(call):
            path = self._path(argument, name, function)
            cls = kept_class(self.ev.type_of(argument, function)) if path else None
            if path and cls is not None and cls.kind not in SESSIONS and self._is_kept(path, function, owner):
                yield path, cls
        for place, cls in self.of_call(call, function).items():
            root_name, _, path = place.partition(".")
            if root_name == name and path.count(".") < MAX_PATH and self._is_kept(path, function, owner):
                yield path, cls
        for one in callees_of(self.ev, call, function):
            receiver = called_on(call, one, function) if isinstance(one, Function) else None
            if isinstance(one, Function) and receiver is not None and self._path(receiver, name, function) == "":
                used = self.members(self._run_on(owner, one))
                yield from ((path, cls) for path, cls in used.items() if self._is_kept(path, function, owner))

    def _run_on(self, owner: Instance, method: Function) -> Function:
        """What runs where a method is called on an object: that of its own class, where that overrides the method."""
        own = self.ev.type_of_member(owner, method.scope.name)
        is_above = method.scope.enclosing_class in lineage(self.ev, owner)
        if is_above and isinstance(own, Function) and own.receiver is not None:
            return own
        return Function(method.scope, owner)

    def _path(self, node: ast.expr, name: str, function: Scope) -> str | None:
        """``orders.session`` of ``self.orders.session``; empty for ``self`` itself, None for another place."""
        text = name_of(node)
        if not text:
            return None
        root, _, path = self.places.first(text, function).partition(".")
        return path if root == name else None

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
        values = [one for _, one in arguments_of(value)] if isinstance(value, ast.Call) and made else [value]
        names = [name_of(one) for one in values if name_of(one) and kept_class(self.ev.type_of(one, scope)) is not None]
        return (scope, names[0], made) if len(names) == 1 else None

    def _is_kept(self, path: str, method: Scope, receiver: Instance) -> bool:
        """Whether the first step of a path is a member that an object keeps, and that this method does not set."""
        first = path.partition(".")[0]
        for owner in lineage(self.ev, receiver):
            bindings = owner.bindings.get(first, ())
            if any(one.kind == "function" for one in bindings):
                return False  # a property: what it gives may be another one each time
            assigned = owner.self_assignments.get(first, [])
            if bindings or assigned:
                return all(one.scope is not method for one in assigned)
        return False
