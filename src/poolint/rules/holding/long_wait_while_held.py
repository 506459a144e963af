"""POL412: a wait for other tasks or a lock while a connection is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.nested_checkout import NestedCheckout
from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.rules.base import Meta, Rule, Subscription
from poolint.rules.holding.wording import LONG_WAITS, chain, of_stretch, while_held

if TYPE_CHECKING:
    from poolint.rules.base import Verdict


class LongWaitWhileHeld(Rule):
    """A connection is held while waiting for other tasks or a lock.

    ## What it does
    Reports waiting for a lock, a queue, an event, a thread or another task while a connection is held: in a
    transaction, by a session since its first query, or by a connection that is checked out; also in functions of the
    project that are called there. Blocks of locks and semaphores count as well, if something inside of them takes time.
    Locks of the process count only where the function takes them itself: deep down they are held for an instant. What is
    taken before the connection is right, and not reported. To put something into a queue is a wait only where the queue
    was made with a limit, to take something out of one only where it has not just said that there is something.
    Connections that were opened outside of any pool are not reported. Waiting at a semaphore that a call has made for its own
    tasks is waiting for these, and no more. Possible findings (`--certainty possible`) are waits that only come after a
    failure or a cancellation, or that say themselves that they take a few seconds at most, those for a mutex of the process
    in whose block nobody needs a connection to go on, and those with the connection of an engine that the call has made for
    itself, as long as it has only read by it; also those of what a process runs alone, unless it waits for what comes next
    for as long as the process runs.

    ## Why is this bad?
    Nobody knows how long the others take. When one of them needs a connection to go on, all wait for each other
    until the pool's timeout.

    ## Example
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ship(engine: AsyncEngine, paid: asyncio.Event) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'packed'"))
            await paid.wait()
            await conn.execute(text("UPDATE orders SET state = 'shipped'"))
    ```

    ## Use instead
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ship(engine: AsyncEngine, paid: asyncio.Event) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'packed'"))
        await paid.wait()
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'shipped'"))
    ```

    ## When to ignore
    When what is waited for is bounded by a short timeout and never needs a connection itself.
    """

    meta = Meta(
        code="POL412",
        name="long-wait-while-held",
        summary="a wait for other tasks or a lock while a connection is held",
        subscription=Subscription(observations=frozenset({CallWhileHeld})),
        yields_to=frozenset({NestedCheckout}),  # a pool's own lock is waited for by whoever takes from it
        relaxed_in=frozenset({"tests", "alembic"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, CallWhileHeld)
        waits = LONG_WAITS.get(observation.effect)
        if waits is None:
            return None
        return of_stretch(observation, f"`{chain(observation)}` {waits} {while_held(observation)}")
