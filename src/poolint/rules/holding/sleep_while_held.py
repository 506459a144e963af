"""POL403: a sleep while a connection is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.rules.base import Meta, Rule, Subscription
from poolint.rules.holding.wording import PAUSES, chain, does, of_stretch, while_held

if TYPE_CHECKING:
    from poolint.rules.base import Verdict


class SleepWhileHeld(Rule):
    """A connection is held during a sleep.

    ## What it does
    Reports `asyncio.sleep`, `time.sleep`, `input()` and their kin while a connection is held: in a transaction, by a
    session since its first query, or by a connection that is checked out; also in functions of the project that are
    called there. So is what waits between attempts: functions under a decorator that retries (of tenacity, backoff,
    stamina, retrying or the project), loops over attempts, and functions that sleep only after they have failed. Where
    the session has only read that is a possible finding, unless they await what they try, and so is any without a lock where
    a process has a connection for each of those that it serves at once (POL402 says which), unless its pauses come to a
    minute or more, or go on for as long as it runs; so it is where a decorator
    tries again what takes a connection of its own or asks a store such as Redis, and does nothing else, which fails
    only with these. Possible are as well a question to the user while nothing has been written or locked, or in a
    command, a pause of half a second at most outside of loops and transactions, one of less than a tenth in each round of
    a loop over a few things, or that leaves no rows written from one round to the next, and pauses between a bounded
    number of tries for an advisory lock, which will belong to the connection that asks. Where what they try is known to
    wait for something outside, that is reported instead (POL401, POL402). `asyncio.sleep(0)` is not reported, nor
    retries without a wait, nor a connection that was opened outside of any pool.

    Where a row lock, a table lock or an advisory lock is held as well (`with_for_update()`, `SELECT … FOR UPDATE`,
    `LOCK TABLE`, `pg_advisory_lock`), the finding says so, and in which line it is taken: whoever needs the same row then
    waits with a connection of its own. That is no rule of its own.

    ## Why is this bad?
    The connection does nothing and nobody else can have it: a retry with backoff inside a transaction makes a slow
    database slower.

    ## Example
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def wait_for_job(engine: AsyncEngine) -> None:
        async with engine.connect() as conn:
            while not await conn.scalar(text("SELECT done FROM jobs")):
                await asyncio.sleep(5)
    ```

    ## Use instead
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def is_done(engine: AsyncEngine) -> bool:
        async with engine.connect() as conn:
            return bool(await conn.scalar(text("SELECT done FROM jobs")))


    async def wait_for_job(engine: AsyncEngine) -> None:
        while not await is_done(engine):
            await asyncio.sleep(5)
    ```

    ## When to ignore
    When the connection must stay the same over the pause, as for `LISTEN` or an advisory lock.
    """

    meta = Meta(
        code="POL403",
        name="sleep-while-held",
        summary="a sleep while a connection is held",
        subscription=Subscription(observations=frozenset({CallWhileHeld})),
        relaxed_in=frozenset({"tests", "alembic"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, CallWhileHeld)
        pauses = PAUSES.get(observation.effect)
        if pauses is None:
            return None
        what = f"{pauses} {while_held(observation)}"
        return of_stretch(observation, f"`{chain(observation)}` {does(observation, what)}")
