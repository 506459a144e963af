"""What is observed of the configuration of engines and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from poolint.detect.observation import Observation

if TYPE_CHECKING:
    from poolint.analyses.waypoints import Waypoint


class DriverMismatch(Observation, frozen=True, eq=False):
    """A URL whose driver does not work in engines of this kind. ``maker`` is what makes the engine.

    ``driver`` is what ``scheme`` names, or by default where not ``named``; ``newer`` versions of the library, which may be
    installed, have a default that works; ``right`` is a scheme that does. ``given`` is
    false where the URL holds only until a setting of the name ``setting`` says otherwise.
    """

    maker: str
    kind: Literal["sync", "async"]
    scheme: str
    driver: str
    named: bool
    newer: str
    right: str
    given: bool
    setting: str
    path: tuple[Waypoint, ...] = ()


class SyncPoolClass(Observation, frozen=True, eq=False):
    """A class of pool for synchronous engines in an asynchronous one. ``base`` is the library's, where it is another.

    ``right`` is the name by which the class is imported that has to stand there, where that is known.
    """

    maker: str
    poolclass: str
    base: str
    right: str = ""
    is_taken: bool = False
    """Whether the installed version of the library takes it: then who waits for a connection stops the event loop."""


class SmallPool(Observation, frozen=True, eq=False):
    """A pool with few connections. ``wanted`` run at once, by ``bound``, where that is known.

    ``fixed``: it is written that none are opened beyond, ``grows``: some may be. ``serves``: the module is part of a server.
    ``is_timed``: whoever finds none left waits as long as the pool is told.
    """

    maker: str
    engine: str
    size: int
    overflow: int
    wanted: int = 0
    bound: str = ""
    fixed: bool = False
    serves: bool = False
    grows: bool = False
    is_timed: bool = True
    path: tuple[Waypoint, ...] = ()


class NoPool(Observation, frozen=True, eq=False):
    """An engine that lives on and keeps no connection.

    ``urls`` are those of it that are known. ``addresses`` are the expressions that they are taken from, names of the
    environment for instance; ``comments`` those on the rows of the argument, ``above`` those directly above it.
    """

    maker: str
    engine: str
    poolclass: str
    urls: tuple[str, ...]
    addresses: tuple[str, ...]
    comments: tuple[str, ...]
    above: tuple[str, ...]


class UnboundedPool(Observation, frozen=True, eq=False):
    """A pool without a limit. ``written`` is the argument that takes it away."""

    maker: str
    engine: str
    written: str
    given: bool = True


class NoLivenessCheck(Observation, frozen=True, eq=False):
    """A pool that hands out connections without knowing whether they are still alive."""

    on_request = True

    maker: str
    engine: str
