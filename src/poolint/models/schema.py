"""The shape of library knowledge: one TOML file a library, read strictly into these types.

A *type expression* names what a call gives: a class of the models by its qualified name, ``self`` (the receiver),
``$0`` (the first type parameter of the receiver's class), or nothing when it is of no interest here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from poolint.models.api_rows import Events, Fact, Names, Target, Wrapped
from poolint.models.engine_rows import Dialect as Dialect
from poolint.models.engine_rows import Driver as Driver
from poolint.models.engine_rows import Maker as Maker
from poolint.models.framework_rows import Bound, Guard, Handed, Hook, Injection, Middleware, Purpose, Streamed
from poolint.models.named_rows import Manner, Passed, Threaded
from poolint.models.words import (
    Call as Call,
)
from poolint.models.words import (
    Effect as Effect,
)
from poolint.models.words import (
    Kind as Kind,
)
from poolint.models.words import (
    Objects as Objects,
)
from poolint.models.words import (
    OnDrop as OnDrop,
)
from poolint.models.words import (
    Role as Role,
)

REACHING_ROLES: frozenset[Role] = frozenset({"query", "stream", "statement", "commit", "rollback", "flush", "refresh"})
"""Roles of calls on a session or connection that reach the database."""

TAKING_ROLES: frozenset[Role] = frozenset({"query", "stream", "flush", "refresh"})
"""Roles of calls on a session after which it holds a connection."""

OPENING_ROLES: frozenset[Role] = frozenset({"checkout", "open"})
"""Roles of calls that give a session or a connection."""

CLOSING_ROLES: frozenset[Role] = frozenset({"dispose", "release"})
"""Roles of calls that give back what they are called on, or end it."""

ENDING_ROLES: frozenset[Role] = frozenset({"commit", "rollback", "release", "reset"})
"""Roles of calls on a session after which it holds none."""

RELEASABLE: frozenset[Kind] = frozenset({"session", "connection", "subscription"})
"""Kinds that hold a connection of a pool, and give it back when they are released."""

SESSIONS: frozenset[Kind] = frozenset({"session", "registry"})
"""Kinds that hold a connection from their first use to the end of a transaction."""

ASKED: frozenset[Kind] = SESSIONS | {"query", "other", "client"}
"""Kinds whose methods ask a database by themselves: they take what they need for that, and give it back."""

HANDLES: frozenset[Kind] = frozenset({"session", "connection"})
"""Kinds that statements are run on, one after the other."""

POOLING: frozenset[Kind] = frozenset({"engine", "pool"})
"""Kinds that connections are taken from."""

OWNERS: frozenset[Kind] = POOLING | {"client"}
"""Kinds of objects that own connections, and are built once and lent to all that need them: who is given one may keep it."""


class Method(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Methods of one class that behave alike.

    ``returns``: the type of the call's value, or, where it is awaited or entered, of that. ``enters``: what ``with`` or
    ``async with`` binds where that differs. ``releases``: whose checkout it gives back. ``entered_as``: for a checkout, the
    method that takes the same arguments and gives a context manager in its place. ``keeps``: what it is passed belongs to the
    receiver from then on, and to whoever takes it out: a queue. ``dedicates``: the connection has to stay the same from then
    on, however long that takes: it listens. ``begins``: the session begins a transaction, although it works in memory yet.
    ``only_with``: arguments by keyword of which one has to be given for the effect, to the call itself or to the constructor
    of what it is called on; 0 asks for none, and is no time as a timeout, unless ``zero_waits`` says that it is without end.
    ``endless``: a checkout that waits forever, unless ``timeout``, an argument by keyword, says how long, as it does for a
    lock, also where that is made; without one there is nothing to say it by. ``objects``: what it has to do with objects of
    classes that the project maps. ``owes``: what it gives has a connection of the receiver's pool until it is read to its end
    or released: ``always``, or where this argument is given as true; ``owes_unless``: where this one is given as false.
    ``acknowledges``: what it owes is mostly short, an answer to what has been sent, and gives the connection back by itself
    as soon as it has arrived. ``exhausts``: it reads what it is called on to its end. ``refuses_text``: the name of a fact
    that is ``yes`` for the versions of the library in which the call raises at once, before anything is taken, if its first
    argument is a plain text. ``commits_where``: the same of those in which it leaves nothing held. ``asks_unless``: it asks
    nothing of the database where this argument, by keyword, is False. ``fills``: the argument of the constructor, its first
    one or a keyword, that says how much there is room for: without it, or where it is no more than 0, the call never waits.
    ``works_on``: the session, or what has one, of those the receiver has or is made of (``user_db.session``), which has its
    role; ``works_on_given``: the argument that is one, its name and its place. ``commits_if``: it commits where this
    argument, by keyword, is given as true, to itself or to what makes the receiver. ``dependency``: it gives a function for a
    framework to run as one, which has a dependency of its own, the first part here that the receiver is made of, and uses the
    session that what that gives has under the rest: ``get_user_manager.user_db.session``. ``calls``: a method of the same
    object by which it does that, so that a class of the project that has its own changes both. ``waits_if``: a method that
    says beforehand whether the call will wait, ``counted_by``: one that says how many there are to take. ``closes``: its
    block closes, as it ends, the connection of the receiver that it has opened. ``refused_again``: of what releases its
    argument, the error that it raises where that has been released already.
    """

    names: tuple[str, ...]
    call: Call
    role: Role = "local"
    returns: str = ""
    enters: str = ""
    releases: Literal["self", "argument"] = "self"
    effect: Effect = ""
    entered_as: str = ""
    keeps: bool = False
    dedicates: bool = False
    begins: bool = False
    only_with: tuple[str, ...] = ()
    zero_waits: bool = False
    endless: bool = False
    timeout: str = ""
    objects: Objects = ""
    owes: str = ""
    owes_unless: str = ""
    acknowledges: bool = False
    exhausts: bool = False
    refuses_text: str = ""
    asks_unless: str = ""
    commits_where: str = ""
    commits_if: str = ""
    fills: str = ""
    waits_if: str = ""
    counted_by: str = ""
    closes: bool = False
    works_on: str = ""
    works_on_given: tuple[str, int] | None = None
    dependency: str = ""
    calls: str = ""
    refused_again: str = ""


class PoolClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a class of pool behaves in an engine.

    ``limit``: how many connections it lets out: as many as a ``queue`` has room for, ``one``, one for each ``thread``, or
    ``none`` is kept and everybody gets a new one. ``engines`` are those that take it, ``arguments`` those of the engine's
    arguments that not every pool takes, and it does. ``substitute`` is what asynchronous engines take in its place, by the name
    that it is imported by. ``default``: engines of its kind get it where they are given none. ``refused_by``: the name of a
    fact that is ``yes`` for the versions of the library in which engines of the other kind refuse it as they are made.
    """

    limit: Literal["queue", "one", "thread", "none"]
    engines: Literal["sync", "async", "both"]
    arguments: tuple[str, ...] = ()
    substitute: str = ""
    default: bool = False
    refused_by: str = ""


class Class(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A class of a library, by qualified name."""

    name: str
    kind: Kind
    mode: Literal["async", "sync"]
    aliases: tuple[str, ...] = ()
    """The other paths it is imported by."""
    bases: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    """The defaults of its type parameters."""
    parameter_from: str = ""
    """The keyword argument of the constructor that sets the first of them: ``class_``."""
    parameter_at: int = -1
    """The place which that has in some versions."""
    twin: str = ""
    """The asynchronous class of the library that a synchronous one is easily taken for."""
    construct: Role = "local"
    """The role of calling the class itself."""
    enter: str = ""
    """A type expression for what ``with`` on an instance binds; empty where the protocol is missing."""
    async_enter: str = ""
    """The same of ``async with``."""
    awaits: str = ""
    """The same of ``await``."""
    starts_once: bool = False
    """It is started by being awaited or entered, and raises when it is entered after it has been awaited."""
    enters_where: str = ""
    """The fact that is ``yes`` for the versions in which ``with`` works; empty where it does in all."""
    releases_on_exit: bool = True
    """Leaving the block gives the checkout back."""
    commits_on_exit: bool = False
    """Leaving it without an exception commits as well, which no other release does."""
    autocommits: bool = False
    """Unless it is told otherwise, each statement has been committed by itself."""
    close_gives_back: bool = False
    """Of a connection whose slot nothing but its pool gets back: its own ``close`` hands it to the pool."""
    pooled: bool = False
    """A connection that nothing but an engine or a pool gives."""
    embedded: bool = False
    """A connection to a database inside the process, which takes no slot from anybody, or an engine of such."""
    shares: bool = False
    """An engine with one connection for each thread or task: who has that, or a transaction on it, gets it again."""
    lazy: bool = False
    """An engine that opens no connection before it is first asked for one; so do clients."""
    commands: bool = False
    """Its methods, those without a row too, each take a connection of its pool and give it back."""
    for_threads: bool = False
    """Several threads may use one at once; a connection does one thing after the other."""
    expressions: bool = False
    """The statements of a connection may be expressions, made of tables."""
    admits: str = ""
    """The argument of a lock, its first one or a keyword, that says how many it lets in at once."""
    of_owner: bool = False
    """As an attribute of a class of the project it asks for objects of that class: ``objects = OrderManager()``."""
    may_be_local: bool = False
    """It stands for several, of which some wait for nothing outside: what its methods wait for is possible."""
    pool: PoolClass | None = None
    """Of a class of pool that engines can be given: how it behaves there."""
    made_with: dict[str, str] = {}
    """Keyword arguments that make it, where they are True, an object of another class, which exists here only; or names of
    constants that do, wherever they are passed."""
    made_of: dict[str, int] = {}
    """Attributes that are what the constructor is given by that name, each with its place, -1 where it has none."""
    keys: dict[str, int] = {}
    """An instance is a key: the argument, by name or place, of whose class that is which stands behind it."""
    without_effect: tuple[str, ...] = ()
    """Methods that do nothing once it has been released, where others raise or take a connection again."""
    refused_when_released: tuple[str, ...] = ()
    """Methods of a cursor that raise once it has been closed."""
    works_when_released: bool = False
    """An instance that its pool has back still works: the pool gives out the connections themselves."""
    on_drop: OnDrop = ""
    exhausted: str = ""
    """The exception of an engine, a pool or a session for which no connection is left."""
    refuses: bool = False
    """It raises that at once, where others let one wait before."""
    refuses_after_failure: str = ""
    """The exception of all that is asked of a session whose flush or commit has failed."""
    one_pool: tuple[str, ...] = ()
    """The attributes of an object whose connections come from one and the same pool."""
    url_in: str = ""
    """The entry of the application's configuration that has the URL of its database."""
    connections: int = 0
    """How many it opens at most, where neither ``connections_in`` nor a keyword says otherwise."""
    connections_in: tuple[str, ...] = ()
    """Entries, and keywords of the constructor, that say how many."""
    options_in: tuple[str, ...] = ()
    """Keywords and entries with the arguments of the engine."""
    sized_by: tuple[str, ...] = ()
    """Those of these arguments that say how many it opens."""
    reads: tuple[str, ...] = ()
    """Attributes of a response by which it is read to its end, or is in other hands."""
    attributes: dict[str, str] = {}
    contents: str = ""
    """What an instance gives for a key, and for each attribute of no other meaning: ``client["shop"]``, ``db.orders``."""
    on_loop: str = ""
    """The exception of methods that ask a database and wait for it, where they are called on an event loop."""
    lends: dict[str, str] = {}
    """It decorates functions as well, whose first argument, after that of a method, has these attributes meanwhile."""
    classes: dict[str, str] = {}
    """Attributes that are classes, each with its name."""
    runs_on: str = ""
    """What these classes and those derived from them give works with this attribute of the object that has the class."""
    methods: tuple[Method, ...] = ()


class Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A function of a library, by qualified name; the fields are those of a :class:`Method`. ``keeps``: what it is passed lives
    on in the library, for as long as the process runs. ``given``: what it returns where its first argument, or
    that of the keyword ``given_by``, is one of these texts, or, for ``*``, any other. ``local_schemes``: that is an address, and
    what it waits for is of the process itself where it begins with one of these, or has no scheme."""

    name: str
    call: Call
    role: Role = "local"
    aliases: tuple[str, ...] = ()
    returns: str = ""
    enters: str = ""
    effect: Effect = ""
    timeout: str = ""
    only_with: tuple[str, ...] = ()
    zero_waits: bool = False
    keeps: bool = False
    objects: Objects = ""
    works_on_given: tuple[str, int] | None = None
    given: dict[str, str] = {}
    given_by: str = ""
    local_schemes: tuple[str, ...] = ()


class Fork(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What runs a function in a child process, which begins as a copy of this one.

    ``methods`` are those of the class ``name``; without them it is the class, or the function, itself that is called.
    ``argument`` is the function that runs there: the name of a keyword, or its place.
    """

    name: str
    argument: str | int
    methods: tuple[str, ...] = ()


class Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model file.

    ``roots`` are the import roots by which a file shows that it concerns this library; ``verified`` the versions
    against which the rows were checked. ``screened`` is false for libraries that matter only beside a pool (HTTP
    clients and the like): they alone do not make a file interesting. ``packages`` are import roots of which no call is
    described here, but what they do with the functions of a project. ``objects`` are those that modules have ready, each
    with its class. ``title`` is how people write its name, if otherwise. ``since`` is the version since which the rows are true.
    """

    library: str
    verified: tuple[str, ...]
    roots: tuple[str, ...]
    screened: bool = True
    title: str = ""
    since: str = ""
    classes: tuple[Class, ...] = ()
    functions: tuple[Function, ...] = ()
    objects: dict[str, str] = {}
    modules: tuple[Names, ...] = ()
    events: tuple[Events, ...] = ()
    targets: tuple[Target, ...] = ()
    wrapped: tuple[Wrapped, ...] = ()
    forks: tuple[Fork, ...] = ()
    dialects: tuple[Dialect, ...] = ()
    drivers: tuple[Driver, ...] = ()
    makers: tuple[Maker, ...] = ()
    facts: tuple[Fact, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    packages: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()
    guards: tuple[Guard, ...] = ()
    middlewares: tuple[Middleware, ...] = ()
    injections: tuple[Injection, ...] = ()
    bound: tuple[Bound, ...] = ()
    streamed: tuple[Streamed, ...] = ()
    handed: tuple[Handed, ...] = ()
    manners: tuple[Manner, ...] = ()
    passed: tuple[Passed, ...] = ()
    threaded: tuple[Threaded, ...] = ()

    @property
    def names(self) -> list[str]:
        """All names and aliases of classes, functions and objects, in the order of the file."""
        rows: list[Class | Function] = [*self.classes, *self.functions]
        return [name for row in rows for name in (row.name, *row.aliases)] + list(self.objects)
