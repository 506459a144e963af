"""POL101: the coroutine of a release is never awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.awaited_at_times import AwaitedAtTimes
from poolint.detect.awaits import ConsumedAwaitable, DroppedAwaitable
from poolint.detect.observation import Observation
from poolint.fixes.plans import AddAwait
from poolint.models.schema import CLOSING_ROLES
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.wording import held

if TYPE_CHECKING:
    import libcst as cst


class UnawaitedRelease(Rule):
    """A release of an asynchronous resource is never awaited.

    ## What it does
    Reports `close`, `aclose`, `release`, `putconn`, `dispose` and their like, called on an asynchronous session,
    connection, pool, engine or client, when nothing ever awaits the coroutine: it stands as a statement, or under a
    name that nobody awaits, returns, schedules or passes on, or that is read in one branch only, where the function may
    also return by another one.

    ## Why is this bad?
    The coroutine never runs, so nothing is given back. Python's `RuntimeWarning: coroutine ... was never awaited` goes
    to a log that nobody reads, and the pool is exhausted some requests later, in an innocent place.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        conn = await engine.connect()
        conn.close()
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        conn = await engine.connect()
        await conn.close()
    ```

    ## Fix safety
    Safe: adds `await`. Offered inside `async def` only; in a synchronous function the caller has to change. None is offered
    for what is awaited in a branch.

    ## When to ignore
    When the coroutine is awaited by something that poolint cannot see.
    """

    meta = Meta(
        code="POL101",
        name="unawaited-release",
        summary="a release of an asynchronous resource is never awaited",
        subscription=Subscription(observations=frozenset({AwaitedAtTimes, ConsumedAwaitable, DroppedAwaitable})),
        fix="safe",
        uncovers=LIFETIMES,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, AwaitedAtTimes):
            call = observation.call
            return Verdict(
                f"`{call.as_written}` is awaited in one branch only: in others the coroutine does not run, and {held(call.cls)}",
                call.receiver,
            )
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        call = observation.call
        if call.role not in CLOSING_ROLES:
            return None
        return Verdict(
            f"`{call.as_written}` is never awaited: the coroutine does not run, and {held(call.cls)}",
            call.receiver,
            elsewhere=observation.callers if isinstance(observation, DroppedAwaitable) else (),
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        if isinstance(observation, AwaitedAtTimes) or not observation.in_async:
            return None
        return Proposal(AddAwait(node), "Add `await`")  # type: ignore[arg-type]
