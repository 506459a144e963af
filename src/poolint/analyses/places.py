"""Places: where a session or connection is, as a path from a name: ``session``, ``self.session``, ``context.orders.session``.

What an object was made with is at two places: the session of ``Orders(session)`` is ``session``, and ``orders.session``
as well. So each place has one *first* name, the one that leads to it with the fewest steps back: constructors say which
argument becomes which attribute, a name stands for what it is bound to once, a property for what it returns.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import bound_to, given_to_fields
from poolint.analyses.carrying import Carrying
from poolint.analyses.collected import alike, is_of_round
from poolint.analyses.given_parts import GivenParts, owner_of
from poolint.analyses.given_together import GivenTogether
from poolint.analyses.injected_places import InjectedPlaces
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.made_places import given_at, made_at
from poolint.analyses.taken_apart import place_of_part
from poolint.flow.flags import name_of
from poolint.models.standard import PROPERTIES
from poolint.syntax.expressions import is_none, is_super_init
from poolint.syntax.reaching import reaching
from poolint.syntax.scopes import Bindings, Scope
from poolint.types.call_sites import called_on, callees_of, text_of
from poolint.types.fields import fields_of
from poolint.types.made_of import passed_for_part
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import CallableValue, ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.registry_places import RegistryPlaces
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

MAX_PATH = 3
"""Members from an object down to the session that is used."""

_MAX_DEPTH = 2
"""Members from an object down to a session that are looked for; real ones are one or two."""

_MAX_RETURNS = 4
"""Ways on which a function gives an object. One that has more chooses among objects, and says little of each."""

_MAX_NAMES = 12
"""Names that stand for each other, in a row."""

_MAX_MADE = 4
"""Functions and constructors that hand a session on to each other."""


class Places:
    """Answers for the objects and names of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._kept: dict[object, dict[str, Class]] = {}
        self.carrying = ev.derived(Carrying)
        self._made: dict[tuple[ast.Call, int], dict[str, str]] = {}
        self._firsts: dict[tuple[Scope, str], str] = {}
        self._finding: set[tuple[Scope, str]] = set()
        self._together = GivenTogether(self)
        self._injected = InjectedPlaces(self)
        self.parts = GivenParts(self, self._together)

    # What an object keeps

    def kept(self, one: Type) -> dict[str, Class]:
        """The sessions and connections that an object of the project keeps, by their paths from it."""
        owner = owner_of(one)
        return self._kept_by(owner, 1) if owner is not None else {}

    def kept_by_parts(self, owner: Instance) -> dict[str, Class]:
        """The same and what its members keep, to the depth that is looked at from these."""
        found = self.kept(owner)
        for name in self.carrying.members(owner):
            inner = owner_of(self.ev.type_of_member(owner, name))
            if inner is not None and inner.key != owner.key:
                found = found | {f"{name}.{path}": cls for path, cls in self.kept(inner).items()}
        return found

    def _kept_by(self, owner: Instance, depth: int) -> dict[str, Class]:
        if depth == 1 and owner.key in self._kept:
            return self._kept[owner.key]
        found: dict[str, Class] = {}
        for name in self.carrying.members(owner):
            member = self.ev.type_of_member(owner, name)
            cls = kept_class(member)
            if cls is not None:
                found[name] = cls
            elif depth < _MAX_DEPTH:
                inner = owner_of(member)
                if inner is not None and inner.key != owner.key:
                    found.update({f"{name}.{path}": cls for path, cls in self._kept_by(inner, depth + 1).items()})
        if depth == 1 and self.ev.is_idle:
            self._kept[owner.key] = found
        return found

    # What is made with what

    def made(self, call: ast.expr | None, scope: Scope, depth: int = 0) -> dict[str, str]:
        """What an object that a call gives has been made with: by the paths to it, the places in ``scope``."""
        if isinstance(call, ast.Await):
            call = call.value
        if not isinstance(call, ast.Call) or depth > _MAX_MADE:
            return {}
        known = self._made.get((call, depth))
        if known is not None:
            return known
        found: dict[str, str] = {}
        for one in alternatives(self.ev.type_of(call.func, scope)):
            if (
                isinstance(one, CallableValue)
                and isinstance(one.gives, Instance)
                and one.gives.cls is not one.gives.base
            ):
                found |= self._constructed(one.gives, call, scope, depth)  # a factory takes what its class does
        for callee in callees_of(self.ev, call, scope):
            if isinstance(callee, ClassObject) and callee.base is not None and callee.base.made_of:
                found |= self._made_of(callee.base, call, scope, depth)
            elif isinstance(callee, ClassObject) and callee.cls is not callee.base:
                found |= self._constructed(callee.instance(), call, scope, depth)
            elif isinstance(callee, Function) and callee.scope.kind == "function":
                found |= self._returned(callee, call, scope, depth)
        if not self._finding and self.ev.is_idle:
            self._made[call, depth] = found
        return found

    def _constructed(self, owner: Instance, call: ast.Call, scope: Scope, depth: int) -> dict[str, str]:
        """What a constructor is passed, by the attributes that it becomes."""
        if not self.kept(owner):
            return {}
        family = lineage(self.ev, owner)
        for at, cls in enumerate(family):
            init = next((one for one in cls.children if one.name == "__init__" and one.kind == "function"), None)
            if init is not None:
                given = bound_to(init, call, is_method=True)
                return self.attributes_set(
                    family[at:], init, self._expanded(self._placed(given), given, scope, depth), depth
                )
        given = self.for_fields(family[0], call)
        return self._expanded(self._placed(given), given, scope, depth)

    def _made_of(self, cls: Class, call: ast.Call, scope: Scope, depth: int) -> dict[str, str]:
        """What the constructor of a library's class is passed for its parts."""
        passed = {name: passed_for_part(cls, call, name) for name in cls.made_of}
        given = {name: value for name, value in passed.items() if value is not None}
        return self._expanded(self._placed(given), given, scope, depth)

    def for_fields(self, cls: Scope, call: ast.Call) -> dict[str, ast.expr]:
        """What a call passes for the fields of a class that writes no ``__init__``."""
        return given_to_fields(fields_of(lineage(self.ev, ClassObject(cls, None))), call)

    def _placed(self, given: dict[str, ast.expr]) -> dict[str, str]:
        found = {name: name_of(value) for name, value in given.items()}
        return {name: place for name, place in found.items() if place}

    def _expanded(self, found: dict[str, str], given: dict[str, ast.expr], scope: Scope, depth: int) -> dict[str, str]:
        """The same with what objects among the arguments have been made with: ``Service(Orders(session))``."""
        for name, value in given.items():
            if isinstance(value, ast.Call):
                found.update({f"{name}.{path}": to for path, to in self.made(value, scope, depth + 1).items()})
        return found

    def attributes_set(self, family: list[Scope], init: Scope, given: dict[str, str], depth: int) -> dict[str, str]:
        """What the attributes of an object are, that its ``__init__`` sets from what that is ``given``, by names of its
        parameters and paths from them."""
        found: dict[str, str] = {}
        for name, bindings in family[0].self_assignments.items():
            real = [one for one in bindings if not is_none(one.value)]
            if len(real) != 1 or real[0].scope is not init:
                continue
            value = bound_value(real[0])
            place = self.first(name_of(value), init) if value is not None and name_of(value) else ""
            if place:
                found.update({f"{name}{rest}": to for rest, to in given_at(place, given)})
            elif isinstance(value, ast.Call):
                for path, inner in self.made(value, init, depth + 1).items():
                    found.update({f"{name}.{path}{rest}": to for rest, to in given_at(inner, given)})
        for call in init.calls:
            if len(family) > 1 and is_super_init(call):
                above = family[1:]
                base = next((m for c in above for m in c.children if m.name == "__init__"), None)
                if base is not None:
                    passed = self._placed(bound_to(base, call, is_method=True))
                    handed = {
                        f"{name}{rest}": to for name, place in passed.items() for rest, to in given_at(place, given)
                    }
                    found |= self.attributes_set(
                        [c for c in above if c is base.parent or c is not above[0]], base, handed, depth
                    )
        return found

    def _returned(self, callee: Function, call: ast.Call, scope: Scope, depth: int) -> dict[str, str]:
        """What a function gives that makes an object with what it is passed."""
        function = callee.scope
        if function.is_generator or len(function.returns) > _MAX_RETURNS:
            return {}
        passed = bound_to(function, call, is_method=callee.receiver is not None)
        inner: dict[str, str] = {}
        for made in function.returns:  # what is not known of several is taken to be made alike
            for path, to in self._given_back(made, passed, function, scope, depth).items():
                if inner.setdefault(path, to) != to:
                    return {}
        if not inner:
            return {}
        given = self._expanded(self._placed(passed), passed, scope, depth)
        owner = called_on(call, callee, scope)
        if owner is not None and isinstance(callee.receiver, Instance):
            given["self"] = name_of(owner)
        found = {}
        for path, to in inner.items():
            found.update({f"{path}{rest}": place for rest, place in given_at(to, given)})
        return found

    def _given_back(
        self, made: ast.expr, passed: dict[str, ast.expr], function: Scope, scope: Scope, depth: int
    ) -> dict[str, str]:
        """What a returned object has been made with: also one of a class that is passed, ``return kind(session)``."""
        kind = passed.get(made.func.id) if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) else None
        cls = self.ev.type_of(kind, scope) if kind is not None else None
        if isinstance(made, ast.Call) and isinstance(cls, ClassObject):
            return self._constructed(cls.instance(), made, function, depth + 1)
        return self.of(made, function, depth + 1)

    def of(self, value: ast.expr, scope: Scope, depth: int = 0) -> dict[str, str]:
        """The places that the object which an expression gives has been made with, by their paths from it."""
        if isinstance(value, ast.Name):
            binding = _seen(scope, value.id, value)
            return self.made(binding.value, scope, depth) if binding is not None else {}
        return self.made(value, scope, depth)

    # Names for one place

    def named(self, node: ast.expr, scope: Scope) -> str:
        """The first name of the place that an expression stands for; its text where it is none."""
        name = name_of(node)
        binding = _seen(scope, name.partition(".")[0], node) if name else None
        before = self._before_by(binding, name, scope) if binding is not None else ""
        return self.first(before or name, scope) if name else text_of(node, scope)

    def first(self, place: str, scope: Scope) -> str:
        """The first name of a place: ``session`` for ``orders.session`` where ``orders = Orders(session)``."""
        key = (scope, place)
        found = self._firsts.get(key)
        if found is not None or key in self._finding:
            return found or place
        self._finding.add(key)
        found = self._first(place, scope)
        self._finding.discard(key)
        if not self._finding and self.ev.is_idle:
            self._firsts[key] = found
        return found

    def _first(self, place: str, scope: Scope) -> str:
        seen: set[str] = set()
        while place not in seen and len(seen) < _MAX_NAMES:
            seen.add(place)
            place = self._before(place, scope)
        root, _, path = place.partition(".")
        owner = owner_of(self.ev.scope_name(root, scope)) if path and root in scope.bindings else None
        if owner is None:
            return place
        return registry_places(self.ev).called(place, scope) or self.parts.first(root, path, owner, scope)

    def _before(self, place: str, scope: Scope) -> str:
        """The name before that: one step back; the same where there is none."""
        root, _, path = place.partition(".")
        found = {self._before_by(one, place, scope) for one in _all(scope, root)}
        if len(found) == 1 and (before := found.pop()):
            return before
        is_inside = path and scope.kind == "function"
        if is_inside and (one := self._together.beside(scope, root, path) or self._injected.beside(scope, root, path)):
            return one
        return self._before_on_object(root, path, scope) if path else place

    def _before_by(self, binding: Binding, place: str, scope: Scope) -> str:
        """The same by one binding of what the place begins with; empty where it does not tell."""
        path = place.partition(".")[2]
        value = bound_value(binding) if binding.kind in ("assign", "annotated") else None
        if not path and (isinstance(value, (ast.Call, ast.Await)) or binding.kind == "parameter"):
            return registry_places(self.ev).named_by(binding, value, scope)
        if binding.kind == "for" and path:
            return self._of_each(binding, path, scope)
        name = name_of(value) if value is not None else place_of_part(self.ev, binding, scope)
        if name:
            return f"{name}.{path}" if path else name
        return made_at(self.made(value, scope), path) if path else ""

    def _of_each(self, binding: Binding, path: str, scope: Scope) -> str:
        """The place of what all objects have that a loop goes over, since all have been made with it."""
        item = alike(binding, scope)
        place = made_at(self.made(item, scope), path)
        return place if item is not None and not is_of_round(place.partition(".")[0], item, scope) else ""

    def _before_on_object(self, root: str, path: str, scope: Scope) -> str:
        """The same for members: a property, and a part that was made with what the object has itself."""
        steps = path.split(".")
        owner = owner_of(self.ev.scope_name(root, scope)) if root in scope.bindings else None
        walked = root
        for number, step in enumerate(steps):
            if owner is None:
                break
            rest = ".".join(steps[number + 1 :])
            for cls in lineage(self.ev, owner):
                if same := self.of_property(cls, step, rest) or self._same_member(cls, step, rest):
                    return f"{walked}.{same}"
            walked = f"{walked}.{step}"
            owner = owner_of(self.ev.type_of_member(owner, step))
        return f"{root}.{path}"

    def of_property(self, cls: Scope, name: str, rest: str) -> str:
        """``_session`` for a property that returns ``self._session``, and for ``orders.session`` where it returns
        ``Orders(self._session)``."""
        bindings = cls.bindings.get(name, ())
        inner = bindings[-1].scope if bindings and bindings[-1].kind == "function" else None
        if inner is None or len(inner.returns) != 1 or PROPERTIES.isdisjoint(decorators(self.ev, inner)):
            return ""
        text = name_of(inner.returns[0])
        if text.startswith("self."):
            return ".".join(filter(None, (text.removeprefix("self."), rest)))
        for prefix, to in self.of(inner.returns[0], inner).items() if rest else ():
            if to.startswith("self.") and (rest == prefix or rest.startswith(f"{prefix}.")):
                return f"{to.removeprefix('self.')}{rest[len(prefix) :]}"
        return ""

    def _same_member(self, cls: Scope, name: str, rest: str) -> str:
        """``session`` for ``orders.session`` where ``__init__`` has made both of the same, or is always passed them so, or where
        the only method that fills the one has made it of the other."""
        bindings = [one for one in cls.self_assignments.get(name, ()) if not is_none(one.value)]
        if not rest or len(bindings) != 1 or bindings[0].scope is None:
            return ""
        taken = _taken_over(cls, name, rest)
        if taken or not isinstance(bindings[0].value, ast.Call):
            return taken or self._together.same(cls, name, rest)
        init = bindings[0].scope
        for prefix, to in self.made(bindings[0].value, init).items():
            if rest != prefix and not rest.startswith(f"{prefix}."):
                continue
            beyond = rest[len(prefix) :]
            if to.startswith("self."):
                return f"{to.removeprefix('self.')}{beyond}"
            for other, assigned in cls.self_assignments.items():
                if other != name and len(assigned) == 1 and assigned[0].scope is init:
                    value = bound_value(assigned[0])
                    if value is not None and name_of(value) == to:
                        return f"{other}{beyond}"
            for other, assigned in cls.self_assignments.items():
                if other == name:
                    break  # the first of several that are made with the same stands for all of them
                value = bound_value(assigned[0]) if len(assigned) == 1 and assigned[0].scope is init else None
                same = next((path for path, where in self.made(value, init).items() if where == to), "")
                if same:
                    return f"{other}.{same}{beyond}"
        return ""


