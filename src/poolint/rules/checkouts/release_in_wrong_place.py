"""POL211: a pooled connection that is closed instead of released."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.detect.released_twice import ReleasedTwice
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, held, leak_subject


class ReleaseInWrongPlace(Rule):
    """A pooled connection is closed instead of released, returned to another pool, or returned twice.

    ## What it does
    Reports a connection of a pool that gets its slots back by `putconn` only, when it is closed and not put back, and a
    connection that is given back to another pool than the one it was taken from. And one that is given back a second time,
    whatever happens in between, to a pool that refuses it.

    ## Why is this bad?
    `close()` closes the socket, but the pool goes on counting the slot as taken. It never comes back. A pool
    refuses a connection that is not its own, and the one that it came from goes on waiting for it. What has been returned
    already is no longer out: to return it again raises, often in a `finally`, and hides what happened before.

    ## Example
    ```python
    from psycopg_pool import ConnectionPool


    def ping(pool: ConnectionPool) -> None:
        conn = pool.getconn()
        try:
            conn.execute("SELECT 1")
        finally:
            conn.close()
    ```

    ## Use instead
    ```python
    from psycopg_pool import ConnectionPool


    def ping(pool: ConnectionPool) -> None:
        conn = pool.getconn()
        try:
            conn.execute("SELECT 1")
        finally:
            pool.putconn(conn)
    ```

    ## When to ignore
    When the pool is made with `close_returns=True` where poolint does not see it.
    """

    meta = Meta(
        code="POL211",
        name="release-in-wrong-place",
        summary="a pooled connection is closed instead of released, returned to another pool, or returned twice",
        subscription=Subscription(observations=frozenset({LeakedCheckout, ReleasedTwice})),
        yields_to=NO_RELEASE,
        relaxed_in=frozenset({"alembic"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, ReleasedTwice):
            return Verdict(
                f"`{observation.call.as_written}` returns `{observation.variable}` again, which is back in its pool already: "
                f"{observation.error}",
                observation.variable,
                (observation.released,),
            )
        assert isinstance(observation, LeakedCheckout)
        if observation.problem == "misplaced":
            return Verdict(
                f"{leak_subject(observation)} is returned to a pool other than its own, which refuses it: "
                f"{held(observation.cls)}",
                observation.variable,
                observation.path,
            )
        if observation.problem != "misreleased":
            return None
        return Verdict(
            f"{leak_subject(observation)} is closed instead of being returned to its pool: {held(observation.cls)}",
            observation.variable,
            observation.path,
        )
