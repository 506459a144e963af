"""Waits that take but a moment, so that a connection in hand is hardly missed meanwhile: by what they say of themselves, or by
what they are for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.applications import Applications
from poolint.analyses.arguments import bound_to
from poolint.analyses.implicit_calls import made_by
from poolint.analyses.process_locks import process_locks
from poolint.analyses.sinks import WAITING
from poolint.analyses.time_limits import limits_around
from poolint.detect.at_most import at_most
from poolint.detect.room import is_run_here
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.syntax.second_tries import is_after_a_failure
from poolint.syntax.surroundings import REPEATING, around
from poolint.types.call_sites import call_site
from poolint.types.following import Follower
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.analyses.process_locks import ProcessLock
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_BRIEF = frozenset({"name", "object", "subprocess"})
"""What most often takes a moment, as long as it is done once."""

_SERVICES = frozenset({"mail", "rpc"})
"""What takes a second or so, as long as it is done once: a mail is handed over, a service of one's own provider is called."""

_GIVEN: frozenset[Passage] = frozenset(("import", "attribute", "member", "parameter", "caller"))
"""What leads from what an object has to what it is made with."""

_UNTIL = (ast.While,)
"""Loops that go on until something has come."""

MAX_SHORT = 5
"""Seconds that a wait may take, by what it says itself, for little to come of it: pools let others wait for thirty."""

MAX_BRIEF = 2
"""Seconds that the other side may take to answer, by what the call says, for little to come of it."""

MAX_MOMENT = 0.5
"""Seconds that a pause has to be shorter than for nothing to come of it, or as long where something has failed."""

MAX_PACE = 0.1
"""Seconds that one after each of several things has to be shorter than."""


def is_brief(services: Services, witness: Witness) -> bool:
    """Whether a call waits for a few seconds at most, sleeps for a moment, sends messages to chats or one to a broker, or sends
    something to clients whose sockets others keep, or waits for a mutex of this process whose block works with no database."""
    ev = services.evaluator
    return (
        witness.effect == "chat"
        or (witness.effect == "broker" and not is_repeated(witness))
        or _is_pushed(ev, witness)
        or _is_short(ev, witness)
        or _is_cut_short(ev, witness)
        or _is_moment(ev, witness)
        or _takes_a_mutex(services, witness)
    )


def takes_a_moment(ev: Evaluator, witness: Witness) -> bool:
    """Whether a call says itself that it waits for a moment, or is cut short by who calls it."""
    return _is_short(ev, witness) or _is_moment(ev, witness)


def is_mostly_brief(witness: Witness) -> bool:
    """Whether a call asks once for the address of a host, a store about one object, or a program of this machine; or waits for
    the answer of the one who sits before the process."""
    return witness.effect == "user" or (witness.effect in _BRIEF and not is_repeated(witness))


def is_soon_done(services: Services, witness: Witness, scope: Scope) -> bool:
    """Whether plain code of an application that is there as a whole, so that it is known who else needs connections, hands over
    one mail or calls a service once: a thread waits for that itself, and no event loop does."""
    if scope.is_async or witness.effect not in _SERVICES or is_repeated(witness):
        return False
    applications = services.evaluator.derived(Applications)
    return is_run_here(services, scope) and applications.serves(scope.module)


def _is_pushed(ev: Evaluator, witness: Witness) -> bool:
    """Whether a function has something sent to clients whose sockets others keep, ``manager.broadcast(text)``: it lies in their
    buffers, and each of them has one of its own."""
    first, last = witness.links[0], witness.links[-1]
    if witness.effect != "client":
        return False
    fact = call_site(ev, last.node, last.scope) if isinstance(last.node, ast.Call) else None
    cls = fact.cls if fact is not None else None
    if fact is None or cls is None or not ev.models.ends("pushes", f"{cls.name}.{fact.method}"):
        return False
    given = call_arguments(first.node) if isinstance(first.node, ast.Call) else []
    if isinstance(first.node, ast.Call) and isinstance(first.node.func, ast.Attribute):
        given = [*given, first.node.func.value]
    known = (one for each in given for one in alternatives(ev.type_of(each, first.scope)))
    return not any(
        isinstance(one, Instance) and one.base is not None and cls in ev.models.lineage(one.base) for one in known
    )


def _is_short(ev: Evaluator, witness: Witness) -> bool:
    """Whether a lock is asked for a few seconds at most, or something outside for less: its ``acquire``, the request, or what
    it was made by says so, here or by what the function is passed for it."""
    last = witness.links[-1]
    fact = call_site(ev, last.node, last.scope) if isinstance(last.node, ast.Call) else None
    keyword = getattr(fact.row, "timeout", "") if fact is not None else ""
    if not keyword or not isinstance(last.node, ast.Call) or not isinstance(last.node.func, ast.Attribute):
        return False
    if witness.effect not in WAITING and is_repeated(witness):
        return False
    for call in (last.node, made_by(ev, last.node.func.value, last.scope)):
        value = next((one.value for one in call.keywords if one.arg == keyword), None) if call is not None else None
        seconds = number_of(ev, value, witness) if value is not None else None
        if seconds is not None:
            return seconds <= (MAX_SHORT if witness.effect in WAITING else MAX_BRIEF)
    return False


