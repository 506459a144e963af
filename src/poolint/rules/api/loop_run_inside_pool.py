"""POL605: an event loop that is run inside a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.inside_pools import LoopInsidePool
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.inside_pools import Part
    from poolint.detect.observation import Observation


class LoopRunInsidePool(Rule):
    """An event loop is run in the pool, the creator or a listener of an asynchronous engine.

    ## What it does
    Reports `asyncio.run`, `run_until_complete` and the like in a subclass of a pool, in an engine's `creator` and in the
    listeners of its events, directly or in a function that these call, where the engine is an asynchronous one.

    ## Why is this bad?
    An asynchronous engine runs this code inside of its event loop, in a greenlet: a second loop cannot run there, and the
    call raises `RuntimeError`. It does so when a connection is needed, and where credentials are fetched like this, once
    the first ones have expired.

    ## Example
    ```python
    import asyncio

    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    from shop.secrets import fetch_password

    engine = create_async_engine("postgresql+asyncpg://db/shop")


    @event.listens_for(engine.sync_engine, "do_connect")
    def provide_password(dialect, conn_rec, cargs, cparams):
        cparams["password"] = asyncio.get_event_loop().run_until_complete(fetch_password())
    ```

    ## Use instead
    ```python
    import asyncpg
    from sqlalchemy.ext.asyncio import create_async_engine

    from shop.secrets import fetch_password


    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect("postgresql://db/shop", password=await fetch_password())


    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    ```

    ## When to ignore
    When the code runs in a thread of its own. asyncpg takes a coroutine function for `password`, too.
    """

    meta = Meta(
        code="POL605",
        name="loop-run-inside-pool",
        summary="an event loop is run inside a pool, where one is already running",
        subscription=Subscription(observations=frozenset({LoopInsidePool})),
        relaxed_in=frozenset({"tests"}),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LoopInsidePool)
        chain = " → ".join(f"`{name.removeprefix('AbstractEventLoop.')}`" for name in observation.names)
        where = PARTS[observation.part].format(observation.owner) if observation.owner else "a listener"
        return Verdict(
            f"{chain} raises in {where}: it runs inside the event loop of the engine, where a second one cannot run",
            observation.names[0],
            observation.path,
        )


PARTS: dict[Part, str] = {
    "listener": "a listener for `{}`",
    "creator": "the engine's `{}`",
    "pool": "`{}`, a pool",
}
