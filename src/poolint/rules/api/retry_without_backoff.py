"""POL607: a failed checkout that is retried immediately and endlessly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.retries import BusyRetry
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class RetryWithoutBackoff(Rule):
    """A failed checkout or connect is retried immediately and endlessly.

    ## What it does
    Reports checkouts in a `while True` (or `while not connected`) whose failure is caught in the loop, where nothing in the
    loop lets time pass and no handler leaves it.

    ## Why is this bad?
    A pool that is exhausted or a server that is starting is asked as fast as the program can, by every worker at once. The
    loop takes a processor for itself, fills the log, and keeps the server from coming back.

    ## Example
    ```python
    import asyncpg


    async def wait_for(pool: asyncpg.Pool) -> int:
        while True:
            try:
                async with pool.acquire() as conn:
                    return await conn.fetchval("SELECT 1")
            except OSError:
                continue
    ```

    ## Use instead
    ```python
    import asyncio

    import asyncpg


    async def wait_for(pool: asyncpg.Pool) -> int:
        for attempt in range(6):
            try:
                async with pool.acquire() as conn:
                    return await conn.fetchval("SELECT 1")
            except OSError:
                await asyncio.sleep(2**attempt)
        raise RuntimeError("no database")
    ```

    ## When to ignore
    When the checkout waits long enough by itself before it fails.
    """

    meta = Meta(
        code="POL607",
        name="retry-without-backoff",
        summary="a failed checkout is retried immediately and endlessly",
        subscription=Subscription(observations=frozenset({BusyRetry})),
        default=False,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, BusyRetry)
        return Verdict(
            f"`{observation.call}` is retried immediately and endlessly when it fails: wait between attempts",
            observation.call,
            (observation.handler,),
        )
