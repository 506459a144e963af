"""Observations about as many checkouts at once as there happens to be work."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.collected import (
    behind,
    call_of,
    comprehended_over,
    gone_over,
    iterated,
    looped_over,
    made_with,
    mapped,
    named,
    puts,
    runs_over,
)
from poolint.analyses.edges import Link
from poolint.analyses.effects import Witness
from poolint.analyses.occasions import Occasions
from poolint.analyses.ownership import by_parameter
from poolint.analyses.process_locks import process_locks
from poolint.analyses.waypoints import calls_of, waypoint
from poolint.detect.crowding import is_crowded
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.run_together import RunTogether
from poolint.detect.sizes import has_a_bound
from poolint.models.standard import EAGER, PAIRING
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.syntax.surroundings import has_its_own, loops_around, may_await
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import Function, LibraryMethod
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class FanOut(Observation, frozen=True, eq=False):
    """As many tasks as a collection has items, each of which takes a connection. ``node`` is what runs them.

    ``names`` is the chain of functions down to the checkout, ``path`` where each stands. ``is_possible``: they take one only
    where something has failed, and few fail at once; or they take turns there (see :mod:`poolint.detect.crowding`), or a
    process does this once, where they wait for nobody but each other.
    """

    maker: str
    items: str
    names: tuple[str, ...]
    path: tuple[Waypoint, ...]
    is_possible: bool = False


_WRAPPING = EAGER | PAIRING | {"reversed"}
"""Functions that go over what they are passed first, all of it."""


class _Each(NamedTuple):
    """A coroutine that is made for each item of a collection: the call that makes it, in ``scope``, and what that goes over, in
    ``around``."""

    task: ast.Call
    scope: Scope
    items: ast.expr
    around: Scope


class Fans:
    """Observes fan-outs; remembers which functions take a connection."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self._services = services
        self._taking = services.taking
        self._helpers: dict[Scope, tuple[tuple[str, str], ...]] = {}
        self._together = self.ev.derived(RunTogether)
        self._at_once, self._starts = self.ev.models.words("at-once"), self.ev.models.words("makes-task", "starts")

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The calls in ``scope`` that run one coroutine for each item of a collection, each with a checkout."""
        gathered: set[ast.expr] = set()
        for node in scope.calls_named(self._at_once):
            each = list(self._gathered(node, scope))
            gathered |= {one.items for one in each}
            found = [fan for one in each for fan in self._fan(node, one, last_name(node.func), scope)]
            yield from {one.items: one for one in sorted(found, key=lambda one: not one.is_possible)}.values()
        for node in scope.calls if scope.kind == "function" else ():
            passed = [one for given in self._together.given(node, scope) for one in self._each(given, node, scope)]
            for spread in (*passed, *self._mapped(node, scope)):
                yield from self._fan(node, spread, last_name(node.func), scope)
        for node in scope.calls_named(self._starts):
            task = behind(node.args[0], scope) if node.args else None
            coroutines = gone_over(task, scope) if task is not None else None
            over = looped_over(node, scope) or comprehended_over(node)
            if coroutines is not None:
                for made in self._collected(named(coroutines), scope, None) if over is coroutines else ():
                    yield from self._fan(node, made, last_name(node.func), scope)
            elif isinstance(task, ast.Call) and over is not None and over not in gathered:
                yield from self._fan(node, _Each(task, scope, over, scope), last_name(node.func), scope)

    def _fan(self, node: ast.Call, each: _Each, maker: str, scope: Scope) -> Iterator[FanOut]:
        if has_a_bound(self.ev, each.items, each.around) or _is_bounded(self.ev, scope):
            return
        for one in callees_of(self.ev, each.task, each.scope):
            begun = (one.scope,) if isinstance(one, Function) else ()
            if not (begun[0].is_async if begun else isinstance(one, LibraryMethod) and one.row.call == "coroutine"):
                continue
            witness = self._of_task(self._taking, one, each)
            if witness is None or self._is_limited(begun, witness):
                continue
            at_first = self._of_task(self._services.taking_at_first, one, each)
            witness = at_first or witness
            names = (*(inner.qualified_name for inner in begun), *(link.name for link in witness.links))
            path = [waypoint("runs-for-each-item", each.items, each.around.module, maker)]
            path += calls_of(witness)
            where = (node, scope.qualified_name, may_await(node, scope))
            is_once = self.ev.derived(Occasions).runs_once(scope)
            is_possible = is_once or at_first is None or not is_crowded(self._services, node, witness, scope)
            yield FanOut(*where, maker, ast.unparse(each.items), names, tuple(path), is_possible)
            return

    def _of_task(self, effects: Effects, callee: Type, each: _Each) -> Witness | None:
        """How a task has an effect: by the function that it runs, or as the query of a pool that it is itself."""
        if isinstance(callee, Function):
            return effects.of_function(callee.scope)
        fact = call_site(self.ev, each.task, each.scope)
        effect = effects.sink(fact) if fact is not None else ""
        return Witness((Link(each.task, each.scope, fact.api),), effect) if fact is not None and effect else None

    def _is_limited(self, begun: tuple[Scope, ...], witness: Witness) -> bool:
        """Whether something on the way to the checkout lets in only so many at once."""
        return any(_is_bounded(self.ev, one) for one in (*begun, *(link.scope for link in witness.links)))

    def _gathered(self, node: ast.Call, scope: Scope) -> Iterator[_Each]:
        """The coroutines that a call is given, one for each item of something."""
        for argument in node.args:
            yield from self._each(argument, node, scope)

    def _each(self, argument: ast.expr, node: ast.Call, scope: Scope) -> Iterator[_Each]:
        """Those of one argument: they are made by this function, or by one that it calls for them."""
        value = named(argument)
        yield from self._collected(value, scope, looped_over(node, scope))
        source = made_with(value.id, scope) if isinstance(value, ast.Name) else value
        if isinstance(source, ast.Call):
            for one in callees_of(self.ev, source, scope):
                if isinstance(one, Function) and one.scope.kind == "function" and not one.scope.is_async:
                    yield from self._made_by(one, source, scope)

    def _mapped(self, node: ast.Call, scope: Scope) -> Iterator[_Each]:
        """The coroutines that a helper makes at once, of a function that it is passed, for each item of what it is passed."""
        if len(node.args) + len(node.keywords) < 2 or not isinstance(parent_of(node), ast.Await):
            return
        for one in callees_of(self.ev, node, scope):
            if not isinstance(one, Function) or not (maps := self._maps(one.scope)):
                continue
            passed = by_parameter(one, node)
            for function, items in maps:
                if function in passed and items in passed:
                    yield _Each(call_of(passed[function], [], node), scope, passed[items], scope)

    def _maps(self, helper: Scope) -> tuple[tuple[str, str], ...]:
        """The parameters of a function that it calls at once for each item of another one, and these."""
        found = self._helpers.get(helper)
        if found is None:
            is_one = helper.kind == "function" and helper.is_async and not self._at_once.isdisjoint(helper.called)
            made = (
                [each for node in helper.calls_named(self._at_once) for each in self._gathered(node, helper)]
                if is_one
                else []
            )
            names = [(getattr(each.task.func, "id", ""), getattr(each.items, "id", "")) for each in made]
            found = tuple(pair for pair in names if all(is_parameter(name, helper) for name in pair))
            self._helpers[helper] = found
        return found

    def _made_by(self, maker: Function, call: ast.Call, scope: Scope) -> Iterator[_Each]:
        """The coroutines that a function makes for each item of something and gives back, or yields one by one."""
        inner = maker.scope
        found = [each for one in inner.returns for each in self._collected(named(one), inner, None)]
        for one in inner.yields:
            over = looped_over(one, inner)
            if isinstance(one, ast.Yield) and isinstance(one.value, ast.Call) and over is not None:
                found.append(_Each(one.value, inner, over, inner))
        passed = by_parameter(maker, call)
        for each in found:
            if last_name(each.task.func) in self._starts:
                continue  # told there
            items = each.items
            while isinstance(items, ast.Call) and last_name(items.func) in _WRAPPING and items.args:
                items = items.args[0]
            name = items.id if isinstance(items, ast.Name) else ""
            if not is_parameter(name, inner):
                yield each
            elif name in passed:
                yield each._replace(items=passed[name], around=scope)

    def _collected(self, value: ast.expr, scope: Scope, around: ast.expr | None) -> Iterator[_Each]:
        """The coroutines that a comprehension or a loop collects, and what that runs over, if that is not a loop around."""
        if isinstance(value, ast.Name):
            for item, at in puts(value.id, scope):
                over = iterated(at) or self._filled_over(value.id, at, scope)
                starts = isinstance(item, ast.Call) and last_name(item.func) in self._starts  # told there
                if over is not None and not starts and over is not around:
                    yield from self._task(item, over, scope)
            value = made_with(value.id, scope) or value
        if isinstance(value, ast.DictComp) and len(value.generators) == 1:
            yield from self._task(value.value, value.generators[0].iter, scope)
        if isinstance(value, (ast.ListComp, ast.GeneratorExp, ast.SetComp)) and len(value.generators) == 1:
            yield from self._task(value.elt, value.generators[0].iter, scope)
        if isinstance(value, ast.Call) and (made := mapped(value)) is not None and len(value.args) == 2:
            yield from self._task(made, value.args[1], scope)

    def _filled_over(self, name: str, at: ast.expr, scope: Scope) -> ast.expr | None:
        """What the loops run over in which a collection is filled, the innermost without a bound: a part that each round cuts off
        bounds nothing where all rounds add to the same collection."""
        over = looped_over(at, scope)
        if over is None or not has_a_bound(self.ev, over, scope):
            return over
        for loop in loops_around(at):
            if has_its_own(name, loop, scope):
                break
            outer = runs_over(loop)
            if outer is not None and not has_a_bound(self.ev, outer, scope):
                return outer
        return over

    def _task(self, task: ast.expr, items: ast.expr, scope: Scope) -> Iterator[_Each]:
        if isinstance(task, ast.Call) and last_name(task.func) in self._starts and task.args:
            task = task.args[0]
        if isinstance(task, ast.Call):
            yield _Each(task, scope, items, scope)


def _is_bounded(ev: Evaluator, scope: Scope) -> bool:
    """Whether a function, or one around it, waits to be let in by a semaphore; a mutex is mostly for another matter."""
    return any(not one.is_mutex for one in process_locks(ev, scope))


DETECTOR = Detector(
    "fanout",
    lambda services: Fans(services).observe,
    of="coroutines",
)