def _is_cut_short(ev: Evaluator, witness: Witness) -> bool:
    """Whether a function on the way lets it wait for so long alone: ``wait_for(client.get(), timeout=1.5)``."""
    if is_repeated(witness) or not all(_is_awaited(one.node) for one in witness.links):
        return False  # what stops the event loop cannot be cut short by it
    most = MAX_SHORT if witness.effect in WAITING else MAX_BRIEF
    for one in witness.links:
        if "reschedule" in one.scope.called:
            continue
        for _, limit in limits_around(ev, one.node, one.scope):
            seconds = given_number(ev, limit, one.scope) if limit is not None else None
            if seconds is not None and seconds <= most:
                return True
    return False


def given_number(ev: Evaluator, node: ast.expr, scope: Scope) -> float | None:
    """The most that an expression comes to, also where an object has been made with it, or with what it is unless it is told."""
    found = at_most(ev, node, scope)
    if found is not None:
        return found
    several = [at_most(ev, one.node, one.scope) for one in Follower(ev, _GIVEN).sources(node, scope).found]
    known = [one for one in several if one is not None]
    return max(known) if known and len(known) == len(several) else None


def _is_awaited(node: ast.AST) -> bool:
    """Whether a call is awaited where it stands, handed to what awaits it, or enters a block as it lets others run."""
    parent = parent_of(node)
    if isinstance(parent, ast.withitem):
        return isinstance(parent_of(parent), ast.AsyncWith)
    return isinstance(parent, ast.Await) or (isinstance(parent, ast.Call) and isinstance(parent_of(parent), ast.Await))


def _is_moment(ev: Evaluator, witness: Witness) -> bool:
    """Whether a function sleeps for so short a time that nobody misses a connection: once, for each of several things, or only
    after a failure, and not until something has come."""
    last = witness.links[-1]
    if witness.effect not in ("sleep", "retry") or not (isinstance(last.node, ast.Call) and last.node.args):
        return False
    is_seldom = is_after_a_failure(last.node)
    if not is_seldom and any(around(one.node, one.scope, _UNTIL) is not None for one in witness.links):
        return False
    seconds = number_of(ev, last.node.args[0], witness)
    if seconds is None or (is_seldom and seconds == MAX_MOMENT):
        return seconds is not None
    return seconds < (MAX_MOMENT if is_seldom or not is_repeated(witness) else MAX_PACE)


def number_of(ev: Evaluator, node: ast.expr, witness: Witness) -> float | None:
    """The number that the last function on the way is given or has written somewhere, where there is only one, or that it never
    exceeds: of a parameter what the call above passes for it, or its default."""
    scope = witness.links[-1].scope
    if isinstance(node, ast.Name) and is_parameter(node.id, scope):
        call, around_it = witness.links[-2][:2] if len(witness.links) > 1 else (None, scope)
        is_method = scope.enclosing_class is not None
        passed = bound_to(scope, call, is_method=is_method) if isinstance(call, ast.Call) else {}
        default = next((one.value for one in scope.bindings[node.id] if one.value is not None), node)
        node, scope = (passed[node.id], around_it) if node.id in passed else (default, scope)
    return at_most(ev, node, scope)


def is_repeated(witness: Witness) -> bool:
    """Whether a function on the way makes a call for each of several things."""
    return any(around(one.node, one.scope, REPEATING) is not None for one in witness.links)


def _takes_a_mutex(services: Services, witness: Witness) -> bool:
    """Whether what is waited for is a lock of this process that lets in one, and in whose block nobody needs a connection to
    go on: it takes none, and on an event loop, where all others wait as well, works with none."""
    last = witness.links[-1]
    return witness.effect == "lock" and any(
        one.node is last.node and one.is_mutex and not _needs_a_connection(services, one, last.scope)
        for one in process_locks(services.evaluator, last.scope)
    )


def _needs_a_connection(services: Services, lock: ProcessLock, scope: Scope) -> bool:
    """Whether the block of a lock takes a connection; that of an asynchronous one also whether it works with one."""
    for call in (one for part in lock.statement.body for one in ast.walk(part) if isinstance(one, ast.Call)):
        if services.taking.of_call(call, scope) is not None:
            return True
        fact = call_site(services.evaluator, call, scope)
        works = fact is not None and fact.role in REACHING_ROLES
        if isinstance(lock.statement, ast.AsyncWith) and (works or services.database.of_call(call, scope) is not None):
            return True
    return False
