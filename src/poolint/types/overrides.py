"""Which functions of the project a call of an abstract method runs: those of the classes that write it.

A method is abstract when it is declared so, or says ``NotImplementedError``, or stands in a protocol without a body.
A class whose own method does nothing but raise stands for what is switched off; nobody waits for that one. A protocol that no
class names among its bases is filled by those that have all its methods, with parameters of the same names.

An interface that one class of the project fills, and no other, stands for objects of that class: whoever is given one, by
a container or by hand, has nothing else to be given. A class that joins interfaces and writes nothing is one itself, which
whoever fills all of these fills.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.screen.filling import MARKS, MAX_HEIRS, alike, only
from poolint.screen.mixing import ALONE
from poolint.syntax.indexes import index_of
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import Scope
from poolint.types.members import bases_of, is_without, lineage
from poolint.types.set_by_name import sets_by_name
from poolint.types.set_outside import assignments
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, known
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Heirs:
    """Finds who writes what an abstract class leaves open. One for each evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._below: dict[Scope, tuple[Scope, ...] | None] = {}
        self._written: dict[tuple[Scope, str], tuple[Scope, ...]] = {}
        self._filled: dict[Scope, ClassObject | None] = {}

    def written(self, function: Function) -> tuple[Scope, ...]:
        """The functions that may run where this abstract one is called; none where it is not, or nobody knows."""
        name, receiver = function.scope.name, function.receiver
        if not is_left_open(function.scope):
            return ()
        owner = function.scope.enclosing_class
        if isinstance(receiver, (Instance, ClassObject)) and receiver.cls is not receiver.base:
            owner = receiver.cls  # type: ignore[assignment]
        if owner is None:
            return ()
        key = (owner, name)
        found = self._written.get(key)
        if found is None:
            found = self._find(owner, name)
            if self.ev.is_final:
                self._written[key] = found
        return found

    def is_overridden(self, method: Scope) -> bool:
        """Whether a class below that of a method has something else under its name, or may have, or an object of its own."""
        owner = method.enclosing_class
        below = self.all_below(owner) if owner is not None else None
        if owner is None or below is None or method.name in owner.self_assignments:
            return True
        return any(method.name in one.bindings or method.name in one.self_assignments for one in below)

    def attribute(self, receiver: Instance, name: str) -> Type:
        """What an attribute is that an interface lacks, of an object that is given as one of it: it belongs to those of its
        classes that have it."""
        owner = receiver.cls
        assert isinstance(owner, Scope)
        known_ones = self.ev.interfaces
        if owner not in known_ones:
            known_ones[owner] = any(map(owner.module.mentions, MARKS)) and _is_interface(owner)
        if not known_ones[owner] or name.startswith("__"):
            return UNKNOWN
        having = [one for one in self.all_below(owner) or () if self._has(one, name)]
        return known([self.ev.type_of_member(self.ev.class_object(one).instance(), name) for one in having])

    def mixed_in(self, receiver: Instance | ClassObject, name: str) -> Type:
        """What an attribute or a method is that a class without bases reads of its own objects, or of itself, and never has:
        classes below it have it of other bases. Where these do not agree, it may be anything."""
        owner = receiver.cls
        if not isinstance(owner, Scope) or name.startswith("__") or not stands_alone(owner.node):
            return UNKNOWN
        is_class = isinstance(receiver, ClassObject)
        return self.ev.once((owner, name, is_class, "mixed-in"), self._mixed_in, owner, name, is_class)

    def _mixed_in(self, owner: Scope, name: str, is_class: bool) -> Type:
        if not index_of(owner).on_self(name, "cls" if is_class else "self"):
            return UNKNOWN
        below = [self.ev.class_object(one) for one in self.all_below(owner) or () if self._has(one, name)]
        found = [self.ev.type_of_member(one if is_class else one.instance(), name) for one in below]
        return found[0] if found and len({_apart_from_receiver(one) for one in found}) == 1 else UNKNOWN

    def mixed_with(self, owner: Scope) -> Class | None:
        """The class of a library whose behaviour those have that mix in a class without bases; None where they do not agree."""
        if not stands_alone(owner.node):
            return None
        found = [self.ev.class_object(one).base for one in self.all_below(owner) or ()]
        return found[0] if found and all(one is found[0] for one in found) else None

    def behind(self, owner: Scope) -> ClassObject | None:
        """The class with a library's behaviour that stands behind a mixin where classes name both among their bases, mixin
        first: what ``super()`` finds there. None where there is none, or where these do not agree."""
        found = [one for heir in self.all_below(owner) or () for one in self._behind(owner, heir)]
        return found[0] if found and all(one.key == found[0].key for one in found) else None

    def _behind(self, owner: Scope, heir: Scope) -> list[ClassObject]:
        """The first such class behind a mixin among the bases of one class."""
        is_behind = False
        for base in bases_of(self.ev, heir):
            if is_behind and base.base is not None:
                return [base]
            is_behind = is_behind or owner in lineage(self.ev, base)
        return []

    def nobody_has(self, receiver: Instance, name: str) -> bool:
        """Whether an object of a class of the project has no such member for certain, nor has one of a class below it, or one of
        a library has none of its mode: to ask it for that raises ``AttributeError``."""
        owner = receiver.cls
        if receiver.base is not None and receiver.base is owner:
            return self.ev.models.having(receiver.base, name) is not None
        if not isinstance(owner, Scope) or receiver.base is not None or not is_without(self.ev, receiver, name):
            return False
        below = self.all_below(owner)
        family = (*lineage(self.ev, receiver), *(below or ()))
        return (
            below is not None
            and all(is_without(self.ev, self.ev.class_object(one).instance(), name) for one in below)
            and not any(sets_by_name(self.ev, one) for one in family)
            and next(assignments(self.ev, name, owner.module), None) is None
        )

    def _has(self, cls: Scope, name: str) -> bool:
        """Whether a class has an attribute, its own or inherited."""
        own = lineage(self.ev, ClassObject(cls, None))
        if any(name in one.bindings or name in one.self_assignments for one in own):
            return True
        base, models = self.ev.class_object(cls).base, self.ev.models
        return base is not None and (models.method(base, name) is not None or bool(models.attribute(base, name)))

    def filled(self, cls: ClassObject) -> ClassObject:
        """The class whose objects are meant by the name of an interface; the same where it is none, or where none of the
        project fills it, or several do."""
        owner = cls.cls
        if not isinstance(owner, Scope):
            return cls
        if owner not in self._filled:
            may_be = any(map(owner.module.mentions, MARKS))
            found = self._fill(owner) if may_be and (_is_interface(owner) or self._joined(owner)) else None
            if not self.ev.is_final:
                return found or cls
            self._filled[owner] = found
        return self._filled[owner] or cls

    def _fill(self, owner: Scope) -> ClassObject | None:
        if only(owner.name, owner.module.path, self.ev.project.fillers) is None and not self._is_asked_for(owner):
            return None  # as the screen has it, which parses nothing
        found = [heir for heir in self.all_below(owner) or () if self._is_whole(heir)]
        return self.ev.class_object(found[0]) if len(found) == 1 else None

    def _is_asked_for(self, owner: Scope) -> bool:
        """Whether one class alone has all that a protocol asks for, which does not say so."""
        methods = (one.name for one in owner.children if one.kind == "function" and not one.name.startswith("__"))
        asked = frozenset(one.encode() for one in methods) if is_protocol(owner) else frozenset()
        return bool(asked) and alike(asked, owner.module.path, self.ev.project.writers) is not None

    def _is_whole(self, cls: Scope) -> bool:
        """Whether a class leaves nothing open of what it inherits."""
        names = {one.name for base in lineage(self.ev, ClassObject(cls, None)) for one in open_methods(base)}
        found = [self._own(cls, name) for name in sorted(names)]
        return all(one is None or not is_left_open(one) for one in found)

    def _find(self, owner: Scope, name: str) -> tuple[Scope, ...]:
        found: list[Scope] = []
        for heir in self.all_below(owner) or ():
            one = self._own(heir, name)
            if one is None:
                return ()  # a name that is assigned, or that something else gives
            if not is_left_open(one) and not _only_refuses(one) and one not in found:
                found.append(one)
        return tuple(found)

    def _own(self, cls: Scope, name: str) -> Scope | None:
        """The function that a class has under a name, its own or inherited."""
        for one in lineage(self.ev, ClassObject(cls, None)):
            bindings = one.bindings.get(name)
            if bindings:
                return bindings[-1].scope if bindings[-1].kind == "function" else None
        return None

    def below(self, owner: Scope) -> tuple[Scope, ...]:
        """The classes that inherit from one, directly or not; none where there are too many."""
        return self.all_below(owner) or ()

    def all_below(self, owner: Scope) -> tuple[Scope, ...] | None:
        """The classes that inherit from one, directly or not; None where there are too many."""
        if owner in self._below:
            return self._below[owner]
        below: tuple[Scope, ...] | None = None
        found: list[Scope] = []
        queue = [owner]
        for one in queue:  # grows
            heirs = self._direct(one)
            if heirs is None or len(found) + len(heirs) > MAX_HEIRS:
                break
            fresh = [heir for heir in heirs if heir not in found]
            found += fresh
            queue += fresh
        else:
            below = tuple(found or self._alike(owner) or self._below_joined(owner))
        if self.ev.is_final:
            self._below[owner] = below
        return below

    def _below_joined(self, owner: Scope) -> list[Scope]:
        """The classes that are below all the interfaces which one joins that nobody names among their bases."""
        families = [self.all_below(one) or () for one in self._joined(owner)]
        first = families[0] if families else ()
        return [one for one in first if one is not owner and all(one in each for each in families)]

    def _joined(self, owner: Scope) -> list[Scope]:
        """The interfaces that a class joins which writes nothing of its own; none where it has any other base."""
        node = owner.node
        if not isinstance(node, ast.ClassDef) or any(not _is_empty(one) for one in node.body):
            return []
        bases = [base.cls for base in bases_of(self.ev, owner)]
        known_ones = [one for one in bases if isinstance(one, Scope) and (_is_interface(one) or self._joined(one))]
        return known_ones if len(known_ones) == len(node.bases) else []

    def _alike(self, owner: Scope) -> list[Scope]:
        """The classes that are what a protocol asks for, without saying so. One that asks for a single method to which
        nothing is passed asks for nothing in particular."""
        wanted = open_methods(owner) if is_protocol(owner) else []
        if not wanted or (len(wanted) == 1 and len(_parameters(wanted[0])) < 2):
            return []
        paths = self.ev.project.defining(max((one.name for one in wanted), key=len), owner.module)
        modules = map(self.ev.project.module, paths if len(paths) <= MAX_HEIRS else ())
        found = [
            cls
            for module in modules
            for cls in (module.scope.children if module is not None else ())
            if cls.kind == "class" and not is_protocol(cls) and self._has_all(cls, wanted)
        ]
        return found if len(found) <= MAX_HEIRS else []

    def _has_all(self, cls: Scope, wanted: list[Scope]) -> bool:
        """Whether a class writes the methods of a protocol, and half of those that are passed something with the same names."""
        named = telling = 0
        for one in wanted:
            own = self._own(cls, one.name)
            if own is None or own.is_async is not one.is_async or len(_parameters(own)) != len(_parameters(one)):
                return False
            if len(_parameters(one)) > 1:
                telling += 1
                named += _parameters(own) == _parameters(one)
        return not telling or (named > 0 and 2 * named >= telling)

    def _direct(self, owner: Scope) -> list[Scope] | None:
        """The classes that name one among their bases."""
        project = self.ev.project
        named = project.fillers(owner.name, owner.module.path)
        if len(named) > MAX_HEIRS:
            return None
        found: list[Scope] = []
        for path, name in named:
            module = project.module(path)
            for scope in module.scope.children if module is not None else ():
                is_heir = scope.kind == "class" and scope.name == name and scope is not owner and scope not in found
                if is_heir and any(base.cls is owner for base in bases_of(self.ev, scope)):
                    found.append(scope)
        return found


