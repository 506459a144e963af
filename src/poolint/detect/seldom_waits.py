"""Waits that come only where something in this process, a store or the database has failed, or is asked for again: those who
fail are few, and others fail with them."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from poolint.analyses.holding.transactions import root_of
from poolint.analyses.sinks import WAITING, slow_sink
from poolint.analyses.statement_locks import lock_of
from poolint.models.schema import REACHING_ROLES
from poolint.syntax.expressions import ORDERS, without_await
from poolint.syntax.scopes import home_of, is_parameter, parent_of
from poolint.syntax.second_tries import is_after_a_failure, is_for_a_failure, is_tried
from poolint.syntax.surroundings import loops_around
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.returns import decorators
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_LEAVING = (ast.Raise, ast.Return, ast.Break)


def comes_seldom(services: Services, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call keeps its caller waiting only where something in this process, or the database, has failed."""
    return (
        _waits_after_a_failure(services, witness, node, scope)
        or _tries_to_connect_again(services, witness)
        or _is_for_a_failure(services, witness, node, scope)
    )


def is_asked_once(ev: Evaluator, witness: Witness) -> bool:
    """Whether a function on a chain is asked once for each of its arguments: what it has given is kept. What a method gives is
    kept for each object."""
    return any(is_kept(ev, one) for one in witness.below)


def is_kept(ev: Evaluator, scope: Scope) -> bool:
    """Whether what a function gives for its arguments is kept by its decorator."""
    return scope.enclosing_class is None and not ev.models.manners["memoises"].isdisjoint(decorators(ev, scope))


def _waits_after_a_failure(services: Services, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call waits for others in this process only where something that it does has failed or is cancelled."""
    if witness.effect not in WAITING or not any(is_after_a_failure(link.node) for link in witness.links[1:]):
        return False
    return isinstance(node, ast.Call) and services.slow_at_first.of_call(node, scope) is None


def _is_for_a_failure(services: Services, witness: Witness, node: ast.expr, scope: Scope) -> bool:
    """Whether a call asks something outside only to tell of a failure, or to make up for one. Who sleeps then tries again."""
    if witness.effect in ("sleep", "retry", "pace") or not any(is_for_a_failure(link.node) for link in witness.links):
        return False
    if is_for_a_failure(node):
        return True
    return isinstance(node, ast.Call) and services.slow_at_first.of_call(node, scope) is None


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


def backs_off(ev: Evaluator, witness: Witness) -> bool:
    """Whether a call only sleeps after a failure, and what it tries again is no client, or where others have just called it."""
    return witness.effect == "pace" or (witness.effect == "retry" and not _tries_a_client(ev, witness))


def _tries_a_client(ev: Evaluator, witness: Witness) -> bool:
    """Whether a coroutine that sleeps between two attempts, by itself or by a helper, awaits what it tries: that takes its time
    as well, unless it is what a decorator was given, or works on a database."""
    last = witness.links[-1]
    pause = call_site(ev, last.node, last.scope) if isinstance(last.node, ast.Call) else None
    if len(witness.links) == 1 or pause is None or slow_sink(pause) != "sleep":
        return False
    at = next((one for one in reversed(witness.links[1:]) if is_after_a_failure(one.node)), last)
    for one in at.scope.calls:
        if one is not at.node and isinstance(parent_of(one), ast.Await) and is_tried(one):
            fact = call_site(ev, one, at.scope)
            home = home_of(one.func.id, at.scope) if isinstance(one.func, ast.Name) else None
            is_given = home is not None and home is not at.scope and home.kind == "function"
            if not is_given and (fact is None or fact.role not in REACHING_ROLES):
                return True
    return False


def opens_again(services: Services, hold: Hold, witness: Witness) -> bool:
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


def asks_for_a_lock(ev: Evaluator, held: list[Hold], witness: Witness) -> bool:
    """Whether what sleeps does so between two tries to get an advisory lock, which will belong to the connection that asks:
    the only one that is held, or is passed to where it sleeps. Who never gives up may keep it for ever."""
    last = witness.links[-1]
    loops = loops_around(last.node)
    if witness.effect not in ("sleep", "retry") or not loops or len({one.resource for one in held}) > 1:
        return False
    if not _gives_up(loops[0]):
        return False
    names = (
        {one.resource for one in held}
        if len(witness.links) == 1
        else {one for one in last.scope.bindings if is_parameter(one, last.scope)}
    )
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
        isinstance(part, ast.Compare) and any(isinstance(one, ORDERS) for one in part.ops)
        for test in (loop.test, *(one.test for one in leaving))
        for part in ast.walk(test)
    )


def _is_on(call: ast.Call, names: set[str], scope: Scope) -> bool:
    """Whether a call is one of something under these names, or of what has been asked of that: ``session.connection()``."""
    root = root_of(call)
    if root is None or text_of(root, scope) in names:
        return root is not None
    values = [one.value for one in scope.bindings.get(root.id, ())] if isinstance(root, ast.Name) else []
    made = [without_await(one) for one in values]
    roots = [root_of(one) for one in made if isinstance(one, ast.Call)]
    return any(one is not None and text_of(one, scope) in names for one in roots)
