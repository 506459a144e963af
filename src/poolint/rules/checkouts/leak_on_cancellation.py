"""POL203: a release that a cancellation skips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import held, leak_subject
from poolint.semantics.facts import LeakedCheckout, Observation

if TYPE_CHECKING:
    import libcst as cst


class LeakOnCancellation(Rule):
    """A cancellation at an `await` leaves the function without releasing.

    ## What it does
    Reports a connection or session whose release handles exceptions but not a cancellation: `CancelledError` is a
    `BaseException`, which `except Exception` does not catch. With SQLAlchemy only an await on something else counts (HTTP,
    a sleep, a queue, another pool), since a cancellation inside its own awaits frees the slot; with the pools of asyncpg
    and psycopg_pool every await counts.

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

    ## When to ignore
    When the task is never cancelled, not even by a shutdown.
    """

    meta = Meta(
        code="POL203",
        name="leak-on-cancellation",
        summary="a cancellation skips the release of a connection or session",
        subscription=Subscription(observations=frozenset({LeakedCheckout})),
        relaxed_in=frozenset({"alembic"}),
        relaxed_for_process_in=frozenset({"tests", "scripts"}),
    )

    def visit_Call(self, node: cst.Call) -> None:
        self.consider(node)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "cancel":
            return None
        return Verdict(
            f"{leak_subject(observation)} is not released when the task is cancelled at `{observation.culprit}`: "
            f"{held(observation.cls)}",
            observation.variable,
            observation.path,
        )
