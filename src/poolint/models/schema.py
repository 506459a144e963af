"""The shape of library knowledge: one TOML file a library, read strictly into these types.

A *type expression* names what a call gives: a class of the models by its qualified name, ``self`` (the receiver),
``$0`` (the first type parameter of the receiver's class), or nothing when it is of no interest here.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from poolint.models.api_rows import Events, Fact, Names, Target, Wrapped
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

    ``returns``: the type of the call's value, or, where it is awaited or entered, of that. ``enters``: what ``with`` or ``async
    with`` binds where that differs. ``releases``: whose checkout it gives back. ``entered_as``: for a checkout, the method that
    takes the same arguments and gives a context manager in its place. ``keeps``: what it is passed belongs to the receiver from
    then on, and to whoever takes it out: a queue. ``dedicates``: the connection has to stay the same from then on, however long
    that takes: it listens. ``begins``: the session begins a transaction, although it works in memory yet. ``only_with``:
    arguments by keyword of which one has to be given for the effect, to the call itself or to the constructor of what it is
    called on; 0 asks for none, unless ``zero_waits`` says that it is without end. ``endless``: a checkout that waits forever,
    unless ``timeout``, an argument by keyword, says how long, as it does for a lock, also where that is made; without one there
    is nothing to say it by. ``objects``: what it has to do with objects of classes that the project maps. ``owes``: what it gives
    has a connection of the receiver's pool until it is read to its end or released: ``always``, or where this argument is given
    as true; ``owes_unless``: where this one is given as false. ``acknowledges``: what it owes is mostly short, an answer to what
    has been sent, and gives the connection back by itself as soon as it has arrived. ``exhausts``: it reads what it is called on
    to its end. ``refuses_text``: the name of a fact that is ``yes`` for the versions of the library in which the call raises at
    once, before anything is taken, if its first argument is a plain text. ``commits_where``: the same of those in which it leaves
    nothing held. ``asks_unless``: it asks nothing of the database where this argument, by keyword, is False. ``fills``: the
    argument of the constructor, its first one or a keyword, that says how much there is room for: without it, or where it is no
    more than 0, the call never waits. ``works_on``: the session, or what has one, of those the receiver has or is made of
    (``user_db.session``), which has its role; ``works_on_given``: the argument that is one, its name and its place.
    ``commits_if``: it commits where this argument, by keyword, is given as true, to itself or to what makes the receiver.
    ``dependency``: it gives a function for a framework to run as one, which has a dependency of its own, the first part here that
    the receiver is made of, and uses the session that what that gives has under the rest: ``get_user_manager.user_db.session``.
    ``calls``: a method of the same object by which it does that, so that a class of the project that has its own changes both.
    ``waits_if``: a method that says beforehand whether the call will wait, ``counted_by``: one that says how many there are to
    take. ``closes``: its block closes, as it ends, the connection of the receiver that it has opened. ``refused_again``: of what
    releases its argument, the error that it raises where that has been released already.
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
    that it is imported by. ``default``: engines of its kind get it where they are given none.
    """

    limit: Literal["queue", "one", "thread", "none"]
    engines: Literal["sync", "async", "both"]
    arguments: tuple[str, ...] = ()
    substitute: str = ""
    default: bool = False


