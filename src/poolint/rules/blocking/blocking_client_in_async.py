"""POL305: a synchronous client waits for something outside in a coroutine."""

from __future__ import annotations

from poolint.detect.blocking import BlockingCheckout, BlockingDatabaseCall
from poolint.detect.loop_waits import BlockingWait
from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.diagnostics import Certainty
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.holding.wording import PAUSES, chain, waited_for


class BlockingClientInAsync(Rule):
    """A synchronous client waits for something outside in `async def`.

    ## What it does
    Reports the calls in an `async def` by which a client that is not asynchronous waits for something outside of the process: an
    HTTP request, a language model, a payment service, mail, an object store, a remote procedure call; and `time.sleep`. They
    are made there or by a synchronous helper that it calls, in whatever module; the path shows the helpers. Work handed to a
    thread (`to_thread`, `run_in_executor`, `run_in_threadpool`) is not reported, and modules that have nothing to do with a
    session, a connection or a pool are not looked at: what a coroutine there waits for is told where it is awaited. Where a
    connection is held meanwhile, POL401, POL402 or POL403 tell it instead; where the call reaches the database as well, POL301.

    Possible are what most often takes a moment (a name to be resolved, a program of this machine, a message for a broker, a
    store about one object, a pause of half a second, a request that says that it waits for two seconds at most), what a cached
    function asks for, what runs only as an application starts or ends or on a loop of its own, and the few calls of a function
    that only administrators come to.

    ## Why is this bad?
    The event loop stands still until the other side answers: no request moves, and none of those that have a connection can go
    on and give it back. A service that is slow to answer then empties the pool of who only wait for the loop, and transactions
    stay open meanwhile. Under load that ends in a pool timeout, far from the line that is to blame.

    ## Example
    ```python
    import requests
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def convert(session: AsyncSession, amount: int) -> float:
        rate = requests.get("https://rates.example/eur").json()
        await session.execute(text("UPDATE shops SET rate = :rate"), {"rate": rate})
        await session.commit()
        return amount * rate
    ```

    ## Use instead
    ```python
    import httpx
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def convert(session: AsyncSession, client: httpx.AsyncClient, amount: int) -> float:
        answer = await client.get("https://rates.example/eur")
        rate = answer.json()
        await session.execute(text("UPDATE shops SET rate = :rate"), {"rate": rate})
        await session.commit()
        return amount * rate
    ```

    ## When to ignore
    Where the loop serves nobody else while the call waits.
    """

    meta = Meta(
        code="POL305",
        name="blocking-client-in-async",
        summary="a synchronous client waits for something outside in `async def`",
        subscription=Subscription(observations=frozenset({BlockingWait})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
        yields_to=frozenset({CallWhileHeld, BlockingDatabaseCall, BlockingCheckout}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, BlockingWait)
        does = PAUSES.get(observation.effect) or f"waits for {waited_for(observation.effect)}"
        return Verdict(
            f"`{chain(observation)}` blocks the event loop: it {does}, and no task can give back its connection meanwhile",
            observation.names[-1],
            (*observation.path, *observation.plain),
            Certainty.POSSIBLE if observation.is_possible else Certainty.CERTAIN,
            decision=observation.names[-1],
            after=observation.after,
            elsewhere=observation.above,
        )
