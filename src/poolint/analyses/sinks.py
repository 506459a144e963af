"""Sinks: which effect a call has by itself. Effects are followed to them (see :mod:`poolint.analyses.effects`)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import bind_of
from poolint.analyses.pools import is_checkout
from poolint.models.schema import ASKED, ENDING_ROLES, OPENING_ROLES, REACHING_ROLES, SESSIONS, TAKING_ROLES
from poolint.syntax.expressions import call_arguments
from poolint.syntax.pacing import is_until_a_moment
from poolint.syntax.scopes import parent_of
from poolint.syntax.second_tries import is_after_a_failure

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.types.call_sites import CallSite

UNKNOWN_EFFECT = "unknown"
"""That of a call of which nothing is known, but that looks like a client's."""

EXTERNAL = frozenset({"http", "chat", "mail", "object-store", "object", "rpc", "name", "llm", "subprocess", "broker"})
"""Effects that wait for something outside the process."""

Sink = Callable[["CallSite"], str]
"""Gives the effect of a call by itself; empty where it has none of interest."""


STOPPING = EXTERNAL | {"sleep"}
"""Effects that take long enough for an event loop to be missed."""


PAUSING: frozenset[str] = frozenset({"sleep", "retry", "pace", "user"})
"""Effects of calls of which nothing comes but that time passes."""

WAITING: frozenset[str] = frozenset({"wait", "room", "lock"})
"""Effects of calls that go on when others in this process have acted."""


def slow_sink(fact: CallSite) -> str:
    """The effect of a call of a library that keeps its caller waiting; one that says not to wait has none."""
    effect = fact.row.effect if fact.row is not None else ""
    if effect == "sleep" and _is_zero(fact.node):
        return ""
    may_try = effect in WAITING and fact.row is not None and not fact.row.zero_waits
    return "" if may_try and _tries(fact.node) else effect


def blocking_sink(fact: CallSite) -> str:
    """The same of a call that keeps its whole thread waiting: on an event loop nothing else runs meanwhile. What is awaited is of
    the asynchronous one of its kind, as what web3 makes of the modules that it is given."""
    effect = slow_sink(fact)
    if isinstance(parent_of(fact.node), ast.Await):
        return ""
    return effect if fact.row is not None and fact.row.call == "sync" and effect in STOPPING else ""


def slow_below_sink(fact: CallSite) -> str:
    """The same inside a function that is called: the locks of a process are its own affair, held for an instant, where it
    sleeps only after it has failed at something, it backs off, where it sleeps until a moment, it keeps to a rate, and the
    task that it awaits its caller may have made."""
    if fact.method == "__await__":
        return ""
    effect = slow_sink(fact)
    if effect == "sleep" and is_after_a_failure(fact.node):
        return "retry"
    if effect == "sleep" and is_until_a_moment(fact.node):
        return "pace"
    return "" if effect == "lock" else effect


AFTER_FAILURE = {"sleep": "retry"}
"""What is told of an effect instead, where who has it is called only after something has failed."""


def sleep_sink(fact: CallSite) -> str:
    """Whether a call sleeps, as between two attempts: what it does then is to back off."""
    return "retry" if slow_sink(fact) in ("sleep", "retry") else ""


def use_sink(fact: CallSite) -> str:
    """Whether a call may use a session's connection, or a connection: a parameter may be either of them. Which commits do,
    :func:`poolint.analyses.flushes.takes` says."""
    uses = fact.cls is not None and fact.cls.kind in (*SESSIONS, "query", "connection")
    return "database" if uses and (fact.role in TAKING_ROLES or fact.role == "commit") else ""


def end_sink(fact: CallSite) -> str:
    """Whether a call ends a session's use of its connection; the block of a transaction does so at its end."""
    is_session = fact.cls is not None and fact.cls.kind in SESSIONS
    is_block = fact.role == "begin" and fact.method != "begin_nested" and isinstance(parent_of(fact.node), ast.withitem)
    return "database" if is_session and (is_block or fact.role in ENDING_ROLES) else ""


