"""What a method finds held that a method of a base class calls: ``process`` of the base calls ``self.load()`` and then
``self.answer()``, and a class below writes them.

What the base's method has done by then, it has done to the object of the class below: where that overrides ``load``, its
own one counts. A method that the base's class has itself is called there, and nothing has to be known of it here.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.graphs import events_at
from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.standings import Standings
from poolint.analyses.waypoints import Cause
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import loops_around
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import text_of
from poolint.types.members import lineage
from poolint.types.overrides import is_left_open
from poolint.types.values import ClassObject, Function, Instance
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.holding.objects import Objects
    from poolint.flow.cfg import Node
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


_CALLED = re.compile(rb"self\.(?<!\wself\.)(\w+)\(")
"""A method that is called on ``self``, which comes first, since that is searched for fast."""


class Hook(NamedTuple):
    """A method, and the class of whose objects it is."""

    method: ScopeKey
    cls: ScopeKey


class Found(NamedTuple):
    """What a method finds held when it begins: its name for it, the class of that, and how it has come about."""

    name: str
    cls: str
    cause: Cause


class Templates:
    """Answers for the methods of one project."""

    def __init__(self, ev: Evaluator, holdings: Holdings, objects: Objects) -> None:
        self.ev = ev
        self._holdings = holdings
        self._objects = objects
        self._overriding: dict[Scope, frozenset[str]] = {}
        self._called: dict[tuple[Scope, str], list[tuple[Scope, ast.Call]]] = {}
        self._functions: dict[tuple[Scope, str], Scope | None] = {}
        self._in_module: dict[Module, frozenset[str]] = {}
        self._found: Summaries[Hook, frozenset[Found]] = Summaries(
            "template", self._find, bottom=frozenset(), join=frozenset.union, components=holdings.components
        )

    def of(self, scope: Scope) -> list[Change]:
        """What a method finds held when it begins, as changes at the base of its class that calls it."""
        owner = scope.parent
        if owner is None or owner.kind != "class" or not scope.calls or scope.name not in self._hooks(owner):
            return []
        held = self._found.of(Hook(scope.key, owner.key))
        if not held:
            return []
        base = self._base(owner, next(self._calls(scope, owner))[1])
        found: dict[str, Change] = {}
        for name, cls, cause in sorted(held):
            found.setdefault(name, Change(name, True, base, self.ev.models.classes[cls], cause=cause))
        return list(found.values())

    def _hooks(self, owner: Scope) -> frozenset[str]:
        """The methods of a class that its bases have as well and call, where what is near any of them may hold something."""
        found = self._overriding.get(owner)
        if found is None:
            found = frozenset()
            if getattr(owner.node, "bases", ()):
                classes = lineage(self.ev, self.ev.class_object(owner))
                own = {name for name in owner.bindings if not name.startswith("__")}
                names = {name for cls in classes[1:] for name in own & cls.bindings.keys()}
                if names and any(map(self._objects.may_concern, classes)):
                    modules = {cls.module for cls in classes[1:]}
                    found = frozenset().union(*(names & self._names_in(one) for one in modules))
            if self.ev.is_idle:
                self._overriding[owner] = found
        return found

    def _names_in(self, module: Module) -> frozenset[str]:
        found = self._in_module.get(module)
        if found is None:
            found = self._in_module[module] = frozenset(one.decode() for one in _CALLED.findall(module.source.data))
        return found

    def _calls(self, method: Scope, owner: Scope) -> Iterator[tuple[ast.Call, Scope]]:
        """The calls in methods of base classes that run a method, as that of the class ``owner``, and as no other's."""
        name = method.name
        if method.is_generator:
            return
        classes = lineage(self.ev, self.ev.class_object(owner))
        for cls in classes[1:]:
            if name not in self._names_in(cls.module):
                continue
            there = self._written(cls, name)
            if there is None or there is method:
                continue
            for inner, call in self._on_self(cls, name):
                if (method.is_async and not isinstance(parent_of(call), ast.Await)) or not self._runs(inner, classes):
                    continue
                yield call, inner

    def _on_self(self, cls: Scope, name: str) -> list[tuple[Scope, ast.Call]]:
        """The calls of ``self.name()`` in the methods of a class, each with its method."""
        found = self._called.get((cls, name))
        if found is None:
            methods = [inner for inner in cls.children if inner.kind == "function" and inner.may_have(name)]
            found = [(inner, call) for inner in methods for call in inner.calls_of(name) if _is_on_self(call)]
            self._called[cls, name] = found
        return found

    def _written(self, owner: Scope, name: str) -> Scope | None:
        """The function that objects of a class have under a name."""
        key = (owner, name)
        if key in self._functions:
            return self._functions[key]
        classes = lineage(self.ev, self.ev.class_object(owner))
        found = next((bindings[-1] for cls in classes if (bindings := cls.bindings.get(name))), None)
        scope = found.scope if found is not None and found.kind == "function" else None
        if self.ev.is_idle:
            self._functions[key] = scope
        return scope

    def _runs(self, template: Scope, classes: list[Scope]) -> bool:
        """Whether a method is the one that objects of the first of these classes have, or that which this goes back to."""
        for cls in classes:
            bindings = cls.bindings.get(template.name)
            one = bindings[-1].scope if bindings else None
            if one is template:
                return True
            if one is not None and not one.calls_of(template.name):
                return False
        return False

    def _is_told_there(self, call: ast.Call, template: Scope) -> bool:
        """Whether a method of a base calls what others have to write, and holds something by itself then: that is told there,
        of all that write it."""
        there = self._written(template.parent, last_name(call.func)) if template.parent is not None else None
        changes = self._holdings.own_changes(template)
        if there is None or not is_left_open(there) or not changes.holds_any():
            return False
        standings = self._standings(template, changes)
        if standings is None:
            return False
        return any(standings.held_before(event) for event in self._events(call, template))

    def _standings(self, template: Scope, changes: Changes) -> Standings | None:
        try:
            return Standings(self._holdings.graph(template), changes)
        except TooComplex:
            return None

    def _events(self, call: ast.Call, template: Scope) -> list[Node]:
        return events_at(self._holdings.graph(template), call)

    def _base(self, owner: Scope, template: Scope) -> ast.expr:
        """The base of a class by which it has a method."""
        assert isinstance(owner.node, ast.ClassDef)
        for node in owner.node.bases:
            one = self.ev.type_of(node, owner.parent or owner)
            if isinstance(one, ClassObject) and template.parent in lineage(self.ev, one):
                return node
        return owner.node.bases[0]

    def _find(self, key: Hook) -> frozenset[Found]:
        method, owner = self.ev.project.scope(key.method), self.ev.project.scope(key.cls)
        return frozenset(
            one for call, template in self._calls(method, owner) for one in self._at(call, template, method, owner)
        )

    def _at(self, call: ast.Call, template: Scope, method: Scope, owner: Scope) -> Iterator[Found]:
        """What is held where the method of a base calls that of a class."""
        receiver = self.ev.class_object(owner).instance()
        changes = self._seen_by(call, template, owner, receiver)
        standings = self._standings(template, changes) if changes.holds_any() else None
        if standings is None or self._is_told_there(call, template):
            return
        for event in self._events(call, template):
            for place, known in standings.held_before(event).items():
                change = standings.since(event, place)
                if change is None or change.cls is None or not all(one.is_held for one in known):
                    continue
                name = self._named(place, call, template, Function(method, receiver))
                if name:
                    yield Found(name, change.cls.name, change.cause or _how(text_of(change.node, template), template))

    def _seen_by(self, before: ast.Call, template: Scope, owner: Scope, receiver: Instance) -> Changes:
        """The changes of a base's method before a call, as it works on an object of a class: by what that writes itself."""
        changes = self._holdings.own_changes(template)
        calls = [
            (call, one, list(self._objects.done_by(Function(one, receiver), call, template)))
            for call in template.calls
            if _is_on_self(call) and (_place(call) < _place(before) or loops_around(before))
            for one in self._of_class(call, template, owner)
        ]
        found = self._found.of(Hook(template.key, owner.key))
        if not calls and not found:
            return changes
        changes = changes.copied()
        head = ast.copy_location(ast.Name("self", ast.Load()), template.node)
        changes.before = [
            Change(name, True, head, self.ev.models.classes[cls], cause=cause) for name, cls, cause in sorted(found)
        ]
        held = {one.resource for one in changes.holding()}
        for call, one, done in calls:
            cause = _how(one.qualified_name, template)
            # What it is passed it may have ended: nobody has looked at that.
            passed = [name for _, argument in arguments_of(call) if (name := name_of(argument)) in held]
            changes.calls[call] = [Change(name, False, call) for name in passed]
            changes.calls[call] += [each.at(call, cause) for each in done]
        return changes

    def _of_class(self, call: ast.Call, template: Scope, owner: Scope) -> Iterator[Scope]:
        """The function that a class below has for what a base's method calls on its object."""
        base = template.parent
        if base is not None:
            name = last_name(call.func)
            one = self._written(owner, name)
            if one is not None and one is not self._written(base, name):
                yield one

    def _named(self, place: str, call: ast.Call, template: Scope, method: Function) -> str:
        """What a method calls what is held at a place of the one that calls it; empty where it cannot have ended there."""
        shared = self._objects.shared(place, template, method.scope)
        if shared:
            return shared
        for keyword, argument in arguments_of(call):
            if name_of(argument) == place:
                return parameter_for(method, call, argument, keyword) or ""
        if place.startswith("self."):
            return place
        return f"{template.name}()"


def _how(done: str, template: Scope) -> Cause:
    """How something has come to be held where a method begins."""
    return Cause("template-took", (done, template.qualified_name))


def _is_on_self(call: ast.Call) -> bool:
    """Whether this is a call of a method of ``self``."""
    return isinstance(call.func, ast.Attribute) and name_of(call.func.value) == "self"


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset
