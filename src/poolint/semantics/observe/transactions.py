"""Observations about what happens while a transaction is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.semantics.calls import text_of
from poolint.semantics.facts import ExternalCallWhileHeld, Observation
from poolint.semantics.holding import Held, inside, transactions
from poolint.semantics.observe.common import may_await, step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.diagnostics import Step
    from poolint.semantics.effects import Effects, Witness
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.scopes import Scope


def observe(ev: Evaluator, effects: Effects, scope: Scope) -> Iterator[Observation]:
    """External calls inside the transactions that ``scope`` opens; each call once, by the innermost of them."""
    seen = set()
    for region in reversed(transactions(ev, scope)):
        held = Held(ev, region, scope)
        for node in scope.calls:
            if node in seen or not inside(node, region.statement) or not held.at(node):
                continue
            witness = effects.of_call(node, scope)
            if witness is None:
                continue
            seen.add(node)
            begun = step(f"`{text_of(region.header, scope)}` opens the transaction", region.header, scope.module)
            yield ExternalCallWhileHeld(
                node,
                scope.qualified_name,
                may_await(node, scope),
                text_of(region.header, scope),
                begun,
                tuple(link.name for link in witness.links),
                witness.effect,
                (begun, *_steps(witness)),
            )


def _steps(witness: Witness) -> list[Step]:
    return [step(f"calls `{link.name}`", link.node, link.scope.module) for link in witness.links]
