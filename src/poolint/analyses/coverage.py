"""What has been seen of the functions that reach a database, and what has not.

A function reaches a database where it makes a call that the models describe, calls a function of the project that does,
or calls on some value what only sessions and connections have, whatever that value is. Where the type of such a value
is unknown, nothing is judged of what is done with it.
"""

from __future__ import annotations

import ast
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.database_methods import Telling
from poolint.analyses.seen import Awaited, Call, Place, Settled
from poolint.models.schema import REACHING_ROLES, RELEASABLE
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.evidence import evidence
from poolint.types.following import origin
from poolint.types.unmodelled import DATABASE, path_to, unmodelled, waited_for
from poolint.types.values import UNKNOWN, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Edges
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage
    from poolint.types.unmodelled import Unmodelled
    from poolint.types.values import Type

_ROLES: frozenset[str] = frozenset({*REACHING_ROLES, "checkout", "open", "begin", "transaction", "cursor"})
_MAX_STEPS = 4
_WITH: frozenset[Passage] = frozenset(("with",))
_MAX_BELOW = 100
"""Functions that are looked into below one call, nearest first; a chain of thousands costs no more than that each."""


class Unknown(NamedTuple):
    """A value that is used as a session or a connection, and of which no type is known.

    ``node`` is the value, ``call`` the first call on it or on what it has given. ``is_union``: it may be of several
    types, which do not agree on what the call does.
    """

    node: ast.expr
    call: ast.Call
    is_union: bool


class Reaching(NamedTuple):
    """A function that reaches a database by itself.

    ``known``: what it reaches it by is known by its ``type``, or in some place by its ``use`` alone; ``no`` where the
    type of a value is ``unknown``.
    """

    scope: Scope
    known: Literal["type", "use", "no"]
    unknown: tuple[Unknown, ...] = ()


class Seen(NamedTuple):
    """What is seen of one module: its functions that reach a database by themselves, all others, and the calls of
    libraries without a model that are awaited while one of its functions holds a connection."""

    ev: Evaluator
    functions: tuple[Reaching, ...]
    callers: tuple[Scope, ...]
    awaited: tuple[Awaited, ...]

    @property
    def reaching(self) -> tuple[tuple[Place, str], ...]:
        """Its functions that reach a database by themselves, and what they are known by."""
        return tuple((_place(one.scope), one.known) for one in self.functions)

    @property
    def others(self) -> tuple[Place, ...]:
        """All its other functions."""
        return tuple(map(_place, self.callers))

    def calls(self) -> Iterator[Call]:
        """The calls that the other functions make."""
        for scope in self.callers:
            place = _place(scope)
            for call in scope.calls:
                if names := tuple(_names(call, scope)):
                    yield Call(place, names, partial(_targets, self.ev, call, scope))

    def settled(self) -> Settled:
        """The same in plain values. What each call means has to be found out for that."""
        found = ((one.caller, one.names, one.targets()) for one in self.calls())
        return Settled(self.reaching, self.others, tuple(one for one in found if one[2]), self.awaited)


