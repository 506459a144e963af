"""Waits that take minutes, or go on for as long as the process runs: they are missed also where few could want a connection."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.brief_waits import given_number, number_of
from poolint.syntax.second_tries import is_after_a_failure
from poolint.syntax.surroundings import has_its_own, loops_around
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Witness
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_MINUTE = 60
"""Seconds after which a transaction that does nothing is in the way of who cleans tables."""


def lasts(ev: Evaluator, witness: Witness) -> bool:
    """Whether a wait is one of minutes, as for a language model, or again and again: so is the transaction of a worker that does
    nothing else then, which holds up whoever cleans tables, if nobody else."""
    return witness.effect == "llm" or waits_on(ev, witness)


def waits_on(ev: Evaluator, witness: Witness) -> bool:
    """Whether a function sleeps in a loop that counts nothing, or for minutes in all, or waits there for what is to come next, as
    one that goes on as long as the process runs."""
    last = witness.links[-1]
    loops = [one for one in loops_around(last.node) if isinstance(one, ast.While)]
    if witness.effect == "wait":
        return any(_goes_on(one, last.scope) for one in loops)
    if witness.effect != "sleep":
        return False
    return any(not isinstance(one.test, ast.Compare) for one in loops) or _comes_to_minutes(ev, witness)


def _goes_on(loop: ast.While, scope: Scope) -> bool:
    """Whether a loop neither counts nor works off what it has: it does not say itself when it will end."""
    names = (one.id for one in ast.walk(loop.test) if isinstance(one, ast.Name))
    return not isinstance(loop.test, ast.Compare) and not any(has_its_own(name, loop, scope) for name in names)


def _comes_to_minutes(ev: Evaluator, witness: Witness) -> bool:
    """Whether the pauses of a function come to a minute or more, where nothing fails: so long is one, and so many are there."""
    pause = witness.links[-1].node
    if not (isinstance(pause, ast.Call) and pause.args) or any(is_after_a_failure(one.node) for one in witness.links):
        return False
    total = number_of(ev, pause.args[0], witness)
    for rounds in (given_number(ev, *one) for one in _counted(witness)):
        total = total * max(rounds, 1) if total is not None and rounds is not None else total
    return total is not None and total >= _MINUTE


def _counted(witness: Witness) -> Iterator[tuple[ast.expr, Scope]]:
    """How often the loops on the way go round, as written, as far as they count."""
    for link in witness.links:
        for loop in loops_around(link.node):
            over = loop.iter if isinstance(loop, (ast.For, ast.AsyncFor)) else None
            if isinstance(over, ast.Call) and last_name(over.func) == "range" and 1 <= len(over.args) <= 2:
                yield over.args[-1], link.scope
