"""POL603: a handler for an exception that arrives wrapped in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.handlers import UnreachedHandler
from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddImport, Replace, Together
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation


class UnreachableDriverError(Rule):
    """A driver's exception is caught where it arrives wrapped in SQLAlchemy's.

    ## What it does
    Reports handlers for exceptions of asyncpg, psycopg, sqlite3 and other drivers around statements that are run through
    SQLAlchemy, where nothing in the `try` talks to the driver itself, and `suppress(…)` of them.

    ## Why is this bad?
    SQLAlchemy raises its own exception, with the driver's at `orig`: `asyncpg.ConnectionDoesNotExistError` arrives as
    `sqlalchemy.exc.DBAPIError`, `UniqueViolationError` as `IntegrityError`. The handler is never reached, and the error
    that it was written for goes past it. Only what fails while a connection is made can arrive as it is, with asyncpg and
    versions of SQLAlchemy before 2.1; handlers for these errors are not reported.

    ## Example
    ```python
    import asyncpg
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def count(session: AsyncSession) -> int:
        try:
            return await session.scalar(text("SELECT count(*) FROM orders"))
        except asyncpg.ConnectionDoesNotExistError:
            return 0
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import AsyncSession


    async def count(session: AsyncSession) -> int:
        try:
            return await session.scalar(text("SELECT count(*) FROM orders"))
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return 0
    ```

    ## Fix safety
    Unsafe: the handler catches SQLAlchemy's exception instead, which may stand for others of the driver as well. None
    where the handler reads something off the exception: that is at `orig` then.

    ## When to ignore
    When something in the `try` runs statements on the driver's connection in a way that is not seen here.
    """

    meta = Meta(
        code="POL603",
        name="unreachable-driver-error",
        summary="a driver's exception is caught where it arrives wrapped in another",
        subscription=Subscription(observations=frozenset({UnreachedHandler})),
        fix="unsafe",
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, UnreachedHandler)
        never = "nothing is suppressed here" if observation.is_block else "this handler is never reached"
        return Verdict(
            f"`{observation.cls}` is not what `{observation.around}` raises: it arrives wrapped in "
            f"`{observation.wrapper}`, so {never}",
            observation.cls,
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        import libcst as cst

        assert isinstance(observation, UnreachedHandler)
        if observation.is_read:
            return None
        module, _, name = observation.wrapper.rpartition(".")
        plan = Together((Replace(node, cst.Name(name)), AddImport(module, name)))
        return Proposal(plan, f"catch `{name}`", Applicability.UNSAFE)
