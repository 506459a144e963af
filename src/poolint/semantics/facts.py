"""What semantics tells the rules: facts about calls, and observations that a rule may judge.

An observation is a place where something may be wrong; the rule that subscribes to its kind decides whether it is, and
words it. All of them are values; the nodes they carry are ``ast`` nodes of the analysed module.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from poolint.semantics.uses import Usage, Use

if TYPE_CHECKING:
    from poolint.diagnostics import Step
    from poolint.models import schema
    from poolint.semantics.types import Provenance


@dataclass(frozen=True, eq=False)
class CallFact:
    """A call that is known: of a library's function or method, or of a function of the project.

    ``name`` is its qualified name, ``receiver`` the source text of what it is called on, ``row`` and ``cls`` what
    the models say; ``provenance`` is how the receiver's type is known.
    """

    node: ast.Call
    name: str
    receiver: str = ""
    row: schema.Method | schema.Function | None = None
    cls: schema.Class | None = None
    provenance: Provenance = "declared"

    @property
    def method(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def role(self) -> str:
        """The role that the models give the call; empty for the project's own functions."""
        return self.row.role if self.row is not None else ""

    @property
    def api(self) -> str:
        """The name as people say it: ``AsyncSession.close``."""
        parts = self.name.split(".")
        return ".".join(parts[-2:]) if self.cls is not None and len(parts) > 1 else self.name


@dataclass(frozen=True, eq=False)
class Observation:
    """Base of all observations. ``node`` is where a finding would stand; ``function`` the qualified name around."""

    node: ast.AST
    function: str
    in_async: bool
    """Whether an ``await`` may be written at this place."""
    on_request: ClassVar[bool] = False
    """Whether only rules that are off by default judge this: it is no leak, and no rule is loaded for it unasked."""


@dataclass(frozen=True, eq=False)
class DroppedAwaitable(Observation):
    """A call whose value has to be awaited or entered, and is not, on any path."""

    call: CallFact
    usage: Usage


@dataclass(frozen=True, eq=False)
class ConsumedAwaitable(Observation):
    """A call whose value has to be awaited, used as if it were the result already."""

    call: CallFact
    usage: Usage
    released_later: bool = False
    """For checkouts: whether what it would give is given back further down."""


@dataclass(frozen=True, eq=False)
class DroppedDatabaseCoroutine(Observation):
    """A coroutine of the project's own that works on a database, made and never awaited.

    ``names`` is the chain of functions down to the call that would have reached the database.
    """

    receiver: str
    names: tuple[str, ...]
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class AwaitedSyncCall(Observation):
    """``await`` on a call that gives nothing awaitable. ``node`` is the ``await`` expression."""

    call: CallFact


@dataclass(frozen=True, eq=False)
class MismatchedWith(Observation):
    """A ``with`` whose context expression does not fit it. ``node`` is the context expression.

    ``wanted``: ``"async"`` or ``"sync"`` when the other kind of ``with`` is right; ``"await"`` when an ``await`` is
    missing in the header, ``"no-await"`` when there is one too many; ``""`` when nothing fits.
    """

    statement: ast.With | ast.AsyncWith
    what: str
    wanted: str
    loses_slot: bool = False


LeakProblem = Literal[
    "discarded",  # the checkout's result is thrown away, or used in one chain and lost
    "overwritten",  # its name is bound again while it is held
    "yield",  # a generator yields while it is held and unprotected
    "half-built",  # it is handed on in the end, but something may fail before
    "with-keeps",  # it is entered with a `with` that ends its transaction only
    "misreleased",  # it is closed instead of given back, and its slot in the pool is lost
    "misplaced",  # it is given to another pool than it came from
    "guarded",  # a test skips its release in the very case that leaks
    "skipped",  # something in a `finally` may fail before the release in it
    "never",  # it is held at a normal end of the function
    "exception",  # an exception leaves with it
    "cancel",  # a cancellation leaves with it
]
"""How a checkout is lost, in the order in which one obligation is told: the first that holds."""


@dataclass(frozen=True, eq=False)
class LeakedCheckout(Observation):
    """A checkout that is still owed at some exit of its function. ``node`` is the acquiring call.

    ``culprit`` is what may raise, be cancelled or overwrite, as written; ``path`` leads from the checkout over it to
    where the function is left. ``released`` says whether some other path releases, ``helper`` names the function of
    the project that has checked it out for this one. ``handed``: some other path gives it to somebody else.
    ``repeated`` says that the checkout is seen to happen again and again: for each request, or in a loop.
    """

    call: CallFact
    variable: str
    cls: schema.Class
    problem: LeakProblem
    path: tuple[Step, ...]
    culprit: str = ""
    released: bool = False
    helper: str = ""
    statement: ast.stmt | None = None
    handed: bool = False
    repeated: bool = False


@dataclass(frozen=True, eq=False)
class LostMember(Observation):
    """A connection that an object holds for the length of a block, and loses as that begins or ends.

    ``problem`` is ``exception``: ``node`` is the release that ``culprit`` skips when it raises; or ``half-built``:
    ``node`` takes the connection, and ``culprit`` may raise before the block has begun.
    """

    member: str
    cls: schema.Class
    problem: LeakProblem
    culprit: str
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class ManualRelease(Observation):
    """A checkout that is released by hand on every path, where a block could do it. ``node`` is the acquiring call.

    ``method`` is what the block calls in place of the checkout's own method, where it has to be another one.
    """

    on_request = True

    call: CallFact
    variable: str
    cls: schema.Class
    statement: ast.stmt
    asynchronous: bool
    method: str = ""


