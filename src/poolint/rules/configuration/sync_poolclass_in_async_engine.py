"""POL502: a blocking pool class in an asynchronous engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.engines.observations import SyncPoolClass
from poolint.detect.observation import Observation
from poolint.fixes.plans import AddImport, Replace, Together
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst


class SyncPoolclassInAsyncEngine(Rule):
    """An asynchronous engine is given a pool class that is made for synchronous ones.

    ## What it does
    Reports `QueuePool`, `SingletonThreadPool` and classes derived from them as the `poolclass` of
    `create_async_engine`.

    ## Why is this bad?
    It raises `ArgumentError`: waiting for such a pool would block the event loop, as it does with SQLAlchemy before 2.0.28, which
    takes it. Without a `poolclass` the engine gets
    `AsyncAdaptedQueuePool`, which is the same for asyncio.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import QueuePool

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", poolclass=QueuePool, pool_size=20)
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", poolclass=AsyncAdaptedQueuePool, pool_size=20)
    ```

    ## Fix safety
    Safe for `QueuePool`: what is there raises, or stops the event loop. A class of the project has to be derived from
    `AsyncAdaptedQueuePool` by hand.

    ## When to ignore
    Never: the engine cannot be made, or waits on its event loop.
    """

    meta = Meta(
        code="POL502",
        name="sync-poolclass-in-async-engine",
        summary="a blocking pool class in an asynchronous engine",
        subscription=Subscription(observations=frozenset({SyncPoolClass})),
        fix="safe",
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, SyncPoolClass)
        kind = f", a `{observation.base}`," if observation.base else ""
        harm = f"`{observation.maker}` raises ArgumentError"
        if observation.is_taken:
            harm = "who waits for a connection stops the event loop, and newer versions raise ArgumentError"
        return Verdict(
            f"`{observation.poolclass}`{kind} cannot be the pool of an asynchronous engine: {harm}",
            observation.poolclass,
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        import libcst as cst

        assert isinstance(observation, SyncPoolClass)
        module, _, right = observation.right.rpartition(".")
        message = f"Use `{right}`"
        if right and isinstance(node, cst.Attribute):
            return Proposal(Replace(node.attr, cst.Name(right)), message)
        if not right or not isinstance(node, cst.Name):
            return None
        plans = (Replace(node, cst.Name(right)), AddImport(module, right))
        return Proposal(Together(plans), message)
