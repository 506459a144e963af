"""POL406: a connection held while a response is streamed or a client is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.holding.wording import chain, verdict, while_held
from poolint.semantics.facts import CallWhileHeld, Observation, StreamedFrom

if TYPE_CHECKING:
    import libcst as cst


class HeldAcrossStream(Rule):
    """A connection is held while a client is served bit by bit.

    ## What it does
    Reports a streamed response (`StreamingResponse`, `EventSourceResponse`) whose generator works with a session that
    is injected for the request, or that belongs to a block of the endpoint; and waiting for a websocket's client while
    a session holds a connection.

    ## Why is this bad?
    The generator runs when the endpoint has returned. Where the dependency ends after the response, its connection is
    held for as long as the client reads; where it ends before, the closed session takes a new connection, and nobody
    gives that back. Which of the two it is depends on the version of the framework; neither is wanted. A few slow or
    idle clients hold the whole pool.

    ## Example
    ```python
    from collections.abc import AsyncIterator

    from fastapi.responses import StreamingResponse
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def rows(session: AsyncSession) -> AsyncIterator[str]:
        for row in await session.execute(text("SELECT * FROM orders")):
            yield f"{row}"


    async def export(maker: async_sessionmaker[AsyncSession]) -> StreamingResponse:
        async with maker() as session:
            return StreamingResponse(rows(session))
    ```

    ## Use instead
    ```python
    from collections.abc import AsyncIterator

    from fastapi.responses import StreamingResponse
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def rows(maker: async_sessionmaker[AsyncSession]) -> AsyncIterator[str]:
        async with maker() as session:
            found = (await session.execute(text("SELECT * FROM orders"))).all()
        for row in found:
            yield f"{row}"


    async def export(maker: async_sessionmaker[AsyncSession]) -> StreamingResponse:
        return StreamingResponse(rows(maker))
    ```

    ## When to ignore
    When the rows are too many to be read at once, and fewer clients stream at a time than the pool has connections.
    """

    meta = Meta(
        code="POL406",
        name="held-across-stream",
        summary="a connection is held while a client is served bit by bit",
        subscription=Subscription(observations=frozenset({CallWhileHeld, StreamedFrom})),
        relaxed_in=frozenset({"tests"}),
    )

    def visit_Call(self, node: cst.Call) -> None:
        self.consider(node)

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, CallWhileHeld):
            if observation.effect != "client":
                return None
            return verdict(observation, f"`{chain(observation)}` waits for its client {while_held(observation)}")
        assert isinstance(observation, StreamedFrom)
        return Verdict(
            f"`{observation.response}` streams from `{observation.generator}()` with `{observation.resource}`, which "
            f"ends with {observation.ends}: it holds a connection until the client has read all, or opens itself again",
            observation.resource,
        )
