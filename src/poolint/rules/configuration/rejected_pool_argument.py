"""POL508: an argument that the pool or the driver refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.engines.refused_arguments import RefusedArgument
from poolint.fixes.plans import RemoveArgument
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import holder

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation


class RejectedPoolArgument(Rule):
    """An argument is refused by the pool or the driver that gets it.

    ## What it does
    Reports arguments that a class of pool does not take (`pool_size` with `NullPool`, or for SQLite in memory), those of
    the pool inside `connect_args`, those of another library's pool (`max_size` for an engine, `pool_size` for asyncpg),
    those that the driver does not know, and a size below the minimum, which asyncpg and psycopg_pool have by default.
    What is given on some ways only is reported where it meets what refuses it. Scripts and migrations are no exception:
    it raises there too.

    ## Why is this bad?
    It raises: some when the engine is made, others at the first connection, so that the program starts and fails at its
    first request.

    ## Example
    ```python
    from sqlalchemy import create_engine

    engine = create_engine("postgresql+psycopg://app@db/orders", pool_size=20, connect_args={"pool_timeout": 5})
    ```

    ## Use instead
    ```python
    from sqlalchemy import create_engine

    engine = create_engine("postgresql+psycopg://app@db/orders", pool_size=20, connect_args={})
    ```

    ## Fix safety
    Safe: removes an argument of a pool that is written at the call; with it, nothing works. If it was meant for the pool,
    give it to the engine. There is no fix where two sizes contradict each other, or for the arguments of drivers:
    what was meant by them has to be said in another way.

    ## When to ignore
    When a driver that poolint does not know takes the argument.
    """

    meta = Meta(
        code="POL508",
        name="rejected-pool-argument",
        summary="an argument that the pool or the driver refuses",
        subscription=Subscription(observations=frozenset({RefusedArgument})),
        fix="safe",
        relaxed_in=frozenset({"tests"}),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, RefusedArgument)
        one = observation
        by = BY[one.by].format(*one.names) if one.names else "the driver"
        text = f"{by} refuses `{one.argument}`: {one.error or 'an error'} {WHEN[one.when]}"
        return Verdict(text, one.argument)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        assert isinstance(observation, RefusedArgument)
        argument = holder(self.facts, node)
        if argument is None or not observation.removable:
            return None
        return Proposal(RemoveArgument(argument), f"Remove `{observation.argument}`")


BY = {
    "driver": "the driver ({})",
    "pool": "`{}`",
    "url": "`{}`, the pool of `{}`,",
    "maker": "`{}`",
    "argument": "`{}`,",
    "default": "`{}`, its default,",
}
WHEN = {
    "engine-made": "when the engine is made",
    "pool-made": "when the pool is made",
    "made": "when it is made",
    "connecting": "at the first connection",
}
