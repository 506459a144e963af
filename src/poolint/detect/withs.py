"""Observations about ``with``: a kind of ``with``, or an ``await`` in its header, that does not fit what is entered."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.kept_classes import kept_class
from poolint.analyses.managers import generators_of, is_no_manager
from poolint.detect.detector import Detector
from poolint.detect.expected import may_be_to_fail
from poolint.detect.observation import Observation
from poolint.detect.prepared import has_been_asked
from poolint.models.schema import HANDLES
from poolint.syntax.expressions import without_await
from poolint.syntax.surroundings import may_await
from poolint.types import makers
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import UNKNOWN, Instance, Pending, Type, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class MismatchedWith(Observation, frozen=True, eq=False):
    """A ``with`` whose context expression does not fit it. ``node`` is the context expression.

    ``wanted``: ``"async"`` or ``"sync"`` when the other kind of ``with`` is right; ``"await"`` when an ``await`` is
    missing in the header, ``"no-await"`` when there is one too many; ``""`` when nothing fits.
    """

    statement: ast.With | ast.AsyncWith
    what: str
    wanted: str
    loses_slot: bool = False


_ONCE = frozenset({"checkout", "begin", "stream"})
"""Roles whose value may be awaited or entered, but not both: it starts only once."""


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The observations at ``with`` statements that stand directly in ``scope``."""
    for statement in scope.withs:
        for item in statement.items:
            found = _mismatch(ev, statement, item.context_expr, scope)
            if found is not None and has_been_asked(item.context_expr, statement):
                continue  # whatever it is, it can be entered there
            if found is not None and ev.is_told("", scope) and not may_be_to_fail(ev, statement, scope):
                yield found


def _mismatch(
    ev: Evaluator, statement: ast.With | ast.AsyncWith, header: ast.expr, scope: Scope
) -> MismatchedWith | None:
    asynchronous = isinstance(statement, ast.AsyncWith)
    if isinstance(header, ast.Await) and isinstance(statement, ast.AsyncWith):
        twice = _entered_twice(ev, statement, header, scope)
        if twice is not None:
            return twice
    if is_no_manager(ev, header, scope):
        if not _gives_handles(ev, header, scope):
            return None
        what = text_of(header, scope)
        return MismatchedWith(header, scope.qualified_name, may_await(statement, scope), statement, what, "")
    wanted = {_wanted(one, asynchronous=asynchronous) for one in alternatives(ev.type_of(header, scope))}
    if len(wanted) != 1:
        return None
    answer = wanted.pop()
    if answer is None or (answer == "sync" and makers.twin_of(ev, header, scope) is not UNKNOWN):
        return None
    return MismatchedWith(
        header, scope.qualified_name, may_await(statement, scope), statement, _what(ev, header, scope), answer
    )


def _gives_handles(ev: Evaluator, header: ast.expr, scope: Scope) -> bool:
    """Whether a generator yields a session or a connection."""
    given = ((one.value, home) for home in generators_of(ev, header, scope) for one in home.yields)
    classes = (kept_class(ev.type_of(value, home)) for value, home in given if value is not None)
    return any(cls is not None and cls.kind in HANDLES for cls in classes)


def _entered_twice(ev: Evaluator, statement: ast.AsyncWith, header: ast.Await, scope: Scope) -> MismatchedWith | None:
    """``async with await engine.connect()``: started by the ``await``, it cannot be entered any more."""
    if not isinstance(header.value, ast.Call):
        return None
    fact = call_site(ev, header.value, scope)
    if fact is None or fact.row is None or fact.role not in _ONCE:
        return None
    if fact.row.call == "awaitable-cm":
        lost = fact.cls is not None and fact.cls.kind == "pool"
        return MismatchedWith(header, scope.qualified_name, True, statement, fact.api, "no-await", lost)
    if fact.row.call == "async-cm":
        return MismatchedWith(header, scope.qualified_name, True, statement, fact.api, "no-await")
    return None


def _wanted(one: Type, *, asynchronous: bool) -> str | None:
    """What would be right for entering this type; None where it is right already or nothing is known."""
    if isinstance(one, Pending):
        if one.call == "coroutine":
            return _wanted_for_awaited(one.awaited) if asynchronous else None
        if asynchronous:
            return "sync" if one.call == "cm" else None
        return "async" if one.call in ("async-cm", "awaitable-cm") else None
    if isinstance(one, Instance) and one.base is not None and one.cls is one.base:
        if one.base.kind in ("result", "response", "other", "query", "context"):
            return None
        sync, asynchronously = bool(one.base.enter), bool(one.base.async_enter)
        if (asynchronously if asynchronous else sync) or one.base.kind == "client":
            return None
        if asynchronously or sync:
            return "async" if asynchronously else "sync"
        return ""
    return None


def _wanted_for_awaited(awaited: Type) -> str | None:
    for one in alternatives(awaited):
        if isinstance(one, Instance) and one.base is not None and one.base.async_enter:
            continue
        return None
    return "await"


def _what(ev: Evaluator, header: ast.expr, scope: Scope) -> str:
    """What is entered, as people say it."""
    target = without_await(header)
    if isinstance(target, ast.Call):
        fact = call_site(ev, target, scope)
        if fact is not None:
            return fact.api
    return text_of(target, scope)


DETECTOR = Detector("withs", lambda services: partial(observe, services.evaluator), of="withs")
