"""POL401: an external call while a transaction is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.sinks import EXTERNAL, UNKNOWN_EFFECT
from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.rules.base import Meta, Rule, Subscription
from poolint.rules.holding.wording import chain, does, of_stretch, waits, while_held

if TYPE_CHECKING:
    from poolint.rules.base import Proposal, Verdict


class ExternalCallInTransaction(Rule):
    """Something external is called while a transaction is open.

    ## What it does
    Reports HTTP requests, mail, object stores and the like inside `session.begin()`, `engine.begin()`,
    `connection.transaction()` and their kin, made there or by functions of the project that are called there; the
    path shows them. A decorator of the project that opens the transaction counts as well. Inside a session's transaction
    a call counts only after the first statement that reaches the
    database, since no connection is held before.

    Where a row lock, a table lock or an advisory lock is held as well (`with_for_update()`, `SELECT … FOR UPDATE`,
    `LOCK TABLE`, `pg_advisory_lock`), the finding says so, and in which line it is taken: whoever needs the same row then
    waits with a connection of its own. That is no rule of its own.

    An awaited call of which nothing is known, and one with the name of a client, is reported with `--certainty possible`.
    A method of an interface counts when every class of the project that writes it calls out.

    ## Why is this bad?
    The connection is checked out, and its locks are held, for as long as the other side takes to answer. When it gets
    slow, a handful of such requests holds the whole pool, and every other request waits for it.

    ## Example
    ```python
    import httpx
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def pay(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'paying'"))
            await client.post("https://payments.example/charge")
    ```

    ## Use instead
    ```python
    import httpx
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def pay(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'paying'"))
        await client.post("https://payments.example/charge")
    ```

    ## Fix safety
    Unsafe: moves the call, with what comes behind it or the little that stands before it, out of the block. What stands
    first in a block that holds from entry goes before it; what stands last, and uses neither the connection nor an
    entity that the commit expires, goes behind it. When the call fails behind the block, what was written stays. No fix
    is offered where the call decides what is written or whether it is (a `raise`, `raise_for_status()`), where a handler
    around the block would see another state, or where rows have been locked for it.

    ## When to ignore
    When the call must not happen without the row lock, and its timeout is far below the pool's.
    """

    meta = Meta(
        code="POL401",
        name="external-call-in-transaction",
        summary="something external is called while a transaction is open",
        subscription=Subscription(observations=frozenset({CallWhileHeld})),
        fix="unsafe",
        relaxed_in=frozenset({"tests"}),
        uncovers=frozenset({"POL305"}),  # what no longer holds a connection may still stop the event loop
    )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.holding(observation)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, CallWhileHeld)
        if not observation.transaction or observation.effect not in (*EXTERNAL, UNKNOWN_EFFECT):
            return None
        what = f"{waits(observation)} {while_held(observation)}"
        until = "" if observation.stops_loop else ": its connection is held until the answer comes"
        return of_stretch(observation, f"`{chain(observation)}` {does(observation, what)}{until}")
