"""Whether a pool has a connection for each of those that are there at once: then nobody waits for one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.applications import Applications
from poolint.analyses.clientele import Clientele
from poolint.analyses.occasions import Occasions
from poolint.analyses.pools_of_calls import is_of_this_call, maker_of
from poolint.analyses.project_calls import ProjectCalls
from poolint.detect.databases import connections_by_default, engine_of, held_from, usual_limit
from poolint.detect.factories import is_made_for_each
from poolint.frameworks.hooks import occasions_handed, runs
from poolint.models.schema import SESSIONS

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite


_ADMINISTRATORS = 2
"""How many administrators may be waiting for one function of an application at once, in one process."""


def has_room(
    services: Services,
    hold: Hold,
    node: ast.AST,
    scope: Scope,
    *,
    is_long: bool = False,
    is_for_each_other: bool = False,
) -> bool:
    """Whether a process runs so few requests or tasks at once that the pool of what is held has a connection for each; one of
    them has it in any case, as a command does, or what alone is started with an application that lies there as a whole, unless
    it has it for long, and so does who is given an engine of its own; and, where it is not for long, so do as many as are run
    when nobody says otherwise, and the jobs and commands of an application, unless threads of it wait for each other."""
    if _runs_alone(services, scope) or _is_of_its_own(services, hold, scope):
        return not is_long
    most, limit = _at_once(services, node, scope), _limit(services, hold, scope)
    if limit is None and _is_for_few(services, node, scope):
        return True  # a pool that is too small for them is made so in plain sight
    if most is not None and (most == 1 or most <= (limit or 0)):
        return True
    if is_long:
        return False
    is_for_few = not is_for_each_other and is_for_few_at_once(services, scope)
    return is_for_few or _has_room_by_default(services, hold, node, scope, limit)


def _has_room_by_default(services: Services, hold: Hold, node: ast.AST, scope: Scope, limit: int | None) -> bool:
    """Whether a pool that has so many connections, as far as is known, has room where no deployment is known of an application,
    by what its servers and workers do when nobody tells them otherwise, or where it is not seen what a session takes its
    connection from. Servers that run coroutines run plain functions in so many threads."""
    most = _at_once(services, node, scope, is_assumed=True)
    if most is None and limit is not None and limit >= _threads(services) and not scope.is_async:
        is_in_threads = not services.deployed.may_serve_many(scope.module.path)
        return is_in_threads and not services.evaluator.derived(Occasions).is_handed_on(scope)
    return most is not None and most <= (_unless_said(services, hold, scope) if limit is None else limit)


def is_for_few_at_once(services: Services, scope: Scope) -> bool:
    """Whether a function of an application is there for its own jobs and commands, as far as is seen: no request asks for plain
    code, and no task but of workers that run one after the other, so that a process runs few at once, each in a thread that
    waits itself; and nothing that a library calls sets off a coroutine."""
    return is_for_own_work(services, scope) and not (scope.is_async and services.requested.is_set_off(scope))


def is_for_own_work(services: Services, scope: Scope) -> bool:
    """The same of a coroutine that something sets off on other occasions than a request, such as a schedule: it runs on the
    event loop that serves all others, but hardly ever takes more than one connection from them."""
    ev = services.evaluator
    if (
        scope.kind != "function"
        or not ev.derived(Applications).serves(scope.module)
        or not is_run_here(services, scope)
    ):
        return False
    requested = services.requested
    if requested.is_served(scope) or (scope.is_async and requested.is_of_many(scope)):
        return False
    return not requested.is_asked_for(scope) or _works_in_turn(services, scope)


def answers_messages(services: Services, scope: Scope) -> bool:
    """Whether a function is a handler of a bot that answers messages, and nothing else: few come at once."""
    ev = services.evaluator
    if not (ev.derived(Applications).serves_messages(scope.module) and services.requested.is_for_messages(scope)):
        return False
    mentioned = ev.derived(ProjectCalls).mentioned(scope)
    return runs(ev, scope, "message") or any("message" in occasions_handed(ev, *one) for one in mentioned)


def has_room_for_two(services: Services, hold: Hold, node: ast.AST, scope: Scope) -> bool:
    """Whether it has two connections for each of them, also where no deployment and no size is known, by what servers, workers
    and pools do when nobody says otherwise."""
    most, limit = _at_once(services, node, scope, is_assumed=True), _limit(services, hold, scope)
    if most is None or (limit is None and _is_for_few(services, node, scope)):
        return False
    return 2 * most <= (_unless_said(services, hold, scope) if limit is None else limit)


def has_two_for_itself(services: Services, hold: Hold, scope: Scope) -> bool:
    """Whether a function that nobody else runs beside, or few do, in a project that is deployed from its repository, finds two
    connections in a pool: none is known to open only one."""
    is_alone = _runs_alone(services, scope) or is_for_own_work(services, scope)
    return is_alone and _limit(services, hold, scope) != 1


def _is_of_its_own(services: Services, hold: Hold, scope: Scope) -> bool:
    """Whether the engine that a connection is held from is made anew for each request, so that nobody else has it."""
    pool, ev = held_from(services, hold, scope), services.evaluator
    maker = maker_of(ev, pool) if pool is not None else None
    return maker is not None and is_made_for_each(ev, maker)


def takes_of_its_own(services: Services, checkout: CallSite, scope: Scope) -> bool:
    """Whether the pool of a checkout is that of an engine which this very call makes: there is no connection yet, and nobody
    whom it would wait for."""
    pool = services.pools.of_checkout(checkout.node, scope)
    return pool is not None and is_of_this_call(services.evaluator, pool, scope)


def has_one_idle(services: Services, checkout: CallSite, scope: Scope) -> bool:
    """Whether a pool that lets nobody wait, and is not for several threads, is made with connections, so that one is idle for
    who asks on an event loop: there one asks after the other."""
    if checkout.cls is None or not checkout.cls.refuses or checkout.cls.for_threads:
        return False
    spec = engine_of(services, services.pools.of_checkout(checkout.node, scope))
    return spec is not None and spec.minimum.certain and bool(spec.minimum.most)


def _runs_alone(services: Services, scope: Scope) -> bool:
    return is_run_here(services, scope) and services.evaluator.derived(Occasions).runs_alone(scope)


def is_run_here(services: Services, scope: Scope) -> bool:
    """Whether the project of a function is run from its repository, as far as is seen."""
    return services.deployed.is_run_here(scope.module.path)


def _is_for_few(services: Services, node: ast.AST, scope: Scope) -> bool:
    return services.evaluator.derived(Clientele).is_for_few(scope, node)


def _at_once(services: Services, node: ast.AST, scope: Scope, *, is_assumed: bool = False) -> int | None:
    """How many requests or tasks that may come to a place in a function a process takes at once, at most: as the application is
    deployed, or, where that cannot be followed, as its servers and workers are when nobody tells them otherwise. None where that
    is not known, where others may install it, or where the project itself may run the function beside others. Administrators are
    few wherever they are served. What ``is_assumed`` is that of an application of which no deployment is known."""
    path, deployed = scope.module.path, services.deployed
    if _is_for_few(services, node, scope):
        return _ADMINISTRATORS
    most = deployed.at_once(path, is_sync=not scope.is_async)
    is_told = deployed.answers(path)
    if is_assumed and most is None and deployed.answers_developers(path):
        most, is_told = 0, False
    if most is not None and not is_told:
        most = _beside_workers(services, scope, most, is_assumed=is_assumed)
    return None if most is None or services.evaluator.derived(Occasions).is_handed_on(scope) else most


def _beside_workers(services: Services, scope: Scope, tasks: int, *, is_assumed: bool) -> int | None:
    """How many requests or tasks come to a function at once in a process of which the deployments tell of ``tasks`` at most, and
    of no server."""
    applications, path = services.evaluator.derived(Applications), scope.module.path
    if _is_called_in_turn(services, scope):
        return max(tasks, 1)
    if not applications.serves(scope.module):
        return tasks or None
    is_deployed = services.deployed.is_deployed(path) or (is_assumed and services.deployed.is_whole(path))
    is_known = is_deployed and not services.deployed.may_serve_many(path)
    by_default = applications.at_once(scope.module) if is_known else None
    return None if by_default is None else max(tasks, by_default)


def _limit(services: Services, hold: Hold, scope: Scope) -> int | None:
    """How many connections the pool of what is held opens at most; None where that is not known for certain."""
    pool = held_from(services, hold, scope)
    spec = engine_of(services, pool)
    if spec is None:
        return connections_by_default(services, pool)
    return spec.limit.most if all(one.certain for one in spec.limit.parts) else None


def _unless_said(services: Services, hold: Hold, scope: Scope) -> int:
    """How many connections there are for a session of which it is not seen what it takes them from: a pool that has fewer than
    the library's own is made so in plain sight. No room where the pool is seen, and its size is not known."""
    is_session = hold.cls is not None and hold.cls.kind in SESSIONS
    return usual_limit(services) if is_session and engine_of(services, held_from(services, hold, scope)) is None else 0


