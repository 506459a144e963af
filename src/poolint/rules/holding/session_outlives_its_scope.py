"""POL413: a session that is handed to a task that outlives it."""

from __future__ import annotations

from poolint.detect.observation import Observation
from poolint.detect.outliving import OutlivesScope
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.holding.wording import OWNERS


class SessionOutlivesItsScope(Rule):
    """A session is handed to a task that outlives it.

    ## What it does
    Reports a session or connection of a block, or one that the framework injects for a request, that is passed to
    `background_tasks.add_task(...)` or `BackgroundTask(...)`, to `create_task(...)` whose task the function does not
    wait for, or to a thread (`Thread(...).start()`, `executor.submit(...)`) that it does not: it drops it, or only keeps it
    from being collected. Where a helper begins the task, it is told there, whoever passes the helper such a session.
    Reported with `--certainty possible` only, where the session ends after the task: one that only works with the database.

    ## Why is this bad?
    When the task runs, the session has been closed, or is closed under it. A closed session opens itself again at its
    next query and takes a connection that nobody gives back; a connection that has been given back belongs to somebody
    else by then. FastAPI up to 0.105 and from 0.118 on ends the session of a request only when the background tasks are
    done: the request keeps its connection until then, and a dependency that commits at its end commits after them.

    ## Example
    ```python
    from fastapi import BackgroundTasks
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def audit(session: AsyncSession) -> None:
        await session.execute(text("INSERT INTO audit DEFAULT VALUES"))


    async def order(tasks: BackgroundTasks, maker: async_sessionmaker[AsyncSession]) -> None:
        async with maker() as session:
            tasks.add_task(audit, session)
    ```

    ## Use instead
    ```python
    from fastapi import BackgroundTasks
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def audit(maker: async_sessionmaker[AsyncSession]) -> None:
        async with maker() as session:
            await session.execute(text("INSERT INTO audit DEFAULT VALUES"))


    async def order(tasks: BackgroundTasks, maker: async_sessionmaker[AsyncSession]) -> None:
        tasks.add_task(audit, maker)
    ```

    ## When to ignore
    When the task closes the session itself.
    """

    meta = Meta(
        code="POL413",
        name="session-outlives-its-scope",
        summary="a session is handed to a task that outlives it",
        subscription=Subscription(observations=frozenset({OutlivesScope})),
        relaxed_in=frozenset({"tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, OutlivesScope)
        return Verdict(
            f"`{observation.maker}` hands on `{observation.resource}`, which ends with {OWNERS[observation.ends]}: "
            f"{_CONSEQUENCES[observation.end]}",
            observation.resource,
        )


_CONSEQUENCES = {
    "before-response": "the task uses it when it is closed",
    "after-response": "it keeps its connection, and its clean-up waits until the task is done",
    "": "the task uses it when it is closed, or it keeps its connection until the task is done",
}
"""By when a dependency ends; which of them it is depends on the version of the framework."""
