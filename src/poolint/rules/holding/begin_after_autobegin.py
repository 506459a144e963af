"""POL407: `begin()` on a session that has already begun a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.observation import Observation
from poolint.detect.outliving import BeginAfterUse
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.rules.base import Proposal


class BeginAfterAutobegin(Rule):
    """`begin()` is called on a session that has already begun a transaction by itself.

    ## What it does
    Reports `session.begin()` on a session that has run a query before, or to which something has been added, on every
    way there, and that has not been committed, rolled back or closed since; and inside the block of another
    `session.begin()`.

    ## Why is this bad?
    The query, or the `add()`, has begun a transaction: `begin()` raises `InvalidRequestError: A transaction is already
    begun on this Session`. And since a query, the session has held a connection.

    ## Example
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def pay(session: AsyncSession) -> None:
        total = await session.scalar(text("SELECT sum(amount) FROM items"))
        async with session.begin():
            await session.execute(text("UPDATE orders SET total = :total"), {"total": total})
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def pay(session: AsyncSession) -> None:
        async with session.begin():
            total = await session.scalar(text("SELECT sum(amount) FROM items"))
            await session.execute(text("UPDATE orders SET total = :total"), {"total": total})
    ```

    ## Fix safety
    Takes the `begin()` away: the transaction that is open already goes on, and `commit()` stands where the block ended.
    Safe where nothing but reads came before and a block around closes the session, which rolls back what raises; unsafe
    elsewhere: what has been written before is committed as well, and whoever owns the session rolls back. Inside the
    block of another `begin()` that one commits. No fix is offered where a handler around counts on the block's
    rollback, or where a `return` or `break` would pass the commit.

    ## When to ignore
    Never: it does not work.
    """

    meta = Meta(
        code="POL407",
        name="begin-after-autobegin",
        summary="`begin()` on a session that has already begun a transaction",
        subscription=Subscription(observations=frozenset({BeginAfterUse})),
        fix="safe or unsafe",
        relaxed_in=frozenset({"tests"}),
    )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.holding(observation)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, BeginAfterUse)
        row = observation.used.range.start.row
        before = ", in the round before" if row > getattr(observation.node, "lineno", row) else ""
        return Verdict(
            f"`{observation.resource}.begin()` raises: the session has begun a transaction in line {row}{before}",
            observation.resource,
            (observation.used,),
        )
