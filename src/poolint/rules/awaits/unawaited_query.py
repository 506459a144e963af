"""POL104: a query is never awaited, or its coroutine is used as a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.awaits import ConsumedAwaitable, DroppedAwaitable
from poolint.detect.observation import Observation
from poolint.fixes.plans import AddAwait
from poolint.models.schema import CLOSING_ROLES
from poolint.rules.awaits.unawaited_transaction import STEPS
from poolint.rules.base import LIFETIMES, Declined, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst

_ELSEWHERE = frozenset(
    {"release", "dispose", "commit", "rollback", "flush", "refresh", "begin", "transaction", "checkout"}
)
"""Roles that other rules speak about when the value is dropped."""
_MEANT_TO_RUN = CLOSING_ROLES | STEPS
"""Roles that they speak about where it is used as well: there is no result."""


class UnawaitedQuery(Rule):
    """A query is never awaited, or its coroutine is used as if it were the result.

    ## What it does
    Reports `execute`, `scalars`, `get`, `fetch` and other calls that reach the database through an asynchronous session
    or connection, when the coroutine is dropped, when something is read off it that only the result has
    (`session.execute(query).scalars()`), or when it is passed to a function of the project that declares to take plain data, an
    `int` or a list of texts. Queries of Motor run whether or not they are awaited: of these only the second.

    ## Why is this bad?
    A dropped query never runs. A coroutine or a future used as a result raises `AttributeError` or `TypeError`, and one that is
    only tested for truth is always true.

    ## Example
    ```python
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncSession


    async def first_row(session: AsyncSession) -> object:
        result = session.execute(select(1))
        return result.first()
    ```

    ## Use instead
    ```python
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncSession


    async def first_row(session: AsyncSession) -> object:
        result = await session.execute(select(1))
        return result.first()
    ```

    ## Fix safety
    Safe: adds `await`, with parentheses where the result is used on the spot.

    ## When to ignore
    When the coroutine is awaited by something that poolint cannot see.
    """

    meta = Meta(
        code="POL104",
        name="unawaited-query",
        summary="a query is never awaited, or its coroutine is used as a result",
        subscription=Subscription(observations=frozenset({ConsumedAwaitable, DroppedAwaitable})),
        fix="safe",
        uncovers=LIFETIMES,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | Declined | None:
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        call, how = observation.call, observation.usage
        is_client = call.cls is not None and call.cls.kind in ("client", "response")
        if call.role == "external" or (is_client and call.role != "query"):
            return Declined("it does not reach a database")
        if isinstance(observation, DroppedAwaitable):
            if call.role in _ELSEWHERE:
                return None
            return Verdict(
                f"`{call.as_written}` is never awaited: the query does not run",
                call.receiver,
                elsewhere=observation.callers,
            )
        if call.role == "checkout" or call.role in _MEANT_TO_RUN:
            return None
        pending = "future" if call.row is not None and call.row.call == "awaitable" else "coroutine"
        outcome = f"the {pending} is used as if it were the result"
        if how.attribute:
            outcome = f"`.{how.attribute}` is read off the {pending}, not off the result"
        return Verdict(f"`{call.as_written}` is not awaited: {outcome}", call.receiver)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        row = observation.call.row
        if not observation.in_async or row is None or row.call == "async-cm":
            return None
        return Proposal(AddAwait(node), "Add `await`")  # type: ignore[arg-type]
