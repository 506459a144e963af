"""The library knowledge at run time: reads the models that :mod:`poolint.models.build` has made ready."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from poolint.models.api_rows import Fact
from poolint.models.schema import (
    CLOSING_ROLES,
    RELEASABLE,
    Class,
    Dialect,
    Driver,
    Fork,
    Function,
    Library,
    Maker,
    Method,
)
from poolint.models.standard import ENTERS, LEAVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poolint.models.api_rows import Events, Names, Target, Wrapped
    from poolint.models.framework_rows import Bound, Guard, Handed, Hook, Injection, Middleware, Purpose, Streamed
    from poolint.models.named_rows import How, Passed, Threaded

# Not with pathlib: importing it would cost more than all of the reading.
READY = os.path.join(os.path.dirname(__file__), "ready.msgpack")

T = TypeVar("T")

FALLBACK = "*"
"""The method name that stands for all public methods that have no row of their own."""


class Models:
    """All classes and functions that poolint knows, by every name under which they can be imported.

    ``own`` are the names that users tell of, ``own_roots`` where these begin: they may be of the project itself.
    ``classes`` and ``functions`` are keyed by qualified name and by each alias; ``roots`` holds the import roots of all
    libraries, ``screened_roots`` those that alone make a file interesting. ``objects`` are those that modules have ready,
    each with its class. ``modules`` are those whose names are known to be all, ``events`` the groups of events and
    ``targets`` the classes that take or refuse them, all by name; ``wrapped`` says which exceptions arrive inside others.
    ``dialects`` are keyed by name, ``drivers`` by dialect and name, ``makers`` by the name of their row. ``facts`` are what
    depends on versions; ``forks`` are what runs functions in child processes; ``purposes`` what modules are for. ``hooks``
    are what libraries call, by how they come to do so and the last part of each name, each with the import roots of its
    library; ``guards`` what they run before others, by the last parts of the names of these decorators, and ``middlewares``
    what they run around handlers; ``injections``, ``bound`` and ``streamed`` are keyed by each name, ``handed`` by import
    root and name; ``packages`` are the import roots of all libraries that do anything of this. ``manners`` are names by how
    calls of these end (see :meth:`ends`), ``passed`` what hands a value through, by what it gives and its name,
    ``threaded`` what runs a function in a thread, by its last name. ``since`` has the version and the distribution from
    which on the rows of an import root are true.
    """

    __slots__ = (
        "_attributes",
        "_derived",
        "_lacking",
        "_lineages",
        "_methods",
        "_names",
        "_words",
        "bound",
        "classes",
        "dialects",
        "drivers",
        "events",
        "facts",
        "forks",
        "functions",
        "guards",
        "handed",
        "hooks",
        "injections",
        "makers",
        "manners",
        "middlewares",
        "modules",
        "objects",
        "own",
        "own_roots",
        "packages",
        "passed",
        "purposes",
        "roots",
        "screened_roots",
        "since",
        "streamed",
        "targets",
        "threaded",
        "wrapped",
    )

    def __init__(self, libraries: Iterable[Library], own: Iterable[Library] = ()) -> None:
        self.classes: dict[str, Class] = {}
        self.functions: dict[str, Function] = {}
        self.objects: dict[str, Class] = {}
        self.modules: dict[str, Names] = {}
        self.events: dict[str, Events] = {}
        self.targets: dict[str, Target] = {}
        self.wrapped: list[Wrapped] = []
        self.forks: list[Fork] = []
        self.purposes: list[Purpose] = []
        self.since: dict[str, tuple[str, str]] = {}
        self.hooks: dict[tuple[str, str], list[tuple[frozenset[str], Hook]]] = {}
        self.guards: dict[str, Guard] = {}
        self.middlewares: list[Middleware] = []
        self.injections: dict[str, Injection] = {}
        self.bound: dict[str, Bound] = {}
        self.streamed: dict[str, Streamed] = {}
        self.handed: dict[tuple[str, str], Handed] = {}
        self.packages: frozenset[str] = frozenset()
        self.manners: dict[str, frozenset[str]] = {}
        self.passed: dict[tuple[str, str], Passed] = {}
        self.threaded: dict[str, Threaded] = {}
        self.dialects: dict[str, Dialect] = {}
        self.drivers: dict[tuple[str, str], Driver] = {}
        self.makers: dict[str, Maker] = {}
        self.facts: dict[str, Fact] = {}
        roots: set[str] = set()
        own_roots: set[str] = set()
        screened: set[str] = set()
        own = tuple(own)
        for library in (*libraries, *own):
            (roots if library not in own else own_roots).update(library.roots)
            if library.screened:
                screened.update(library.roots)
            for cls in library.classes:
                self.classes[cls.name] = cls
                for alias in cls.aliases:
                    self.classes[alias] = cls
            for function in library.functions:
                self.functions[function.name] = function
                for alias in function.aliases:
                    self.functions[alias] = function
            self.objects.update((name, self.classes[made]) for name, made in library.objects.items())
            self.forks += library.forks
            self.wrapped += library.wrapped
            self.purposes += library.purposes
            for names in library.modules:
                self.modules[names.module] = names
            for group in library.events:
                self.events[group.name] = group
            for target in library.targets:
                self.targets[target.cls] = target
            self._take_framework(library)
            self._take_named(library)
            for dialect in library.dialects:
                self.dialects[dialect.name] = dialect
            for driver in library.drivers:
                self.drivers.update(((name, driver.name), driver) for name in driver.dialects)
            for maker in library.makers:
                self.makers[maker.name] = maker
            for fact in library.facts:
                self.facts[fact.name] = fact
        self.roots = frozenset(roots)
        self.own_roots = frozenset(own_roots)
        self.own = frozenset(name for library in own for name in library.names)
        self.screened_roots = frozenset(screened)
        # Keyed by class name: a Class holds a dict, so it cannot be hashed itself.
        self._lacking: dict[str, dict[str, Class]] | None = None
        self._lineages: dict[str, tuple[Class, ...]] = {}
        self._methods: dict[str, dict[str, Method | None]] = {}
        self._attributes: dict[str, dict[str, str]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._words: dict[tuple[How, ...], frozenset[str]] = {}
        self._derived: dict[Callable[[Models], Any], Any] = {}

    def derived(self, make: Callable[[Models], T]) -> T:
        """What follows from the rows and nothing else, and is not changed: made when it is first asked for. An editor has the
        services of a project made anew after each change, and the rows are the same."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: T = self._derived[make]
        return found

    def _take_framework(self, library: Library) -> None:
        """What a library does with the functions of a project."""
        around = frozenset((*library.roots, *library.packages))
        self.packages |= around
        if library.since:
            self.since.update((root, (library.since, library.library)) for root in library.roots)
        for hook in library.hooks:
            for name in hook.names:
                self.hooks.setdefault((hook.by, name.rpartition(".")[2]), []).append((around, hook))
        for guard in library.guards:
            self.guards.update((name.rpartition(".")[2], guard) for name in guard.names)
        self.middlewares += library.middlewares
        for injection in library.injections:
            self.injections.update((name, injection) for name in injection.names)
        for bound in library.bound:
            self.bound.update((name, bound) for name in bound.names)
        for streamed in library.streamed:
            self.streamed.update((name, streamed) for name in streamed.names)
        for one in library.handed:
            root, _, rest = one.name.partition(".")
            self.handed[root, rest.rpartition(".")[2]] = one

    def _take_named(self, library: Library) -> None:
        """What is known of functions of a library by their names alone."""
        for manner in library.manners:
            self.manners[manner.how] = self.manners.get(manner.how, frozenset()) | frozenset(manner.names)
        for passed in library.passed:
            self.passed.update(((passed.gives, name), passed) for name in passed.names)
        for threaded in library.threaded:
            self.threaded.update((name.rpartition(".")[2], threaded) for name in threaded.names)

    def words(self, *hows: How) -> frozenset[str]:
        """The last parts of the names of some manners, for what is called on objects, or imported from where nobody knows."""
        found = self._words.get(hows)
        if found is None:
            names = (name.rpartition(".")[2] for how in hows for name in self.manners.get(how, ()))
            found = self._words[hows] = frozenset(names)
        return found

    def ends(self, how: How, name: str) -> bool:
        """Whether calls of a function end in such a manner: of itself, or of what it is reached through."""
        names = self.manners.get(how, frozenset())
        while name:
            if name in names:
                return True
            name = name.rpartition(".")[0]
        return False

    def is_screened(self, name: str) -> bool:
        """Whether a qualified name is of a library that makes a file interesting, or of the stand-ins for one."""
        top = name.partition(".")[0]
        return top in self.screened_roots or top == "poolint"

    def lineage(self, cls: Class) -> tuple[Class, ...]:
        """``cls`` and all its modelled bases, nearest first, each once."""
        known = self._lineages.get(cls.name)
        if known is None:
            found = {cls.name: cls}
            for base in cls.bases:
                resolved = self.classes.get(base)
                if resolved is not None:
                    found.update((one.name, one) for one in self.lineage(resolved) if one.name not in found)
            known = self._lineages[cls.name] = tuple(found.values())
        return known

    def refusals(self, cls: Class) -> frozenset[str]:
        """The methods that raise on an instance of ``cls`` which has been closed, by its row and those of its bases."""
        return frozenset(name for one in self.lineage(cls) for name in one.refused_when_released)

    def method(self, cls: Class, name: str) -> Method | None:
        """The row for calling ``name`` on an instance of ``cls`` or on ``cls`` itself; None where nothing is known.

        A row that names the method, also one of a base, comes before any fallback row; a fallback covers public
        names only, and none that is an attribute. Who calls ``__aexit__`` or ``__exit__`` by hand does what the end of a
        block does, and who calls ``__aenter__`` or ``__enter__`` has what the block would have.
        """
        table = self._methods.get(cls.name)
        if table is None:
            table = self._methods[cls.name] = {
                each: method for one in reversed(self.lineage(cls)) for method in one.methods for each in method.names
            }
        method = table.get(name)
        if method is None and FALLBACK in table and not name.startswith("_") and not self.attribute(cls, name):
            method = table[FALLBACK]
        if method is None and name in LEAVES:
            method = table[name] = self._leaving(cls, name)
        elif method is None and name in ENTERS:
            method = table[name] = self._entering(cls, name)
        return method

    def having(self, cls: Class, name: str) -> Class | None:
        """The class of the other mode, of which ``cls`` is the twin, that has a method which instances of ``cls`` lack:
        ``Session`` for ``AsyncSession.query``. The live test holds this to the libraries."""
        found = (self.lacking.get(one.name, {}).get(name) for one in self.lineage(cls))
        return next((one for one in found if one is not None), None)

    @property
    def lacking(self) -> dict[str, dict[str, Class]]:
        """What classes lack so, by their names: each method with the class that has it."""
        if self._lacking is None:
            pairs = ((one, self.classes[one.twin]) for one in self.classes.values() if one.twin in self.classes)
            self._lacking = {twin.name: dict.fromkeys(self._only_in(one, twin), one) for one, twin in pairs}
        return self._lacking

    def _only_in(self, cls: Class, other: Class) -> Iterator[str]:
        for method in (each for one in self.lineage(cls) for each in one.methods):
            for name in method.names:
                if name != FALLBACK and not name.startswith("_") and self.method(other, name) is None:
                    yield name

    def _leaving(self, cls: Class, name: str) -> Method | None:
        """What the end of a block on an instance does, where that closes it: its first method that does so; or where that is a
        manager which lends a connection: it gives that back."""
        is_async = name == "__aexit__"
        family = self.lineage(cls)
        entered = next(filter(None, (one.async_enter if is_async else one.enter for one in family)), "")
        if not entered or not cls.releases_on_exit:
            return None
        if cls.kind == "context" and entered in self.classes and self.classes[entered].kind in RELEASABLE:
            return Method((name,), "coroutine" if is_async else "sync", "release")
        closing = (row for one in family for row in one.methods if row.role in CLOSING_ROLES and row.releases == "self")
        found = next(closing, None)
        return Method((name,), "coroutine" if is_async else "sync", found.role) if found is not None else None

    def _entering(self, cls: Class, name: str) -> Method | None:
        """What the beginning of a block on an instance gives."""
        is_async = name == "__aenter__"
        given = (one.async_enter if is_async else one.enter for one in self.lineage(cls))
        found = next(filter(None, given), "")
        return Method((name,), "coroutine" if is_async else "sync", returns=found) if found else None

    def attribute(self, cls: Class, name: str) -> str | None:
        """The type expression of the attribute ``name`` of an instance of ``cls``; None where nothing is known."""
        table = self._attributes.get(cls.name)
        if table is None:
            table = self._attributes[cls.name] = {
                each: expression for one in reversed(self.lineage(cls)) for each, expression in one.attributes.items()
            }
        return table.get(name)

    def names(self, module: str) -> frozenset[str]:
        """The public names that a module of :attr:`modules` has in any version."""
        found = self._names.get(module)
        if found is None:
            row = self.modules[module]
            own = frozenset((*row.names.split(), *row.gone.split()))
            found = self._names[module] = own.union(*(self.names(one) for one in row.also))
        return found

    def is_a(self, cls: Class, base_name: str) -> bool:
        """Whether ``cls`` is the class ``base_name`` (its name or any alias) or derives from it."""
        base = self.classes.get(base_name)
        return base is not None and any(one.name == base.name for one in self.lineage(cls))


_read: tuple[Library, ...] | None = None
_made: dict[tuple[int, ...], tuple[tuple[Library, ...], Models]] = {}


def load(own: tuple[Library, ...] = ()) -> Models:
    """The models, made once a process; ``own`` are those of users, which come before poolint's."""
    key = tuple(map(id, own))
    if key not in _made:
        _made[key] = own, Models(libraries(), own)
    return _made[key][1]


def libraries() -> tuple[Library, ...]:
    """What the model files of poolint say."""
    global _read
    if _read is None:
        with open(READY, "rb") as file:
            data = file.read()
        is_collecting = gc.isenabled()
        gc.disable()  # nothing of so many objects is garbage, and looking for some takes as long as making them
        try:
            _read = msgspec.msgpack.decode(data, type=tuple[Library, ...])
        finally:
            if is_collecting:
                gc.enable()
    return _read
