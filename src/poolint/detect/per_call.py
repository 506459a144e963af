"""Observations about objects of the project that have a pool of their own, are made for each request, and never closed.

Such an object is of a class whose constructor makes an engine, a pool or a client of which something comes if nobody closes
it. One of its methods closes that, or none does, whoever asks. It may be made by the function itself or by a helper, which may
also have put it into another object.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lifetimes.objects import is_known_base
from poolint.analyses.ownership import Fate
from poolint.analyses.pool_limits import is_lent, is_unpooled, owes_closing
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.factories import again, makers
from poolint.detect.in_turn import in_turn
from poolint.detect.observation import Observation
from poolint.flow.flags import name_of
from poolint.syntax.expressions import call_arguments
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import assigned, parent_of, reads_of
from poolint.syntax.surroundings import call_taking, may_await
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.definitions import Definitions
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.analyses.ownership import Ownership
    from poolint.analyses.repetition import Repetition
    from poolint.analyses.waypoints import Waypoint
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


_MAX_DEPTH = 3
"""Functions and objects that an object is passed through: further away, nobody knows what becomes of it."""

_NAMES = (ast.Name, ast.Attribute)
_TESTS = (ast.Compare, ast.If, ast.BoolOp, ast.UnaryOp)


class OwnerForEachCall(Observation, frozen=True, eq=False):
    """An object of the project that has a pool of its own, made again and again, and never closed.

    ``node`` is the call that gives it, ``variable`` its name there, empty where it has none; ``owner`` is the class that has
    the pool, ``closer`` the method by which it would be closed, empty where no method does that. ``user`` says on what occasions
    that happens. ``decision`` is that of its class, where it has no such method, and ``after`` are the places before it at
    which the same is done.
    """

    variable: str
    owner: str
    closer: str
    user: Repetition
    path: tuple[Waypoint, ...]
    decision: str = ""
    after: tuple[ast.AST, ...] = ()


class Owner(NamedTuple):
    """A class with a pool of its own, at an attribute: where that is made, and the methods that close it, of this or what is
    around it."""

    name: str
    attribute: str
    made: ast.Call
    scope: Scope
    closers: frozenset[str]


class Owners:
    """Observes the functions of one project; ``words`` are the last names of all that makes a pool."""

    def __init__(self, ev: Evaluator, ownership: Ownership, graphs: Graphs, words: frozenset[str]) -> None:
        self.ev = ev
        self._ownership = ownership
        self._graphs = graphs
        self._ends = self.ev.models.words("shuts-down")
        self.words = words
        self._classes: dict[Scope, Owner | None] = {}
        self._defined = ev.derived(Definitions).of

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """What ``scope`` makes, uses by its methods, and forgets; what no method would close is for its class to decide, and is
        one decision in one function."""
        found = (one for call in scope.calls if (one := self._forgotten(call, scope)) is not None)
        yield from in_turn(found, lambda one: one.decision or one.node, self._graphs, scope)

    def _forgotten(self, call: ast.Call, scope: Scope) -> OwnerForEachCall | None:
        """What a call of a function makes that this uses by its methods, and forgets."""
        value: ast.expr = call
        parent = parent_of(call)
        if isinstance(parent, ast.Await):
            value, parent = parent, parent_of(parent)
        if scope.is_generator or type(call.func) not in _NAMES or not self._may_be_own(call, scope.module):
            return None
        name, passed = _target(value, parent), call_taking(value)
        if passed is not None:
            used = self._used_by(*passed, value, scope, 1)
        else:
            used = self.used(name, scope) if name else _chained(value, parent)
        if not used or not self._ends.isdisjoint(used):
            return None
        owner = self._given(call, scope)
        if owner is None or not self.is_forgotten(owner, used):
            return None
        who = again(self.ev, call, scope)
        if not who:
            return None
        path = (waypoint("has-own-pool", owner.made, owner.scope.module, owner.name),)
        closer = min(owner.closers, key=lambda one: (one not in self._ends, one), default="")
        where = (call, scope.qualified_name, may_await(call, scope))
        decision = f"{owner.scope.module.path}:{owner.made.lineno}" if not closer else ""
        return OwnerForEachCall(*where, name, owner.name, closer, who, path, decision)

    def is_forgotten(self, owner: Owner, used: frozenset[str]) -> bool:
        """Whether all that is done with an object is known, and nothing of that closes what it has."""
        named = {one.removeprefix(".") for one in used}  # also where it is handed on: `add_task(client.close)`
        is_plain = bool(used) and self._ends.isdisjoint(named) and owner.closers.isdisjoint(named)
        return is_plain and f".{owner.attribute}" not in used

    def used(self, name: str, scope: Scope, depth: int = 0) -> frozenset[str]:
        """All names in the calls ``name.….method()``, and what is only read of it, ``.part``, where a variable is bound once and
        nothing else is done with it, also by the functions that it is passed to, and by what is made with it; none otherwise."""
        if name in scope.globals or name in scope.declared or len(scope.bindings.get(name, ())) != 1:
            return frozenset()
        found: set[str] = set()
        for load in _loads(name, scope):
            passed = call_taking(load)
            used = _asked_for(load) if passed is None else frozenset()
            if passed is not None and depth < _MAX_DEPTH:
                used = self._used_by(*passed, load, scope, depth + 1)
            if not used:
                return frozenset()
            found |= used
        return frozenset(found)

    def _used_by(
        self, call: ast.Call, keyword: str | None, argument: ast.expr, scope: Scope, depth: int
    ) -> frozenset[str]:
        """The same of what a function of the project does with what it is passed, or what is done with the object that is
        made with it, whose class ends nothing that it has."""
        callees = callees_of(self.ev, call, scope)
        if len(callees) != 1:
            return frozenset()
        if isinstance(callees[0], Function) and callees[0].scope.kind == "function":
            name = parameter_for(callees[0], call, argument, keyword)
            return self.used(name, callees[0].scope, depth) if name else frozenset()
        is_own = isinstance(callees[0], ClassObject) and callees[0].cls is not callees[0].base
        if not is_own or _closing(self.ev, callees[0], self._ends):  # type: ignore[arg-type]
            return frozenset()
        target = _target(call, parent_of(call))
        return self.used(target, scope, depth) if target else _chained(call, parent_of(call))

    def _may_be_own(self, call: ast.Call, module: Module) -> bool:
        """Whether by its name a call can be one of something that the project defines: most chains begin with a library's."""
        return last_name(call.func) in self._defined(module)

    def _given(self, call: ast.Call, scope: Scope) -> Owner | None:
        """What a call gives that is new, and has a pool: by itself, or as a function of the project returns it."""
        found = callees_of(self.ev, call, scope)
        if len(found) != 1:
            return None
        if isinstance(found[0], ClassObject):
            return self.of_class(found[0])
        if not isinstance(found[0], Function):
            return None
        inner = found[0].scope
        if getattr(inner.node, "decorator_list", ()) or inner.is_generator or len(inner.returns) != 1:
            return None
        return self.made(inner.returns[0], inner)

    def made(self, value: ast.expr, scope: Scope) -> Owner | None:
        """What a function makes and returns: an owner, or an object that one is passed to, and nobody else gets."""
        if isinstance(value, ast.Name):
            if value.id in scope.globals or len(_loads(value.id, scope)) != 1:
                return None
            value = assigned(value.id, scope) or value
        if not isinstance(value, ast.Call):
            return None
        found = callees_of(self.ev, value, scope)
        if len(found) != 1 or not isinstance(found[0], ClassObject) or found[0].cls is found[0].base:
            return None
        own = self.of_class(found[0])
        if own is not None:
            return own
        for argument in call_arguments(value):
            made = assigned(argument.id, scope) if isinstance(argument, ast.Name) else argument
            if isinstance(argument, ast.Name) and len(_loads(argument.id, scope)) != 1:
                continue
            if not isinstance(made, ast.Call):
                continue
            inner = callees_of(self.ev, made, scope)
            owner = self.of_class(inner[0]) if len(inner) == 1 and isinstance(inner[0], ClassObject) else None
            if owner is not None:
                around = _closing(self.ev, found[0], owner.closers | self._ends)
                return owner._replace(closers=owner.closers | around)
        return None

    def of_class(self, cls: ClassObject) -> Owner | None:
        """What objects of a class have for themselves, and owe its closing."""
        if cls.cls is cls.base:
            return None
        scope: Scope = cls.cls  # type: ignore[assignment]
        if scope not in self._classes:
            self._classes[scope] = None
            self._classes[scope] = self._compute(cls, scope)
        return self._classes[scope]

    def _compute(self, cls: ClassObject, scope: Scope) -> Owner | None:
        homes = lineage(self.ev, cls)
        if any(getattr(one.node, "decorator_list", ()) or getattr(one.node, "keywords", ()) for one in homes):
            return None  # perhaps there is one only
        if any(name in one.bindings for one in homes for name in ("__new__", "__del__")):
            return None
        init = next((one for home in homes for one in home.children if one.name == "__init__"), None)
        if init is None or any(not isinstance(parent_of(one), ast.Attribute) for one in init.loads.get("self", ())):
            return None
        for statement in getattr(init.node, "body", ()):
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(statement.value, ast.Call):
                continue
            attribute = name_of(statement.targets[0] if isinstance(statement, ast.Assign) else statement.target)
            made = self._owing(statement.value, init) if attribute.startswith("self.") else None
            if made is None:
                continue
            closers = _closing(self.ev, cls, self._ends, attribute)
            closers |= _closing(self.ev, cls, closers)  # `finally: await self.close()`, in what uses it
            mentioned = {one.attr for one in ast.walk(init.node) if isinstance(one, ast.Attribute)}
            if closers.isdisjoint(mentioned) and (
                closers or self._is_only_used(homes, attribute.removeprefix("self."))
            ):
                return Owner(scope.name, attribute.removeprefix("self."), made, init, closers)
        return None

    def _owing(self, call: ast.Call, init: Scope) -> ast.Call | None:
        """The call that makes what an object has to close: this one, or what a client of a library is made of here."""
        if last_name(call.func) in self.words:
            cls = self._library_class(call, init)
            if cls is not None and self._owes(call, cls, init):
                return call
        for argument in call_arguments(call):
            made: ast.expr | None = argument
            if isinstance(argument, ast.Name):
                made = assigned(argument.id, init) if len(_loads(argument.id, init)) == 1 else None
            if not (isinstance(made, ast.Call) and last_name(made.func) in self.words):
                continue
            inner, outer = self._library_class(made, init), self._library_class(call, init)
            if inner is not None and outer is not None and outer.kind == "client" and self._owes(made, inner, init):
                return made
        return None

    def _library_class(self, call: ast.expr, init: Scope) -> Class | None:
        found = alternatives(self.ev.type_of(call, init))
        return found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None

    def _owes(self, call: ast.Call, cls: Class, init: Scope) -> bool:
        """Whether a call makes something that has connections of its own, and of which something comes if nobody closes it."""
        return owes_closing(cls) and not is_unpooled(self.ev, call, init) and not is_lent(call)

    def _is_only_used(self, homes: list[Scope], attribute: str) -> bool:
        """Whether the classes of an object do nothing with what it keeps but call its methods, and hand the object to nobody,
        which might do more."""
        for home in homes:
            if not all(is_known_base(self.ev, base, home) for base in getattr(home.node, "bases", ())):
                return False
            for inner in home.descendants():
                if any(not isinstance(parent_of(one), ast.Attribute) for one in inner.loads.get("self", ())):
                    return False
            for around, use in index_of(home).on_self(attribute):
                if isinstance(use.ctx, ast.Load) and not isinstance(parent_of(use), _TESTS):
                    used = _chained(use, parent_of(use))
                    if not self._ends.isdisjoint(used) or not (used or self._is_lent(use, around)):
                        return False
        return True

    def _is_lent(self, use: ast.expr, scope: Scope) -> bool:
        """Whether an object's pool is passed to what leaves it as it is: a class or a function of its own library, or one that
        only uses it."""
        passed, base = call_taking(use), self._library_class(use, scope)
        if passed is None or base is None:
            return False
        call, keyword = passed
        names = [self.ev.qualified_name(one) for one in callees_of(self.ev, call, scope)]
        if names and all(name.partition(".")[0] == base.name.partition(".")[0] for name in names):
            return True
        return self._ownership.fate(call, use, scope, base, keyword) < Fate.KEPT


