"""Who has to wait while a coroutine does not let the others on its event loop run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.clientele import Clientele
from poolint.analyses.own_loops import OwnLoops
from poolint.analyses.waypoints import waypoint
from poolint.detect.plain import PlainFunctions
from poolint.detect.room import answers_messages, holds_up_only_who_waits, is_for_few_at_once
from poolint.syntax.second_tries import is_for_a_failure
from poolint.syntax.surroundings import REPEATING, around

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

MAX_SELDOM = 4
"""Calls that a function may make of which little comes if it is seldom called."""


def holds_up_few(services: Services, nodes: Sequence[ast.AST], scope: Scope) -> bool:
    """Whether hardly anybody waits while a coroutine stands still at these places: it has the loop to itself, as where an
    application starts or ends, is for few, does so only where something has failed, or holds up only those who would wait in
    any case."""
    return (
        services.evaluator.derived(OwnLoops).holds_up_nobody(scope)
        or (bool(nodes) and all(map(is_for_a_failure, nodes)))
        or _is_seldom(services.evaluator, nodes, scope)
        or holds_up_only_who_waits(services, scope)
        or is_for_few_at_once(services, scope)
    )


def holds_up_messages(services: Services, nodes: Sequence[ast.AST], scope: Scope) -> bool:
    """Whether a coroutine of a bot that answers messages, and nothing else, asks a database but a few times at these places, each
    once: it holds up other messages for some milliseconds. Readers would have changed a quarter of such."""
    is_little = len(nodes) <= MAX_SELDOM and not any(around(node, scope, REPEATING) for node in nodes)
    return is_little and answers_messages(services, scope)


def _is_seldom(ev: Evaluator, nodes: Sequence[ast.AST], scope: Scope) -> bool:
    """Whether a function is one for the administrators of an application, who are few, and makes but a few calls there, each
    once: others on its loop hardly ever wait for these."""
    clientele = ev.derived(Clientele)
    if len(nodes) > MAX_SELDOM or not all(clientele.is_for_administrators(scope, one) for one in nodes):
        return False
    return not any(around(node, scope, REPEATING) for node in nodes)


def as_plain(services: Services, scope: Scope) -> tuple[tuple[Waypoint, ...], tuple[Waypoint, ...]]:
    """Where a coroutine stands, if it needs no loop and would run in a thread without; else where those await it that need none
    either, the endpoint last. Neither where something has to be awaited."""
    above = services.evaluator.derived(PlainFunctions).above(scope)
    if above or above is None or not isinstance(scope.node, ast.AsyncFunctionDef):
        return (), above or ()
    return (waypoint("needs-no-loop", scope.node, scope.module, scope.name),), ()
