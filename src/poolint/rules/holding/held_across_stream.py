"""POL406: a connection held while a response is streamed or a client is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.observation import Observation
from poolint.detect.streaming import StreamedFrom
from poolint.detect.waiting import CallWhileHeld
from poolint.diagnostics import Certainty
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.holding.wording import chain, verdict, what_becomes, while_held

if TYPE_CHECKING:
    from poolint.rules.base import Proposal


class HeldAcrossStream(Rule):
    """A connection is held while a response is streamed.

    ## What it does
    Reports a streamed response (`StreamingResponse`, `EventSourceResponse`, Flask's `Response`) whose generator works with a
    session that is injected for the request, or that belongs to a block of the endpoint; one during which a session of the
    request still holds a connection, which the endpoint or another dependency has used and not committed, if on some of its
    ways only; a generator that holds a connection of its own while it yields to one, or has one by the session of a registry
    (Flask-SQLAlchemy's `db.session`); and waiting for a websocket's client while a session holds a connection. Classes that
    inherit from a response and helpers that make one are followed.
    Possible where the database certainly is a file.

    ## Why is this bad?
    The generator runs when the endpoint has returned. Where the dependency ends after the response, its connection is
    held for as long as the client reads, and a few slow or idle clients hold the whole pool. Where it ends before, the
    closed session takes a new connection, which nobody releases. FastAPI ends dependencies after the response up to
    0.105 and from 0.118 on, and before it in between and for `Depends(..., scope="function")`. The version is taken from
    the project's lock file or requirements: of a range that nothing locks, the newest that it allows, as an installer does. Where
    nothing is said, only what does harm with all of them is reported.

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

    ## Fix safety
    Unsafe: commits a session of the function's own that has only been read from. None where the stream works with it,
    or where an entity that the commit expires is used behind it.

    ## When to ignore
    When the rows are too many to be read at once, and fewer clients stream at a time than the pool has connections.
    """

    meta = Meta(
        code="POL406",
        name="held-across-stream",
        summary="a connection is held while a response is streamed",
        subscription=Subscription(observations=frozenset({CallWhileHeld, StreamedFrom})),
        fix="unsafe",
        relaxed_in=frozenset({"tests"}),
    )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.holding(observation)

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, CallWhileHeld):
            if observation.effect == "stream":
                response, generator = observation.names
                text = f"`{response}` streams from `{generator}()` {while_held(observation)}"
                end = "the request's dependencies end only when the client has read everything"
                return verdict(observation, f"{text}: {end}")
            if observation.effect == "yield":
                response, generator = observation.names
                text = f"`{generator}()` holds a connection by `{observation.resource}` while it yields to `{response}`"
                return verdict(observation, f"{text}: until the client has read everything")
            if observation.effect != "client":
                return None
            # Whoever lets go of the connection before the first message does so before all of them.
            held = f"{observation.resource} {observation.begun.range.start}"
            return verdict(observation, f"`{chain(observation)}` waits for its client {while_held(observation)}", held)
        assert isinstance(observation, StreamedFrom)
        text = (
            f"`{observation.response}` streams from `{observation.generator}()` with `{observation.resource}`, which "
        )
        certainty = Certainty.POSSIBLE if observation.is_possible else Certainty.CERTAIN
        return Verdict(text + what_becomes(observation), observation.resource, certainty=certainty)
