"""What may have to do with a session or connection, as far as words tell: asked before any type is.

To ask for the types of all objects of all functions would parse most of a project for nothing. The words are those by
which the screen follows what libraries give, and those that say database; what they rule out is not looked into.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.types.evidence import SAYS_DATABASE

if TYPE_CHECKING:
    from collections.abc import Set

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

    def concerns(self, scope: Scope) -> bool:
        """Whether what stands in a scope may have to do with a session or connection: by the words of the top-level
        statement around it, or the members of its class."""
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
            )
        return known

    def says_database(self, name: str) -> bool:
        """Whether a name says that it is a session, a connection or the like."""
        found = self._says.get(name)
        if found is None:
            found = self._says[name] = SAYS_DATABASE.search(name) is not None
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
        found = {*names, *own, *filter(self.says_database, scope.bindings)}
        waiting = [name for name in scope.bindings if name not in found] if found else []
        told = {name: set().union(*map(_telling, scope.bindings[name])) for name in waiting}
        fresh = waiting
        while fresh:
            fresh = [name for name in waiting if not told[name].isdisjoint(found)]
            found.update(fresh)
            waiting = [name for name in waiting if name not in found]
        return found | {"self"} if own else found


def _telling(binding: Binding) -> set[str]:
    """The words that tell what a binding binds: of a call only what is called, where that is a plain name or begins
    with a class: what the methods of an object give is mostly data."""
    found: set[str] = set()
    if binding.annotation is not None:
        _add_words(binding.annotation, found)
    value = binding.value.value if isinstance(binding.value, ast.Await) else binding.value
    if isinstance(value, ast.Call) and binding.kind != "with":
        text = name_of(value.func)
        found.add(text.partition(".")[0] if text[:1].isupper() else text)
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
            waiting += ast.iter_child_nodes(one)
