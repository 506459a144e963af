"""Whether what a call passes is of a class that its callee, or one further on, asks for: ``isinstance(source, str)``."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import test_of_class
from poolint.flow.flags import name_of
from poolint.syntax.expressions import is_none
from poolint.syntax.scopes import Scope, parent_of
from poolint.types.aliases import alias_of
from poolint.types.annotated import unquoted
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import callees_of
from poolint.types.known_bases import has_known_bases
from poolint.types.members import lineage
from poolint.types.narrowing import classes_shown
from poolint.types.overrides import Heirs, is_protocol
from poolint.types.plain import is_plain
from poolint.types.values import ClassObject, Function, Instance, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_BUILTIN = "builtins."
_NONE = f"{_BUILTIN}NoneType"
_NUMBERS = {"float": ("int",), "complex": ("float", "int")}
"""Numbers that may be passed for others, as type checkers have it (PEP 484)."""
_MAX_DEPTH = 20
"""Alternatives within alternatives of an annotation."""
_MAX_PARAMETERS = 8
"""Parameters through which a value is followed from one function to the next."""


class Asked(NamedTuple):
    """A class that a function asks for: of which parameter, how it is written and where, and what the answer is known under."""

    name: str
    cls: ast.expr
    scope: Scope
    under: str


class AskedClasses:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._asked: dict[Scope, tuple[Asked, ...]] = {}

    def of(self, callee: Scope, tested: frozenset[str]) -> tuple[Asked, ...]:
        """What a function asks for the class of, among its tested parameters, and what those that it passes them to ask for."""
        found = self._asked.get(callee)
        if found is None:
            further = (one for name in sorted(tested) for one in self._further(name, callee))
            found = self._asked[callee] = (*_tests_of(callee, tested), *further)
        return found

    def is_of(self, argument: ast.expr, scope: Scope, asked: Asked, known: Mapping[str, object]) -> bool | None:
        """Whether an argument is of a class that is asked for, with what is ``known`` of the function that passes it; None where
        that cannot be told."""
        wanted = self._classes(asked.cls, asked.scope)
        is_plain_data = isinstance(argument, ast.Constant) or is_plain(argument, scope)
        if not wanted or (is_plain_data and all(isinstance(one, ClassObject) for one in wanted)):
            return False if wanted else None
        answers = {self._is_any_of(one, wanted) for one in self._given(argument, scope) or ()}
        if len(answers) == 1 and None not in answers:
            return answers.pop()
        is_parameter = isinstance(argument, ast.Name) and _parameter(argument.id, scope) is not None
        told = known.get(self._key(name_of(argument), asked)) if is_parameter else None
        return told if isinstance(told, bool) else None

    def _further(self, name: str, callee: Scope) -> Iterator[Asked]:
        """What is asked of a parameter that may be of several classes by functions that it is passed to."""
        waiting, first = [(name, callee)], True
        for one, scope in waiting:  # grows
            parameter = _parameter(one, scope)
            if parameter is None or len(self._declared(parameter.annotation, scope.parent or scope)) < 2:
                continue
            if not first:
                for test in _tests_of(scope, frozenset({one})):
                    yield test._replace(name=name, under=self._key(name, test))
            first = False
            for taken in self._passed(one, scope):
                if taken not in waiting and len(waiting) < _MAX_PARAMETERS:
                    waiting.append(taken)

    def _passed(self, name: str, scope: Scope) -> Iterator[tuple[str, Scope]]:
        """The parameters that a function passes one of its own for, as it is."""
        for load in scope.loads.get(name, ()):
            keyword = parent_of(load)
            call = parent_of(keyword) if isinstance(keyword, ast.keyword) else keyword
            if not isinstance(call, ast.Call) or load is call.func:
                continue
            by_name = keyword.arg if isinstance(keyword, ast.keyword) else None
            for callee in callees_of(self.ev, call, scope):
                taken = parameter_for(callee, call, load, by_name) if isinstance(callee, Function) else None
                if isinstance(callee, Function) and taken is not None:
                    yield taken, callee.scope

    def _key(self, name: str, asked: Asked) -> str:
        """What the answer is known under for a function that passes a parameter on to one that asks."""
        wanted = ", ".join(self.ev.qualified_name(one) for one in self._classes(asked.cls, asked.scope))
        return f"isinstance({name}, {wanted})"

    def _given(self, argument: ast.expr, scope: Scope) -> list[Type] | None:
        """The classes that an argument may be of: as declared, made or shown by tests before it; None where not known."""
        if isinstance(argument, ast.Constant):
            kind = type(argument.value).__name__
            is_named = argument.value is None or hasattr(builtins, kind)
            return [LibraryName(_BUILTIN + kind)] if is_named else None
        if not isinstance(argument, ast.Name):
            return self._made(argument, scope)
        bindings = [one for one in scope.bindings.get(argument.id, ()) if one.kind != "narrowed"]
        if len(bindings) != 1:
            return self._made(argument, scope)
        annotation = bindings[0].annotation if bindings[0].kind == "parameter" else None
        found = self._declared(annotation, scope.parent or scope) or self._made(argument, scope)
        if found is not None and annotation is not None and is_none(bindings[0].value):
            found = [*found, LibraryName(_NONE)]  # ``name: str = None``
        for is_one, written in reversed(list(classes_shown(argument, scope))):
            shown = self._classes(written, scope)
            if is_one and shown:
                narrower = [shown if found is None else self._below(one, shown) for one in found or [shown[0]]]
                found = [one for several in narrower for one in several]
            elif found is not None:
                found = [one for one in found if self._is_any_of(one, shown) is not True]
        return found

    def _below(self, one: Type, shown: list[Type]) -> list[Type]:
        """What is left of a class where its object is one of others as well."""
        answer = self._is_any_of(one, shown)
        return [one] if answer else [] if answer is False else shown

    def _made(self, argument: ast.expr, scope: Scope) -> list[Type] | None:
        found = alternatives(self.ev.type_of(argument, scope))
        classes: list[Type] = [ClassObject(one.cls, one.base) for one in found if isinstance(one, Instance)]
        return classes if classes and len(classes) == len(found) else None

    def _declared(self, annotation: ast.expr | None, scope: Scope, depth: int = 0) -> list[Type]:
        """The classes that an annotation names; none where they are not all known."""
        if depth > _MAX_DEPTH:
            return []  # names of types that mean each other
        node = unquoted(annotation) if isinstance(annotation, ast.Constant) and annotation.value else annotation
        if isinstance(node, ast.Constant):
            return [LibraryName(_NONE)]
        if isinstance(node, ast.Subscript) and last_name(node.value) in ("Union", "Optional"):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            none = [LibraryName(_NONE)] if last_name(node.value) == "Optional" else []
            found = [self._declared(one, scope, depth + 1) for one in parts]
            return [*(one for several in found for one in several), *none] if all(found) else []
        if isinstance(node, ast.BinOp):
            left, right = (self._declared(one, scope, depth + 1) for one in (node.left, node.right))
            return [*left, *right] if left and right else []
        alias = alias_of(self.ev, node, scope) if isinstance(node, (ast.Name, ast.Attribute)) else None
        if alias is not None and isinstance(alias[0], ast.BinOp):
            return self._declared(*alias, depth + 1)
        classes = self._classes(node.value if isinstance(node, ast.Subscript) else node, scope)
        names = [_builtin(one) for one in classes if isinstance(one, LibraryName)]
        return [*classes, *(LibraryName(_BUILTIN + each) for one in names for each in _NUMBERS.get(one, ()))]

    def _classes(self, node: ast.expr | None, scope: Scope) -> list[Type]:
        """The classes that are written in a test of the class or an annotation; none where one of them is not known."""
        if isinstance(node, (ast.Tuple, ast.BinOp)):
            parts = node.elts if isinstance(node, ast.Tuple) else [node.left, node.right]
            found = [self._classes(one, scope) for one in parts]
            return [one for several in found for one in several] if all(found) else []
        one = self.ev.type_of(node, scope) if node is not None else None
        if isinstance(one, LibraryName):
            is_known = isinstance(getattr(builtins, _builtin(one), None), type) or one.name == _NONE
            return [one] if is_known else []
        return [one] if isinstance(one, ClassObject) else []

    def _is_any_of(self, one: Type, several: Iterable[Type]) -> bool | None:
        answers = {self._is_below(one, each) for each in several}
        return True if True in answers else None if None in answers or not answers else False

    def _is_below(self, one: Type, other: Type) -> bool | None:
        """Whether each object of a class is one of another; False where none is, and None where some may be."""
        if self.ev.qualified_name(one) == self.ev.qualified_name(other):
            return True
        if isinstance(one, LibraryName) and isinstance(other, LibraryName):
            return _is_below(_builtin(one), _builtin(other))
        if not (isinstance(one, ClassObject) and isinstance(other, ClassObject)):
            builtin, cls = (one, other) if isinstance(one, LibraryName) else (other, one)
            is_any = isinstance(builtin, LibraryName) and _builtin(builtin) == "object"
            return None if is_any or self._may_be_builtin(cls) else False
        if not (isinstance(one.cls, Scope) and isinstance(other.cls, Scope)):
            return None
        if is_protocol(one.cls) or is_protocol(other.cls):
            return None  # which says nothing of what derives from what
        if other.cls in lineage(self.ev, one):
            return True
        if any(_has_metaclass(cls) for each in (one, other) for cls in lineage(self.ev, each)):
            return None  # others may be registered with it
        heirs = self.ev.derived(Heirs)
        below, others = (heirs.all_below(cls) for cls in (one.cls, other.cls))
        is_apart = below is not None and others is not None and {one.cls, *below}.isdisjoint((other.cls, *others))
        return False if is_apart else None

    def _may_be_builtin(self, cls: Type) -> bool:
        """Whether an object of a class may be one of Python's own classes, too."""
        own = cls.cls if isinstance(cls, ClassObject) else None
        below = self.ev.derived(Heirs).all_below(own) if isinstance(own, Scope) else None
        if not isinstance(own, Scope) or below is None or is_protocol(own):
            return True
        return not all(has_known_bases(self.ev, one) for one in (own, *below))


