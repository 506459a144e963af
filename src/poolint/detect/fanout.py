"""Observations about as many checkouts at once as there happens to be work."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.process_locks import process_locks
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.collected import named, puts
from poolint.detect.crowding import is_crowded
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.syntax.scopes import assigned, parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.following import origin
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Witness
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class FanOut(Observation, frozen=True, eq=False):
    """As many tasks as a collection has items, each of which takes a connection. ``node`` is what runs them.

    ``names`` is the chain of functions down to the checkout, ``path`` where each stands. ``is_possible``: they take one only
    where something has failed, and few fail at once; or they take turns there (see :mod:`poolint.detect.crowding`).
    """

    maker: str
    items: str
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]
    is_possible: bool = False


_SMALL = re.compile(r"chunk|batch|slice|window|shard|part", re.IGNORECASE)
"""English words for a collection that has been cut to size, as people call one."""

_LIMITS = re.compile(r"limit|page_size|batch_size", re.IGNORECASE)
"""English words for an argument by which a collection is cut to size where it is asked for."""


class Fans:
    """Observes fan-outs; remembers which functions take a connection."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self._services = services
        self._taking = services.taking
        self._at_once, self._starts = self.ev.models.words("at-once"), self.ev.models.words("makes-task", "starts")

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that run one coroutine for each item of a collection, each with a checkout."""
        for node in scope.calls_named(self._at_once | self._starts):
            name = last_name(node.func)
            if name in self._at_once:
                found = [
                    one
                    for task, items in self._comprehended(node, scope)
                    for one in self._fan(node, task, items, name, scope)
                ]
                yield from {one.items: one for one in sorted(found, key=lambda one: not one.is_possible)}.values()
            elif node.args and isinstance(node.args[0], ast.Call):
                over = _looped_over(node)
                if over is not None:
                    yield from self._fan(node, node.args[0], over, name, scope)

    def _fan(self, node: ast.Call, task: ast.Call, items: ast.expr, maker: str, scope: Scope) -> Iterator[FanOut]:
        if _has_a_bound(self.ev, items, scope) or _is_bounded(self.ev, scope):
            return
        for one in alternatives(self.ev.type_of(task.func, scope)):
            if not isinstance(one, Function) or not one.scope.is_async:
                continue
            witness = self._taking.of_function(one.scope)
            if witness is None or self._is_limited(one.scope, witness):
                continue
            at_first = self._services.taking_at_first.of_function(one.scope)
            witness = at_first or witness
            names = (one.scope.qualified_name, *(link.name for link in witness.links))
            path = [waypoint("runs-for-each-item", items, scope.module, maker)]
            path += calls_of(witness)
            where = (node, scope.qualified_name, may_await(node, scope))
            is_possible = at_first is None or not is_crowded(self._services, node, witness, scope)
            yield FanOut(*where, maker, ast.unparse(items), names, tuple(path), is_possible)
            return

    def _is_limited(self, function: Scope, witness: Witness) -> bool:
        """Whether something on the way to the checkout lets in only so many at once."""
        return any(_is_bounded(self.ev, one) for one in (function, *(link.scope for link in witness.links)))

    def _comprehended(self, node: ast.Call, scope: Scope) -> Iterator[tuple[ast.Call, ast.expr]]:
        """The coroutines that a comprehension or a loop collects for the arguments, and what that runs over."""
        for argument in node.args:
            value = named(argument)
            if isinstance(value, ast.Name):
                for item, at in puts(value.id, scope):
                    over = _looped_over(at)
                    starts = isinstance(item, ast.Call) and last_name(item.func) in self._starts  # told there
                    if over is not None and not starts and over is not _looped_over(node):
                        yield from self._task(item, over)
                value = assigned(value.id, scope) or value
            if isinstance(value, ast.DictComp) and len(value.generators) == 1:
                yield from self._task(value.value, value.generators[0].iter)
            if isinstance(value, (ast.ListComp, ast.GeneratorExp, ast.SetComp)) and len(value.generators) == 1:
                yield from self._task(value.elt, value.generators[0].iter)

    def _task(self, task: ast.expr, items: ast.expr) -> Iterator[tuple[ast.Call, ast.expr]]:
        if isinstance(task, ast.Call) and last_name(task.func) in self._starts and task.args:
            task = task.args[0]
        if isinstance(task, ast.Call):
            yield task, items


def _looped_over(node: ast.expr) -> ast.expr | None:
    """What the loop around a started task runs over, where nothing is awaited in it."""
    if isinstance(parent_of(node), ast.Await):
        return None
    current = parent_of(node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(current, ast.For):
            waits = any(isinstance(one, (ast.Await, ast.AsyncWith)) for part in current.body for one in ast.walk(part))
            return None if waits else current.iter
        current = parent_of(current)
    return None


def _has_a_bound(ev: Evaluator, items: ast.expr, scope: Scope) -> bool:
    """Whether a collection has a size that the code knows, or has been cut to one."""
    if isinstance(items, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Constant)):
        return True
    if isinstance(items, ast.Await):
        return _has_a_bound(ev, items.value, scope)
    if isinstance(items, ast.Subscript):
        return True
    if isinstance(items, ast.Call):
        name = last_name(items.func)
        if any(_LIMITS.search(one.arg or "") and isinstance(one.value, ast.Constant) for one in items.keywords):
            return True
        if name == "range" and all(isinstance(one, (ast.Constant, ast.Name)) for one in items.args):
            return True
        if name in ("enumerate", "zip", "list", "sorted", "set", "items", "values", "keys") and items.args:
            return any(_has_a_bound(ev, one, scope) for one in items.args)
        return _SMALL.search(name) is not None
    if isinstance(items, ast.Name):
        if _SMALL.search(items.id) is not None or items.id.isupper():
            return True
        made, where = origin(ev, items, scope, frozenset())
        if isinstance(made, (ast.List, ast.Set)) and not made.elts:
            return False  # it begins empty, to be filled
        return not isinstance(made, ast.Name) and _has_a_bound(ev, made, where)
    return False


def _is_bounded(ev: Evaluator, scope: Scope) -> bool:
    """Whether a function, or one around it, waits to be let in by a semaphore; a mutex is mostly for another matter."""
    return any(not one.is_mutex for one in process_locks(ev, scope))


DETECTOR = Detector(
    "fanout",
    lambda services: Fans(services).observe,
    of="coroutines",
    calls=lambda services: services.evaluator.models.words("at-once", "makes-task", "starts"),
)