@dataclass(frozen=True, eq=False)
class LongLived(Observation):
    """A session or connection that lives as long as the process. ``where`` says what holds it, in words.

    ``is_shared``: all that runs in the process has the same one; else each task or thread has its own.
    """

    call: CallFact
    cls: schema.Class
    variable: str
    where: str
    is_shared: bool = True


@dataclass(frozen=True, eq=False)
class UnreleasedAttribute(Observation):
    """A checkout kept on ``self`` by a class of which no method releases it. ``node`` is the acquiring call."""

    call: CallFact
    cls: schema.Class
    attribute: str
    owner: str


@dataclass(frozen=True, eq=False)
class RegistryNotRemoved(Observation):
    """A registry of sessions, made by ``node``, that is never emptied; ``user`` is the function that ``used`` it first."""

    cls: schema.Class
    variable: str
    user: str
    used: Step


@dataclass(frozen=True, eq=False)
class AbandonedGenerator(Observation):
    """A loop over a generator that holds a checkout, left before its end. ``node`` is the call that makes it."""

    generator: str
    holds: str
    left_at: Step


@dataclass(frozen=True, eq=False)
class LeftToCollector(Observation):
    """A release that does not happen. ``node`` is the call that was meant to release; ``why`` says it in words."""

    what: str
    why: str
    cls: schema.Class | None


@dataclass(frozen=True, eq=False)
class UsedAfterRelease(Observation):
    """A use of a resource after it was released. ``node`` is the use, ``released`` where the release stands."""

    variable: str
    method: str
    cls: schema.Class
    released: Step


@dataclass(frozen=True, eq=False)
class GivenUp(Observation):
    """A function (``node``) that is too large or too tangled to be followed, or from which on a file has too many."""

    limit: int
    bounds: Literal["events", "functions"] = "events"


@dataclass(frozen=True, eq=False)
class BlockingDatabaseCall(Observation):
    """A synchronous database call that runs on the event loop: the first in its function on this receiver.

    ``chain`` are the calls of first-party functions that lead to it, empty where it is called directly.
    """

    call: CallFact
    more: int
    chain: tuple[Step, ...] = ()
    origin: Step | None = None


@dataclass(frozen=True, eq=False)
class CallWhileHeld(Observation):
    """A call that keeps its caller waiting while a connection is held.

    ``resource`` is what holds it, as written, ``transaction`` the header of the transaction's block where the call
    stands in one, ``begun`` where it began. ``names`` is the chain of functions down to the call that waits, ``effect``
    what it waits for, ``path`` where each of them stands. ``locks`` of the database are held as well.
    """

    resource: str
    transaction: str
    begun: Step
    names: tuple[str, ...]
    effect: str
    path: tuple[Step, ...] = field(default=())
    locks: tuple[tuple[str, Step], ...] = ()


@dataclass(frozen=True, eq=False)
class NestedCheckout(Observation):
    """A second checkout from the pool that the one in hand is from. The fields are those of :class:`CallWhileHeld`.

    ``functions`` are the project's on the way, by their dotted names, that around it first; ``autocommit``: the second
    connection is set to that.
    """

    resource: str
    begun: Step
    names: tuple[str, ...]
    path: tuple[Step, ...]
    functions: tuple[str, ...]
    autocommit: bool


@dataclass(frozen=True, eq=False)
class BlockingCheckout(Observation):
    """A synchronous checkout on the event loop."""

    call: CallFact


@dataclass(frozen=True, eq=False)
class BeginAfterUse(Observation):
    """``begin()`` on a session that has begun, with the use or the block by which it has. ``node`` is the call."""

    resource: str
    used: Step


@dataclass(frozen=True, eq=False)
class OutlivesScope(Observation):
    """A session of a block or a request that is handed to a task which runs when that has ended.

    ``maker`` makes the task, ``ends`` says what the session's life ends with, ``end`` when: before the response or after.
    """

    resource: str
    maker: str
    ends: str
    end: str = "before the response"


@dataclass(frozen=True, eq=False)
class StreamedFrom(Observation):
    """A session or connection that a streamed response works with. ``node`` makes the response.

    ``response`` is its class, ``generator`` the function that yields its body, ``ends`` says in words what the
    resource's life ends with, ``end`` when that is: before or after the response; empty where it is not known.
    """

    resource: str
    response: str
    generator: str
    ends: str
    cls: schema.Class
    end: str


@dataclass(frozen=True, eq=False)
class FanOut(Observation):
    """As many tasks as a collection has items, each of which takes a connection. ``node`` is what runs them.

    ``names`` is the chain of functions down to the checkout, ``path`` where each stands.
    """

    maker: str
    items: str
    names: tuple[str, ...]
    path: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class SharedByTasks(Observation):
    """One session or connection that several tasks use at once. ``node`` is the call that makes the tasks.

    ``resource`` is its name, ``uses`` how many of the tasks are seen to use it; 0 for one in a loop or comprehension.
    """

    resource: str
    cls: schema.Class
    uses: int
    maker: str


__all__ = [
    "AwaitedSyncCall",
    "BeginAfterUse",
    "BlockingCheckout",
    "BlockingDatabaseCall",
    "CallFact",
    "CallWhileHeld",
    "ConsumedAwaitable",
    "DroppedAwaitable",
    "DroppedDatabaseCoroutine",
    "FanOut",
    "GivenUp",
    "LeakProblem",
    "LeakedCheckout",
    "LostMember",
    "MismatchedWith",
    "NestedCheckout",
    "Observation",
    "OutlivesScope",
    "SharedByTasks",
    "StreamedFrom",
    "Usage",
    "Use",
]