def database_sink(models: Models) -> Sink:
    """Whether a call writes to a database, commits, or gives a connection back."""
    writing = models.words("may-write")

    def sink(fact: CallSite) -> str:
        ends = fact.role in ("commit", "rollback", "flush", "release", "dispose")
        return "database" if ends or (fact.role == "query" and fact.method in writing) else ""

    return sink


def checkout_sink(fact: CallSite) -> str:
    """Whether a call takes a connection out of a pool, or makes a session by what its engine or factory has, or by its class
    on what it is bound to."""
    cls = fact.cls
    opens = fact.row is None and cls is not None and cls.kind == "session" and cls.construct in OPENING_ROLES
    is_bound = opens and bind_of(fact.node) is not None
    return "checkout" if is_bound or is_checkout(fact) else ""


def opening_sink(fact: CallSite) -> str:
    """The same, and also where the class of a session or connection is called itself."""
    opens = fact.row is None and fact.cls is not None and fact.cls.construct in OPENING_ROLES
    return "checkout" if opens or is_checkout(fact) else ""


def dispose_sink(fact: CallSite) -> str:
    """Whether a call closes the connections of a pool or an engine."""
    return "dispose" if fact.role == "dispose" else ""


def foreign_sink(fact: CallSite) -> str:
    """Any effect during which a task waits for something that is not its own connection: so it does for a thread, whatever that
    runs."""
    if fact.row is None:
        return "thread" if fact.cls is None else ""
    return fact.row.effect


def sync_session_sink(fact: CallSite) -> str:
    """Whether a call reaches the database through a synchronous session, or what else asks one by itself: also a function of a
    library that is passed what it asks. Where nothing of a connection works on an event loop, a cursor cannot even be made."""
    cls = fact.cls
    if cls is not None and cls.on_loop and fact.role == "cursor":
        return "database"
    if cls is None and not getattr(fact.row, "works_on_given", None):
        return ""
    if cls is not None and (cls.mode != "sync" or cls.kind not in ASKED):
        return ""
    # Others are the asynchronous ones beside it.
    is_waiting = fact.row is not None and fact.row.call in ("sync", "generator")
    return "database" if is_waiting and fact.role in REACHING_ROLES else ""


def sync_connection_sink(fact: CallSite) -> str:
    """Whether a call waits for a server on a synchronous connection, or on a cursor of one."""
    cls = fact.cls
    if cls is None or cls.mode != "sync" or cls.embedded or cls.kind not in ("connection", "cursor"):
        return ""
    return "database" if fact.role in REACHING_ROLES else ""


def sync_checkout_sink(fact: CallSite) -> str:
    """Whether a call waits for a connection of a synchronous pool, or opens one, unless it only makes a manager of that."""
    cls, row = fact.cls, fact.row
    if row is None:
        takes = cls is not None and cls.construct == "checkout" and cls.mode == "sync"
    else:
        is_begin = fact.role == "begin" and cls is not None and cls.kind == "engine"
        is_sync = row.call in ("sync", "cm") and (cls is None or cls.mode == "sync")
        takes = is_sync and (fact.role == "checkout" or is_begin)
    return "checkout" if takes else ""


def _is_zero(call: ast.Call) -> bool:
    """Whether a call has the constant 0 for its only argument: ``asyncio.sleep(0)`` lets others run, and no more."""
    values = call_arguments(call)
    return len(values) == 1 and isinstance(values[0], ast.Constant) and not values[0].value


def _tries(call: ast.Call) -> bool:
    """Whether a call gives up at once: ``lock.acquire(blocking=False)``, ``queue.get(timeout=0)``."""
    return any(
        one.arg in ("timeout", "blocking", "block", "wait")
        and isinstance(one.value, ast.Constant)
        and one.value.value == 0
        for one in call.keywords
    ) or (
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "acquire"
        and any(isinstance(one, ast.Constant) and one.value is False for one in call.args[:1])
    )