class Class(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A class of a library.

    ``aliases`` are the other paths it is imported by. ``construct`` is the role of calling the class itself. ``enter`` and
    ``async_enter`` are type expressions for what ``with`` and ``async with`` on an instance bind; empty where the protocol is
    missing. ``awaits`` likewise for ``await``. ``releases_on_exit`` says whether leaving the block gives the checkout back,
    ``commits_on_exit`` whether leaving it without an exception commits as well, which no other release does; ``autocommits``:
    unless it is told otherwise, each statement has done so before. ``close_gives_back``: of a connection whose slot nothing but
    its pool gets back, that its own ``close`` hands it to the pool. ``embedded``: a connection to a database inside the process,
    which takes no slot from anybody, or an engine of such. ``shares``: an engine that has one connection for each thread or task:
    who has that one, or a transaction open on it, gets it again by asking once more. ``lazy``: an engine that opens no connection
    before it is first asked for one; so do clients. ``commands``: a client whose methods, those without a row too, are commands:
    each takes a connection of its pool and gives it back, so the first one opens one, unless it fails. ``pool``: of a class of
    pool that engines can be given, how it behaves there. ``parameters`` are the defaults of its type parameters;
    ``parameter_from`` is the keyword argument of the constructor that sets the first one (``class_``), with ``parameter_at``, the
    place that it has in some versions. ``made_with`` are keyword arguments which, where they are True, make it an object of
    another class: one that exists here only, for the difference. ``made_of`` are attributes that are what the constructor is
    given under the same name, each with its place, or -1 where it has none. ``keys``: an instance is a key, and what stands
    behind it is of the class that this argument of the constructor is, by name or place, or of its type argument. ``twin`` is the
    asynchronous class of the library that a synchronous one is easily taken for. ``without_effect`` are methods that do nothing
    on an instance that has been released, where others raise or take a connection again; ``refused_when_released`` are those of a
    cursor that raise once it has been closed. ``works_when_released``: an instance that its pool has back still works: the pool
    gives out the connections themselves. ``exhausted`` is the exception of an engine, a pool or a session for which no connection
    is left; one that ``refuses`` raises it at once, others let one wait before. ``reads``: attributes of a response by which it
    is read to its end, or is in other hands. ``one_pool``: the attributes of an object whose connections come from one and the
    same pool. ``url_in``: the entry of the application's configuration that has the URL of its database; ``connections``: how
    many it opens at most, where none of the entries ``connections_in`` is set, and the constructor is given none of these
    keywords; in ``options_in`` are keywords and entries with the arguments of the engine, of which ``sized_by`` say how many it
    opens.
    ``starts_once``: it is started by being awaited or by being entered, and an instance that has been awaited raises when it is
    entered. ``enters_where`` is the name of a fact that is ``yes`` for the versions of the library in which ``with`` on an
    instance works; empty where it does in all. ``refuses_after_failure`` is the exception of all that is asked of a session whose
    flush or commit has failed. ``lends``: it decorates functions as well, and their first argument, after that of a method, has
    these attributes while they run. ``contents``: what an instance gives for a key, and for each attribute of no other meaning:
    ``client["shop"]``, ``db.orders``. ``on_loop`` is the exception of methods that ask a database and wait for it, where they are
    called on an event loop. ``classes`` are attributes that are classes, each with its name. ``runs_on``: what the attributes of
    such a class give, and of those derived from it, works with this attribute of the object that has the class. ``for_threads``:
    several threads may use one at once; a connection does one thing after the other. ``expressions``: the statements of a
    connection may be expressions, made of tables. ``admits``: the argument of the constructor, its first one or a keyword, that
    says how many it lets in at once; a class with an ``acquire`` that waits and without it is a lock. ``of_owner``: as an
    attribute of a class of the project it asks for objects of that class: ``objects = OrderManager()``.
    """

    name: str
    kind: Kind
    mode: Literal["async", "sync"]
    aliases: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    parameter_from: str = ""
    parameter_at: int = -1
    twin: str = ""
    construct: Role = "local"
    enter: str = ""
    async_enter: str = ""
    awaits: str = ""
    starts_once: bool = False
    enters_where: str = ""
    releases_on_exit: bool = True
    commits_on_exit: bool = False
    autocommits: bool = False
    close_gives_back: bool = False
    embedded: bool = False
    shares: bool = False
    lazy: bool = False
    commands: bool = False
    for_threads: bool = False
    expressions: bool = False
    admits: str = ""
    of_owner: bool = False
    pool: PoolClass | None = None
    made_with: dict[str, str] = {}
    made_of: dict[str, int] = {}
    keys: dict[str, int] = {}
    without_effect: tuple[str, ...] = ()
    refused_when_released: tuple[str, ...] = ()
    works_when_released: bool = False
    on_drop: OnDrop = ""
    exhausted: str = ""
    refuses: bool = False
    refuses_after_failure: str = ""
    one_pool: tuple[str, ...] = ()
    url_in: str = ""
    connections: int = 0
    connections_in: tuple[str, ...] = ()
    options_in: tuple[str, ...] = ()
    sized_by: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    contents: str = ""
    on_loop: str = ""
    lends: dict[str, str] = {}
    classes: dict[str, str] = {}
    runs_on: str = ""
    methods: tuple[Method, ...] = ()


class Function(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A function of a library, by qualified name; the fields are those of a :class:`Method`. ``keeps``: what it is passed lives
    on in the library, for as long as the process runs."""

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


class Fork(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What runs a function in a child process, which begins as a copy of this one.

    ``methods`` are those of the class ``name``; without them it is the class, or the function, itself that is called.
    ``argument`` is the function that runs there: the name of a keyword, or its place.
    """

    name: str
    argument: str | int
    methods: tuple[str, ...] = ()


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands before the ``+`` in a URL. ``default`` is the driver of a URL that names none, ``newer`` the one that the
    newest version of the library takes where that is another, and ``fact`` the name of the fact that is ``newer`` for versions
    which do; ``memory_pools`` the classes of pool that engines of either kind get where the database is in memory, by kind.
    ``embedded``: the database is a file of the process itself: there is no server that could run out of connections.
    """

    name: str
    default: str
    embedded: bool = False
    newer: str = ""
    memory_pools: dict[str, str] = {}
    fact: str = ""


class Driver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands behind the ``+``. ``kind``: the engines that it works in; ``substitute`` is what stands behind the dialect's
    name for a driver of the other kind (``+asyncpg``).

    Of the arguments that an engine hands on to it, ``accepts`` are all that it takes, where they are known, and ``refuses`` some
    that it is often given and does not take, with ``refusal``; by ``pools`` it makes a pool of its own, by ``limits`` it limits
    time: what that raises arrives as it is. ``any_loop``: idle connections serve any event loop. ``distributions`` bring it.
    """

    dialects: tuple[str, ...]
    name: str
    kind: Literal["sync", "async", "both"]
    limits: tuple[str, ...] = ()
    substitute: str = ""
    accepts: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    refusal: str = "TypeError"
    pools: tuple[str, ...] = ()
    any_loop: bool = False
    distributions: tuple[str, ...] = ()


class Maker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A function or class of the models that makes an engine or a pool: what its arguments mean.

    ``positional`` are the names of the arguments that may be given by position. ``address`` names the URL, ``size`` the number of
    connections that the pool keeps at most, ``overflow`` that of those it opens beyond, ``minimum`` that of those it keeps open
    at least, ``timeout`` how long a checkout waits; ``endless``: for ever where that is None. ``poolclass`` is the class of
    pool an engine gets when it is given none. ``defaults`` are the values of these where they are not given; a size that has
    none is the minimum. ``unlimited`` maps an argument to the value by which it sets no limit. ``accepts`` are all arguments
    that it takes, where it or its driver refuses others, and ``refusal`` the exception that says so. ``ordered``: it refuses
    a size below the minimum. ``pools``: the arguments by which it configures the pool of the engine, ``creators`` those with
    a function that connects; ``connecting``: those by which connections are made and set up. ``settings``: where an extension
    makes one by a configuration, the names of its arguments and of its URL there. ``autocommit``: the argument, and its value,
    by which its connections commit each statement by themselves.
    """

    name: str
    makes: Literal["engine", "pool"]
    kind: Literal["sync", "async"]
    dialect: str = ""
    driver: str = ""
    positional: tuple[str, ...] = ()
    address: str = ""
    size: str = ""
    overflow: str = ""
    minimum: str = ""
    timeout: str = ""
    endless: bool = False
    poolclass: str = ""
    defaults: dict[str, float] = {}
    unlimited: dict[str, int] = {}
    accepts: tuple[str, ...] = ()
    refusal: str = "TypeError"
    ordered: bool = False
    pools: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    connecting: tuple[str, ...] = ()
    settings: tuple[str, str] | None = None
    autocommit: tuple[str, str] | None = None


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
