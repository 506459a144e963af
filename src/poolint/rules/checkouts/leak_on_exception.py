"""POL202: a release that an exception skips."""

from __future__ import annotations

from poolint.detect.holders import LostMember
from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, certainty, leak_subject, lost, lost_member, raising


class LeakOnException(Rule):
    """An exception between checkout and release leaves the function without releasing.

    ## What it does
    Reports a connection or session that is released on the normal path only: something between the checkout and the
    release may raise, and nothing releases it then. That includes two checkouts before one `try`, and a handler for
    some exceptions only, and a response of a client's pool that the function refuses to read, and raises instead. The
    path shows what may raise. An object that holds a connection for the length of a block owes it in its `__aexit__` in
    the same way: a commit that fails must not skip the release behind it. A connection that its last reference ends is a
    possible finding: one of psycopg2 outside of any pool, or what `raw_connection` of an engine gives, on CPython.

    ## Why is this bad?
    Errors come in bursts. Each one leaves a connection checked out, and the pool is exhausted by the very incident that
    it should have survived.

    ## Example
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def rename(engine: AsyncEngine) -> None:
        conn = await engine.connect()
        await conn.execute(text("UPDATE users SET name = 'x'"))
        await conn.close()
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def rename(engine: AsyncEngine) -> None:
        conn = await engine.connect()
        try:
            await conn.execute(text("UPDATE users SET name = 'x'"))
        finally:
            await conn.close()
    ```

    ## Fix safety
    Safe where the block, or the `finally`, reaches no further than the last use; unsafe where something that is derived
    from the connection is used later, so that the connection is held a little longer. No fix is offered where the
    connection is handed on, stored or captured.

    ## When to ignore
    In a script that ends with the exception: poolint is silent there by itself where it can see that.
    """

    meta = Meta(
        code="POL202",
        name="leak-on-exception",
        summary="an exception skips the release of a connection or session",
        subscription=Subscription(observations=frozenset({LeakedCheckout, LostMember})),
        yields_to=NO_RELEASE,
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        relaxed_in=frozenset({"alembic", "tests"}),
        relaxed_for_process_in=frozenset({"scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, LostMember):
            return lost_member(observation) if observation.problem == "exception" else None
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "exception":
            return None
        return Verdict(
            f"{leak_subject(observation)} is not released when {raising(observation)}: {lost(observation)}",
            observation.variable,
            observation.path,
            certainty(observation),
        )

    def repair(self, observation: Observation) -> Proposal | None:
        if isinstance(observation, LostMember):
            return None  # how much belongs into the `try` is for the author of the class to say
        assert isinstance(observation, LeakedCheckout)
        return self.facts.release(observation)
