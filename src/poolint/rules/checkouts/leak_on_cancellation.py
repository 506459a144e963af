"""POL203: a release that a cancellation skips."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, leak_subject, lost


class LeakOnCancellation(Rule):
    """A cancellation at an `await` leaves the function without releasing.

    ## What it does
    Reports a connection or session whose release handles exceptions but not a cancellation: `CancelledError` is a
    `BaseException`, which `except Exception` does not catch. With SQLAlchemy only an await on something else counts (HTTP,
    a sleep, a queue, a thread, another pool), since a cancellation inside its own awaits frees the slot; with the pools of
    asyncpg and psycopg_pool every await counts.

    ## Why is this bad?
    Timeouts, disconnected clients and shutdowns cancel tasks. Each cancelled one leaves a connection checked out.

    ## Example
    ```python
    import asyncpg


    async def count(pool: asyncpg.Pool) -> int:
        conn = await pool.acquire()
        try:
            total = await conn.fetchval("SELECT count(*) FROM users")
        except Exception:
            await pool.release(conn)
            raise
        await pool.release(conn)
        return total
    ```

    ## Use instead
    ```python
    import asyncpg


    async def count(pool: asyncpg.Pool) -> int:
        conn = await pool.acquire()
        try:
            total = await conn.fetchval("SELECT count(*) FROM users")
        finally:
            await pool.release(conn)
        return total
    ```

    ## Fix safety
    Safe where the block, or the `finally`, reaches no further than the last use; unsafe where something that is derived
    from the connection is used later, so that the connection is held a little longer, or where a thread may work with it,
    or with what has been read by it, while the task is cancelled. No fix is offered where the connection is handed on,
    stored or captured.

    ## When to ignore
    When the task is never cancelled, not even by a shutdown.
    """

    meta = Meta(
        code="POL203",
        name="leak-on-cancellation",
        summary="a cancellation skips the release of a connection or session",
        subscription=Subscription(observations=frozenset({LeakedCheckout})),
        yields_to=NO_RELEASE,
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        relaxed_in=frozenset({"alembic", "tests"}),
        relaxed_for_process_in=frozenset({"scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "cancel":
            return None
        return Verdict(
            f"{leak_subject(observation)} is not released when the task is cancelled at `{observation.culprit}`: "
            f"{lost(observation)}",
            observation.variable,
            observation.path,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        assert isinstance(observation, LeakedCheckout)
        return self.facts.release(observation)