def _threads(services: Services) -> int:
    """How many threads for plain functions there are beside an event loop, at most, unless somebody says otherwise."""
    rows = services.evaluator.models.purposes
    return max(one.at_once for one in rows if one.purpose == "runs-at-once")


def takes_turns(services: Services, scope: Scope) -> bool:
    """Whether a function runs no more than once at a time in a process: as a job that its schedule runs so, or as a task of
    workers that run one after the other, as they are deployed, and as far as no setting says otherwise."""
    occasions = services.evaluator.derived(Occasions)
    if occasions.runs_in_turn(scope):
        return True
    return occasions.runs_in_turn_in_workers(scope) and _works_in_turn(services, scope)


def _works_in_turn(services: Services, scope: Scope) -> bool:
    """Whether the workers of a function's project run one task after the other in each process, as they are deployed, and as far
    as no setting says otherwise."""
    if not services.deployed.works_in_turn(scope.module.path):
        return False
    settings = sorted(services.evaluator.models.words("sets-worker-pool"))
    return not any(_is_set(services, one, scope) for one in settings)


def holds_up_only_who_waits(services: Services, scope: Scope) -> bool:
    """Whether a function is one that an application runs for one message after the other, and it serves by nothing else, or
    a platform for one request after the other: who holds up its event loop holds up those who would wait in any case. So
    does, as far as is seen, one of which nobody is seen to ask for it there, and a job of a process for such jobs alone."""
    applications, occasions = services.evaluator.derived(Applications), services.evaluator.derived(Occasions)
    if occasions.runs_apart(scope) or _is_called_in_turn(services, scope):
        return True
    is_for_messages = not occasions.runs_in_turn(scope) and takes_turns(services, scope)
    is_unseen = scope.is_async and not services.requested.is_asked_for(scope)
    return (is_for_messages or is_unseen) and applications.serves_in_turn(scope.module)


def _is_called_in_turn(services: Services, scope: Scope) -> bool:
    """Whether a platform calls the project of a function for one request after the other: one that has an adapter for that beside
    its own server is deployed in no other way."""
    applications, path = services.evaluator.derived(Applications), scope.module.path
    is_there_only = applications.is_for_a_platform(scope.module) and not services.deployed.has_files(path)
    is_told = services.deployed.answers(path)
    return is_there_only or (not is_told and applications.is_called_in_turn(scope.module))


def _is_set(services: Services, setting: str, scope: Scope) -> bool:
    """Whether the project of a function may give a setting: it is named, and not only called to be turned off."""
    for path in services.evaluator.project.saying(setting, scope.module):
        module = services.evaluator.project.module(path)
        calls = [one for inner in module.scopes_with(setting) for one in inner.calls_named({setting})] if module else []
        if not calls or not all(map(_asks_for_one, calls)):
            return True
    return False


def _asks_for_one(call: ast.Call) -> bool:
    """Whether a setting is called with what lets in one at a time: ``False``, ``1``."""
    given = call.args[0] if len(call.args) == 1 else None
    return isinstance(given, ast.Constant) and given.value is not True and given.value in (False, 1)
