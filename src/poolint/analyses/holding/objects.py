"""What functions of the project do with the sessions and connections of objects: their own, and those they are passed.

``repo.due()`` uses ``repo.session``, ``remind(context)`` may end ``context.session``; and an object or a generator that
is entered with ``with`` may hold a connection while the block runs, whatever it binds.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import arguments_of
from poolint.analyses.given_parts import owner_of
from poolint.analyses.holding.asked_arguments import deciding
from poolint.analyses.holding.changes import Done
from poolint.analyses.holding.exit_summaries import Left
from poolint.analyses.holding.left_blocks import ended_by_exit
from poolint.analyses.holding.lent_holds import LentHolds
from poolint.analyses.holding.registries import Registries
from poolint.analyses.holding.unknown_parts import UnknownParts
from poolint.analyses.made_places import made_at
from poolint.analyses.managers import generator_of, generators_behind, generators_of, is_manager
from poolint.analyses.places import Places
from poolint.analyses.worked_on import WorkedOn
from poolint.flow.flags import name_of
from poolint.models.schema import ENDING_ROLES, SESSIONS, TAKING_ROLES
from poolint.models.standard import ENTERS
from poolint.syntax.expressions import first_name, without_await
from poolint.syntax.scopes import Scope, is_parameter, parent_of
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import called_on, callees_of, text_of
from poolint.types.containers import row
from poolint.types.fields import constructor_of
from poolint.types.members import lineage
from poolint.types.own_results import object_behind
from poolint.types.values import Function, Instance, Pending, TupleOf, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.holding.entities import Registry
    from poolint.analyses.session_use import Using
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import WithNode
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Entered(NamedTuple):
    """A connection that is held while a block runs: under which name, by what class."""

    place: str
    cls: Class


class Objects:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator, using: Using, ends: Effects) -> None:
        self.ev = ev
        self.using = using
        self.ends = ends
        self.places = ev.derived(Places)
        self.worked_on = ev.derived(WorkedOn)
        self.unknown = UnknownParts(self.places, ends)
        self._called: dict[ast.Call, list[Function]] = {}
        self._holdings: Holdings | None = None
        self._registries: Registries | None = None
        self._lent: LentHolds | None = None

    def rests_on(self, holdings: Holdings) -> None:
        """The flow that is made with these answers."""
        self._holdings = holdings
        self._registries = Registries(self.ev, holdings)
        self._lent = LentHolds(self, holdings)

    # Calls

    def done(self, call: ast.Call, scope: Scope) -> Iterator[Done]:
        """What a call of a function of the project does with sessions and connections of objects."""
        for callee in self._callees(call, scope):
            yield from self._done_by(callee, call, scope)
        yield from (Done(place, False, None) for place in self.unknown.ended_by(call, scope))
        work = self.worked_on.by(call, scope)
        if work is not None and (work.role in TAKING_ROLES or work.role in ENDING_ROLES):
            is_held = work.role in TAKING_ROLES
            yield Done(work.place, is_held, work.cls if is_held else None)
        assert self._registries is not None
        yield from self._of_registries(self._registries.done(call, scope))

    def of_registries(self, call: ast.Call, scope: Scope, fixed: Known = ()) -> list[tuple[str, Left, Class]]:
        """How a call leaves the sessions of registries, where this is known of the parameters of its function."""
        return list(self._registries.done(call, scope, fixed)) if self._registries is not None else []

    def done_by(self, callee: Function, call: ast.Call, scope: Scope) -> Iterator[Done]:
        """The same, where it is known which function a call runs."""
        if not callee.scope.is_generator and (not callee.scope.is_async or isinstance(parent_of(call), ast.Await)):
            yield from self._done_by(callee, call, scope)
            assert self._registries is not None
            yield from self._of_registries(self._registries.done_by(callee, call, scope))

    def _done_by(self, callee: Function, call: ast.Call, scope: Scope) -> Iterator[Done]:
        given = list(self._given(callee, call, scope))
        if given:
            yield from self._does(callee, given, call, scope)

    def _of_registries(self, found: Iterator[tuple[str, Left, Class]]) -> Iterator[Done]:
        for place, left, cls in found:
            yield from (Done(place, False, None),) if left is not Left.HELD else ()
            yield from (Done(place, True, cls),) if left in (Left.HELD, Left.RENEWED) else ()

    def ended_with(self, header: ast.expr, scope: Scope) -> Iterator[str]:
        """The places of which the connection is given back when a block ends that keeps the sessions of registries, or whose
        object may end what it has."""
        yield from self.unknown.ended_with(header, scope)
        if self._holdings is not None:
            yield from ended_by_exit(self.places, self._holdings.leaving, header, scope)
        if self._registries is not None and isinstance(header, ast.Call):
            yield from self._registries.ended_with(header, scope)

    def given(self, call: ast.Call, scope: Scope) -> Iterator[tuple[Function, str, str]]:
        """What functions get with the objects that they are called with: the place there, and the place here."""
        for callee in self._callees(call, scope):
            given = self._given(callee, call, scope)
            found = [(self.places.first(f"{root}.{path}", callee.scope), place) for root, path, place, _ in given]
            yield from ((callee, inner, place) for inner, place in dict.fromkeys(found))

    def kept_by(self, call: ast.Call, scope: Scope) -> Iterator[tuple[Function, str, str, Class]]:
        """The same of sessions and connections, with the class of each."""
        for callee in self._callees(call, scope):
            for root, path, place, cls in self._given(callee, call, scope):
                yield callee, self.places.first(f"{root}.{path}", callee.scope), place, cls

    def may_do(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call has anything to do with such objects."""
        callees = self._callees(call, scope)
        if callees and any(next(self._given(callee, call, scope), None) is not None for callee in callees):
            return True
        if self.worked_on.by(call, scope) is not None:
            return True
        return self._registries is not None and self._registries.may_do(call, scope)

    def may_do_by(self, callee: Function, call: ast.Call, scope: Scope) -> bool:
        """The same, where it is known which function a call runs."""
        return self.is_near_registry(scope) or next(self._given(callee, call, scope), None) is not None

    def is_near_registry(self, scope: Scope) -> bool:
        """Whether the module of a function, or one that it imports, mentions what makes a registry."""
        return self._registries is not None and self._registries.places.is_near(scope.module)

    def may_concern(self, cls: Scope) -> bool:
        """Whether the methods of a class may have to do with a session or connection, as far as words tell."""
        return self.places.carrying.concerns(cls) or self.is_near_registry(cls)

    def _callees(self, call: ast.Call, scope: Scope) -> list[Function]:
        """The functions of the project that a call may run, where it gets an object that keeps a session."""
        found = self._called.get(call)
        if found is None:
            found = self._found(call, scope) if self.gets_carrier(call, scope) else []
            if self.ev.is_idle:
                self._called[call] = found
        return found

    def _found(self, call: ast.Call, scope: Scope) -> list[Function]:
        given = [one for _, one in arguments_of(call)]
        called = callees_of(self.ev, call, scope)
        found = [one for one in called if isinstance(one, Function) and one.scope.kind == "function"]
        given += filter(None, (object_behind(self.ev, called_on(call, one, scope), scope) for one in found[:1]))
        return found if found and any(self._keeps(one, scope) for one in given) else []

    def gets_carrier(self, call: ast.Call, scope: Scope) -> bool:
        """Whether words let something that a call gets be an object that keeps a session: what most calls fail at."""
        if not self.places.carrying.concerns(scope):
            return False
        names = self.places.carrying.carriers(scope)
        if not names:
            return False
        if first_name(call.func) in names:
            return True  # what it is called on, or what is called itself
        for argument in call.args:
            if first_name(argument) in names:
                return True
        return bool(call.keywords) and any(first_name(one.value) in names for one in call.keywords)

    def _keeps(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an object keeps a session or connection; what words rule out is not looked into."""
        root = first_name(node)
        if not root or root not in self.places.carrying.carriers(scope):
            return False
        made = without_await(node)
        path = name_of(made)
        if root == "self" and isinstance(made, ast.Attribute) and path:
            owner = owner_of(self.ev.type_of(_root(made), scope))
            if owner is not None and path.split(".", 2)[1] not in self.places.carrying.members(owner):
                return False
        return bool(self.places.kept(self.ev.type_of(node, scope)))

    def _does(
        self, callee: Function, given: list[tuple[str, str, str, Class]], call: ast.Call, scope: Scope
    ) -> Iterator[Done]:
        assert self._holdings is not None
        may_end = self.ends.of_function(callee.scope) is not None
        seen: set[tuple[str, str]] = set()
        for root, path, place, cls in given:
            inside = self.places.first(f"{root}.{path}", callee.scope)
            if (inside, place) in seen:
                continue  # another name for the same
            if may_end:
                seen.add((inside, place))
                left = self._holdings.leaving.place(call, callee.scope, inside, scope)
                is_held = left in (Left.HELD, Left.RENEWED)
                if left is Left.RENEWED:
                    yield Done(place, False, None)
                if left is not Left.UNTOUCHED and (not is_held or cls.kind in SESSIONS):
                    undone = is_held and self._holdings.raising.place(call, callee.scope, inside, scope)
                    asked = deciding(self._holdings.leaving, left, call, callee, inside, scope)
                    yield Done(place, is_held, cls if is_held else None, left is Left.NEVER, undone, asked)
            elif cls.kind == "connection" and root == "self":
                left = self._holdings.leaving.place(call, callee.scope, inside, scope)
                if left not in (Left.UNTOUCHED, Left.NEVER):
                    is_held = left is not Left.ENDED
                    yield Done(place, is_held, cls if is_held else None)
            elif cls.kind in SESSIONS:
                used = self.using.members(callee) if root == "self" else self.using.object(callee.scope, root)
                if path in used:
                    yield Done(place, True, cls)

    def _given(self, callee: Function, call: ast.Call, scope: Scope) -> Iterator[tuple[str, str, str, Class]]:
        """What a function gets with its objects: the name of each there, the path from it, the place here, and the class."""
        owner = object_behind(self.ev, called_on(call, callee, scope), scope)
        if owner is not None and isinstance(callee.receiver, Instance):
            yield from self._kept("self", owner, callee.receiver, scope)
        for keyword, argument in arguments_of(call):
            name = parameter_for(callee, call, argument, keyword) if _is_object(argument) else None
            passed = owner_of(self.ev.type_of(argument, scope)) if name is not None else None
            if name is not None and passed is not None:
                yield from self._kept(name, argument, passed, scope)

    def _kept(self, name: str, node: ast.expr, owner: Instance, scope: Scope) -> Iterator[tuple[str, str, str, Class]]:
        kept = self.places.kept(owner)
        if not kept:
            return
        made, text = self.places.of(node, scope), name_of(node)
        for path, cls in kept.items():
            place = made_at(made, path) or (f"{text}.{path}" if text else "")
            if place:
                yield name, path, self.places.first(place, scope), cls

    def inside(self, call: ast.Call, callee: Function, names: set[str], scope: Scope) -> set[str]:
        """What the function that a call runs calls those of the places ``names`` that it gets."""
        found = {f"{root}.{path}" for root, path, place, _ in self._given(callee, call, scope) if place in names}
        return {self.places.first(one, callee.scope) for one in found}

    def of_query(self, query: ast.expr, root: ast.expr | None, scope: Scope) -> tuple[str, Class] | None:
        """The place of a registry's session that a query works with which begins at ``root``, and its class."""
        return self._registries.of_query(query, root, scope) if self._registries is not None else None

    def left_in(self, module: Module, name: str, scope: Scope) -> bool:
        """Whether a function leaves the session of a registry, which a module binds to a name, holding its connection."""
        return self._registries is not None and self._registries.stays(module, name, scope)

    def registries_held_by(self, scope: Scope) -> list[Registry]:
        """The registries whose session a function leaves holding its connection, whatever way it takes."""
        return self._registries.held_by(scope) if self._registries is not None else []

    def registries_used(self, function: Scope, scope: Scope) -> list[tuple[str, Class]]:
        """The same, by what another function calls their sessions, with their classes."""
        return self._registries.held_as(function, scope) if self._registries is not None else []

    def registry(self, place: str, scope: Scope) -> Registry | None:
        """The registry of the project whose session a place of a function is."""
        return self._registries.places.at(place, scope) if self._registries is not None else None

    def shared(self, place: str, scope: Scope, inner: Scope) -> str:
        """What another function calls the session of a registry, at a place of this one; empty where it is none."""
        return self._registries.places.inside(place, scope, inner) if self._registries is not None else ""

    # Blocks

    def entered(self, header: ast.expr, target: str, scope: Scope) -> Iterator[Entered]:
        """What is held while a block runs, by the generator or object of the project that its header enters."""
        assert self._lent is not None
        call = without_await(header)
        for function, receiver in self._entering(call, scope):
            for resource, name in self._lent.entered(function, call, scope):
                cls = self.ev.models.classes[name]
                place = self._outside(resource, function, receiver, call, target, scope)
                yield Entered(place or text_of(header, scope), cls)
        for generator in dict.fromkeys(generators_behind(self.ev, call, scope)):
            for resource, name in self._lent.behind(generator):
                place = self._outside(resource, generator, False, call, target, scope)
                yield Entered(place or text_of(header, scope), self.ev.models.classes[name])

    def entering(self, call: ast.expr, scope: Scope) -> Iterator[Scope]:
        """The methods of a class of the project that run when a block enters an object that a call makes."""
        yield from (function for function, is_method in self._entering(call, scope) if is_method)

    def iterated(self, call: ast.Call, target: str, scope: Scope) -> Iterator[Entered]:
        """What is held while a loop works on an item of the generator of the project that a call makes, which it goes over."""
        assert self._lent is not None
        generator = generator_of(self.ev, call, scope)
        if generator is not None and not is_manager(self.ev, generator):
            for resource, name in self._lent.iterated(generator, call, scope):
                place = self._lent.place(resource, generator, call, target, scope)
                if place is not None:
                    yield Entered(place or text_of(call, scope), self.ev.models.classes[name])

    def over(self, item: ast.withitem, statement: WithNode, scope: Scope) -> Iterator[str]:
        """The places of what a block has bound, or takes apart, which is over with it."""
        if item.optional_vars is not None:
            asynchronous = isinstance(statement, ast.AsyncWith)
            entered = self.ev.entered(self.ev.type_of(item.context_expr, scope), asynchronous=asynchronous)
            yield from self.places_of(entered, item.optional_vars)

    def places_of(self, entered: Type, target: ast.expr) -> Iterator[str]:
        """The places of the sessions and connections of what is entered, by the names that it is bound to."""
        if isinstance(target, ast.Tuple):
            parts = row(self.ev, entered)
            for one, inner in zip(parts.items if isinstance(parts, TupleOf) else (), target.elts, strict=False):
                yield from self.places_of(one, inner)
        found = alternatives(entered)
        owner = owner_of(found[0]) if len(found) == 1 and isinstance(target, ast.Name) else None
        if owner is not None and isinstance(target, ast.Name):
            yield from (f"{target.id}.{path}" for path in self.places.kept(owner))

    def _entering(self, call: ast.expr, scope: Scope) -> Iterator[tuple[Scope, bool]]:
        """The function that runs when something is entered, and whether it is a method of that."""
        for each in alternatives(self.ev.type_of(call, scope)):
            if isinstance(each, Pending) and each.call in ("cm", "async-cm") and isinstance(call, ast.Call):
                yield from ((generator, False) for generator in generators_of(self.ev, call, scope))
            owner = owner_of(each)
            for cls in lineage(self.ev, owner) if owner is not None else ():
                found = [m for m in cls.children if m.name in ENTERS and m.kind == "function"]
                if found:
                    made = constructor_of(self.ev, owner) if isinstance(call, ast.Call) and owner is not None else None
                    yield from ((method, True) for method in (*found, made) if method is not None)
                    break

    def _outside(
        self, resource: str, function: Scope, is_method: bool, call: ast.expr, target: str, scope: Scope
    ) -> str:
        """What a resource that a generator or ``__enter__`` holds is called around it; empty where it has no name."""
        root, _, path = resource.partition(".")
        if root == "self" and is_method:
            owner = target if _is_bound(function) and target else name_of(call)
            made = self.places.of(call, scope).get(path)
            return self.places.first(made or f"{owner}.{path}", scope) if made or owner else ""
        if is_parameter(root, function) and isinstance(call, ast.Call):
            return self.place_of_passed(root, path, function, call, scope)
        if not target or _gives(function, resource):
            return target
        given = function.yields[0] if function.yields else None
        value = given.value if isinstance(given, ast.Yield) else None
        made_with = self.places.of(value, function) if value is not None else {}
        return next((f"{target}.{path}" for path, place in made_with.items() if place == resource), "")

    def place_of_passed(self, root: str, path: str, function: Scope, call: ast.Call, scope: Scope) -> str:
        """What a call passes for a parameter of a function, or a member of that; empty where it has no name."""
        for callee in callees_of(self.ev, call, scope):
            if not isinstance(callee, Function) or callee.scope is not function:
                continue
            owner = called_on(call, callee, scope) if root == "self" else None
            if owner is not None and name_of(owner):
                return self.places.first(f"{name_of(owner)}.{path}", scope)
            for keyword, argument in arguments_of(call):
                if parameter_for(callee, call, argument, keyword) == root and name_of(argument):
                    text = name_of(argument)
                    return self.places.first(f"{text}.{path}" if path else text, scope)
        return ""


def _is_bound(function: Scope) -> bool:
    """Whether a block binds the object for which this method runs as it is entered, or made."""
    family = function.parent.children if function.name == "__init__" and function.parent is not None else (function,)
    return any(_gives(one, "self") for one in family if one is function or one.name in ENTERS)


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _is_object(node: ast.expr) -> bool:
    return bool(name_of(node)) or isinstance(node, ast.Call)


def _gives(function: Scope, name: str) -> bool:
    """Whether a generator or ``__enter__`` gives what has this name."""
    if function.yields:
        given = function.yields[0]
        return isinstance(given, ast.Yield) and given.value is not None and name_of(given.value) == name
    return any(name_of(one) == name for one in function.returns)
