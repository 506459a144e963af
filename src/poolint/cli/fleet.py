"""``poolint fleet REPOSITORY…``: many repositories, their findings in a folder, and a table of what came of each."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from poolint.output.text import printable

if TYPE_CHECKING:
    from poolint.fleet.results import State


def fleet(paths: list[str], folder: str, limit: float, jobs: int | None, cluster: str | None) -> int:
    """Check each repository and print the table. 0: nothing found; 1: something found; 2: not all could be checked.

    ``cluster`` is None for processes of this machine, an empty text for Ray on it, or the address of a Ray cluster.
    Raises ``ConfigError``.
    """
    from poolint.fleet import engines
    from poolint.fleet.driver import drive
    from poolint.fleet.plan import repositories
    from poolint.fleet.results import Results
    from poolint.workers import cores

    found = repositories(paths)
    number = jobs or cores()
    engine = engines.local(number) if cluster is None else engines.ray(cluster or None, number)
    states = drive(found, Results(os.path.abspath(folder)), engine, limit, _tell)
    for line in _table(states):
        sys.stdout.write(f"{line}\n")
    if any(state.failure for state in states.values()):
        return 2
    return 1 if any(state.findings for state in states.values()) else 0


def _tell(name: str, state: State, was_done: bool) -> None:
    """One line to standard error for each repository, as it is done."""
    what = "done before" if was_done else f"{state.seconds:.1f} s"
    sys.stderr.write(f"{name}: {_outcome(state)} ({what})\n")
    sys.stderr.flush()


def _table(states: dict[str, State]) -> list[str]:
    width = max(map(len, ("repository", *states)))
    rows = [f"{'repository':<{width}}  findings  seconds"]
    for name, state in states.items():
        note = f"  {printable(state.failure)}" if state.failure else ""
        rows.append(f"{name:<{width}}  {state.findings:>8}  {state.seconds:>7.1f}{note}")
    total = sum(state.findings for state in states.values())
    failed = sum(1 for state in states.values() if state.failure)
    rows.append(f"{len(states)} repositories, {total} findings, {failed} not checked")
    return rows


def _outcome(state: State) -> str:
    return printable(state.failure) if state.failure else f"{state.findings} findings"
