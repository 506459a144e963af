"""POL410: one checkout for each item of a collection, all at once."""

from __future__ import annotations

from poolint.detect.fanout import FanOut
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict


class UnboundedFanOut(Rule):
    """A connection is taken for each item of a collection at once.

    ## What it does
    Reports `asyncio.gather(*(work(item) for item in items))`, `wait`, `as_completed`, and tasks that are started in a
    loop or a comprehension and not awaited there, where `work` takes a connection from a pool, itself or in functions of
    the project; the path shows them. A function of the project may make the coroutines, or run them. A semaphore or
    limiter on the way, a collection of known size, and one that has been cut into chunks are not reported.

    Tasks crowd a pool where each goes for its connection at once and keeps it for more than a moment: it is seen to write
    or to lock something, it waits for something else meanwhile, or takes another one; or where who starts them keeps a
    connection that none of them can have. Those that only read something with theirs take turns; those that wait for
    something else before, as for the answer to a request, come one after the other; and where only what fails takes a
    connection, few fail at once; in what runs once in a process, none but they wait: these are possible
    findings (`--certainty possible`).

    ## Why is this bad?
    One request with many items drains the pool: its own tasks wait for each other until the pool's timeout, and so
    does everybody else.

    ## Example
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ship(engine: AsyncEngine, number: int) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET shipped = true WHERE id = :id"), {"id": number})


    async def ship_all(engine: AsyncEngine, numbers: list[int]) -> None:
        await asyncio.gather(*(ship(engine, number) for number in numbers))
    ```

    ## Use instead
    ```python
    import asyncio

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine

    few = asyncio.Semaphore(3)


    async def ship(engine: AsyncEngine, number: int) -> None:
        async with few, engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET shipped = true WHERE id = :id"), {"id": number})


    async def ship_all(engine: AsyncEngine, numbers: list[int]) -> None:
        await asyncio.gather(*(ship(engine, number) for number in numbers))
    ```

    ## When to ignore
    When the collection never has more items than a small part of the pool.
    """

    meta = Meta(
        code="POL410",
        name="unbounded-fan-out",
        summary="a connection is taken for each item of a collection at once",
        subscription=Subscription(observations=frozenset({FanOut})),
        relaxed_in=frozenset({"tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, FanOut)
        chain = " → ".join(observation.names)
        return Verdict(
            f"`{observation.maker}` runs `{chain}` for each of `{observation.items}` at once: as many connections are "
            "taken as there are items, and nothing bounds them",
            observation.names[-1],
            observation.path,
        )
