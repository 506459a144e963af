"""POL503: a pool with so few connections that its users wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.engines.observations import SmallPool
from poolint.rules.base import Declined, Meta, Option, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import RELAXED, of

if TYPE_CHECKING:
    from poolint.detect.observation import Observation

_ONE_AFTER_THE_OTHER = frozenset({"alembic", "scripts"})


class PoolTooSmall(Rule):
    """A pool has so few connections that its users wait for each other.

    ## What it does
    Reports pools that are written to hold few connections and open none beyond (`pool_size=5, max_overflow=0`), those of
    a server that keep one, and those that are smaller than what is let in beside them: a semaphore, a pool of threads or
    a fixed number of tasks, each of which takes a connection. Numbers that come from settings or the environment are
    not reported, nor engines of SQLite. In scripts and in migrations only a pool of one connection is: a second checkout
    waits there for the first, which the same thread holds and cannot give back meanwhile.

    ## Why is this bad?
    Whoever comes too late waits for `pool_timeout`, 30 seconds by default, and then fails. A burst of requests that
    the database would not notice becomes an outage; a function that needs a second connection for a moment waits for
    ever for itself.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", pool_size=5, max_overflow=0)
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", pool_size=5, max_overflow=10)
    ```

    ## When to ignore
    When the engine serves one task by design, which never needs a second connection: a writer, a lock. A migration that
    wants one connection and no pool says so by `NullPool`.
    """

    meta = Meta(
        code="POL503",
        name="pool-too-small",
        summary="a pool with so few connections that its users wait for each other",
        subscription=Subscription(observations=frozenset({SmallPool})),
        relaxed_in=RELAXED,
        options=(
            Option("min-size", 6, "A pool that opens no connections beyond its size has to hold at least as many."),
        ),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | Declined | None:
        assert isinstance(observation, SmallPool)
        one = observation
        total = one.size + one.overflow
        whose = of(one.maker, one.engine)
        if one.wanted:
            others = "the others wait until the pool's timeout" if one.is_timed else "the others find none left"
            return Verdict(
                f"{whose} has {total} connections at most, and `{one.bound}` lets {one.wanted} in at once that take one "
                f"each: {others}",
                one.engine,
                one.path,
            )
        few = f"{total} connection{'s' if total != 1 else ''}"
        if one.fixed and total < self.options["min-size"]:
            # More than one is enough for what does one thing after the other. One is not: an inspector beside a
            # session, or a query while the rows of another are read, waits for itself.
            following = "waits until the pool's timeout" if one.is_timed else "finds none left"
            return Verdict(
                f"{whose} has {few}, and opens none beyond: the next caller {following}",
                one.engine,
                told_in=_ONE_AFTER_THE_OTHER if total == 1 else frozenset(),
            )
        if one.serves and one.size == 1:
            rest = "opens and closes one of its own" if one.grows else "waits for it"
            return Verdict(f"{whose} keeps one connection: every other request {rest}", one.engine)
        return Declined("it reaches the option `min-size`, or opens more beyond its size")
