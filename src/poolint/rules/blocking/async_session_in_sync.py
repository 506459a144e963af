"""POL303: a pool of one event loop that another loop uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.loops import DrivenFromSync
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import again

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class AsyncSessionInSync(Rule):
    """Synchronous code runs a coroutine on a new event loop for each call, with a pool that belongs to another loop.

    ## What it does
    Reports `asyncio.run`, `asyncio.Runner`, `run_until_complete` on a new loop, `anyio.run` and `async_to_sync` in
    functions that are called more than once (tasks of a worker, endpoints, methods, in a loop), when the coroutine
    takes a connection, itself or in functions of the project, from an asynchronous engine or pool that the application
    keeps. Engines with a `NullPool`, engines that the coroutine makes itself, coroutines that dispose of the engine in
    the end, and the drivers aiosqlite and psycopg under SQLAlchemy, whose connections serve any loop, are not reported,
    nor is what runs where `nest_asyncio` is applied: there all calls of a thread are on one loop.

    ## Why is this bad?
    The connections in a pool belong to the event loop that opened them. The second call finds one of the first call's,
    whose loop is closed: asyncpg raises `got Future attached to a different loop` or `another operation is in
    progress`, and a pool of psycopg_pool no longer grows or mends, since its workers ended with the first loop.

    ## Example
    ```python
    import asyncio

    from celery import shared_task
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://localhost/shop")


    async def close_orders() -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET closed = true"))


    @shared_task
    def nightly() -> None:
        asyncio.run(close_orders())
    ```

    ## Use instead
    ```python
    import asyncio

    from celery import shared_task
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine("postgresql+asyncpg://localhost/shop", poolclass=NullPool)


    async def close_orders() -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET closed = true"))


    @shared_task
    def nightly() -> None:
        asyncio.run(close_orders())
    ```

    ## When to ignore
    When the function is called once in the life of the process after all.

    ## References
    - [SQLAlchemy: using multiple event loops](https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-multiple-asyncio-event-loops)
    """

    meta = Meta(
        code="POL303",
        name="async-session-in-sync",
        summary="a coroutine runs on a new event loop for each call, with a pool of another loop",
        subscription=Subscription(observations=frozenset({DrivenFromSync})),
        relaxed_in=frozenset({"tests", "alembic"}),
        relaxed_for_process_in=frozenset({"scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, DrivenFromSync)
        chain = " → ".join(observation.names)
        return Verdict(
            f"`{observation.maker}` runs `{chain}` on a new event loop for {again(observation.why)}, and the pool of "
            f"`{observation.pool}` keeps connections that belong to the loop that opened them: the next loop cannot use "
            "them",
            observation.names[-1],
            observation.path,
        )
