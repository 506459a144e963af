"""POL107: a coroutine of the project that works on a database is never awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.coroutines import DroppedDatabaseCoroutine
from poolint.detect.observation import Observation
from poolint.fixes.plans import AddAwait
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst


class UnawaitedDatabaseCoroutine(Rule):
    """A coroutine of the project that writes to a database, commits or releases is never awaited.

    ## What it does
    Reports a call of an `async def` of the project, in this or another module, that would write to a database, commit
    or give a connection back, when nothing ever awaits the coroutine; and one that only reads, where its result is used all
    the same (`if self.is_member(user):` is always true), or where it has none, as a check that raises. The path shows how it
    would get there. A plain
    function that returns such a coroutine, as in `return conn.close()`, is taken for one. In a plain function of a test it
    is a possible finding (`--certainty possible`): Python warns as the test runs, and what it asserts does not hold.

    ## Why is this bad?
    Nothing of it happens: no row is written, no connection comes back. Python's warning about it goes to a log.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession


    async def save(session: AsyncSession, user: object) -> None:
        session.add(user)
        await session.commit()


    async def register(session: AsyncSession, user: object) -> None:
        save(session, user)
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession


    async def save(session: AsyncSession, user: object) -> None:
        session.add(user)
        await session.commit()


    async def register(session: AsyncSession, user: object) -> None:
        await save(session, user)
    ```

    ## Fix safety
    Safe: adds `await`. Offered inside `async def` only.

    ## When to ignore
    When a decorator that poolint cannot see schedules the coroutine.
    """

    meta = Meta(
        code="POL107",
        name="unawaited-database-coroutine",
        summary="a coroutine of the project that works on a database is never awaited",
        subscription=Subscription(observations=frozenset({DroppedDatabaseCoroutine})),
        fix="safe",
        uncovers=LIFETIMES,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, DroppedDatabaseCoroutine)
        name, *rest = observation.names
        return Verdict(
            f"`{name}()` is never awaited: the coroutine does not run, and `{' → '.join(rest)}` does not happen",
            name,
            observation.path,
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        return Proposal(AddAwait(node), "Add `await`") if observation.in_async else None  # type: ignore[arg-type]
