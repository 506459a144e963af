"""The connection budgets of a folder: each deployment that is found there, with the engines of its services."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint.configuration.fleet import Settled
from poolint.crashes import Crashes
from poolint.deployment.values import Place, Problem
from poolint.engine import Checker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.budget import Budget
    from poolint.config import Resolver
    from poolint.configuration.fleet import Fleet
    from poolint.rules.base import Rule

__all__ = ["budgets"]


def budgets(
    path: str, resolver: Resolver, rules: Mapping[str, type[Rule]], surge: bool
) -> tuple[list[Budget], list[Problem]]:
    """The budgets of the deployments in a folder; where it has none, in the folders around as far as its project goes,
    or else in those right below; and what could not be read on the way.

    With ``surge`` the replicas count that a rolling update adds.

    Raises ``ConfigError``, and ``OSError`` where there is no such folder.
    """
    folder = os.path.abspath(path)
    os.stat(folder)
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    settings = resolver.for_directory(folder)
    if surge:
        from poolint.deployment.declared import Declared

        settings.budget = (settings.budget or Declared())._replace(surge=True)
    fleet = Checker(settings, rules).fleet()
    found: list[Budget] = []
    problems: list[Problem] = []
    for each in dict.fromkeys([folder, *fleet.folders(os.path.join(folder, "any.py"))]):
        settled = _settled(fleet, each)
        problems += [one for one in settled.problems if one not in problems]
        found = found or list(settled.budgets)
        if any(one.deployment.services for one in found):
            return found, [*problems, *fleet.crashed]
    for name in sorted(os.listdir(folder)):
        below = os.path.join(folder, name)
        if os.path.isdir(below) and not name.startswith("."):
            settled = _settled(fleet, below)
            found += settled.budgets
            problems += [one for one in settled.problems if one not in problems]
    return found, [*problems, *fleet.crashed]


def _settled(fleet: Fleet, folder: str) -> Settled:
    """The budgets of one folder; a crash over it is one of its problems."""
    crashes = Crashes()
    settled = crashes.guarded("the budget", lambda: fleet.of(folder), Settled((), ()))
    crashed = tuple(Problem(Place(folder, 1), message) for message in crashes.messages())
    return settled._replace(problems=(*settled.problems, *crashed))
