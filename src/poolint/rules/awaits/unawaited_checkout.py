"""POL103: a checkout that is used as a connection without having been awaited or entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.awaits import ConsumedAwaitable, DroppedAwaitable
from poolint.detect.observation import Observation
from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddAwait
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst


class UnawaitedCheckout(Rule):
    """A checkout is neither awaited nor entered, but used as if it were the connection.

    ## What it does
    Reports `pool.acquire()`, `engine.connect()` of an asynchronous engine, and the `connect` coroutines of drivers,
    when their value is used as a connection without having been awaited or entered with `async with`.

    ## Why is this bad?
    Until it is awaited there is no connection. The first use raises (`AsyncContextNotStarted`, `AttributeError`), often
    only on the path that nobody has tested.

    ## Example
    ```python
    import asyncpg


    async def ping(pool: asyncpg.Pool) -> None:
        conn = pool.acquire()
        try:
            await conn.execute("SELECT 1")
        finally:
            await pool.release(conn)
    ```

    ## Use instead
    ```python
    import asyncpg


    async def ping(pool: asyncpg.Pool) -> None:
        conn = await pool.acquire()
        try:
            await conn.execute("SELECT 1")
        finally:
            await pool.release(conn)
    ```

    ## Fix safety
    Safe where the function releases the connection further down; else unsafe, since the awaited checkout then is
    something that somebody has to give back.

    ## When to ignore
    When the value is awaited by something that poolint cannot see.
    """

    meta = Meta(
        code="POL103",
        name="unawaited-checkout",
        summary="a checkout is used as a connection without having been awaited or entered",
        subscription=Subscription(observations=frozenset({ConsumedAwaitable, DroppedAwaitable})),
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        call, how = observation.call, observation.usage
        if call.role != "checkout":
            return None
        if isinstance(observation, DroppedAwaitable):
            return Verdict(f"`{call.as_written}` is neither awaited nor entered: no connection is checked out")
        used = f"`{how.name}.{how.attribute}`" if how.name and how.attribute else "what it gives"
        return Verdict(
            f"`{call.as_written}` is neither awaited nor entered: {used} is used before there is a connection", how.name
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        row = observation.call.row
        if not observation.in_async or row is None or row.call == "async-cm":
            return None
        safe = isinstance(observation, ConsumedAwaitable) and observation.released_later
        return Proposal(AddAwait(node), "Add `await`", Applicability.SAFE if safe else Applicability.UNSAFE)  # type: ignore[arg-type]
