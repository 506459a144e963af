"""Observations about releases that never happen: they are left to the garbage collector without anybody noticing."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal

from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.models.schema import CLOSING_ROLES
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import Instance, LibraryMethod, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class LeftToCollector(Observation, frozen=True, eq=False):
    """A release that does not happen. ``node`` is the call that was meant to release, ``what`` the release as written.

    ``why`` it does not: it is a callback that is called synchronously (by ``caller``), it is cancelled before its first step,
    or it is called on the synchronous side.
    """

    what: str
    why: Literal["callback", "no-time", "sync-side"]
    cls: schema.Class | None
    caller: str = ""


_ENDS = frozenset({"close", "commit", "rollback"})
_LIMIT = "wait_for"


def _names(ev: Evaluator) -> frozenset[str]:
    return ev.models.words("calls-back") | _ENDS | {_LIMIT}


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The calls in ``scope`` that look like a release and are none."""
    callbacks = ev.models.words("calls-back")
    for node in scope.calls_named(_names(ev)):
        name = last_name(node.func)
        if name in callbacks:
            yield from dropped_by(ev, node, scope)
        elif name == _LIMIT and len(node.args) + len(node.keywords) == 2 and node.args:
            yield from _no_time(ev, node, scope)
        elif name in _ENDS and isinstance(node.func, ast.Attribute):
            yield from _sync_side(ev, node, scope)


def dropped_by(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[LeftToCollector]:
    """``stack.callback(conn.close)``: a synchronous callback makes the coroutine and drops it."""
    known, name = ev.models.manners["calls-back"], last_name(node.func)
    if name not in known and ev.qualified_name(ev.type_of(node.func, scope)) not in known:
        return
    for argument in node.args:
        found = alternatives(ev.type_of(argument, scope))
        for one in found[:1]:
            if not isinstance(one, LibraryMethod) or one.row.role not in CLOSING_ROLES:
                continue
            if all(isinstance(each, LibraryMethod) and each.row.call == "coroutine" for each in found):
                what = text_of(argument, scope)
                place, caller = (node, scope.qualified_name, may_await(node, scope)), text_of(node.func, scope)
                yield LeftToCollector(*place, what, "callback", one.receiver.base, caller)


def _no_time(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """``wait_for(conn.close(), 0)``: it is cancelled before its first step."""
    inner, timeout = node.args[0], call_arguments(node)[1]
    if not (isinstance(timeout, ast.Constant) and timeout.value == 0 and isinstance(inner, ast.Call)):
        return
    if not isinstance(ev.type_of(node.func, scope), LibraryName):
        return
    fact = call_site(ev, inner, scope)
    if fact is not None and fact.role in CLOSING_ROLES:
        place = (node, scope.qualified_name, may_await(node, scope))
        yield LeftToCollector(*place, text_of(inner, scope), "no-time", fact.cls)


def _sync_side(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[Observation]:
    """``session.sync_session.close()`` outside of ``run_sync``: it raises, and nothing can release any more."""
    assert isinstance(node.func, ast.Attribute)
    receiver = node.func.value
    if not (isinstance(receiver, ast.Attribute) and receiver.attr in ev.models.words("sync-side")):
        return
    fact = call_site(ev, node, scope)
    if not scope.is_async or fact is None or isinstance(parent_of(node), ast.Await):
        return
    owners = [one.base for one in alternatives(ev.type_of(receiver.value, scope)) if isinstance(one, Instance)]
    cls = owners[0] if len(owners) == 1 and owners[0] is not None else fact.cls
    yield LeftToCollector(node, scope.qualified_name, True, text_of(node, scope), "sync-side", cls)


DETECTOR = Detector(
    "collector",
    lambda services: partial(observe, services.evaluator),
    calls=lambda services: _names(services.evaluator),
)
