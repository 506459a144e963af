"""Observations about the interfaces of libraries: names that are missing, listeners, and handlers of exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from poolint.semantics.facts import Observation

if TYPE_CHECKING:
    import ast

    from poolint.diagnostics import Step
    from poolint.semantics.facts import CallFact


@dataclass(frozen=True, eq=False)
class MissingName(Observation):
    """A name that a module does not have. ``node`` imports it, or reads it off the module.

    ``right`` is the name that is meant, where that is known: dotted if it is in another module.
    """

    module: str
    name: str
    right: str


@dataclass(frozen=True, eq=False)
class RefusedListener(Observation):
    """A listener for something that takes none. ``node`` is the target.

    ``target`` is its class, ``attribute`` what takes the listener in place of an object of it, ``stands_for`` the class
    that does in place of the class, where there are such; ``is_class`` tells which of them it is.
    """

    target: str
    is_class: bool
    attribute: str
    stands_for: str


@dataclass(frozen=True, eq=False)
class NoSuchEvent(Observation):
    """A listener for an event that its target does not have. ``node`` is the event's name, ``near`` one that it has."""

    target: str
    event: str
    near: str


@dataclass(frozen=True, eq=False)
class MisfitListener(Observation):
    """A listener that cannot be called with what its event passes. ``node`` is the call that registers it.

    ``wanted`` are the names of what is passed. ``problem``: it takes another number of arguments, or it takes them for
    what they are not, or it is ``async``, so that calling it does nothing. ``culprit`` is the parameter that is meant
    for something else.
    """

    event: str
    listener: str
    wanted: tuple[str, ...]
    problem: Literal["count", "order", "async"]
    culprit: str = ""


@dataclass(frozen=True, eq=False)
class LoopInsidePool(Observation):
    """An event loop that is run where the loop of an asynchronous engine waits: in its pool, creator or listener.

    ``where`` says in words what the code is part of, ``names`` is the chain of functions down to the call, ``path``
    where each stands.
    """

    where: str
    names: tuple[str, ...]
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class UnreachedHandler(Observation):
    """A handler for an exception that reaches it only inside of another. ``node`` is the class, as written.

    ``cls`` is its qualified name, ``wrapper`` that of the exception which arrives, ``around`` the call that raises it.
    ``is_read``: the handler reads something off the exception.
    """

    cls: str
    wrapper: str
    around: str
    is_read: bool


@dataclass(frozen=True, eq=False)
class MissedExhaustion(Observation):
    """A handler for timeouts that does not catch that of the pool. ``node`` is the class, as written.

    ``exhausted`` is the qualified name of the pool's, ``around`` the checkout that raises it. ``is_alone``: the handler
    catches nothing else.
    """

    cls: str
    exhausted: str
    around: str
    is_alone: bool


@dataclass(frozen=True, eq=False)
class SwallowedCancellation(Observation):
    """A handler that takes a cancellation and goes on. ``node`` is the class, as written, or a bare handler.

    ``what`` is what it catches, ``around`` the call on a connection in the ``try``; ``last`` is the handler's last
    statement, ``looping`` says that a loop goes on after it.
    """

    what: str
    around: str
    last: ast.stmt
    looping: bool


@dataclass(frozen=True, eq=False)
class BusyRetry(Observation):
    """A loop that tries again at once to get a connection, without end. ``node`` is the call that fails."""

    on_request = True

    call: str
    handler: Step


@dataclass(frozen=True, eq=False)
class PoolInChild(Observation):
    """A pool of the parent that a child process takes connections from. ``node`` starts the child, or uses the pool.

    ``pool`` is what makes the pool, as written, ``how`` says in words what the child is, ``names`` is the chain of
    functions down to the checkout there; ``path`` leads over where the pool is made and where the parent has used it.
    """

    pool: str
    how: str
    names: tuple[str, ...]
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class NeverDisposed(Observation):
    """An engine, a pool or a client that is made when the application starts, and that nothing closes when it ends.

    ``node`` is the call that makes it, ``kept`` where it is kept, as written, ``startup`` the function in which that
    happens. ``statement`` is the assignment, ``last`` the last statement of the function where the end of the
    application can be told to it, ``release`` the method that closes what is made.
    """

    on_request = True

    call: CallFact
    kept: str
    startup: str
    path: tuple[Step, ...]
    statement: ast.stmt | None = None
    last: ast.stmt | None = None
    release: str = ""
