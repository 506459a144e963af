"""POL511: what is made when an application starts, and not closed when it ends."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.startups import NeverDisposed
from poolint.diagnostics import Applicability
from poolint.fixes.plans import Protect
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class EngineNeverDisposed(Rule):
    """An engine, a pool or a client is made when the application starts, and not closed when it ends.

    ## What it does
    Reports engines, pools and clients that a lifespan or a startup handler makes and keeps (in `app.state`, in a global),
    and that nothing in the project closes.

    ## Why is this bad?
    The server sees connections that break off, and logs errors; a worker that is reloaded leaves its connections behind
    until the server finds out. In tests, which start and end the application again and again, they add up.

    ## Example
    ```python
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import create_async_engine


    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = create_async_engine("postgresql+asyncpg://db/shop")
        yield
    ```

    ## Use instead
    ```python
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import create_async_engine


    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = create_async_engine("postgresql+asyncpg://db/shop")
        try:
            yield
        finally:
            await app.state.engine.dispose()
    ```

    ## Fix safety
    Unsafe: what runs at the end of the application may still need it. Only for lifespans that make it in a statement of
    their own.

    ## When to ignore
    When the process ends with the application.
    """

    meta = Meta(
        code="POL511",
        name="engine-never-disposed",
        summary="an engine, a pool or a client of the application is not closed when it ends",
        subscription=Subscription(observations=frozenset({NeverDisposed})),
        fix="unsafe",
        default=False,
        uncovers=LIFETIMES,
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, NeverDisposed)
        return Verdict(
            f"`{observation.kept}` is made by `{observation.call.method}` when the application starts, and nothing closes it "
            "when that ends",
            observation.kept,
            observation.path,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        assert isinstance(observation, NeverDisposed)
        if observation.statement is None or observation.last is None or not observation.release:
            return None
        method = observation.release
        kept = ast.parse(observation.kept, mode="eval").body
        release = ast.Call(ast.Attribute(kept, method, ast.Load()), [], [])
        awaited, around = observation.is_awaited, observation.function
        plan = Protect(observation.statement, observation.last, (), release, awaited, (), around)
        return Proposal(plan, f"close it: `{observation.kept}.{method}()`", Applicability.UNSAFE)
