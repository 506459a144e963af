"""The values of this package: figures and where they come from, units as readers give them, services and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Place(NamedTuple):
    """A row of a file; ``path`` is absolute."""

    path: str
    row: int


class Figure(NamedTuple):
    """A number, and how it is known. ``value`` is None when it is not: then ``how`` says why."""

    value: int | None
    how: str
    place: Place | None = None

    @property
    def least(self) -> int:
        """The smallest that it can be: what runs, runs once at least."""
        return 1 if self.value is None else self.value


class Word(NamedTuple):
    """One word of a command line after expansion. ``place`` is where its text stands, be it in a variable's value.

    ``missing`` names the variable that could not be expanded.
    """

    text: str
    place: Place
    missing: str = ""


class Problem(NamedTuple):
    """What is wrong with a file, in words. ``is_left_out``: it is over a bound, and does not count although it is whole."""

    place: Place
    message: str
    is_left_out: bool = False


Environment = dict[str, Word]
"""Environment variables and where they are set."""


class Unit(NamedTuple):
    """Something that a deployment starts: a process type, a container.

    ``words`` is its command line, empty when nothing says it. ``folder`` is where the files are looked for that the
    command names. ``is_own`` says that it runs code of the repository. ``texts`` are the contents of files and settings
    that come with it, for servers that are configured by those.
    """

    name: str
    place: Place
    words: tuple[Word, ...]
    environment: Environment
    replicas: Figure
    folder: str
    image: str = ""
    is_own: bool = True
    texts: tuple[Word, ...] = ()
    surge: Figure | None = None
    """How many more of it there are for a moment while a new version is rolled out."""
    is_over_first: bool = False
    """Whether others are started when it has ended."""


class Service(NamedTuple):
    """One program of a unit that may take connections. ``kind`` is ``web``, ``worker`` or ``migration``, which is what runs
    once before others do.

    ``targets`` are the modules or files that its command names, ``folder`` where they are looked for.
    """

    name: str
    kind: str
    program: str
    place: Place
    processes: Figure
    threads: Figure
    replicas: Figure
    targets: tuple[str, ...]
    folder: str
    environment: Environment
    surge: Figure | None = None


class Server(NamedTuple):
    """A database server: how many connections it takes, and how many of them are kept for superusers.

    ``pooler`` is the name of what stands in front of servers and shares their connections out; empty for a server.
    """

    name: str
    max_connections: Figure
    reserved: Figure
    pooler: str = ""


class Deployment(NamedTuple):
    """One way in which the code is deployed. ``files`` are what it was read from, the main one first.

    ``others`` are the units that are neither, with a word on why they do not count. ``is_part``: it has more servers,
    and this is about what connects to the only one of ``servers``.
    """

    files: tuple[str, ...]
    services: tuple[Service, ...]
    servers: tuple[Server, ...]
    others: tuple[tuple[str, Place, str], ...] = ()
    is_part: bool = False

    def parts(self) -> tuple[Deployment, ...]:
        """One for each server, where there are several that pools may connect to by their names."""
        if len(self.servers) < 2 or any(one.pooler for one in self.servers):
            return (self,)
        return tuple(self._replace(servers=(one,), is_part=True) for one in self.servers)


def in_shell(command: str, place: Place) -> tuple[Word, ...]:
    """The words of a command line that a platform hands to a shell."""
    return tuple(Word(text, place) for text in ("sh", "-c", command))


def of_platform(place: Place) -> Environment:
    """What platforms that start commands of a repository set themselves, by the size of the machine."""
    return {"WEB_CONCURRENCY": Word("", place, "WEB_CONCURRENCY")}


def overlaid(*layers: Mapping[str, Word]) -> Environment:
    """Several environments as one: the later wins."""
    found: Environment = {}
    for layer in layers:
        found.update(layer)
    return found
