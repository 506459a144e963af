"""Observations about what stops an event loop: a client that waits for something outside, or a pause, and is not asynchronous."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.decorators import stays_in_place
from poolint.analyses.graphs import written_at
from poolint.analyses.named_files import NamedFiles
from poolint.analyses.waypoints import calls_of
from poolint.detect.brief_waits import is_mostly_brief, takes_a_moment
from poolint.detect.detector import Detector
from poolint.detect.held_up import as_plain, holds_up_few
from poolint.detect.in_turn import in_turn
from poolint.detect.observation import Observation
from poolint.detect.seldom_waits import is_asked_once, is_kept
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Link, Witness
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


_NEAR = frozenset({"name", "subprocess", "broker"})
"""What the machine itself, or what stands near it, has done in some milliseconds, also several times."""


class BlockingWait(Observation, frozen=True, eq=False):
    """A call in a coroutine that keeps its whole thread waiting, and with it all others on its event loop.

    ``names`` is the chain of functions down to the call that waits, ``effect`` what it waits for, ``path`` where each of them
    stands. ``is_possible``: it takes a moment, is asked once, or hardly anybody is there to be held up. ``plain`` and ``above``
    are those of :class:`~poolint.detect.blocking.BlockingDatabaseCall`.
    """

    names: tuple[str, ...]
    effect: str
    path: tuple[Waypoint, ...] = ()
    after: tuple[ast.AST, ...] = ()
    """What comes to the same in this function, and that every way here passes."""
    is_possible: bool = False
    plain: tuple[Waypoint, ...] = ()
    above: tuple[Waypoint, ...] = ()


def observe(services: Services, scope: Scope) -> Iterator[BlockingWait]:
    """The calls in an ``async def`` that wait for something outside, themselves or by what they call."""
    if not _is_near(services.evaluator, scope.module):
        return
    waiting = [(node, witness) for node in scope.calls if (witness := stopping(services, node, scope)) is not None]
    ev = services.evaluator
    if not waiting or not _has_pools(ev, scope.module):
        return
    is_alone = is_kept(ev, scope) or holds_up_few(services, [node for node, _ in waiting], scope)
    plain, above = ((), ()) if is_alone else as_plain(services, scope)
    found = [
        BlockingWait(
            written_at(node),
            scope.qualified_name,
            True,
            tuple(link.name for link in witness.links),
            witness.effect,
            calls_of(witness),
            is_possible=is_alone or _is_soon_over(services, witness),
            plain=plain,
            above=above,
        )
        for node, witness in waiting
    ]
    yield from in_turn(found, lambda one: one.names[-1], services.graphs, scope)


def _has_pools(ev: Evaluator, module: Module) -> bool:
    """Whether the repository of a module imports something that has to do with sessions or pools, tests aside: if not, nobody who
    is held up has a connection."""
    if ev.screen.carried(module.path, module.source.data):
        return True
    files = ev.derived(NamedFiles)
    return any(files.naming(one, module, in_imports=True) for one in sorted(ev.models.screened_roots))


def stopping(services: Services, node: ast.AST, scope: Scope) -> Witness | None:
    """What a call waits for while it lets nothing else run on the loop of the coroutine that it stands in; None where it is not
    seen to wait, or what it comes to is a coroutine that is looked at as well: there that is told."""
    if not isinstance(node, ast.Call) or not may_await(node, scope):
        return None
    witness = services.blocking.of_call(node, scope)
    if witness is None or (isinstance(parent_of(node), ast.Await) and not _is_coroutine(witness)):
        return None  # what is awaited and is none has been made one
    below = (link.scope for link in witness.links if link.scope.is_async and link.scope is not scope)
    return None if any(_is_near(services.evaluator, one.module) for one in below) else witness


def _is_coroutine(witness: Witness) -> bool:
    return len(witness.links) > 1 and witness.links[1].scope.is_async


def _is_near(ev: Evaluator, module: Module) -> bool:
    """Whether a module has to do with sessions, connections or pools: others are not looked at."""
    return ev.screen.is_near_database(module.path, module.source.data)


def holds_up_others(services: Services, node: ast.AST, scope: Scope) -> bool:
    """Whether a call stops an event loop for so long that others are certainly held up, whatever it holds meanwhile."""
    found = stopping(services, node, scope)
    return found is not None and not _is_soon_over(services, found) and not holds_up_few(services, [node], scope)


def _is_soon_over(services: Services, witness: Witness) -> bool:
    """Whether what is waited for mostly takes a moment, or is asked once and kept; or a decorator may have it run elsewhere."""
    ev = services.evaluator
    if witness.effect in _NEAR or is_mostly_brief(witness) or takes_a_moment(ev, witness) or is_asked_once(ev, witness):
        return True
    if _may_not_block(ev, witness.links[-1]):
        return True
    return not all(stays_in_place(ev, one) for one in witness.below if not one.is_async)


def _may_not_block(ev: Evaluator, link: Link) -> bool:
    """Whether a call is one of a class that can be told to wait for nobody, as sockets can, and its module tells something so."""
    fact = call_site(ev, link.node, link.scope) if isinstance(link.node, ast.Call) else None
    words = ev.models.words("sets-blocking")
    if fact is None or fact.cls is None or all(words.isdisjoint(one.names) for one in fact.cls.methods):
        return False
    scopes = (inner for word in words for inner in link.scope.module.scopes_with(word))
    return any(True for inner in scopes for _ in inner.calls_named(words))


DETECTOR = Detector("loop_waits", lambda services: partial(observe, services), of="coroutines")
