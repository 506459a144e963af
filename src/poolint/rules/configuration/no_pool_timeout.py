"""POL506: a checkout without a timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.patience import NoTimeout
from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddArgument, Replace
from poolint.rules.base import Meta, Option, Proposal, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import RELAXED, of

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation


class NoPoolTimeout(Rule):
    """A checkout waits for a connection without a timeout.

    ## What it does
    Reports checkouts from pools that have no timeout, by default or at all (asyncpg, aiomysql, asyncmy, aioodbc), where
    neither an argument of the call nor a `timeout()` or `wait_for()` around it bounds them. Of pools that have a timeout
    by default (SQLAlchemy and psycopg 30 seconds, aiopg a minute) it reports those it has been taken away from:
    `pool_timeout=None`. What `fetch` and its like of a pool of asyncpg take for themselves is not reported.

    ## Why is this bad?
    When the pool is empty, the request waits until somebody gives a connection back: where one has leaked, or a
    transaction hangs, forever. Nothing fails and nothing is logged; the program stands still.

    ## Example
    ```python
    import asyncpg


    async def count_orders(pool: asyncpg.Pool) -> int:
        async with pool.acquire() as conn:
            return await conn.fetchval("SELECT count(*) FROM orders")
    ```

    ## Use instead
    ```python
    import asyncpg


    async def count_orders(pool: asyncpg.Pool) -> int:
        async with pool.acquire(timeout=10) as conn:
            return await conn.fetchval("SELECT count(*) FROM orders")
    ```

    ## Fix safety
    Unsafe: adds a timeout of `seconds`. Checkouts that wait longer fail then. There is no fix where the pool takes no
    such argument: put `asyncio.timeout()` around the checkout, but not around the work that follows it.

    ## When to ignore
    In a worker that has nothing to do without a connection, or where whoever calls bounds the whole request.
    """

    meta = Meta(
        code="POL506",
        name="no-pool-timeout",
        summary="a checkout without a timeout",
        subscription=Subscription(observations=frozenset({NoTimeout})),
        fix="unsafe",
        default=False,
        relaxed_in=RELAXED,
        options=(Option("seconds", 10, "The timeout that the fix adds."),),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, NoTimeout)
        pool = observation.pool
        subject = f"`{pool}.{observation.method}()`" if observation.method else of(observation.maker, pool)
        if observation.given:
            return Verdict(
                f"{subject} has `{observation.argument}=None`: a checkout waits forever when no connection comes back",
                observation.pool,
            )
        how = f"has no `{observation.argument}`" if observation.argument else "has no timeout"
        return Verdict(f"{subject} {how}: it waits forever when no connection comes back", observation.pool)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        import libcst as cst

        assert isinstance(observation, NoTimeout)
        if not observation.argument:
            return None
        seconds, argument = str(self.options["seconds"]), observation.argument
        if not observation.given and isinstance(node, cst.Call):
            return Proposal(AddArgument(node, argument, seconds), f"Add `{argument}`", Applicability.UNSAFE)
        if isinstance(node, cst.Name):
            return Proposal(Replace(node, cst.Integer(seconds)), f"Set `{argument}`", Applicability.UNSAFE)
        return None
