"""What an expression can be, in terms of the models and of the project's own classes.

Types are small immutable values. ``UNKNOWN`` stands for all that is of no interest or cannot be told: rules are silent
about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from poolint.models import schema
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope

Provenance = Literal["declared", "inferred", "evidence"]


class Type:
    """Base of all types; equal when ``key`` is."""

    __slots__ = ("key",)
    key: tuple[object, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.key[1:]!r}"


class Unknown(Type):
    """Nothing is known."""

    __slots__ = ()

    def __init__(self) -> None:
        self.key = ("unknown",)


class Foreign(Type):
    """An object of a class about which nothing is known, as one of several alternatives; never alone."""

    __slots__ = ()

    def __init__(self) -> None:
        self.key = ("foreign",)


class Nothing(Type):
    """``None``."""

    __slots__ = ()

    def __init__(self) -> None:
        self.key = ("none",)


class Never(Type):
    """No value at all: what would give one raises."""

    __slots__ = ()

    def __init__(self) -> None:
        self.key = ("never",)


UNKNOWN = Unknown()
NOTHING = Nothing()
FOREIGN = Foreign()
NEVER = Never()


class Instance(Type):
    """An object of a class: a library's (``cls`` is a row of the models) or the project's (``cls`` is its scope).

    ``base`` is the library class whose behaviour it has: ``cls`` itself, or the one that a first-party class inherits.
    """

    __slots__ = ("arguments", "base", "cls")

    def __init__(self, cls: schema.Class | Scope, base: schema.Class | None, arguments: tuple[Type, ...] = ()) -> None:
        self.cls = cls
        self.base = base
        self.arguments = arguments
        self.key = ("instance", _identity(cls), arguments)


class ClassObject(Type):
    """A class itself, as an object that can be called."""

    __slots__ = ("arguments", "base", "cls")

    def __init__(self, cls: schema.Class | Scope, base: schema.Class | None, arguments: tuple[Type, ...] = ()) -> None:
        self.cls = cls
        self.base = base
        self.arguments = arguments
        self.key = ("class", _identity(cls), arguments)

    def instance(self) -> Instance:
        """What calling the class gives."""
        return Instance(self.cls, self.base, self.arguments)


class ModuleObject(Type):
    """A first-party module."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        self.module = module
        self.key = ("module", module.path)


class LibraryName(Type):
    """A module, function or class of a library of which the models say nothing (more)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = ("library", name)


class LibraryFunction(Type):
    """A function of the models."""

    __slots__ = ("row",)

    def __init__(self, row: schema.Function) -> None:
        self.row = row
        self.key = ("library-function", row.name)


class LibraryMethod(Type):
    """A method of the models, bound to a receiver."""

    __slots__ = ("receiver", "row")

    def __init__(self, receiver: Instance | ClassObject, row: schema.Method, name: str) -> None:
        self.receiver = receiver
        self.row = row
        self.key = ("library-method", receiver, name)


class Function(Type):
    """A function of the project; ``receiver`` is the object or class it is bound to, if any."""

    __slots__ = ("receiver", "scope")

    def __init__(self, scope: Scope, receiver: Type | None = None) -> None:
        self.scope = scope
        self.receiver = receiver
        self.key = ("function", id(scope), receiver)


class CallableValue(Type):
    """Something of which is known what it gives when it is called: declared as a callable, or made of a generator of the
    project, which ``runs`` then in the block that enters what it gives."""

    __slots__ = ("gives", "runs")

    def __init__(self, gives: Type, runs: Function | None = None) -> None:
        self.gives = gives
        self.runs = runs
        self.key = ("callable", gives, runs)


PendingCall: TypeAlias = Literal[
    "coroutine", "awaitable", "awaitable-cm", "async-cm", "cm", "generator", "async-generator", "iterable"
]


class Pending(Type):
    """The value of a call that is not yet what one wants: it has to be awaited, entered or iterated.

    ``awaited``, ``entered`` and ``item`` are what each of these gives.
    """

    __slots__ = ("awaited", "call", "entered", "item")

    def __init__(
        self, call: PendingCall, awaited: Type = UNKNOWN, entered: Type = UNKNOWN, item: Type = UNKNOWN
    ) -> None:
        self.call: PendingCall = call
        self.awaited = awaited
        self.entered = entered
        self.item = item
        self.key = ("pending", call, awaited, entered, item)


class Holder(Type):
    """An object of a library of which is known only what some of its attributes are."""

    __slots__ = ("members",)

    def __init__(self, members: tuple[tuple[str, Type], ...]) -> None:
        self.members = members
        self.key = ("holder", members)

    def member(self, name: str) -> Type:
        """What an attribute is."""
        return next((one for attribute, one in self.members if attribute == name), UNKNOWN)


class TupleOf(Type):
    """A tuple whose elements are known one by one."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Type, ...]) -> None:
        self.items = items
        self.key = ("tuple", items)


class Either(Type):
    """One of several types; never nested, never with ``UNKNOWN`` in it."""

    __slots__ = ("members",)

    def __init__(self, members: tuple[Type, ...]) -> None:
        self.members = members
        self.key = ("union", frozenset(members))


def _identity(cls: schema.Class | Scope) -> object:
    name = getattr(cls, "kind", None)
    return id(cls) if name == "class" else cls.name


def union(types: list[Type]) -> Type:
    """The union of ``types``; unknown as soon as one of them is, since nothing would then hold for all."""
    if len(types) == 1 and not isinstance(types[0], Either):
        return UNKNOWN if types[0] is FOREIGN else types[0]
    members: list[Type] = []
    for one in types:
        for member in one.members if isinstance(one, Either) else (one,):
            if member is UNKNOWN:
                return UNKNOWN
            if member not in members:
                members.append(member)
    if all(one is FOREIGN or one is NOTHING for one in members) and FOREIGN in members:
        return UNKNOWN
    if len(members) > 1 and NEVER in members:
        members.remove(NEVER)
    if not members:
        return UNKNOWN
    return members[0] if len(members) == 1 else Either(tuple(members))


def with_foreign(types: list[Type]) -> Type:
    """The union of alternatives that were named one by one: what is unknown of them is another class's."""
    return union([FOREIGN if one is UNKNOWN else one for one in types])


def known(types: list[Type]) -> Type:
    """The union of those that are known: for evidence that adds up, such as the bindings of an attribute."""
    return union([one for one in types if one is not UNKNOWN])


def without_none(one: Type) -> Type:
    """What is left when ``None`` is ruled out."""
    if isinstance(one, Either):
        return union([member for member in one.members if member is not NOTHING])
    return UNKNOWN if one is NOTHING else one


def alternatives(one: Type) -> tuple[Type, ...]:
    """The alternatives of a type, ``None`` left out."""
    if isinstance(one, Either):
        if not any(member is NOTHING for member in one.members):
            return one.members
        one = without_none(one)
        return one.members if isinstance(one, Either) else (one,)
    return (UNKNOWN if one is NOTHING else one,)


def held(one: Type) -> Type:
    """What a container has in it; anything else itself."""
    return one.item if isinstance(one, Pending) and one.call == "iterable" else one


def is_entered_by(one: Instance, *, asynchronous: bool) -> bool:
    """Whether a ``with`` (or an ``async with``) enters an object of a library's class."""
    return one.base is not None and bool(one.base.async_enter if asynchronous else one.base.enter)


def is_of_library(one: Type) -> TypeGuard[Instance]:
    """Whether this is an object of a library's class, of which all is known."""
    return isinstance(one, Instance) and one.base is not None and one.cls is one.base
