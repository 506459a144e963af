"""POL102: a step of a transaction is never awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.awaits import ConsumedAwaitable, DroppedAwaitable
from poolint.detect.observation import Observation
from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddAwait
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst

_OUTCOME = {
    "commit": "the changes are lost, and a session keeps its connection",
    "rollback": "the transaction stays open on the connection",
    "flush": "the changes are not sent to the database",
    "refresh": "the object keeps its stale state",
    "begin": "no transaction begins, and Python does not even warn",
    "transaction": "the transaction does not move",
}
STEPS = frozenset({"commit", "rollback", "flush", "refresh"})
"""Roles of steps that give nothing: where such a coroutine is used as a value, it is meant to have run."""


class UnawaitedTransaction(Rule):
    """A step of a transaction is never awaited.

    ## What it does
    Reports `commit`, `rollback`, `flush`, `refresh` and other steps of a transaction on an asynchronous session or
    connection whose coroutine nobody awaits, and a `begin()` that is neither awaited nor entered.

    ## Why is this bad?
    The step never happens. A commit that does not run loses the data without an error, and the session goes on holding
    its connection. An unawaited `begin()` is not a coroutine, so there is not even a warning.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession


    async def rename(session: AsyncSession, user: object) -> None:
        session.add(user)
        session.commit()
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession


    async def rename(session: AsyncSession, user: object) -> None:
        session.add(user)
        await session.commit()
    ```

    ## Fix safety
    Safe: adds `await` to a coroutine. For `begin()` it is unsafe: the session may have begun by itself already, and
    a second `begin()` then raises.

    ## When to ignore
    When the coroutine is awaited by something that poolint cannot see.
    """

    meta = Meta(
        code="POL102",
        name="unawaited-transaction",
        summary="a commit, rollback, flush, refresh or begin is never awaited",
        subscription=Subscription(observations=frozenset({ConsumedAwaitable, DroppedAwaitable})),
        fix="safe or unsafe",
        uncovers=LIFETIMES,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        call, is_dropped = observation.call, isinstance(observation, DroppedAwaitable)
        if call.role not in (_OUTCOME if is_dropped else STEPS):
            return None
        verb = "neither awaited nor entered" if call.role == "begin" else "never awaited"
        elsewhere = observation.callers if isinstance(observation, DroppedAwaitable) else ()
        return Verdict(f"`{call.as_written}` is {verb}: {_OUTCOME[call.role]}", call.receiver, elsewhere=elsewhere)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        assert isinstance(observation, (ConsumedAwaitable, DroppedAwaitable))
        row = observation.call.row
        if not observation.in_async or row is None or row.call == "async-cm":
            return None
        level = Applicability.UNSAFE if row.role == "begin" else Applicability.SAFE
        return Proposal(AddAwait(node), "Add `await`", level)  # type: ignore[arg-type]
