"""Observations about generators that lend a registry of sessions (``scoped_session``), or the session that it gives, and empty
it only if the consumer comes back.

``session = Session(); yield session; Session.remove()``: nobody checks anything out there, but what the consumer has used
stays in the registry when it fails, with its connection. A registry of a library's own object is emptied by that, and one
that a function of the module empties which lends nothing, a hook or a middleware, is not the generator's to care for.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.responses import value_of
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.flow.cfg import TooComplex
from poolint.flow.escapes import escapes
from poolint.flow.flags import Flags, name_of
from poolint.flow.solver import completed, reach
from poolint.frameworks.hooks import is_resumed, starts
from poolint.syntax.file_kinds import is_test
from poolint.syntax.nodes import walk
from poolint.syntax.surroundings import loops_around, may_await
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class LentRegistry(Observation, frozen=True, eq=False):
    """A registry that is lent by ``culprit``, a ``yield`` as written, and emptied by ``release`` only where the consumer comes
    back. ``node`` is what is yielded."""

    registry: str
    cls: Class
    culprit: str
    release: str


def observe(ev: Evaluator, graphs: Graphs, scope: Scope) -> Iterator[Observation]:
    """The registry that a generator lends, and does not empty when its consumer fails."""
    if not scope.is_generator or len(scope.yields) != 1 or loops_around(scope.yields[0]):
        return
    lent = scope.yields[0]
    given = value_of(lent.value, scope) if lent.value is not None else None
    registry = given.func if isinstance(given, ast.Call) and not given.args else given
    cls = _registry(ev, registry, scope) if registry is not None else None
    if lent.value is None or registry is None or cls is None:
        return
    name = name_of(registry)
    names = {name, name_of(lent.value)} - {""}
    releases = [one for one in scope.calls if _releases(ev, one, names, scope)]
    if not releases or is_resumed(ev, scope) or starts(ev, scope) or is_test(scope.module, ev.project):
        return
    others = (one for one in scope.module.scope.descendants() if not one.is_generator)
    if any(_releases(ev, call, {name}, one) for one in others for call in one.calls):
        return
    try:
        is_lost = _is_skipped(graphs, lent, releases, name, scope)
    except TooComplex:
        return
    if is_lost:
        place = (lent.value, scope.qualified_name, may_await(lent, scope))
        yield LentRegistry(*place, name, cls, text_of(lent, scope), text_of(releases[0], scope))


def _registry(ev: Evaluator, node: ast.expr, scope: Scope) -> Class | None:
    """The class of a registry that outlives its function, and that nobody but the project empties."""
    root = name_of(node).partition(".")[0]
    if not root or any(one.kind != "parameter" for one in scope.bindings.get(root, ())):
        return None
    if isinstance(node, ast.Attribute):
        owners = alternatives(ev.type_of(node.value, scope))
        if any(isinstance(one, Instance) and one.base is not None for one in owners):
            return None
    known = (one.base for one in alternatives(ev.type_of(node, scope)) if isinstance(one, Instance))
    found = next((one for one in known if one is not None and one.kind == "registry"), None)
    row = ev.models.method(found, "__call__") if found is not None else None
    return found if row is not None and row.role == "open" else None


def _releases(ev: Evaluator, call: ast.Call, names: set[str], scope: Scope) -> bool:
    if not isinstance(call.func, ast.Attribute) or name_of(call.func.value) not in names:
        return False
    fact = call_site(ev, call, scope)
    return fact is not None and fact.role == "release"


def _is_skipped(
    graphs: Graphs, lent: ast.Yield | ast.YieldFrom, releases: list[ast.Call], name: str, scope: Scope
) -> bool:
    """Whether a release comes behind a ``yield`` on all ways on, and what is thrown in there leaves the function without any. One
    that is left out on other ways as well, ``if close``, is left to somebody else by choice."""
    graph = graphs.of(scope)
    stops = {node for one in releases for node in graph.nodes_of(one)}
    flags = Flags(scope, graph)
    for node in graph.nodes_of(lent):
        onwards = reach(completed([node]), lambda edge: edge.source not in stops and not edge.is_unwinding)
        if any(one.kind == "exit-normal" for one in onwards) and _is_chosen(lent, name, scope):
            return False
    return any(
        not stops.isdisjoint(reach(completed([node]))) and escapes(node, stops, name, raising=False, flags=flags)
        for node in graph.nodes_of(lent)
    )


def _is_chosen(lent: ast.Yield | ast.YieldFrom, name: str, scope: Scope) -> bool:
    """Whether the ways through a generator depend on something else than what it releases: ``if close``."""
    own = {name.partition(".")[0], name_of(lent.value).partition(".")[0] if lent.value is not None else ""}
    asked = (_asked(one) for one in walk(scope.node))
    return any(isinstance(part, ast.Name) and part.id not in own for one in asked if one for part in ast.walk(one))


def _asked(node: ast.AST) -> ast.expr | None:
    """What decides by which way a function goes on; None where nothing does."""
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        return node.test
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return node.iter
    if isinstance(node, ast.BoolOp):
        return node.values[0]
    return node.subject if isinstance(node, ast.Match) else None


DETECTOR = Detector(
    "lent-registries",
    lambda services: partial(observe, services.evaluator, services.graphs),
    of="functions",
    calls=lambda services: services.evaluator.models.words("gives-back", "removes"),
)
