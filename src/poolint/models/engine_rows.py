"""The shape of what is known of engines: what their URLs are made of, which drivers stand behind these, and what makes one."""

from __future__ import annotations

from typing import Literal

import msgspec


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
