"""Waits with a connection in hand of which little comes: they come seldom, or nobody is there to miss the connection."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from poolint.analyses.holding.database_locks import held as locks_held
from poolint.analyses.holding.transactions import root_of
from poolint.analyses.implicit_calls import made_by
from poolint.analyses.occasions import Occasions
from poolint.analyses.pools_of_calls import is_of_this_call
from poolint.analyses.process_locks import process_locks
from poolint.analyses.sinks import WAITING, slow_sink
from poolint.analyses.statement_locks import lock_of
from poolint.detect.databases import held_from, is_in_a_file
from poolint.detect.room import has_room, takes_turns
from poolint.detect.written import is_written
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.scopes import home_of, parent_of
from poolint.syntax.second_tries import is_after_a_failure, is_tried
from poolint.syntax.surroundings import REPEATING, around, loops_around
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.following import origin
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.effects import Link, Witness
    from poolint.analyses.holding.dataflow import Hold
    from poolint.analyses.process_locks import ProcessLock
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


_LEAVING = (ast.Raise, ast.Return, ast.Break)
_BRIEF = frozenset({"name", "object", "subprocess"})
"""What most often takes a moment, as long as it is done once."""
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


MAX_SHORT = 5
"""Seconds that a wait may take, by what it says itself, for little to come of it: pools let others wait for thirty."""

MAX_BRIEF = 2
"""Seconds that the other side may take to answer, by what the call says, for little to come of it."""

MAX_MOMENT = 0.5
"""Seconds that a pause has to be shorter than for nothing to come of it."""


def does_little_harm(services: Services, held: list[Hold], witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call that waits while these are held is only possibly worth a change.

    It is where its function runs only as the application starts or ends, or in a script that is run by hand, where it waits
    only after something in this process, or the database, has failed, or only until the connection has the lock that it asks
    for again and again, where the lock that it waits for is one of this call alone, or where a command asks its user. Outside
    of a transaction's block and without a lock of the database it is also where it waits for a few seconds at most, sleeps
    for a moment, tells a chat that something has failed, or waits for a mutex of this process whose block works with no
    database, and where each process of the deployment serves no more at once than the pool has connections. Where nothing but
    the connection of who has only read is held, it is also where its function is a job that runs no more than once at a time,
    where the database is a file, where a bot sends messages, where it asks for the address of a host, or a store about one
    object, or runs one program of this machine, where it pauses after a failure, waits for the answer of the one who sits
    before the process, or for others with the connection of an engine that this call alone has, or sleeps before it takes a
    new one, because the database has failed.
    """
    ev = services.evaluator
    occasions = ev.derived(Occasions)
    if occasions.starts(scope) or occasions.ends_with_script(scope):
        return True
    if witness.effect == "user" and occasions.ends_with_process(scope):
        return True
    if _comes_seldom(services, witness, node, scope) or _asks_for_a_lock(ev, held, witness):
        return True
    if witness.effect == "lock" and _is_made_here(witness, scope):
        return True
    is_brief_or_roomy = (
        _tells_of_a_failure(witness)
        or _is_short(ev, witness)
        or _is_moment(ev, witness)
        or _takes_a_mutex(services, witness)
        or all(has_room(services, one, scope) for one in held)
    )
    if is_brief_or_roomy and not any(_is_locked(services, one, node, scope) for one in held):
        return True
    may_do_no_harm = (
        witness.effect in ("chat", "user")
        or (witness.effect in _BRIEF and not any(map(_is_repeated, witness.links)))
        or all(is_in_a_file(services, held_from(services, one, scope), one.cls, scope) for one in held)
        or _backs_off(ev, witness)
        or takes_turns(services, scope)
        or all(_opens_again(services, one, witness) for one in held)
        or (witness.effect in WAITING and all(_is_of_this_call(services, one, scope) for one in held))
    )
    return may_do_no_harm and not any(_is_changed(services, one, node, scope) for one in held)


def _tells_of_a_failure(witness: Witness) -> bool:
    """Whether a bot sends one message where something has failed."""
    is_after = any(is_after_a_failure(link.node) for link in witness.links)
    return witness.effect == "chat" and is_after and not any(map(_is_repeated, witness.links))


def _is_repeated(link: Link) -> bool:
    """Whether a function makes a call of a chain for each of several things."""
    return around(link.node, link.scope, REPEATING) is not None


def _is_made_here(witness: Witness, scope: Scope) -> bool:
    """Whether a lock is made by the very call that holds something: who waits for it then are this call's own tasks."""
    last = witness.links[-1]
    if not isinstance(last.node, ast.Name) or home_of(last.node.id, last.scope) is not scope:
        return False
    return all(isinstance(one.value, ast.Call) for one in scope.bindings[last.node.id])


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


