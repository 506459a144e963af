"""A run over a fleet: what is done already is left, the rest is given to an engine, and kept as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.fleet.results import State
from poolint.fleet.task import COMMAND, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.fleet.engines import Engine
    from poolint.fleet.plan import Repository
    from poolint.fleet.results import Results


def drive(
    repositories: Sequence[Repository],
    results: Results,
    engine: Engine,
    limit: float,
    tell: Callable[[str, State, bool], object] = lambda *_: None,
    command: tuple[str, ...] = COMMAND,
) -> dict[str, State]:
    """What is known of each repository in the end, by its name. ``tell`` is told of each as soon as that is known, and
    whether it was before. Raises ``ConfigError`` where nothing can be kept, or the engine cannot be used.
    """
    results.prepare()
    found: dict[str, State] = {}
    left: dict[str, tuple[Repository, str]] = {}
    for one in repositories:
        # Taken before the check: what changes meanwhile is checked again the next time.
        looks = results.signature(one)
        if (state := results.done(one, looks)) is None:
            left[one.name] = (one, looks)
        else:
            found[one.name] = state
            tell(one.name, state, True)
    if left:
        for result in engine([Task(one.name, one.path, limit, command) for one, _ in left.values()]):
            state = found[result.name] = results.keep(*left[result.name], result)
            tell(result.name, state, False)
    return {one.name: found[one.name] for one in repositories}
