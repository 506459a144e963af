"""POL302: a synchronous checkout on the event loop."""

from __future__ import annotations

from poolint.detect.blocking import BlockingCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import called


class SyncCheckoutInAsync(Rule):
    """A synchronous checkout blocks the event loop.

    ## What it does
    Reports `engine.connect()`, `engine.begin()`, `pool.getconn()`, `psycopg.connect()`, `sqlite3.connect()` and their kin
    of synchronous libraries inside `async def`, directly or in functions and properties of the project that are called
    there; the path shows them. What `run_sync`, `to_thread` or an executor runs is not reported, nor is an SQLite database
    in memory. A connection to a database that certainly is a file is a possible finding where its function commits nothing,
    or in a function that is called. So are the few calls of a function that only administrators come to, those of an
    application's coroutine that nothing sets off which a library calls, or that answers messages to a bot in a project that
    serves by nothing else, and what takes the idle connection of a pool that is made with some, lets nobody wait and is for
    one thread alone, as psycopg2's `SimpleConnectionPool`.

    ## Why is this bad?
    While it waits for the pool or the server, no other task runs; and when the pool is empty, none of those that could
    give a connection back runs either: the process stands still until the pool's timeout. psycopg2's pools let nobody
    wait, but connect in the foreground.

    ## Example
    ```python
    from sqlalchemy import Engine, text


    async def ping(engine: Engine) -> None:
        with engine.connect() as conn:
            conn.execute(text("SELECT 1"))
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        async with engine.connect() as conn:
            await conn.execute(text("SELECT 1"))
    ```

    ## When to ignore
    When it runs once, before the loop has anything else to do.
    """

    meta = Meta(
        code="POL302",
        name="sync-checkout-in-async",
        summary="a synchronous checkout blocks the event loop",
        subscription=Subscription(observations=frozenset({BlockingCheckout})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, BlockingCheckout)
        call = observation.call
        opens_one = getattr(call.row, "closes", False)  # and its block closes that: there is no pool
        is_new = opens_one or observation.is_of_its_own
        is_alone = call.cls is None or call.is_direct or call.cls.refuses or is_new
        if observation.chain:
            through = observation.chain[0].about[0]
            what = called(through, is_read=observation.is_read)
            does = "connects" if is_alone else "waits for a connection: no other task runs, so none can release one"
            rest = ": no other task runs" if is_alone else ""
            return Verdict(
                f"{what} blocks the event loop: it reaches `{call.api}`, which {does}{rest}",
                through,
                (*observation.chain, *observation.plain),
                decision=observation.taken_from,
                after=observation.after,
                elsewhere=observation.above,
            )
        if is_alone:
            connects = f"{call.name}()" if call.cls is None else call.as_written
            return Verdict(
                f"`{connects}` blocks the event loop while it connects: no other task runs",
                call.receiver or call.name,
                observation.plain,
                decision=call.receiver or call.name,
                after=observation.after,
                elsewhere=observation.above,
            )
        return Verdict(
            f"`{call.as_written}` blocks the event loop while it waits for a connection: no other task runs, so none "
            "can release one",
            call.receiver,
            observation.plain,
            decision=call.receiver,
            after=observation.after,
            elsewhere=observation.above,
        )
