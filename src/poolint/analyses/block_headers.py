"""What a checkout looks like as the header of a ``with``: the models know what can be entered, and what that does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from poolint.models.schema import RELEASABLE
from poolint.models.standard import ENTERS
from poolint.syntax.expressions import last_name, without_await
from poolint.types.call_sites import call_site, holding

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_BLOCKS = RELEASABLE | {"client", "cursor", "result"}
"""Kinds of objects whose own `with` begins with nothing and ends with their release."""


class Entering(msgspec.Struct, frozen=True):
    """How a checkout is entered.

    ``keeps_await``: the header awaits the call as the statement did. ``method`` is called in place of the checkout's
    own, where that gives no context manager. ``commits``: leaving the block normally commits, which a plain release
    does not.
    """

    asynchronous: bool
    keeps_await: bool = False
    method: str = ""
    commits: bool = False


def entering(ev: Evaluator, scope: Scope, value: ast.expr, cls: Class | None) -> Entering | None:
    """How the value of a checkout, awaited or not, of class ``cls`` is entered; None where it cannot be."""
    is_awaited = isinstance(value, ast.Await)
    call = without_await(value)
    if not isinstance(call, ast.Call) or cls is None or last_name(call.func) in ENTERS:
        return None
    fact = call_site(ev, call, scope, use_evidence=False)
    row = fact.row if fact is not None else None
    commits = cls.commits_on_exit
    asynchronous = cls.mode == "async"
    if asynchronous and not scope.is_async:
        return None
    method: str = getattr(row, "entered_as", "")
    if method and isinstance(call.func, ast.Attribute):
        return Entering(asynchronous, method=method, commits=commits)
    if is_awaited and row is not None and row.call == "awaitable-cm":
        return Entering(True, commits=commits) if asynchronous else None
    if is_awaited and cls.starts_once:
        return None  # `async with await opened(engine)`: whoever has awaited the connection has started it
    if is_awaited and not asynchronous:
        return None  # a synchronous object that is made and closed on an event loop
    if cls.enters_where and not enters_everywhere(ev, scope, cls):
        return None
    if cls.kind not in _BLOCKS or not cls.releases_on_exit or not (cls.async_enter if asynchronous else cls.enter):
        return None
    return Entering(asynchronous, is_awaited, commits=commits)


def enters_everywhere(ev: Evaluator, scope: Scope, cls: Class) -> bool:
    """Whether ``with`` works on instances of ``cls`` in all versions that may be installed where ``scope`` runs."""
    return not cls.enters_where or holding(ev, cls.enters_where, scope) == {"yes"}