def _apart_from_receiver(member: Type) -> object:
    """What tells a member from others: a method is the same one in whichever class it is found."""
    return member.scope if isinstance(member, Function) else member.key


def _parameters(method: Scope) -> list[str]:
    """The names of what may be passed to a method in its place."""
    node = method.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    return [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


def stands_alone(node: ast.AST) -> bool:
    """Whether a class has no bases that could have what it lacks."""
    return isinstance(node, ast.ClassDef) and all(getattr(one, "id", "") in ALONE for one in node.bases)


def open_methods(cls: Scope) -> list[Scope]:
    """The methods that a class itself leaves for others to write."""
    return [one for one in cls.children if is_left_open(one)]


def _is_interface(cls: Scope) -> bool:
    """Whether nobody makes an object of a class itself: it is a protocol, declares a method abstract, or writes none."""
    if not isinstance(cls.node, ast.ClassDef):
        return False
    left_open = open_methods(cls)
    if not left_open:
        return False
    methods = [one for one in cls.children if one.kind == "function" and one.name != "__init__"]
    return is_protocol(cls) or len(left_open) == len(methods) or any(map(_is_declared, left_open))


def is_left_open(scope: Scope) -> bool:
    """Whether a method is there for others to write."""
    node, owner = scope.node, scope.enclosing_class
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or owner is None:
        return False
    if _is_declared(scope):
        return True
    body = _beyond_docstring(node)
    if not body:
        return is_protocol(owner)
    last = body[-1]
    if isinstance(last, ast.Raise):
        return says_not_implemented(last)
    return all(_is_empty(one) for one in body) and is_protocol(owner)


def says_not_implemented(raised: ast.Raise) -> bool:
    """Whether what is raised says that others write a function, or put one in its place."""
    error = raised.exc.func if isinstance(raised.exc, ast.Call) else raised.exc
    return error is not None and last_name(error) == "NotImplementedError"


def _is_declared(scope: Scope) -> bool:
    """Whether a decorator declares a method abstract."""
    decorators = getattr(scope.node, "decorator_list", ())
    return any(last_name(one) in ("abstractmethod", "abstractproperty") for one in decorators)


def _only_refuses(scope: Scope) -> bool:
    """Whether a function raises something, and does nothing before but to put that into words: what only says that it does not
    support something says nothing of what the others do."""
    *before, last = _beyond_docstring(scope.node) or [ast.Pass()]
    if not isinstance(last, ast.Raise):
        return False
    asked = (one for each in before for one in walk(each) if isinstance(one, (ast.Call, ast.Await)))
    return all(map(_is_wording, before)) and next(asked, None) is None


def _is_wording(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but to give something a name, or to drop one."""
    is_named = isinstance(statement, ast.Assign) and all(isinstance(one, ast.Name) for one in statement.targets)
    return is_named or isinstance(statement, ast.Delete) or _is_empty(statement)


def _beyond_docstring(node: ast.AST) -> list[ast.stmt]:
    body: list[ast.stmt] = getattr(node, "body", [])
    first = body[0] if body else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_text else body


def _is_empty(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def is_protocol(owner: Scope) -> bool:
    assert isinstance(owner.node, ast.ClassDef)
    bases = [one.value if isinstance(one, ast.Subscript) else one for one in owner.node.bases]
    return any(last_name(one) == "Protocol" for one in bases)


def is_of_protocol(one: Type) -> bool:
    """Whether all that is told of an object is a protocol of the project: which methods somebody needs."""
    return isinstance(one, Instance) and isinstance(one.cls, Scope) and is_protocol(one.cls)
