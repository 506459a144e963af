"""What may have to do with a session or connection, as far as words tell: asked before any type is.

To ask for the types of all objects of all functions would parse most of a project for nothing. The words are those by
which the screen follows what libraries give, and those that say database; what they rule out is not looked into.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.models.standard import ENTERING
from poolint.syntax.expressions import call_arguments, first_name, without_await
from poolint.syntax.nodes import children
from poolint.types.evidence import says_database
from poolint.types.members import lineage
from poolint.types.specialised import specialised
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_WORD = re.compile(r"\w+")


class Carrying:
    """Answers for the files of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._concerning: dict[Scope, bool] = {}
        self._of_file: dict[Scope, Set[str]] = {}
        self._known: dict[Scope, Set[str]] = {}
        self._says: dict[str, bool] = {}
        self._members: dict[object, list[str]] = {}
        self._carriers: dict[Scope, Set[str]] = {}
        self._told: dict[Scope, Set[str]] = {}
        self._near: dict[Scope, bool] = {}
        self._given: dict[Scope, bool] = {}
        self._showing = ev.models.words("shows-query", "shows-session", "shows-alone", "shows-mapped")

    def concerns(self, scope: Scope) -> bool:
        """Whether what stands in a scope may have to do with a session or connection: by the words of the top-level
        statement around it, the members of its class, or what is given to who makes objects of that."""
        known = self._concerning.get(scope)
        if known is None:
            top = scope
            while top.parent is not None and top.parent.parent is not None:
                top = top.parent
            source = scope.module.source
            known = self._concerning[scope] = (
                top.parent is None
                or top.name.encode() in self.ev.screen.touching(source.path, source.data)
                or any(map(self.says_database, top.self_assignments))
                or (top.kind == "class" and self._is_given(top))
            )
        return known

    def _is_given(self, cls: Scope) -> bool:
        """Whether a class keeps what it is given by files that carry something."""
        found = self._given.get(cls)
        if found is None:
            source = cls.module.source
            found = self._given[cls] = self.ev.screen.is_given(cls.name, source.path, source.data)
        return found

    def says_database(self, name: str) -> bool:
        """Whether a name says that it is a session, a connection or the like."""
        found = self._says.get(name)
        if found is None:
            found = self._says[name] = says_database(name)
        return found

    def is_carrier(self, binding: Binding, scope: Scope) -> bool:
        """Whether what is bound, or its annotation, names anything that carries something."""
        known = self._known.get(scope)
        if known is None:
            known = self._known[scope] = self.names(scope, frozenset())
        return not known.isdisjoint(_telling(binding))

    def names(self, scope: Scope, own: frozenset[str]) -> Set[str]:
        """The names in a scope that may carry something: what the file imports or defines of that kind, and what is
        bound to something that names it. ``own`` are the members of the object that a method has which do."""
        source = scope.module.source
        names = self._of_file.get(scope.module.scope)
        if names is None:
            carried = self.ev.screen.carried(source.path, source.data)
            names = self._of_file[scope.module.scope] = {one.decode() for one in carried}
        if scope.kind != "function":
            return names
        # Of a file's names only those count that the top-level statement around mentions.
        found = {*own, *filter(self.says_database, scope.bindings), *(names if self.concerns(scope) else ())}
        waiting = [name for name in scope.bindings if name not in found] if found else []
        told = {name: _telling_any(scope.bindings[name]) for name in waiting}
        fresh = waiting
        while fresh:
            fresh = [name for name in waiting if not told[name].isdisjoint(found)]
            found.update(fresh)
            waiting = [name for name in waiting if name not in found]
        return found | {"self", "super"} if own else found

    def members(self, owner: Instance) -> list[str]:
        """What objects of a class have, as far as words tell that it may concern a database."""
        known = self._members.get(owner.key)
        if known is not None:
            return known
        found: dict[str, None] = {}
        classes = lineage(self.ev, owner)
        for cls in classes:
            if owner.arguments or cls is not classes[0]:
                found.update(dict.fromkeys(self._specialised(owner, classes, cls)))
            if self.concerns(cls):
                fields = {name: bound for name, bound in cls.bindings.items() if bound[-1].kind == "annotated"}
                for name, bound in (*fields.items(), *cls.self_assignments.items()):
                    if (
                        self.says_database(name)
                        or any(self.is_carrier(one, one.home(cls)) for one in bound)
                        or (any(map(_is_undeclared, bound)) and self._is_given(cls))
                    ):
                        found[name] = None
        if owner.base is not None:
            found.update(dict.fromkeys(owner.base.made_of))
        self._members[owner.key] = list(found)
        return self._members[owner.key]

    def _specialised(self, owner: Instance, classes: list[Scope], cls: Scope) -> Iterator[str]:
        """The members of which one of an object's classes says no more than a type variable, for which this one is given an
        object: ``deps: D`` of a ``Run[Deps]``."""
        for name in {**cls.bindings, **cls.self_assignments}:
            given = specialised(self.ev, owner, classes, cls, name)
            if any(isinstance(one, Instance) for one in alternatives(given)):
                yield name

    def carriers(self, scope: Scope) -> Set[str]:
        """The names in a function that may stand for a session, a connection or an object that has one."""
        found = self._carriers.get(scope)
        if found is None:
            owner = scope.enclosing_class
            own = self.members(self.ev.class_object(owner).instance()) if owner is not None else ()
            found = self.names(scope, frozenset(own))
            self._carriers[scope] = found
        return found

    def may_be(self, place: str, scope: Scope) -> bool:
        """Whether a session or connection may be at a place, as far as words tell."""
        root, _, path = place.partition(".")
        if self.says_database(place.rpartition(".")[2]):
            return True
        words = self.carriers(scope)
        return root in words and (root != "self" or path.partition(".")[0] in words)

    def is_read(self, scope: Scope) -> bool:
        """Whether a scope reads any such name."""
        return not self.first_names(scope).isdisjoint(scope.loads)

    def is_near(self, scope: Scope) -> bool:
        """Whether a function may have one in hand: by the words of the statement around it, or by a name that it reads.
        What stands in no function may."""
        known = self._near.get(scope)
        if known is None:
            known = self._near[scope] = scope.kind != "function" or self.concerns(scope) or self.is_read(scope)
        return known

    def first_names(self, scope: Scope) -> Set[str]:
        """The first names of the expressions that may be or give a session, a connection or what has one: carriers here and in
        the functions around, parameters that nothing declares, and all on which methods are called that show what it is."""
        found = self._told.get(scope)
        if found is None:
            outer = scope.parent
            around = self.first_names(outer) if outer is not None and outer.kind == "function" else ()
            own = scope.first_parameter if scope.enclosing_class is not None else None
            undeclared = [
                name
                for name, bound in scope.bindings.items()
                for one in bound
                if one.kind == "parameter" and one.annotation is None and one.node is not own
            ]
            used = [first_name(call.func) for call in scope.calls_named(self._showing)]
            found = self._told[scope] = {*self.carriers(scope), *around, *undeclared, *used}
        return found


