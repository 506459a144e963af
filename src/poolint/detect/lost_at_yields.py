"""What a generator loses where its consumer fails, or leaves it, at a ``yield``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.witnesses import unwinding
from poolint.flow.flags import name_of
from poolint.syntax.expressions import call_arguments

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.detect.leaks import LeakProblem
    from poolint.flow.cfg import Edge, NodeKind
    from poolint.syntax.scopes import Scope

_UNWOUND: tuple[NodeKind, ...] = ("exit-generator", "exit-exception", "exit-cancel")


def lost_at_yield(leaks: dict[NodeKind, list[Edge]], site: Site, scope: Scope) -> tuple[LeakProblem, list[Edge]] | None:
    """The first way to an exit with an open obligation that begins where a generator gives its consumer the resource; ``leaks``
    has one way to each such exit."""
    for kind in _UNWOUND:
        edges = leaks.get(kind, [])
        edge = unwinding(edges)
        if edge is not None and edge.source.kind == "yield" and _yields(edge.source.node, site, scope):
            return "yield", edges
    return None


def _yields(node: ast.AST, site: Site, scope: Scope) -> bool:
    """Whether a ``yield`` gives the consumer the resource, or something made of it, on the spot or before."""
    given = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    made = [each.value for one in given for each in scope.bindings.get(one, ()) if isinstance(each.value, ast.Call)]
    return site.name in given or any(site.name == name_of(one) for call in made for one in call_arguments(call))
