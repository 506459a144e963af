"""POL207: a use after the release."""

from __future__ import annotations

from poolint.detect import afterwards
from poolint.detect.observation import Observation
from poolint.rules.base import Declined, Meta, Rule, Subscription, Verdict


class UsedAfterRelease(Rule):
    """A connection, session or cursor is used, or handed on, after the block that owns it has released it.

    ## What it does
    Reports a connection, session or cursor that a `with` block has bound, when it is used after the block or in
    a handler around it, by itself, by an object that was made with it or by a function that it is passed to, or
    returned out of it, also in an object of the project whose methods work with it. So is a query that has not been read yet,
    which a session runs when it is, and a result that streams its rows from what the block has released, unless the database
    is a file.

    ## Why is this bad?
    A connection is closed by then: using it raises, as a closed cursor of most drivers does; one of psycopg's pools goes on
    working, in the middle of what somebody else does with it. A session opens itself again: it checks out a connection that no
    block gives back any more. A commit of SQLAlchemy has no effect: what it was meant for has happened, or is lost. That a
    rollback has none either harms nobody, and is not reported.

    ## Example
    ```python
    from sqlalchemy import Engine, text
    from sqlalchemy.orm import Session


    def count_users(engine: Engine) -> object:
        with Session(engine) as session:
            session.execute(text("SET search_path TO tenant"))
        return session.execute(text("SELECT count(*) FROM users")).scalar()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text
    from sqlalchemy.orm import Session


    def count_users(engine: Engine) -> object:
        with Session(engine) as session:
            session.execute(text("SET search_path TO tenant"))
            return session.execute(text("SELECT count(*) FROM users")).scalar()
    ```

    ## When to ignore
    When the object that the block gave has been replaced by something that poolint cannot see.
    """

    meta = Meta(
        code="POL207",
        name="used-after-release",
        summary="a connection or session is used or handed on after its block has released it",
        subscription=Subscription(observations=frozenset({afterwards.UsedAfterRelease})),
    )

    def judge(self, observation: Observation) -> Verdict | Declined | None:
        assert isinstance(observation, afterwards.UsedAfterRelease)
        if observation.method == "rollback" and observation.method in observation.cls.without_effect:
            return Declined("the block has rolled back already, and to do so again changes nothing")
        outcome = "it raises, since the connection has been released"
        if observation.cls.works_when_released:
            outcome = "it runs on a connection that somebody else may have got by then"
        if observation.cls.kind == "cursor":
            outcome = "it raises, since the cursor has been closed"
        if observation.cls.kind == "result":
            outcome = "it raises, since what it reads from has ended with its connection's block"
        if observation.cls.kind == "session":
            outcome = "it reopens itself, and nothing releases the connection that it takes"
        if observation.method in observation.cls.without_effect:
            outcome = "it does nothing, since the transaction has ended with the block"
        if observation.through:
            return Verdict(
                f"`{observation.through}()` uses `{observation.variable}` after the block that released it: {outcome}",
                observation.variable,
                (observation.released,),
            )
        if observation.handed_on == "stream":
            return Verdict(
                f"a result that streams from `{observation.variable}` is handed on after its block has released that: "
                "whoever goes over it gets an error, since what it reads from has ended",
                observation.variable,
                (observation.released,),
            )
        if observation.handed_on == "query":
            return Verdict(
                f"a query of `{observation.variable}` is handed on after its block has released that: when the query is read, "
                "the session reopens itself, and nothing releases the connection that it takes",
                observation.variable,
                (observation.released,),
            )
        if not observation.method:
            return Verdict(
                f"`{observation.variable}` is handed on after its block has released it: {outcome} when it is used",
                observation.variable,
                (observation.released,),
            )
        if observation.method in ("__iter__", "__aiter__"):
            return Verdict(
                f"`{observation.variable}` is gone over after the block that released it: {outcome}",
                observation.variable,
                (observation.released,),
            )
        return Verdict(
            f"`{observation.variable}.{observation.method}()` comes after the block that released `{observation.variable}`: "
            f"{outcome}",
            observation.variable,
            (observation.released,),
        )
