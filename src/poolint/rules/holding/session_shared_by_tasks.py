"""POL405: one session or connection in several tasks."""

from __future__ import annotations

from poolint.detect.beside_itself import SharedByCalls
from poolint.detect.observation import Observation
from poolint.detect.sharing import SharedByTasks
from poolint.detect.threads import SharedByThreads
from poolint.rules.base import Meta, Rule, Subscription, Verdict


class SessionSharedByTasks(Rule):
    """Several tasks use one session or connection at once.

    ## What it does
    Reports an asynchronous session or connection that is given to several tasks at once: by `asyncio.gather`,
    `wait`, `as_completed`, by tasks that are started in a loop and not awaited there, or by two that are started before
    the first of them is waited for; or to one task, beside the function that has started it and works with it before that is
    done. And a synchronous one that several threads get, or a thread and the function that has started it: by `submit` and
    `map` of an executor, `threading.Thread`, `run_in_executor`, or several `to_thread` at once. And the session that one
    run of an agent hands to each of the tools that its framework calls at once. Connections that are made for several threads
    (psycopg, psycopg2), registries of sessions, and threads that are waited for first are not reported.

    ## Why is this bad?
    A connection does one thing at a time. SQLAlchemy raises `This session is provisioning a new connection;
    concurrent operations are not permitted` or `InvalidRequestError`, asyncpg raises `another operation is in
    progress`, or rows end up in the wrong place; and what is cancelled midway leaves the connection broken.

    ## Example
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def totals(session: AsyncSession) -> None:
        await asyncio.gather(
            session.execute(text("SELECT count(*) FROM orders")),
            session.execute(text("SELECT count(*) FROM users")),
        )
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def totals(session: AsyncSession) -> None:
        await session.execute(text("SELECT count(*) FROM orders"))
        await session.execute(text("SELECT count(*) FROM users"))
    ```

    ## When to ignore
    When all but one of the tasks wait for a lock before they touch it.
    """

    meta = Meta(
        code="POL405",
        name="session-shared-by-tasks",
        summary="several tasks use one session or connection at once",
        subscription=Subscription(observations=frozenset({SharedByTasks, SharedByThreads, SharedByCalls})),
        relaxed_in=frozenset({"tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, SharedByThreads):
            return _in_threads(observation)
        if isinstance(observation, SharedByCalls):
            return _in_calls(observation)
        assert isinstance(observation, SharedByTasks)
        what = "session" if observation.cls.kind == "session" else "connection"
        whom = {0: "each of the tasks", 1: "a task, beside this function"}
        tasks = whom.get(observation.uses, f"{observation.uses} tasks")
        return Verdict(
            f"`{observation.maker}` gives `{observation.resource}` to {tasks} at once: a {what} does one thing at a "
            "time",
            observation.resource,
            observation.path,
        )


def _in_threads(observation: SharedByThreads) -> Verdict:
    what = "session" if observation.cls.kind == "session" else "connection"
    whom = {0: "each of its threads", 1: "a thread, beside this function"}
    threads = whom.get(observation.uses, f"{observation.uses} threads")
    return Verdict(
        f"`{observation.maker}` gives `{observation.resource}` to {threads}: a {what} is for one thread at a time",
        observation.resource,
        observation.path,
    )


def _in_calls(observation: SharedByCalls) -> Verdict:
    what = "session" if observation.cls.kind == "session" else "connection"
    return Verdict(
        f"`{observation.maker}` lets this run beside other calls, which have `{observation.resource}` as well: a {what} does "
        "one thing at a time",
        observation.resource,
        observation.path,
    )