def _target(value: ast.AST, parent: ast.AST | None) -> str:
    """The variable that a call's value is bound to, by a statement of its own."""
    target = parent.targets[0] if isinstance(parent, ast.Assign) and parent.value is value else None
    return target.id if isinstance(target, ast.Name) and len(parent.targets) == 1 else ""  # type: ignore[union-attr]


def _chained(value: ast.AST, parent: ast.AST | None) -> frozenset[str]:
    """All names in a call of a method of a value, or of a part of it: ``Store(url).find(number)``."""
    found: set[str] = set()
    while isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Subscript) and parent.value is value):
        found.update([parent.attr] if isinstance(parent, ast.Attribute) else [])
        value, parent = parent, parent_of(parent)
    return frozenset(found) if isinstance(parent, ast.Call) and parent.func is value else frozenset()


def _asked_for(load: ast.expr) -> frozenset[str]:
    """The same, or the one part of an object that is read, and kept or passed on: ``.part``."""
    part = parent_of(load)
    called = _chained(load, part)
    if called or not isinstance(part, ast.Attribute):
        return called
    return frozenset((f".{part.attr}",)) if isinstance(part.ctx, ast.Load) else frozenset()


def _closing(ev: Evaluator, cls: ClassObject, words: frozenset[str], attribute: str = "self.") -> frozenset[str]:
    """The methods of a class that call one of ``words`` on an attribute of it."""
    return frozenset(
        method.name
        for home in lineage(ev, cls)
        for method in home.children
        if method.kind == "function"
        for call in method.calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in words
        and f"{name_of(call.func.value)}.".startswith(attribute if attribute.endswith(".") else f"{attribute}.")
    )


def _loads(name: str, scope: Scope) -> list[ast.Name]:
    return [load for _, load in reads_of(name, scope)]


DETECTOR = Detector(
    "per-call",
    lambda services: (
        Owners(
            services.evaluator, services.ownership, services.graphs, services.evaluator.models.derived(makers)
        ).observe
    ),
    of="functions",
)
