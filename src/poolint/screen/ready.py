"""What the models have made ready for the screen."""

from __future__ import annotations

import os
import re

from poolint.screen.files import seeds_of
from poolint.screen.given import takes_untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from poolint.models.schema import Library
    from poolint.screen.files import File

ENGINE_OPTIONS = b"SQLALCHEMY_ENGINE_OPTIONS"
"""What a configuration names that makes an engine where no library is imported."""

_KEPT = rb"^([ \t]*)([\w.]*\.)?\w+[ \t]*(?::[^=\n]+)?=[ \t]*"
"""Where a statement keeps what follows; group 1 is how far it is indented, group 2 the object that keeps it, if any."""


class Ready:
    """What the models have made ready for the screen.

    ``roots`` are the import roots of the libraries that make a file interesting; ``carrying`` are the names in these
    that carry something of a pool, ``blocking`` those of synchronous sessions and pools, by roots. ``clients`` are the
    modules and classes of HTTP clients, ``told`` the modules of which all names are known, ``starting`` are the functions that
    run coroutines at once. Expressions are only made when they are asked for: a file of no interest needs none of them.
    ``libraries`` are the import roots of all libraries that poolint has models of, ``own`` are the models of users.
    """

    __slots__ = (
        "_arguments",
        "_awaited",
        "_lenders",
        "_lending",
        "_library",
        "_made",
        "_making",
        "_reaching",
        "_routers",
        "_told",
        "_words",
        "blocking",
        "carrying",
        "clients",
        "libraries",
        "own",
        "registries",
        "roots",
        "seen",
        "starting",
        "told",
    )

    def __init__(self, own: tuple[Library, ...] = ()) -> None:
        path = os.path.join(os.path.dirname(os.path.dirname(__file__)), "models", "ready.screen")
        with open(path, "rb") as file:
            *lines, told, _ = file.read().split(b"\n")
        lists = [line.split() for line in lines]
        self._told = dict[str, bytes]()
        for word in told.split(b" "):
            module, _, names = word.partition(b"=")
            self._told[module.decode()] = names
        self.seen: frozenset[str] = frozenset()
        """The files of which a test run says what objects they have in hand: these are interesting whatever they import."""
        self.told: dict[str, frozenset[bytes]] = {}
        """The names of the modules that were asked for."""
        self.own: dict[str, frozenset[bytes]] = {}
        """By module, what users say of it that carries something: it may be one of the project."""
        self.libraries = frozenset(word.decode() for word in lists[5])
        if own:
            lists = [one + more for one, more in zip(lists, self._add(own), strict=True)]
        self.roots, self.carrying, blocking, self._words, self.clients = map(frozenset, lists[:5])
        by_root: dict[bytes, set[bytes]] = {}
        for one in blocking:
            root, _, last = one.partition(b".")
            by_root.setdefault(root, set()).add(last)
        self.blocking = {root: frozenset(found) for root, found in by_root.items()}
        self._arguments = [one for one in lists[6] if b"=" in one]
        self._lending = [one[1:] for one in lists[6] if one.startswith(b".")]
        self._lenders = frozenset(lists[6])
        self._making = [name + b"(" for name in self.clients]
        self._routers = lists[7]
        self.registries, self.starting = map(frozenset, lists[8:10])
        self._library: re.Pattern[bytes] | None = None
        self._reaching: re.Pattern[bytes] | None = None
        self._made: re.Pattern[bytes] | None = None
        self._awaited: re.Pattern[bytes] | None = None

    def _add(self, libraries: tuple[Library, ...]) -> list[list[bytes]]:
        """Take in the models of users; gives what they add to each list."""
        from poolint.models.screened import screen

        for library in libraries:
            for name in library.names if library.screened else ():
                module, _, last = name.rpartition(".")
                self.own[module] = self.own.get(module, frozenset()) | {last.encode()}
        return [line.split() for line in screen(libraries).split(b"\n")[:-1]]

    def is_library(self, dotted: str) -> bool:
        """Whether an import is of a library that makes a file interesting."""
        return not self.roots.isdisjoint(dotted.encode().split(b"."))

    def seeds(self, file: File, name: bytes, local: bytes, dotted: str) -> tuple[Set[bytes], Set[bytes]]:
        """The local names by which an import from a library's module brings what carries something, and what may block."""
        return seeds_of(file, name, local, self.carrying), seeds_of(file, name, local, self.blocking_of(dotted))

    def blocking_of(self, dotted: str) -> frozenset[bytes]:
        """The names of synchronous sessions and pools in a library's module."""
        roots = self.blocking.keys() & dotted.encode().split(b".")
        return frozenset[bytes]().union(*(self.blocking[one] for one in roots))

    def lacks(self, dotted: str, names: Iterable[tuple[bytes, bytes]], file: File) -> bool:
        """Whether an import in ``file`` asks a library for a name that it does not have, or may do so later."""
        return any(self._lacks(dotted, name, file.read_off(local)) for name, local in names)

    def _lacks(self, dotted: str, name: bytes, words: frozenset[bytes]) -> bool:
        if name not in (b"", b"*"):
            if dotted in self._told and not name.startswith(b"_") and name not in self._names(dotted):
                return True
            dotted = f"{dotted}.{name.decode('ascii', 'replace')}"
        for module in self._told:
            tail = module.removeprefix(dotted)
            is_inside = tail != module and tail[:1] in ("", ".") and words.issuperset(tail[1:].encode().split(b"."))
            if (is_inside or module == dotted) and not words <= self._names(module):
                return True
        return False

    def _names(self, module: str) -> frozenset[bytes]:
        found = self.told.get(module)
        if found is None:
            words = self._told[module].split(b",")
            more = [self._names(one[1:].decode()) for one in words if one.startswith(b"+")]
            found = self.told[module] = frozenset(words).union(*more)
        return found

    def names_library(self, data: bytes) -> bool:
        """Whether a text mentions a library that makes a file interesting."""
        if not any(root in data for root in self.roots):
            return False
        if self._library is None:
            self._library = re.compile(rb"\b(?:" + b"|".join(sorted(self.roots)) + rb")\b")
        return self._library.search(data) is not None

    def makes_router(self, data: bytes) -> bool:
        """Whether a text makes a router, or has what is run before its functions named: others say what that is."""
        return any(one in data for one in self._routers)

    def reaches(self, data: bytes) -> bool:
        """Whether a method is called by which synchronous sessions reach the database, or connections are taken from their
        pools: not behind an ``await``, or in the header of an ``async with``."""
        if self._reaching is None:
            self._reaching = re.compile(rb"\.(?:" + b"|".join(sorted(self._words)) + rb")\b")
        for found in self._reaching.finditer(data):
            before = data[data.rfind(b"\n", 0, found.start()) + 1 : found.start()]
            if b"await" not in before and b"async" not in before:
                return True
        return False

    def takes(self, file: File) -> bool:
        """Whether a file that calls such a method has functions, or objects, that are passed something and do not say what."""
        return self.reaches(file.data) and (bool(file.keeping) or takes_untold(file.data))

    def may_lend(self, foreign: Set[bytes], data: bytes) -> bool:
        """Whether a response of a client may be had that has a connection until it is read; ``foreign`` are the names that a
        file imports."""
        if self._lenders.isdisjoint(foreign):
            return False
        if any(one in data for one in self._arguments):
            return True
        if b"await" not in data:
            return False
        if self._awaited is None:
            names = b"|".join(sorted(self._lending))
            self._awaited = re.compile(rb"\bawait[\s(]+[\w.]+\.(?:" + names + rb")\(")
        return self._awaited.search(data) is not None

    def makes_client(self, data: bytes) -> bool:
        """Whether an HTTP client is made, whatever it is kept in."""
        return any(one in data for one in self._making)

    def made(self, data: bytes) -> list[re.Match[bytes]]:
        """Where an HTTP client is made and kept under a name."""
        if not self.makes_client(data):
            return []
        if self._made is None:
            names = b"|".join(sorted(self.clients))
            self._made = re.compile(_KEPT + rb"(?:\w+\.)*(?:" + names + rb")\(", re.MULTILINE)
        return list(self._made.finditer(data))
