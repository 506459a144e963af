"""POL301: a synchronous session on the event loop."""

from __future__ import annotations

from poolint.detect.blocking import BlockingDatabaseCall
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import called


class SyncSessionInAsync(Rule):
    """A synchronous session reaches the database inside `async def`.

    ## What it does
    Reports the calls in an `async def` by which a synchronous `Session` reaches the database, made there or by a
    synchronous helper that it calls; the path shows the helpers. Those on one session in one function are one finding.
    So are the statements on a synchronous connection that the function has not taken itself, such as that of a dependency,
    and the calls of what asks a database by itself: a collection of PyMongo, a model of Peewee, or one of Django, which raises
    there unless it is told to let the loop wait.
    Work handed to a thread or to `run_sync` is not reported. What runs only as an application starts or ends, such as a
    lifespan and what nobody but it calls, is a possible finding: the loop serves nobody meanwhile. So is what only
    commands of a command line call, once, the few calls of a function that only administrators come to, and what is
    read from a database that certainly is a file: that takes no longer than the way to a thread. Who commits to one
    waits for the others that write. What a cached function asks for is asked once, and possible, and so is what an
    application's coroutine asks for that nothing sets off which a library calls: nobody is seen to share its loop. So are
    the few calls, each made once, of what answers messages to a bot in a project that serves by nothing else.

    ## Why is this bad?
    The call blocks the event loop: no other request moves until the database answers. Under load it is worse. When the
    pool is empty the checkout blocks as well, and the tasks that could give a connection back cannot run.

    ## Example
    ```python
    from sqlalchemy import select
    from sqlalchemy.orm import Session


    async def first_row(session: Session) -> object:
        return session.execute(select(1)).first()
    ```

    ## Use instead
    ```python
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncSession


    async def first_row(session: AsyncSession) -> object:
        return (await session.execute(select(1))).first()
    ```

    ## When to ignore
    In a one-shot script whose loop serves nobody else.
    """

    meta = Meta(
        code="POL301",
        name="sync-session-in-async",
        summary="a synchronous session reaches the database inside `async def`",
        subscription=Subscription(observations=frozenset({BlockingDatabaseCall})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, BlockingDatabaseCall)
        call = observation.call
        does = f"raises {observation.raises} on" if observation.raises else "blocks"
        if observation.chain:
            through = observation.chain[0].about[0]
            what = called(through, is_read=observation.is_read)
            of = f"`{call.api}` of a synchronous {observation.kind}"
            if observation.kind.startswith("`") or observation.kind == "function":
                of = f"the synchronous `{call.api}`"
            return Verdict(
                f"{what} {does} the event loop: it reaches {of}",
                through,
                (*observation.chain, *observation.plain),
                decision=observation.session,
                elsewhere=observation.above,
            )
        path = (*((observation.origin,) if observation.origin is not None else ()), *observation.plain)
        # A method may have a name of its own: ``execute = session.execute``.
        what = f"`{call.receiver}` is a" if call.receiver else f"`{call.api}` is of a"
        what = f"`{call.api}` is a" if observation.kind == "function" else what
        return Verdict(
            f"`{call.as_written}` {does} the event loop: {what} synchronous {observation.kind}",
            call.receiver,
            path,
            decision=observation.session,
            elsewhere=observation.above,
        )