class Coverage:
    """Answers for the modules of one project."""

    def __init__(self, ev: Evaluator, edges: Edges, holdings: Holdings) -> None:
        self.ev = ev
        self._edges = edges
        self._holdings = holdings
        self._own: dict[Scope, tuple[Unmodelled, ...]] = {}
        self._inside: dict[Scope, tuple[Unmodelled, ...]] = {}

    @cached_property
    def _telling(self) -> Telling:
        return Telling(self.ev.models, self.ev.screen)

    @cached_property
    def _reaches(self) -> frozenset[str]:
        """Last names of all that reaches a database by the models."""
        models = self.ev.models
        found = {name.rpartition(".")[2] for name, row in models.functions.items() if row.role in _ROLES}
        for name, cls in models.classes.items():
            if cls.kind in DATABASE:
                found.update(each for row in cls.methods if row.role in _ROLES for each in row.names)
                found.update((name.rpartition(".")[2],) if cls.construct in _ROLES else ())
        return frozenset(found)

    def of(self, module: Module) -> Seen:
        """What is seen of a module."""
        scopes = [one for one in module.scope.descendants() if one.kind == "function"]
        found = {one: self.reaching(one) for one in sorted(scopes, key=_start)}
        reaching = tuple(one for one in found.values() if one is not None)
        others = tuple(scope for scope, one in found.items() if one is None)
        awaited: dict[ast.Call, Awaited] = {}
        for scope in found:
            self._add_held(scope, awaited)
        return Seen(self.ev, reaching, others, tuple(awaited.values()))

    # Functions

    def reaching(self, scope: Scope) -> Reaching | None:
        """How a function reaches a database by itself; None of one that does not."""
        values: dict[str, list[Unknown]] = {}
        by_use = reaches = False
        for call in scope.calls:
            if self._telling.is_word(call, scope.module):
                value = self._value(call, scope)
                by_use = by_use or value == "use"
                if isinstance(value, Unknown):
                    values.setdefault(text_of(value.node, scope), []).append(value)
            if not reaches and last_name(call.func) in self._reaches:
                fact = call_site(self.ev, call, scope, use_evidence=False)
                reaches = fact is not None and reaches_database(fact)
        unknown = tuple(
            calls[0]
            for calls in values.values()
            if self._telling.is_sure((last_name(one.call.func) for one in calls), scope.module)
        )
        if unknown:
            return Reaching(scope, "no", unknown)
        if by_use:
            return Reaching(scope, "use")
        return Reaching(scope, "type") if reaches else None

    def _value(self, call: ast.Call, scope: Scope) -> Unknown | Literal["use", ""]:
        """What is not known of the value that a method is called on; ``use`` where its use alone shows what it is."""
        assert isinstance(call.func, ast.Attribute)
        one = self.ev.type_of(call.func.value, scope)
        if one is not UNKNOWN:
            is_union = _may_be_database(one) and call_site(self.ev, call, scope) is None
            return Unknown(call.func.value, call, is_union=True) if is_union else ""
        node = self._source(call.func.value, scope)
        if evidence(self.ev, call.func.value, "", scope) is not None or evidence(self.ev, node, "", scope) is not None:
            return "use"
        path = path_to(self.ev, node, scope)
        if path and path[0].name.partition(".")[0] in self._telling.databases:
            return ""  # all that a database's library gives, and that the models do not describe, is no session
        return Unknown(node, call, is_union=False)

    def _source(self, node: ast.expr, scope: Scope) -> ast.expr:
        """The value that a cursor, a transaction or the like is from, where both are unknown."""
        for _ in range(_MAX_STEPS):
            value, where = origin(self.ev, node, scope, _WITH)
            if where is not scope or not (
                isinstance(value, ast.Call)
                and isinstance(value.func, ast.Attribute)
                and value.func.attr in self._telling.of_database
                and self.ev.type_of(value.func.value, scope) is UNKNOWN
            ):
                break
            node = value.func.value
        return node

    # Calls without a model

    def _add_held(self, scope: Scope, known: dict[ast.Call, Awaited]) -> None:
        """Add the calls in a function, and in functions of the project that it calls, while it holds a connection. What
        is held is asked only where a call would be new."""
        for node in self._holdings.may_be_held(scope):
            new = [one for one in self.unmodelled(node, scope) if one.node not in known]
            if new and self._is_held(node, scope):
                known.update((one.node, _plain(one)) for one in new)

    def _is_held(self, node: ast.Call, scope: Scope) -> bool:
        return bool(self._holdings.at(node, scope)) and all(
            one.holds for one in self._holdings.changes(scope).calls.get(node, ())
        )

    def unmodelled(self, node: ast.Call, scope: Scope) -> tuple[Unmodelled, ...]:
        """The calls of libraries without a model that are awaited by a call: itself, or in functions that it runs."""
        own = unmodelled(self.ev, node, scope) if waited_for(node) else None
        if own is not None:
            return (own,)
        targets = (edge.target for edge in self._edges.of_call(node, scope) if edge.target is not None)
        return tuple(one for target in targets for one in self._below(target))

    def _below(self, start: Scope) -> tuple[Unmodelled, ...]:
        """What a function of the project awaits itself, or by others that it calls."""
        found = self._inside.get(start)
        if found is None:
            seen = {start: None}
            queue = [start]
            for scope in queue:
                for edge in self._edges.of_scope(scope):
                    if edge.target is not None and edge.target not in seen and len(seen) < _MAX_BELOW:
                        seen[edge.target] = None
                        queue.append(edge.target)
            found = self._inside[start] = tuple(one for scope in seen for one in self._awaited(scope))
        return found

    def _awaited(self, scope: Scope) -> tuple[Unmodelled, ...]:
        found = self._own.get(scope)
        if found is None:
            calls = (unmodelled(self.ev, node, scope) for node in scope.calls if waited_for(node))
            found = self._own[scope] = tuple(one for one in calls if one is not None)
        return found


def _targets(ev: Evaluator, call: ast.Call, scope: Scope) -> frozenset[Place]:
    """The functions of the project that a call may mean."""
    found = callees_of(ev, call, scope)
    return frozenset(_place(one.scope) for one in found if isinstance(one, Function))


def _plain(one: Unmodelled) -> Awaited:
    path, row, offset = one.scope.module.path, one.node.lineno, one.node.col_offset
    return Awaited(path, row, offset, one.scope.qualified_name, one.package, one.name, one.path)


def _names(call: ast.Call, scope: Scope) -> Iterator[str]:
    """The names that a call is made by: as written, and as what is imported under another one is called there."""
    function = call.func
    if isinstance(function, ast.Attribute):
        yield function.attr
    elif isinstance(function, ast.Name):
        yield function.id
        for one in scope.bindings.get(function.id) or scope.module.scope.bindings.get(function.id) or ():
            name = one.origin.rpartition(":")[2] if one.kind == "import" else ""
            if name and name != function.id:
                yield name


def _place(scope: Scope) -> Place:
    return Place(scope.module.path, scope.qualified_name, getattr(scope.node, "lineno", 0))


def reaches_database(fact: CallSite) -> bool:
    """Whether a call reaches a database, or takes what will."""
    if fact.row is None:
        return fact.cls is not None and fact.cls.kind in DATABASE and fact.cls.construct in _ROLES
    return fact.role in _ROLES and (fact.cls is None or fact.cls.kind in DATABASE)


def _may_be_database(one: Type) -> bool:
    return any(
        isinstance(each, Instance) and each.base is not None and each.base.kind in (*RELEASABLE, "registry")
        for each in alternatives(one)
    )


def _start(scope: Scope) -> tuple[int, int]:
    return (getattr(scope.node, "lineno", 0), getattr(scope.node, "col_offset", 0))
