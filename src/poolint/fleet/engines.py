"""Who does the tasks of a fleet: threads that start processes here, or Ray, on one machine or a cluster."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from poolint.config import ConfigError
from poolint.fleet.task import Result, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from poolint.fleet.task import Task

    Engine = Callable[[Sequence[Task]], Iterator[Result]]

RETRIES = 3
"""How often Ray begins a task again whose worker, or machine, is lost."""


def local(jobs: int) -> Engine:
    """An engine of this machine that does ``jobs`` tasks at a time."""

    def run(tasks: Sequence[Task]) -> Iterator[Result]:
        pool = ThreadPoolExecutor(max_workers=jobs)
        try:
            for done in as_completed([pool.submit(examine, task) for task in tasks]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)

    return run


def ray(address: str | None, jobs: int | None) -> Engine:
    """An engine on the Ray cluster at ``address``; without one, on a cluster of this machine for the time of the run, of
    ``jobs`` cores. Raises ``ConfigError`` where Ray is not installed.

    Each machine of a cluster needs poolint, and the repositories at the same paths. Results come back to the caller.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        library: Any = importlib.import_module("ray")
    except ImportError:
        raise ConfigError("--ray: Ray is not installed; pip install 'poolint[fleet]'") from None

    def run(tasks: Sequence[Task]) -> Iterator[Result]:
        own = {"num_cpus": jobs, "include_dashboard": False} if address is None else {"address": address}
        try:
            library.init(log_to_driver=False, **own)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ConfigError(f"--ray: {address or 'a cluster of this machine'} cannot be used: {error}") from None
        try:
            remote = library.remote(num_cpus=1, max_retries=RETRIES)(examine)
            waiting = {remote.remote(task): task for task in tasks}
            while waiting:
                for one in library.wait(list(waiting), num_returns=1)[0]:
                    task = waiting.pop(one)
                    try:
                        yield Result(*library.get(one))
                    except library.exceptions.RayError as error:
                        lines = str(error).strip().splitlines() or [type(error).__name__]
                        yield Result(task.name, -1, b"", 0.0, f"its worker was lost: {lines[0]}")
        finally:
            library.shutdown()

    return run
