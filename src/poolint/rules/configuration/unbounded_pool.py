"""POL509: a pool without a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.engines.observations import UnboundedPool as Observed
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import RELAXED, of

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class UnboundedPool(Rule):
    """Nothing bounds how many connections a pool opens.

    ## What it does
    Reports `max_overflow=-1` and `pool_size=0`, which means no limit and not none, and `maxsize=0` for the pools of
    aiomysql and aiopg, also as the defaults of settings. Engines of SQLite are not reported.

    ## Why is this bad?
    The pool is what protects the server. Under load each process opens connections until the server refuses them, also
    those of everybody else; a slow query becomes an outage of the database.

    ## Example
    ```python
    from sqlalchemy import create_engine

    engine = create_engine("postgresql+psycopg://app@db/orders", pool_size=10, max_overflow=-1)
    ```

    ## Use instead
    ```python
    from sqlalchemy import create_engine

    engine = create_engine("postgresql+psycopg://app@db/orders", pool_size=10, max_overflow=20)
    ```

    ## When to ignore
    When something else bounds the number: a semaphore around all users, or a pooler in front of the server.
    """

    meta = Meta(
        code="POL509",
        name="unbounded-pool",
        summary="a pool without a limit",
        subscription=Subscription(observations=frozenset({Observed})),
        relaxed_in=RELAXED,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, Observed)
        by_default = "" if observation.given else " by default"
        return Verdict(
            f"`{observation.written}` lets {of(observation.maker, observation.engine)} open connections without a limit"
            f"{by_default}: nothing protects the server",
            observation.engine,
        )