def _is_short(ev: Evaluator, witness: Witness) -> bool:
    """Whether a lock is asked for a few seconds at most, or something outside for less: its ``acquire``, the request, or what
    it was made by says so, here or by what the function is passed for it."""
    last = witness.links[-1]
    fact = call_site(ev, last.node, last.scope) if isinstance(last.node, ast.Call) else None
    keyword = getattr(fact.row, "timeout", "") if fact is not None else ""
    if not keyword or not isinstance(last.node, ast.Call) or not isinstance(last.node.func, ast.Attribute):
        return False
    if witness.effect not in WAITING and any(map(_is_repeated, witness.links)):
        return False
    for call in (last.node, made_by(ev, last.node.func.value, last.scope)):
        value = next((one.value for one in call.keywords if one.arg == keyword), None) if call is not None else None
        if isinstance(value, ast.Name) and value.id in _parameters(last.scope) and len(witness.links) > 1:
            above = witness.links[-2].node
            given = above.keywords if isinstance(above, ast.Call) else []
            value = next((one.value for one in given if one.arg == value.id), None)
        seconds = _number(ev, value, last.scope) if value is not None else None
        if seconds is not None:
            return seconds <= (MAX_SHORT if witness.effect in WAITING else MAX_BRIEF)
    return False


def _is_moment(ev: Evaluator, witness: Witness) -> bool:
    """Whether a function sleeps once, and is called once, or only after a failure, for so short a time that nobody misses a
    connection."""
    last = witness.links[-1]
    if witness.effect not in ("sleep", "retry") or not (isinstance(last.node, ast.Call) and last.node.args):
        return False
    if any(map(_is_repeated, witness.links)) and not is_after_a_failure(last.node):
        return False
    seconds = _number(ev, last.node.args[0], last.scope)
    return seconds is not None and seconds < MAX_MOMENT


def _number(ev: Evaluator, node: ast.expr, scope: Scope) -> float | None:
    """The number that an expression is, where there is only one."""
    made = origin(ev, node, scope).node
    return made.value if isinstance(made, ast.Constant) and isinstance(made.value, (int, float)) else None


def _asks_for_a_lock(ev: Evaluator, held: list[Hold], witness: Witness) -> bool:
    """Whether what sleeps does so between two tries to get an advisory lock, which will belong to the connection that asks:
    the only one that is held, or is passed to where it sleeps. Who never gives up may keep it for ever."""
    last = witness.links[-1]
    loops = loops_around(last.node)
    if witness.effect not in ("sleep", "retry") or not loops or len({one.resource for one in held}) > 1:
        return False
    if not _gives_up(loops[0]):
        return False
    names = {one.resource for one in held} if len(witness.links) == 1 else _parameters(last.scope)
    for call in last.scope.calls:
        if loops[0] in loops_around(call) and _is_on(call, names, last.scope):
            found = lock_of(ev, call, last.scope)
            if found is not None and found.kind == "advisory-lock" and found.is_tried:
                return True
    return False


def _gives_up(loop: ast.AST) -> bool:
    """Whether a loop ends after so many rounds, or where some time or number has been passed."""
    if not isinstance(loop, ast.While):
        return True
    leaving = [one for one in ast.walk(loop) if isinstance(one, ast.If) and isinstance(one.body[-1], _LEAVING)]
    return any(
        isinstance(part, ast.Compare) and any(isinstance(one, _ORDERS) for one in part.ops)
        for test in (loop.test, *(one.test for one in leaving))
        for part in ast.walk(test)
    )


def _parameters(scope: Scope) -> set[str]:
    return {name for name, bindings in scope.bindings.items() if any(one.kind == "parameter" for one in bindings)}


def _is_on(call: ast.Call, names: set[str], scope: Scope) -> bool:
    """Whether a call is one of something under these names, or of what has been asked of that: ``session.connection()``."""
    root = root_of(call)
    if root is None or text_of(root, scope) in names:
        return root is not None
    values = [one.value for one in scope.bindings.get(root.id, ())] if isinstance(root, ast.Name) else []
    made = [one.value if isinstance(one, ast.Await) else one for one in values]
    roots = [root_of(one) for one in made if isinstance(one, ast.Call)]
    return any(one is not None and text_of(one, scope) in names for one in roots)


