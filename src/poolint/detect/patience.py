"""Observations about checkouts that wait for a connection as long as it takes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.time_limits import limits_around
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import call_site, receiver_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models import schema
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class NoTimeout(Observation, frozen=True, eq=False):
    """A checkout that may wait forever, or a pool of which all do: ``node`` is the call, or the argument that says so.

    ``pool`` is its name, ``maker`` what makes it, ``method`` the checkout where it is one. ``argument`` sets how long,
    where there is one that does, and ``given`` says that it is there and None.
    """

    on_request = True

    pool: str
    argument: str
    given: bool
    method: str = ""
    maker: str = ""


class Patience:
    """Observes the checkouts of one project from pools that have no timeout of their own."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._names = {
            name
            for cls in ev.models.classes.values()
            for method in cls.methods
            if method.endless
            for name in method.names
        }

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The checkouts in ``scope`` that neither their arguments nor what is around them bounds."""
        for call in scope.calls_named(self._names):
            fact = call_site(self.ev, call, scope, use_evidence=False)
            row = fact.row if fact is not None else None
            if fact is None or not getattr(row, "endless", False) or any(limits_around(self.ev, call, scope)):
                continue
            said = _said(call, row)  # type: ignore[arg-type]
            if said == "bounded":
                continue
            receiver = receiver_text(call, scope)
            yield NoTimeout(
                call,
                scope.qualified_name,
                may_await(call, scope),
                receiver,
                row.timeout,  # type: ignore[union-attr]
                said == "endless",
                fact.method,
            )


def _said(call: ast.Call, row: schema.Method) -> str:
    """What a call says of how long it waits: nothing, that it is ``endless``, or ``bounded``, as far as one can know."""
    for keyword in call.keywords:
        if keyword.arg is None:
            return "bounded"
        if keyword.arg == row.timeout:
            is_none = isinstance(keyword.value, ast.Constant) and keyword.value.value is None
            return "endless" if is_none else "bounded"
    return ""


DETECTOR = Detector("patience", lambda services: Patience(services.evaluator).observe, on_request=True)
