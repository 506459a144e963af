"""Waits with a connection in hand of which little comes: they are brief, they come seldom, or nobody is there to miss the
connection."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import bound_to
from poolint.analyses.holding.database_locks import held as locks_held
from poolint.analyses.occasions import Occasions
from poolint.analyses.pools_of_calls import is_of_this_call, is_stored
from poolint.analyses.process_locks import size
from poolint.analyses.sinks import WAITING
from poolint.detect.brief_waits import is_brief, is_mostly_brief, is_repeated, is_soon_done
from poolint.detect.databases import held_from, is_in_a_file, is_kept_by_none
from poolint.detect.given_functions import may_be_ended_first
from poolint.detect.long_waits import lasts, waits_on
from poolint.detect.never_passed import comes_never, is_never_passed
from poolint.detect.room import answers_messages, has_room, is_for_own_work, takes_turns
from poolint.detect.seldom_waits import asks_for_a_lock, backs_off, comes_seldom, is_asked_once, opens_again
from poolint.detect.sizes import has_a_bound
from poolint.detect.unpooled_autocommit import keep_nobody_out
from poolint.detect.written import has_sent, is_left_open, may_write
from poolint.models.schema import SESSIONS
from poolint.syntax.scopes import home_of, is_parameter
from poolint.syntax.surroundings import LOOPS, around
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def does_little_harm(services: Services, held: list[Hold], witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call that waits while these are held is only possibly worth a change: whatever they are, as long as they lock
    nothing, or as long as who holds them has only read."""
    is_long, is_for_each_other = lasts(services.evaluator, witness), witness.effect in WAITING

    def is_missed_by_none(hold: Hold) -> bool:
        return has_room(services, hold, node, scope, is_long=is_long, is_for_each_other=is_for_each_other)

    return (
        _is_rare(services, held, witness, node, scope)
        or keep_nobody_out(services, held, scope)
        or is_doubtful(services, held, witness, scope)
        or (
            (
                (is_brief(services, witness) and not _adds_up(services, held, witness, node, scope))
                or (witness.effect != "queue" and all(map(is_missed_by_none, held)))
            )
            and not any(_is_locked(services, one, node, scope) for one in held)
        )
        or (
            _is_hardly_missed(services, held, witness, scope)
            and not any(_is_changed(services, one, node, scope) for one in held)
        )
    )


def is_doubtful(services: Services, held: list[Hold], witness: Witness, scope: Scope) -> bool:
    """Whether nothing may be held at all, or nothing waited for: nobody is seen to pass what it takes to come there, or what a
    function is passed may end it first."""
    ev = services.evaluator
    return (
        all(may_be_ended_first(services, one, witness, scope) for one in held)
        or all(is_never_passed(ev, one.resource, scope) for one in held)
        or any(comes_never(ev, link.node, link.scope) for link in witness.links)
    )


