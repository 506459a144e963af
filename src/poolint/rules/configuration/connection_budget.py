"""POL505: the pools of all processes together are larger than what the server takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint.detect.spending import BudgetExceeded
from poolint.diagnostics import Step
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.paths import text

if TYPE_CHECKING:
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.observation import Observation
    from poolint.diagnostics import Range


class ConnectionBudget(Rule):
    """Services may open more connections than the database server takes.

    ## What it does
    Adds up what the pools of all services of a deployment may open: `pool_size + max_overflow` in each process of each
    replica, of the engines that it runs anything to use. Reports the engine with the largest part where the sum is larger than
    `max_connections` less what is kept for superusers and migrations; the path leads to each figure. They are read from what
    the repository says: compose files, Procfile, Render's blueprint, what Nixpacks and Railway start, Dockerfiles, Helm charts,
    Kubernetes manifests, the command lines and settings in them, `postgresql.conf`, and `[tool.poolint.budget]`. What is not
    known counts for the least that it can be, and without `max_connections` nothing is reported. `poolint budget` prints the
    whole sum.

    A worker of a task queue takes no more connections than its tasks ask for, whatever its pool allows: Celery's `prefork`
    runs one at a time in each process. Where the sum is over only with the whole pools of such workers, the finding
    is merely possible.

    ## Why is this bad?
    It works until there is load: then pools grow to their limit, the server refuses with `too many clients already`,
    and what is refused first may as well be a migration or the session of whoever wants to help.

    ## Example
    ```yaml
    # compose.yaml
    services:
      web:
        build: .
        command: gunicorn -k uvicorn.workers.UvicornWorker -w 4 example:app
        deploy:
          replicas: 2
      db:
        image: postgres:17
    ```

    ```python
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/app", pool_size=20, max_overflow=10)
    app = FastAPI()
    ```

    ## Use instead
    ```yaml
    # compose.yaml
    services:
      web:
        build: .
        command: gunicorn -k uvicorn.workers.UvicornWorker -w 4 example:app
        deploy:
          replicas: 2
      db:
        image: postgres:17
    ```

    ```python
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/app", pool_size=8, max_overflow=4)
    app = FastAPI()
    ```

    ## When to ignore
    When something stands between services and server that the repository does not show and that shares connections
    out, such as PgBouncer. Better say so: `max-connections` in `[tool.poolint.budget]` is then what that takes.
    """

    meta = Meta(
        code="POL505",
        name="connection-budget",
        summary="the pools of all processes together exceed `max_connections`",
        subscription=Subscription(observations=frozenset({BudgetExceeded})),
        relaxed_in=frozenset({"tests"}),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, BudgetExceeded)
        budget, row = observation.budget, observation.row
        name = os.path.basename(budget.deployment.files[0])
        least = "" if budget.is_exact else "at least "
        parts = [f"{budget.max_connections.value} less {budget.reserve.value} for superusers"]
        if budget.migrations.value:
            parts.append(f"{budget.migrations.value} for migrations")
        factors = f"{row.each.least} × {row.processes.least} processes"
        if row.replicas.least > 1:
            factors += f" × {row.replicas.least} replicas"
        return Verdict(
            f"services of `{name}` may open {least}{budget.total} connections, and the server has {budget.available} for "
            f"them ({' and '.join(parts)}): `{row.pool.name}` in `{row.service.name}` alone {row.least} ({factors})",
            row.pool.name,
            _by_row(observation.path),
        )


def _by_row(path: tuple[Waypoint, ...]) -> tuple[Step, ...]:
    """One step for each row of a file: several figures may stand in one."""
    rows: dict[tuple[str, Range], list[str]] = {}
    for one in path:
        rows.setdefault((one.filename, one.range), []).append(text(one.what, one.about))
    return tuple(Step("; ".join(texts), *place) for place, texts in rows.items())
