"""Observations about methods that are called on what has none of that name."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.detect.detector import Detector
from poolint.detect.in_turn import in_turn
from poolint.detect.observation import Observation
from poolint.detect.prepared import is_prepared
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


class MissingMember(Observation, frozen=True, eq=False):
    """A call of a method of the class of the other mode, ``twin``, on an object of ``cls``, which has none of its ``name``."""

    cls: str
    twin: str
    name: str
    receiver: str
    after: tuple[ast.AST, ...] = ()
    """Others on the same receiver that every way here passes."""


def observe(services: Services, scope: Scope) -> Iterator[MissingMember]:
    """The calls of one function on what certainly lacks what is called."""
    yield from in_turn(_calls(services, scope), lambda one: one.receiver, services.graphs, scope)


def _calls(services: Services, scope: Scope) -> Iterator[MissingMember]:
    ev = services.evaluator
    for node in scope.calls_named(_names(services)):
        if not isinstance(node.func, ast.Attribute) or is_prepared(node):
            continue
        found = alternatives(ev.type_of(node.func.value, scope))
        bases = [one.base if isinstance(one, Instance) and one.base is one.cls else None for one in found]
        having = [ev.models.having(one, node.func.attr) if one is not None else None for one in bases]
        if having and None not in having:
            where = (node.func, scope.qualified_name, False)
            names = (bases[0].name, having[0].name)  # type: ignore[union-attr]
            yield MissingMember(*where, *names, node.func.attr, ast.dump(node.func.value))


def _names(services: Services) -> AbstractSet[str]:
    return {name for names in services.evaluator.models.lacking.values() for name in names}


DETECTOR = Detector("missing-members", lambda services: partial(observe, services), calls=_names)