def _adds_up(services: Services, held: list[Hold], witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a function pauses in each round of a loop, of which nobody knows how many there are, and has not committed in
    between what it has written: the moments add up, and rows are locked all the time."""
    loop = around(node, scope, LOOPS) if witness.effect == "sleep" else None
    if not isinstance(loop, (ast.For, ast.AsyncFor)) or has_a_bound(services.evaluator, loop.iter, scope):
        return False
    return any(is_left_open(services, one, loop, scope) for one in held)


def _is_rare(services: Services, held: list[Hold], witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether nobody is kept waiting whatever is held: the function runs only as the application starts or ends, or in a script
    that is run by hand, a command asks its user, something has failed, the connection itself is to get the lock that is waited
    for, or that lock is one of this call alone."""
    ev = services.evaluator
    occasions = ev.derived(Occasions)
    return (
        occasions.starts(scope)
        or occasions.ends_with_script(scope)
        or (witness.effect == "user" and occasions.ends_with_process(scope))
        or comes_seldom(services, witness, node, scope)
        or asks_for_a_lock(ev, held, witness)
        or (witness.effect in WAITING and _is_made_here(ev, witness, scope))
    )


def _is_hardly_missed(services: Services, held: list[Hold], witness: Witness, scope: Scope) -> bool:
    """Whether a connection that has only read is hardly missed: the call mostly takes a moment, pauses after a failure, also
    before it takes a new one, asks for what is kept then, waits for others with an engine that this call alone has, or its
    function is a job that runs no more than once at a time, or a coroutine for the application's own work, or one of a bot that
    answers messages, which waits neither for long nor for others, nor again and again; or the database is a file, or nobody
    waits for the connection, nor for the function."""
    ev = services.evaluator
    return (
        is_mostly_brief(witness)
        or is_soon_done(services, witness, scope)
        or all(is_in_a_file(services, held_from(services, one, scope), one.cls, scope) for one in held)
        or (_is_for_nobody_who_waits(services, held, scope) and not lasts(ev, witness))
        or backs_off(ev, witness)
        or is_asked_once(ev, witness)
        or (takes_turns(services, scope) and not waits_on(ev, witness))
        or (
            scope.is_async
            and witness.effect not in WAITING
            and not lasts(ev, witness)
            and is_for_own_work(services, scope)
        )
        or (
            witness.effect not in WAITING
            and not (lasts(ev, witness) or is_repeated(witness))
            and answers_messages(services, scope)
        )
        or all(opens_again(services, one, witness) for one in held)
        or (witness.effect in WAITING and all(_is_of_this_call(services, one, scope) for one in held))
    )


def _is_made_here(ev: Evaluator, witness: Witness, scope: Scope) -> bool:
    """Whether a lock is made by the very call that holds something, also where it is passed on from there: who waits for it then
    are this call's own tasks. What it is made of would name it to others, ``RedisLock("orders")``."""
    last = witness.links[-1]
    lock, where = last.node, last.scope
    for link in reversed(witness.links[:-1]):
        if isinstance(lock, ast.Name) and isinstance(link.node, ast.Call) and is_parameter(lock.id, where):
            passed = bound_to(where, link.node, is_method=where.enclosing_class is not None).get(lock.id)
            lock, where = (passed, link.scope) if passed is not None else (lock, where)
    if not isinstance(lock, ast.Name) or home_of(lock.id, where) is not scope:
        return False
    if any(is_stored(load) for load in scope.loads.get(lock.id, ())):
        return False
    made = [one.value for one in scope.bindings[lock.id]]
    return all(
        isinstance(one, ast.Call)
        and all(_makes_anew(ev, callee) for callee in callees_of(ev, one, scope))
        and (witness.effect == "lock" or _is_for_nobody_else(ev, one, scope))
        for one in made
    )


def _makes_anew(ev: Evaluator, callee: Type) -> bool:
    """Whether what is called makes something: a function of the project where all that it returns is made there."""
    if not isinstance(callee, Function):
        return True
    given = callee.scope.returns
    return bool(given) and all(
        isinstance(one, ast.Call) and not any(isinstance(each, Function) for each in callees_of(ev, one, callee.scope))
        for one in given
    )


def _is_for_nobody_else(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """Whether a call makes something that has no name, by which others would have the same."""
    return not (made.args or made.keywords) or size(ev, made, scope) is not None


def _is_of_this_call(services: Services, hold: Hold, scope: Scope) -> bool:
    """Whether what is held is of an engine that this call has made for itself: nobody else waits for its connections."""
    pool = services.pools.of_hold(hold, scope)
    return pool is not None and is_of_this_call(services.evaluator, pool, scope)


def _is_for_nobody_who_waits(services: Services, held: list[Hold], scope: Scope) -> bool:
    """Whether no request leads to a function, and what it holds is of engines that keep no connection: who asks one of them gets
    a new one, and so nobody waits, neither for a connection nor for the function."""
    if services.requested.is_served(scope):
        return False
    return all(is_kept_by_none(services, held_from(services, one, scope)) for one in held)


def _is_changed(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether more is held than the connection of who has only read: locks, or what has been sent."""
    return _is_held_fast(services, hold, node, scope) or has_sent(services, hold, node, scope)


def _is_locked(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether a transaction's block is open, that of a session that has only read aside, or locks are held by intent: more than
    those of the rows that are written. A database in a file has one lock for all who write."""
    locks_all = hold.header is not None or is_in_a_file(services, held_from(services, hold, scope), hold.cls, scope)
    return (locks_all and has_sent(services, hold, node, scope)) or _is_held_fast(services, hold, node, scope)


def _is_held_fast(services: Services, hold: Hold, node: ast.expr, scope: Scope) -> bool:
    """Whether locks are held by intent, or the block of a transaction is open in which a connection may do more than read."""
    is_session = hold.cls is not None and hold.cls.kind in SESSIONS
    is_open = hold.header is not None and not is_session and may_write(services, hold, node, scope)
    return is_open or any(locks_held(services.evaluator, services.holdings, hold, node, scope))
