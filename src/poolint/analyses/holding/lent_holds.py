"""What functions of the project hold while others run: one that a block enters, by how it leaves or first yields, and a
generator that a loop goes over, between two of its items.

What it holds on some of its ways counts, as a condition that nobody knows may come out so; what the arguments of the call
rule out does not.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.conditions import Entering
from poolint.analyses.holding.exit_summaries import Left, ways_left
from poolint.analyses.made_fields import MadeFields
from poolint.analyses.managers import generator_of
from poolint.flow.cfg import TooComplex
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import is_parameter
from poolint.syntax.surroundings import loops_around
from poolint.types.call_sites import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.holding.objects import Objects
    from poolint.syntax.scopes import Scope, ScopeKey

_MAX_RESOURCES = 20
"""Resources of one function that are followed; real ones hold up to four."""

_MAX_YIELDS = 20
"""Yields of one generator that are looked at."""


class _Lending(NamedTuple):
    """A function, what is known of what it decides by, and whether a loop goes over it, instead of a block entering it."""

    function: ScopeKey
    fixed: Known
    is_iterated: bool


_Holds = frozenset[tuple[str, str]]
"""What is held, by the function's own name and the class of it."""


class LentHolds:
    """Answers for the functions of one project: a problem of summaries."""

    def __init__(self, objects: Objects, holdings: Holdings) -> None:
        self.objects = objects
        self.ev = ev = objects.ev
        self.holdings = holdings
        self._entering = ev.derived(Entering)
        self._made = MadeFields(ev)
        self._summaries: Summaries[_Lending, _Holds] = Summaries(
            "lent", self._lent, bottom=frozenset(), join=frozenset.union, components=holdings.components
        )

    def entered(self, function: Scope, header: ast.expr, scope: Scope) -> Iterator[tuple[str, str]]:
        """What is held by a function that a block runs as it enters what ``header`` gives, in order."""
        if isinstance(header, ast.Call) and (function.is_generator or function.name == "__init__"):
            fixed = self._entering.known(header, function, scope, ())
        else:
            fixed = self._made.known(header, function, scope, ())
        yield from sorted(self._summaries.of(_Lending(function.key, fixed, False)))

    def behind(self, generator: Scope) -> Iterator[tuple[str, str]]:
        """What a generator holds that helpers make for a block, whatever they pass it: of what it is passed nobody knows here."""
        for resource, cls in sorted(self._summaries.of(_Lending(generator.key, (), False))):
            if not is_parameter(resource.partition(".")[0], generator):
                yield resource, cls

    def iterated(self, generator: Scope, call: ast.Call, scope: Scope) -> Iterator[tuple[str, str]]:
        """What a generator holds while a loop works on what it has yielded, in order."""
        yield from sorted(self._iterated(generator, call, scope))

    def _iterated(self, generator: Scope, call: ast.Call, scope: Scope) -> _Holds:
        fixed = self._entering.known(call, generator, scope, ())
        return self._summaries.of(_Lending(generator.key, fixed, True))

    def place(self, resource: str, generator: Scope, call: ast.Call, target: str, scope: Scope) -> str | None:
        """What a resource that a generator holds is called by who goes over it: empty where that cannot get at it, None where
        it may, and nobody knows by which name."""
        root = resource.partition(".")[0]
        gives = [one.value for one in generator.yields if isinstance(one, ast.Yield) and one.value is not None]
        is_local = root in generator.bindings and not is_parameter(root, generator)
        if any(self._leads_to(one, resource, generator) for one in gives):
            return target or None if is_local and all(name_of(one) == resource for one in gives) else None
        if is_local:
            return ""
        if is_parameter(root, generator):
            return self.objects.place_of_passed(root, resource.partition(".")[2], generator, call, scope) or None
        return None if root.isidentifier() else ""

    def _leads_to(self, given: ast.expr, resource: str, function: Scope) -> bool:
        """Whether who is given something can get at a resource by it: it is that, contains it, or is made with it."""
        parts = getattr(given, "elts", None) or getattr(given, "values", None) or ()
        parts = [*parts, *call_arguments(given)] if isinstance(given, ast.Call) else parts
        if any(self._leads_to(one, resource, function) for one in parts if one is not None):
            return True
        name = name_of(given)
        return bool(name) and (
            f"{resource}.".startswith(f"{name}.") or resource in self.objects.places.of(given, function).values()
        )

    def _lent(self, key: _Lending) -> _Holds:
        scope = self.ev.project.scope(key.function)
        yields = _rounds(scope) if key.is_iterated else scope.yields[:1]
        if len(yields) > _MAX_YIELDS:
            return frozenset()
        found = [self._held(one, scope, key.fixed) | self._below(one, scope) for one in yields]
        return frozenset.intersection(*found) if found else self._held(None, scope, key.fixed)

    def _below(self, node: ast.Yield | ast.YieldFrom, scope: Scope) -> _Holds:
        """What another generator holds to which one leaves it to yield, as this one calls it: by the call that makes that, in
        brackets, where nobody here can get at it."""
        made = node.value if isinstance(node, ast.YieldFrom) else None
        inner = generator_of(self.ev, made, scope)
        if inner is None or not isinstance(made, ast.Call):
            return frozenset()
        held = self._iterated(inner, made, scope)
        found = ((self.place(one, inner, made, "", scope), cls) for one, cls in held)
        return frozenset((one or f"({text_of(made, scope)})", cls) for one, cls in found if one is not None)

    def _held(self, node: ast.Yield | ast.YieldFrom | None, scope: Scope, fixed: Known) -> _Holds:
        """What a function holds itself as it yields, or as it returns."""
        changes = self.holdings.own_changes(scope, fixed)
        held = {(one.resource, one.cls.name) for one in changes.holding() if one.cls is not None}
        held = {one for one in held if one[0] not in changes.dedicated}
        if not held or len(held) > _MAX_RESOURCES:
            return frozenset()
        try:
            graph, told = self.holdings.graph(scope), dict(fixed)
            at = frozenset([graph.exits["exit-normal"]] if node is None else graph.nodes_of(node))
            left = {one: ways_left(graph, changes, {one[0]}, scope, told, at=at) for one in held}
        except TooComplex:
            return frozenset()
        return frozenset(one for one, ways in left.items() if ways & _HELD)


_HELD = {Left.HELD, Left.RENEWED}


def _rounds(generator: Scope) -> list[ast.Yield | ast.YieldFrom]:
    """Where a generator yields item after item; of one that does so nowhere, wherever it yields."""
    rounds = [one for one in generator.yields if loops_around(one) or isinstance(one, ast.YieldFrom)]
    return rounds or list(generator.yields)
