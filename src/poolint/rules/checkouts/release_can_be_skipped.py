"""POL212: a release that comes after something else in a `finally`."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, leak_subject, lost


class ReleaseCanBeSkipped(Rule):
    """In a `finally`, something that may raise or be cancelled stands before the release.

    ## What it does
    Reports a `finally` in which something that may raise or be cancelled, and is no release, rollback or reset itself,
    stands before the release of a connection or session.

    ## Why is this bad?
    When it fails, the release is skipped, and it is likely to fail just then: a `finally` runs when something is wrong
    already.

    ## Example
    ```python
    from pathlib import Path

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def rename(engine: AsyncEngine, lock: Path) -> None:
        conn = await engine.connect()
        try:
            await conn.execute(text("UPDATE users SET name = 'x'"))
        finally:
            lock.unlink()
            await conn.close()
    ```

    ## Use instead
    ```python
    from pathlib import Path

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def rename(engine: AsyncEngine, lock: Path) -> None:
        conn = await engine.connect()
        try:
            await conn.execute(text("UPDATE users SET name = 'x'"))
        finally:
            await conn.close()
            lock.unlink()
    ```

    ## When to ignore
    When what stands before the release cannot fail.
    """

    meta = Meta(
        code="POL212",
        name="release-can-be-skipped",
        summary="something in a `finally` may fail before the release in it",
        subscription=Subscription(observations=frozenset({LeakedCheckout})),
        yields_to=NO_RELEASE,
        relaxed_in=frozenset({"alembic", "tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "skipped":
            return None
        return Verdict(
            f"the release of {leak_subject(observation)} is skipped when `{observation.culprit}`, which stands before it in "
            f"the `finally`, fails: {lost(observation)}",
            observation.variable,
            observation.path,
        )