def _is_undeclared(binding: Binding) -> bool:
    """Whether a member is a parameter of which its function says nothing, or an object that is made with one."""
    value, home = binding.value, binding.scope
    passed = call_arguments(value) if isinstance(value, ast.Call) and _makes(value) else [value]
    return home is not None and any(
        given.kind == "parameter" and given.annotation is None
        for one in passed
        if isinstance(one, ast.Name)
        for given in home.bindings.get(one.id, ())
    )


def _makes(call: ast.Call) -> bool:
    """Whether a call makes an object, as far as its name says."""
    return last_name(call.func)[:1].isupper()


def _telling_any(bindings: Sequence[Binding]) -> set[str]:
    found = _telling(bindings[0])
    for one in bindings[1:]:
        found |= _telling(one)
    return found


def _telling(binding: Binding) -> set[str]:
    """The words that tell what a binding binds: of a call only what is called, where that is a plain name or begins
    with a class, and the classes that it is passed, or all, where it makes an object that may keep them: what the methods of
    an object give is mostly data."""
    found: set[str] = set()
    if binding.annotation is not None:
        _add_words(binding.annotation, found)
    value = without_await(binding.value)
    if isinstance(value, ast.Call) and last_name(value.func) in ENTERING and value.args:
        _add_words(value.args[0], found)  # an exit stack enters it, as a block does
    elif isinstance(value, ast.Call) and binding.kind != "with":
        text = name_of(value.func)
        found.add(text.partition(".")[0] if text[:1].isupper() else text)
        passed = map(name_of, call_arguments(value))
        if _makes(value):
            found.update(part for one in passed if one for part in one.split("."))
        else:
            found.update(one for one in passed if one[:1].isupper() and "." not in one)
    elif value is not None:
        _add_words(value, found)
    return found


def _add_words(node: ast.AST, found: set[str]) -> None:
    """Add the names in an expression, and those in what a string there says."""
    waiting = [node]
    for one in waiting:  # grows
        kind = type(one)
        if kind is ast.Name:
            found.add(one.id)  # type: ignore[attr-defined]
        elif kind is ast.Constant:
            if isinstance(one.value, str):  # type: ignore[attr-defined]
                found.update(_WORD.findall(one.value))  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            found.add(one.attr)  # type: ignore[attr-defined]
            waiting.append(one.value)  # type: ignore[attr-defined]
        else:
            waiting += children(one)
