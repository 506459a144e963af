"""POL408: a task or message sent before the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.observation import Observation
from poolint.detect.waiting import CallWhileHeld
from poolint.rules.base import Meta, Rule, Subscription
from poolint.rules.holding.wording import chain, verdict, while_held

if TYPE_CHECKING:
    from poolint.rules.base import Proposal, Verdict


class TaskQueuedInTransaction(Rule):
    """A task is queued before the transaction is committed.

    ## What it does
    Reports `.delay()`, `.apply_async()`, `send_task` and publishing to a message broker while a transaction is open or
    a session has begun one, also in functions of the project that are called there. Possible: where nothing that is sent is
    made of what the function writes, or has to do with it: the receiver gets all that it needs; or where the receiver is a
    task of the project that waits for something outside, such as a mail server, and is seen to work with no database.

    ## Why is this bad?
    The worker may run before the commit and find no row; when the transaction is rolled back, the task cannot be
    called back. And the connection is held while the broker takes its time.

    ## Example
    ```python
    from celery import Celery
    from sqlalchemy import text
    from sqlalchemy.orm import Session

    app = Celery()


    def order(session: Session) -> None:
        with session.begin():
            session.execute(text("INSERT INTO orders DEFAULT VALUES"))
            app.send_task("ship")
    ```

    ## Use instead
    ```python
    from celery import Celery
    from sqlalchemy import text
    from sqlalchemy.orm import Session

    app = Celery()


    def order(session: Session) -> None:
        with session.begin():
            session.execute(text("INSERT INTO orders DEFAULT VALUES"))
        app.send_task("ship")
    ```

    ## Fix safety
    Unsafe: moves the call behind the block or the commit, past statements that have nothing to do with it. When the
    broker fails there, what was written stays. No fix is offered where what is sent is read from an entity that the
    commit expires, or is changed by the statements between, or where some way leaves the block before its end.

    ## When to ignore
    When the receiver does not look at what this transaction writes.
    """

    meta = Meta(
        code="POL408",
        name="task-queued-in-transaction",
        summary="a task is queued before the transaction is committed",
        subscription=Subscription(observations=frozenset({CallWhileHeld})),
        fix="unsafe",
        relaxed_in=frozenset({"tests"}),
    )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.holding(observation)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, CallWhileHeld)
        if observation.effect != "queue":
            return None
        return verdict(
            observation,
            f"`{chain(observation)}` is sent {while_held(observation)}: its receiver may run before the commit",
        )