def registry_places(ev: Evaluator) -> RegistryPlaces:
    """Where the registries of the project are."""
    from poolint.analyses.registry_places import RegistryPlaces  # which asks for the beginnings of chains

    return ev.derived(RegistryPlaces)


def _taken_over(cls: Scope, name: str, rest: str) -> str:
    """``session`` for ``unit.session`` where a method takes it over from what the object has: ``self.session =
    self.unit.session``."""
    for other, bindings in cls.self_assignments.items():
        real = [one for one in bindings if not is_none(one.value)]
        value = bound_value(real[0]) if len(real) == 1 else None
        taken = name_of(value) if value is not None else ""
        if taken.startswith(f"self.{name}.") and f"self.{name}.{rest}.".startswith(f"{taken}."):
            return f"{other}{f'self.{name}.{rest}'[len(taken) :]}"
    return ""


def _all(scope: Scope, name: str) -> Bindings:
    """The bindings of a local name."""
    return Bindings(one for one in scope.bindings.get(name, ()) if one.kind != "narrowed" and name not in scope.globals)


def _seen(scope: Scope, name: str, node: ast.expr) -> Binding | None:
    """The only binding of a local name, or the only one of several that reaches an expression."""
    found = reaching(_all(scope, name), node)
    return found[0] if len(found) == 1 else None


def bound_value(binding: Binding) -> ast.expr | None:
    """What a binding binds: of a tuple, the part of it that is written out."""
    value = binding.value
    if binding.index < 0:
        return value
    if isinstance(value, (ast.Tuple, ast.List)) and binding.index < len(value.elts):
        return value.elts[binding.index]
    return None
