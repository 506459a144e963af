"""POL216: a generator that is abandoned while it holds a checkout."""

from __future__ import annotations

from poolint.detect.generators import AbandonedGenerator
from poolint.detect.observation import Observation
from poolint.diagnostics import Certainty
from poolint.rules.base import Meta, Rule, Subscription, Verdict


class GeneratorAbandoned(Rule):
    """A loop over a generator that holds a checkout is abandoned before the generator ends.

    ## What it does
    Reports `async for` over an asynchronous generator of the project that holds a connection or session across its `yield`,
    in a block or until its `finally`, when the loop is left by `break`, `return` or `raise`. Also `anext(rows(engine))`:
    one step of a generator that nobody can resume or close. Possible: where that happens as the application starts or ends, in a
    script, or in a job that runs one at a time.

    ## Why is this bad?
    Leaving the loop does not close the generator. Its `finally` and its `async with` run when the event loop finalises it,
    some time later; until then the connection is checked out, and for good where somebody still refers to the generator.

    ## Example
    ```python
    from collections.abc import AsyncIterator

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def rows(engine: AsyncEngine) -> AsyncIterator[object]:
        async with engine.connect() as conn:
            for row in await conn.execute(text("SELECT id FROM users")):
                yield row


    async def first(engine: AsyncEngine) -> object:
        async for row in rows(engine):
            return row
        return None
    ```

    ## Use instead
    ```python
    from collections.abc import AsyncIterator
    from contextlib import aclosing

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def rows(engine: AsyncEngine) -> AsyncIterator[object]:
        async with engine.connect() as conn:
            for row in await conn.execute(text("SELECT id FROM users")):
                yield row


    async def first(engine: AsyncEngine) -> object:
        async with aclosing(rows(engine)) as found:
            async for row in found:
                return row
        return None
    ```

    ## When to ignore
    When the loop is left at the end of the process.
    """

    meta = Meta(
        code="POL216",
        name="generator-abandoned",
        summary="a loop over a generator that holds a checkout is abandoned before its end",
        subscription=Subscription(observations=frozenset({AbandonedGenerator})),
        relaxed_in=frozenset({"tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, AbandonedGenerator)
        return Verdict(
            f"`{observation.generator}()` is abandoned before its end and keeps holding `{observation.holds}` until the event "
            "loop finalises it",
            observation.generator,
            (observation.left_at,),
            Certainty.POSSIBLE if observation.is_possible else Certainty.CERTAIN,
        )
