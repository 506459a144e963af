"""What is observed of configurations, beside what stands in :mod:`poolint.semantics.facts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.semantics.facts import Observation

if TYPE_CHECKING:
    from poolint.budget import Budget, Row
    from poolint.diagnostics import Step


@dataclass(frozen=True, eq=False)
class BudgetExceeded(Observation):
    """An engine or pool that takes the most of more connections than the server has. ``node`` is the argument that says
    how many, or the call that makes it. ``row`` is its part of ``budget``, ``path`` where the figures are from.
    """

    budget: Budget
    row: Row
    path: tuple[Step, ...]
