"""Observations about responses that are streamed while their session is open, or after it has ended."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from poolint.semantics.facts import CallWhileHeld, Observation, StreamedFrom
from poolint.semantics.observe.common import may_await
from poolint.semantics.observe.outliving import life_of
from poolint.semantics.observe.responding import held_after_response
from poolint.semantics.scopes import assigned
from poolint.semantics.types import Function, LibraryName, alternatives
from poolint.semantics.vocabulary import last_name
from poolint.semantics.well_known import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.holding.flow import Holdings
    from poolint.semantics.scopes import Scope

_NAMES = frozenset(name.rpartition(".")[2] for name in STREAMS)


def observe(ev: Evaluator, holdings: Holdings, scope: Scope) -> Iterator[Observation]:
    """The streamed responses that ``scope`` makes of a generator which has a session of the request or a block.

    And those of another generator, where a session of the request holds a connection until the response has been sent.
    """
    for node in scope.calls:
        if last_name(node.func) not in _NAMES or not _is_stream(ev, node, scope):
            continue
        body = node.args[0] if node.args else next((one.value for one in node.keywords if one.arg == "content"), None)
        if isinstance(body, ast.Name):
            body = assigned(body.id, scope)
        if not isinstance(body, ast.Call):
            continue
        for one in alternatives(ev.type_of(body.func, scope)):
            if isinstance(one, Function) and one.scope.is_generator:
                captured = list(_captured(ev, node, body, one.scope, scope))
                yield from captured or _held(ev, holdings, node, one.scope, scope)


def _captured(ev: Evaluator, node: ast.Call, body: ast.Call, generator: Scope, scope: Scope) -> Iterator[Observation]:
    """What the generator is passed, or takes from the function around it."""
    names = [one.id for one in (*body.args, *(key.value for key in body.keywords)) if isinstance(one, ast.Name)]
    if generator.parent is scope:
        names += [name for name in generator.loads if name not in generator.bindings]
    for name in dict.fromkeys(names):
        life = life_of(ev, name, scope)
        if life is not None:
            yield StreamedFrom(
                node,
                scope.qualified_name,
                may_await(node, scope),
                name,
                last_name(node.func),
                generator.name,
                life.ends,
                life.cls,
                life.end,
            )


def _held(ev: Evaluator, holdings: Holdings, node: ast.Call, generator: Scope, scope: Scope) -> Iterator[CallWhileHeld]:
    """What holds a connection while the generator runs, which does not know of it."""
    for held in itertools.islice(held_after_response(ev, holdings, node, scope), 1):
        names = (last_name(node.func), generator.name)
        place = (node, scope.qualified_name, may_await(node, scope))
        yield CallWhileHeld(*place, held.resource, "", held.taken, names, "stream", (held.taken,))


def _is_stream(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    return any(
        isinstance(one, LibraryName) and one.name in STREAMS for one in alternatives(ev.type_of(node.func, scope))
    )
