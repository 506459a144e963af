"""POL402: an external call while a connection is held without a transaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.sinks import EXTERNAL, UNKNOWN_EFFECT
from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.rules.base import Meta, Rule, Subscription
from poolint.rules.holding.wording import chain, does, of_stretch, waits, while_held

if TYPE_CHECKING:
    from poolint.rules.base import Proposal, Verdict


class ExternalCallWhileHeld(Rule):
    """Something external is called while a connection is held.

    ## What it does
    Reports HTTP requests, language models, mail, object stores and the like while a connection is held without a
    transaction's block: by a session that has run a query and has neither been committed nor closed since, or by a
    connection that has been checked out, in a block or by hand. Calls are followed through functions of the project;
    the path shows them. They are followed into background tasks, too, where FastAPI ends the session of a request after
    these: up to 0.105 and from 0.118 on, as the project's lock file or requirements say. A session that has not reached
    the database yet, or has been committed, holds nothing, until a column is read of a row that the commit has expired:
    that loads it again (not with `expire_on_commit=False`). Where a coroutine waits by a synchronous call, the finding says
    first that this blocks the event loop. A connection that was opened outside of any pool keeps nobody
    waiting. In an endpoint of FastAPI, a session that its dependencies have used before it (the one that looks up the
    user, say) is held from the beginning.

    Where a row lock, a table lock or an advisory lock is held as well (`with_for_update()`, `SELECT … FOR UPDATE`,
    `LOCK TABLE`, `pg_advisory_lock`), the finding says so, and in which line it is taken: whoever needs the same row then
    waits with a connection of its own. That is no rule of its own.

    Reported with `--certainty possible` only: an awaited call of which nothing is known, and one with the name of a client;
    what runs only as the application starts or ends, or in a script that is run by hand, where nobody else wants the
    connection; one call that says itself that it waits for two seconds at most, outside of transactions and locks, and
    there also any where the deployment in the repository has each process serve no more requests at once than the pool has
    connections (gunicorn does one after the other without `--threads`, waitress has four threads, AWS Lambda none), in what
    it runs alone, as a command or a worker that is started once, and in what only administrators come to: by its path or
    module, by what decorates it or its router, by what has to be there before it runs (`Depends(get_current_superuser)`),
    by its first words or the branch (`if not user.is_admin: raise`), or whoever sets up an application: by routes, or files
    with routes, of settings, set-up, configuration or diagnostics; in a service of Flask, Django and the like, whose
    servers give each request one of a few threads unless something names gevent or eventlet, and in an application's plain
    code that no request and no task calls, and its coroutines that nothing sets off which a library calls, a language model
    aside in these three, which takes minutes; one message to a chat; and, where nothing has been written or locked, a call
    while the connection is one to a database that certainly is a file, one that asks for the address of a host, or a store
    about one object, or runs a program of this machine, not for each of many, in plain code of a deployed application also
    one mail or one call of a service of one's provider, and any in a job that its schedule runs no more than once at a time
    (APScheduler, `schedule`, `repeat_every`, loops of discord.py), or a task where workers run one after the other
    (Celery's and RQ's by default), as python-telegram-bot's handlers and functions of Google Cloud do, and in a coroutine
    of an application that no request and no task calls, but its own schedules and tasks, or that answers messages to a bot
    in a project that serves by nothing else, unless it waits for a language model, for others, or again and again.

    ## Why is this bad?
    A session begins a transaction with its first query and keeps its connection until the commit. While the other
    side takes its time, the connection serves nobody; a handful of such requests holds the whole pool, and the
    database sees them as `idle in transaction`.

    ## Example
    ```python
    import httpx
    from sqlalchemy import select, text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def refresh_rate(session: AsyncSession, client: httpx.AsyncClient) -> None:
        currency = await session.scalar(select(text("currency from shops")))
        answer = await client.get(f"https://rates.example/{currency}")
        await session.execute(text("UPDATE shops SET rate = :rate"), {"rate": answer.json()})
        await session.commit()
    ```

    ## Use instead
    ```python
    import httpx
    from sqlalchemy import select, text
    from sqlalchemy.ext.asyncio import AsyncSession


    async def refresh_rate(session: AsyncSession, client: httpx.AsyncClient) -> None:
        currency = await session.scalar(select(text("currency from shops")))
        await session.commit()
        answer = await client.get(f"https://rates.example/{currency}")
        await session.execute(text("UPDATE shops SET rate = :rate"), {"rate": answer.json()})
        await session.commit()
    ```

    ## Fix safety
    Unsafe: moves the call, with what belongs to it, before the block that holds the connection, behind it, or behind
    the commit that follows; or commits a session that has only been read from before the call, if the function has made
    it or commits it anyway. When the call fails there, what was written stays. No fix is offered where something of the
    block is needed: an answer that is written, an entity that the commit expires (unless the session is seen to be made
    with `expire_on_commit=False`), a lock; nor where a handler around it would see another state.

    ## When to ignore
    When the service has fewer requests at once than its pool has connections, and always will have.
    """

    meta = Meta(
        code="POL402",
        name="external-call-while-held",
        summary="something external is called while a connection is held",
        subscription=Subscription(observations=frozenset({CallWhileHeld})),
        fix="unsafe",
        relaxed_in=frozenset({"tests", "alembic"}),
        uncovers=frozenset({"POL305"}),  # what no longer holds a connection may still stop the event loop
    )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.holding(observation)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, CallWhileHeld)
        if observation.transaction or observation.effect not in (*EXTERNAL, UNKNOWN_EFFECT):
            return None
        what = f"{waits(observation)} {while_held(observation)}"
        return of_stretch(observation, f"`{chain(observation)}` {does(observation, what)}")