def _tests_of(callee: Scope, tested: frozenset[str]) -> Iterator[Asked]:
    """The tests of the class of a parameter in a function itself."""
    for call in callee.called.get("isinstance", ()):
        text = test_of_class(call)
        if text and name_of(call.args[0]) in tested:
            yield Asked(name_of(call.args[0]), call.args[1], callee, text)


def _parameter(name: str, scope: Scope) -> Binding | None:
    """The parameter of a function that a name always stands for in it."""
    bindings = [one for one in scope.bindings.get(name, ()) if one.kind != "narrowed"]
    return bindings[0] if [one.kind for one in bindings] == ["parameter"] else None


def _has_metaclass(cls: Scope) -> bool:
    """Whether a class is made by another one, as those are with which others may be registered: ``class Base(ABC):``."""
    bases = getattr(cls.node, "bases", ())
    return bool(getattr(cls.node, "keywords", ())) or any(last_name(one) == "ABC" for one in bases)


def _builtin(one: LibraryName) -> str:
    """The name of one of Python's own classes; empty for anything else."""
    return one.name[len(_BUILTIN) :] if one.name.startswith(_BUILTIN) else ""


def _is_below(one: str, other: str) -> bool | None:
    """Whether each object of one of Python's own classes is one of another; None where some may be."""
    first, second = (type(None) if name == "NoneType" else getattr(builtins, name) for name in (one, other))
    if issubclass(first, second):
        return True
    if issubclass(second, first):
        return None
    try:
        type("_Both", (first, second), {})
    except TypeError:
        return False  # no class can derive from both
    return None