def _is_changed(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether more is held than the connection of who has only read: a transaction's block, locks, or what is written."""
    return _is_locked(services, hold, node, scope) or is_written(services, hold, node, scope)


def _is_locked(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether a transaction's block is open, or locks are held by intent: more than those of the rows that are written."""
    return hold.header is not None or any(locks_held(services.evaluator, services.holdings, hold, node, scope))


def _is_of_this_call(services: Services, hold: Hold, scope: Scope) -> bool:
    """Whether what is held is of an engine that this call has made for itself: nobody else waits for its connections."""
    pool = services.pools.of_hold(hold, scope)
    return pool is not None and is_of_this_call(services.evaluator, pool, scope)


def _comes_seldom(services: Services, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call keeps its caller waiting only where something in this process, or the database, has failed."""
    return _waits_after_a_failure(services, witness, node, scope) or _tries_to_connect_again(services, witness)


def _tries_to_connect_again(services: Services, witness: Witness) -> bool:
    """Whether a decorator pauses before what takes a connection of its own, or asks a store of the project, and waits for
    nothing else, is tried again: that does not fail unless the database or the store does."""
    if witness.effect != "retry":
        return False
    ev = services.evaluator
    for link, following in itertools.zip_longest(witness.links, witness.links[1:]):
        callees = callees_of(ev, link.node, link.scope) if isinstance(link.node, ast.Call) else ()
        for one in callees:
            if isinstance(one, Function) and getattr(one.scope.node, "decorator_list", None):
                is_around = following is None or following.scope is not one.scope
                takes = is_around and (
                    services.taking.of_function(one.scope) is not None or _asks_a_store(ev, one.scope)
                )
                if takes and services.slow.of_function(one.scope) is None:
                    return True
    return False


def _asks_a_store(ev: Evaluator, function: Scope) -> bool:
    """Whether a function awaits clients of which the models know what waits, as those of Redis, and beside the project's own
    functions nothing else."""
    asked = False
    for call in function.calls:
        if not isinstance(parent_of(call), ast.Await):
            continue
        callees = callees_of(ev, call, function)
        if callees and all(isinstance(one, Function) for one in callees):
            continue
        receivers = alternatives(ev.type_of(call.func.value, function)) if isinstance(call.func, ast.Attribute) else ()
        if not receivers or not all(map(_is_client, receivers)):
            return False
        asked = True
    return asked


def _is_client(one: Type) -> bool:
    return isinstance(one, Instance) and one.base is not None and one.base.kind == "client"


def _waits_after_a_failure(services: Services, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call waits for others in this process only where something that it does has failed or is cancelled."""
    if witness.effect not in WAITING or not any(is_after_a_failure(link.node) for link in witness.links[1:]):
        return False
    return isinstance(node, ast.Call) and services.slow_at_first.of_call(node, scope) is None


def _backs_off(ev: Evaluator, witness: Witness) -> bool:
    """Whether a call only sleeps after a failure, and what it tries again is no client, or where others have just called it."""
    return witness.effect == "pace" or (witness.effect == "retry" and not _tries_a_client(ev, witness))


def _opens_again(services: Services, hold: Hold, witness: Witness) -> bool:
    """Whether a function sleeps between two attempts, each of which takes what is held anew and waits for nothing else:
    none fails unless the database does."""
    last = witness.links[-1]
    loops = loops_around(last.node)
    if witness.effect != "sleep" or len(witness.links) > 1 or not loops or not is_after_a_failure(last.node):
        return False
    taken = last.scope.bindings.get(hold.resource, ())
    is_new = bool(taken) and all(loops[0] in loops_around(one.node) and is_tried(one.node) for one in taken)
    others = (one for one in last.scope.calls if one is not last.node and loops[0] in loops_around(one))
    return is_new and all(services.slow.of_call(one, last.scope) is None for one in others)


def _tries_a_client(ev: Evaluator, witness: Witness) -> bool:
    """Whether a coroutine that itself sleeps between two attempts awaits what it tries: that takes its time as well, unless
    it is what a decorator was given, or works on a database."""
    last = witness.links[-1]
    pause = call_site(ev, last.node, last.scope) if isinstance(last.node, ast.Call) else None
    if len(witness.links) == 1 or pause is None or slow_sink(pause) != "sleep":
        return False
    for one in last.scope.calls:
        if one is not last.node and isinstance(parent_of(one), ast.Await) and is_tried(one):
            fact = call_site(ev, one, last.scope)
            home = home_of(one.func.id, last.scope) if isinstance(one.func, ast.Name) else None
            is_given = home is not None and home is not last.scope and home.kind == "function"
            if not is_given and (fact is None or fact.role not in REACHING_ROLES):
                return True
    return False
