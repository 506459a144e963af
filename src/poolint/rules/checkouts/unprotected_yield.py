"""POL206: a generator that yields without protection."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.lent_registries import LentRegistry
from poolint.detect.observation import Observation
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, leak_subject, lost


class UnprotectedYield(Rule):
    """A generator yields while it holds a checkout, and nothing releases it if the consumer fails.

    ## What it does
    Reports a generator (a FastAPI dependency, a `@contextmanager`) that yields while it holds a connection or session
    outside `try`/`finally` and `with`, so that what stands after the `yield` is skipped when the consumer raises, is
    cancelled, or leaves; one that makes an engine, a pool or a client and closes it behind a bare `yield`; and one that
    lends a `scoped_session`, or what it gives, and removes it there. In the
    lifespan of an application that is possible only: nothing fails there before the process ends. Fixtures of pytest and
    providers of dishka are none of these: they are resumed at their end, whatever becomes of the test or the request.

    ## Why is this bad?
    An error in the consumer is thrown into the generator at the `yield`. In FastAPI that is every `HTTPException` of every
    endpoint with this dependency: each one leaves a connection checked out.

    ## Example
    ```python
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

    SessionLocal: async_sessionmaker[AsyncSession]


    async def get_session() -> AsyncIterator[AsyncSession]:
        session = SessionLocal()
        yield session
        await session.close()
    ```

    ## Use instead
    ```python
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

    SessionLocal: async_sessionmaker[AsyncSession]


    async def get_session() -> AsyncIterator[AsyncSession]:
        session = SessionLocal()
        try:
            yield session
        finally:
            await session.close()
    ```

    ## Fix safety
    Safe where the block, or the `finally`, reaches no further than the last use; unsafe where something that is derived
    from the connection is used later, so that the connection is held a little longer. No fix is offered where the
    connection is handed on, stored or captured.

    ## When to ignore
    When whatever drives the generator never throws into it and always runs it to its end.
    """

    meta = Meta(
        code="POL206",
        name="unprotected-yield",
        summary="a generator yields a connection or session outside `try`/`finally` and `with`",
        subscription=Subscription(observations=frozenset({LeakedCheckout, LentRegistry})),
        yields_to=NO_RELEASE,
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        relaxed_in=frozenset({"alembic"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, LentRegistry):
            whose = "task" if observation.cls.mode == "async" else "thread"
            return Verdict(
                f"`{observation.release}` is skipped when the consumer of `{observation.culprit}` fails or leaves: `"
                f"{observation.registry}` keeps the session of the {whose}, with its connection",
                observation.registry,
            )
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "yield":
            return None
        return Verdict(
            f"{leak_subject(observation)} is not released when the consumer of `{observation.culprit}` fails or leaves: "
            f"{lost(observation)}",
            observation.variable,
            observation.path,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.release(observation) if isinstance(observation, LeakedCheckout) else None
