"""POL105: an `await` on a call that returns nothing awaitable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect import awaits
from poolint.detect.observation import Observation
from poolint.fixes.plans import RemoveAwait
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst


class AwaitedSyncCall(Rule):
    """A call that returns nothing awaitable is awaited.

    ## What it does
    Reports `await` on methods that are plain functions: `await session.add(x)` on an asynchronous session, or any
    method of a synchronous session, connection or engine.

    ## Why is this bad?
    The call itself happens, then `await` raises `TypeError`. It often stands in a `finally`, where the error replaces
    the real one and the rest of the clean-up is skipped.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession


    async def create(session: AsyncSession, user: object) -> None:
        await session.add(user)
        await session.commit()
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession


    async def create(session: AsyncSession, user: object) -> None:
        session.add(user)
        await session.commit()
    ```

    ## Fix safety
    Safe: removes `await`.

    ## When to ignore
    When a subclass that poolint cannot see makes the method awaitable.
    """

    meta = Meta(
        code="POL105",
        name="awaited-sync-call",
        summary="a call that returns nothing awaitable is awaited",
        subscription=Subscription(observations=frozenset({awaits.AwaitedSyncCall})),
        fix="safe",
        uncovers=LIFETIMES,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, awaits.AwaitedSyncCall)
        call = observation.call
        what = f"`{call.api}` is a plain function" if call.cls is not None else "it is a plain function"
        return Verdict(f"`await {call.as_written}` raises TypeError after the call: {what}", call.receiver)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        del observation
        return Proposal(RemoveAwait(node), "Remove `await`")  # type: ignore[arg-type]
