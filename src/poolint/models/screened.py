"""What the screen needs to know of the models: words by which a file that may matter is told from all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.models.schema import ASKED, REACHING_ROLES, Class, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.models.api_rows import Names
    from poolint.models.schema import Library

_GIVING = frozenset({"checkout", "begin"})
"""Roles of methods of engines and pools that wait for a connection."""

_STARTING = frozenset({"at-once", "makes-task", "starts"})
"""How functions go about with coroutines that they are given, where these do not run one after the other."""


def screen(libraries: Iterable[Library]) -> bytes:
    """What the screen needs, in eleven lines.

    The import roots of the screened libraries; the last parts of the names in them that carry something of a pool, or register a
    listener with one; of those the ones of synchronous sessions and pools, each with the root that it is of; the methods by which
    these reach the database; roots and names of the clients of other libraries of which it is known what dropping them does; the
    import roots of all libraries; what shows that a response may be left unread; what makes a router, of which is said elsewhere
    what is run before its endpoints, or lets something run before a function; what makes a registry of sessions, or what has one;
    modules of which all names are known, with these.
    """
    libraries = tuple(libraries)
    screened = [library for library in libraries if library.screened]
    roots = {root for library in screened for root in library.roots}
    classes = [cls for library in screened for cls in library.classes]
    sessions = {cls.name for cls in classes if _is_sync_session(cls) or _gives_connections(cls)}
    for role in ("open", "create"):  # what opens one, and what builds that
        sessions |= {
            cls.name
            for library in screened
            for cls in library.classes
            if cls.mode == "sync" and any(row.role == role and row.returns in sessions for row in cls.methods)
        }
    while (
        more := {
            cls.name
            for cls in classes
            if cls.mode == "sync"
            and cls.kind == "other"
            and not sessions.isdisjoint([*(row.returns for row in cls.methods), *cls.attributes.values()])
        }
        - sessions
    ):  # what is asked for that, step by step, or has one
        sessions |= more
    statements = {row.returns for library in screened for row in library.functions if row.objects}
    """Classes of what only says what to ask for."""
    connections = {cls.name for cls in classes if cls.mode == "sync" and cls.kind == "connection" and not cls.embedded}
    connecting = {cls.name for cls in classes if cls.name in connections and cls.construct == "checkout"}
    """Classes that connect where they are called."""
    names: set[str] = set()
    blocking: set[str] = set()
    reaching: set[str] = set()
    queries = {cls.name for library in screened for cls in library.classes if cls.kind == "query"}
    for library in screened:
        for cls in library.classes:
            # A loop over a query reaches the database as well: what gives one may be all that is called.
            reaching.update(name for method in cls.methods if method.returns in queries for name in method.names)
            reaching.update(name for name, one in cls.attributes.items() if one in queries)
            if _gives_connections(cls):
                reaching.update(name for method in cls.methods if method.role in _GIVING for name in method.names)
            if cls.mode == "sync" and cls.kind in ("session", "registry", "query"):
                reaching.update(name for row in cls.methods if row.role in REACHING_ROLES for name in row.names)
        named: tuple[Class | Function, ...] = (*library.classes, *library.functions)
        for row in named:
            if row.name in statements or (isinstance(row, Function) and row.returns in statements):
                continue
            names |= {path.rpartition(".")[2] for path in (row.name, *row.aliases)}
            if row.name in sessions | connecting or (
                isinstance(row, Function) and row.returns in sessions | connections
            ):
                blocking |= {f"{path.partition('.')[0]}.{path.rpartition('.')[2]}" for path in (row.name, *row.aliases)}
        blocking |= {
            f"{path.partition('.')[0]}.{path.rpartition('.')[2]}"
            for path, cls in library.objects.items()
            if cls in sessions
        }
        rows = (row for row in library.manners if row.how in ("registers", "registers-decorated"))
        names |= {name.rpartition(".")[2] for name in (*library.objects, *(one for row in rows for one in row.names))}
    clients: set[str] = set()
    for library in libraries:
        kept = [] if library.screened else [cls for cls in library.classes if cls.kind == "client" and cls.on_drop]
        clients.update(part for cls in kept for part in (cls.name.partition(".")[0], cls.name.rpartition(".")[2]))
    lending = {part for library in libraries for cls in library.classes for part in _lending(cls)}
    every = {root for library in libraries for root in library.roots}
    including = [one for one in libraries if any(row.includes for row in one.injections)]
    serving = [row for one in including for row in one.purposes if row.purpose == "serves"]
    routers = {f"{name.rpartition('.')[2]}(" for row in serving for name in row.names}
    guards = (name for library in libraries for row in library.guards for name in row.names)
    routers |= {name.rpartition(".")[2] for name in guards if "." in name}
    manners = (row for library in libraries for row in library.manners if row.how in _STARTING)
    starting = {name.rpartition(".")[2] for row in manners for name in row.names}
    lists = (roots, names, blocking, reaching, clients, every, lending, routers, _registries(libraries), starting)
    told = " ".join(_told(row) for library in screened for row in library.modules)
    return b"\n".join((*(" ".join(sorted(words)).encode() for words in lists), told.encode()))


def _lending(cls: Class) -> Iterator[str]:
    """What a file mentions in which a response of a client may be left: the module and the class, as they are; the methods
    that always give one, after a dot; and arguments by which others do, as they are written."""
    for row in cls.methods:
        if row.owes or row.owes_unless:
            yield from (cls.name.partition(".")[0], cls.name.rpartition(".")[2])
            said = f"{row.owes}=True" if row.owes else f"{row.owes_unless}=False"
            yield from (f".{name}" for name in row.names) if row.owes == "always" else (said,)


def _registries(libraries: Iterable[Library]) -> set[str]:
    """The last names by which a registry is made, or what has one for an attribute."""
    classes = [cls for library in libraries for cls in library.classes]
    registries = {cls.name for cls in classes if cls.kind == "registry"}
    having = (cls for cls in classes if cls.name in registries or not registries.isdisjoint(cls.attributes.values()))
    return {path.rpartition(".")[2] for cls in having for path in (cls.name, *cls.aliases)}


def _told(row: Names) -> str:
    """A module and its names, in one word: ``module=name,name``; ``+module`` stands for all names of another."""
    return f"{row.module}={','.join((*row.names.split(), *row.gone.split(), *(f'+{one}' for one in row.also)))}"


def _is_sync_session(cls: Class) -> bool:
    """Whether a synchronous class reaches a database by itself, or makes what does."""
    if cls.mode != "sync" or cls.kind not in ASKED | {"factory"}:
        return False
    return cls.kind not in ("other", "client") or any(row.role in REACHING_ROLES for row in cls.methods)


def _gives_connections(cls: Class) -> bool:
    """Whether one waits for a server where a synchronous class gives a connection: an engine, a pool that one makes, a class
    that connects."""
    if (
        cls.mode != "sync"
        or cls.embedded
        or cls.pool is not None
        or not any(row.role in _GIVING for row in cls.methods)
    ):
        return False
    return cls.kind in ("engine", "pool") or (
        cls.kind == "connection" and any(row.role == "checkout" for row in cls.methods)
    )
