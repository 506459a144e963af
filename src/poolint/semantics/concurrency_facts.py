"""What is observed about event loops, threads and the order of locks; see :mod:`poolint.semantics.facts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.semantics.facts import Observation

if TYPE_CHECKING:
    from poolint.diagnostics import Step
    from poolint.models import schema


@dataclass(frozen=True, eq=False)
class DrivenFromSync(Observation):
    """A coroutine that works with a pool of the application, run on an event loop of its own. ``node`` runs it.

    ``maker`` is what makes the loop, ``why`` says in words that this happens again, ``pool`` is what keeps the
    connections, as written; ``names`` is the chain of functions down to the checkout, ``path`` where each stands.
    """

    maker: str
    why: str
    pool: str
    names: tuple[str, ...]
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class SharedByThreads(Observation):
    """One session or connection that several threads use at once. ``node`` starts a thread by ``maker``.

    ``uses`` is how many threads get it: 0 for as many as a loop or collection makes, 1 for one beside the function that
    has started it.
    """

    maker: str
    resource: str
    cls: schema.Class
    uses: int
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class LazyLoad(Observation):
    """An attribute of an ORM object of an asynchronous session that has to be loaded when it is read.

    ``attribute`` is what is read, as written, ``commit`` the call that has expired it; empty for a relationship that
    was not loaded with its object.
    """

    on_request = True

    attribute: str
    session: str
    commit: str
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class LockOrder(Observation):
    """A transaction that locks two tables in the order opposite to that of another one of the project.

    ``node`` takes the ``second`` lock, or calls what takes it; ``statement`` is what does, ``other`` the function with
    the opposite order.
    """

    on_request = True

    first: str
    second: str
    statement: str
    other: str
    path: tuple[Step, ...]


__all__ = ["DrivenFromSync", "LazyLoad", "LockOrder", "SharedByThreads"]
