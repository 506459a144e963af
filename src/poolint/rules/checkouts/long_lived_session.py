"""POL208: a session that lives as long as the process."""

from __future__ import annotations

from poolint.detect.observation import Observation
from poolint.detect.owners import Holder, LongLived
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import lost


class LongLivedSession(Rule):
    """A session or connection is kept for the life of the process.

    ## What it does
    Reports a session or connection (not an engine, pool or factory) that is kept in a module global, a class attribute,
    the application's state, a context variable or the cache of a function, when nothing in the module releases it; an object
    in a global that opens one as it is made, which its class can close, and nobody has it do so; and a session that an
    application keeps in its state from its start on, itself or in an object made with it, where anything else than its end
    reads that, though it is closed then.

    ## Why is this bad?
    It holds its connection for the life of the process, and everything that runs at the same time shares it: one request's
    rollback undoes another's work, and the identity map grows forever.

    ## Example
    ```python
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine("postgresql+psycopg://localhost/shop")
    session = Session(engine)


    def find(model: type, key: int) -> object:
        return session.get(model, key)
    ```

    ## Use instead
    ```python
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine("postgresql+psycopg://localhost/shop")


    def find(model: type, key: int) -> object:
        with Session(engine) as session:
            return session.get(model, key)
    ```

    ## When to ignore
    In a one-shot script, or for a connection that listens for notifications as long as the process runs.
    """

    meta = Meta(
        code="POL208",
        name="long-lived-session",
        summary="a session or connection is kept for the life of the process",
        subscription=Subscription(observations=frozenset({LongLived})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LongLived)
        what = "session" if observation.cls.kind == "session" else "connection"
        if observation.is_shared:
            how = "it is held for the life of the process and shared by all that runs in it"
        else:
            how = f"nobody takes it out to release it, and {lost(observation)}"
        if observation.holder == "context-variable" and not observation.keeper:
            kept = f"the context variable `{observation.variable}` keeps a {what}"
        else:
            kept = (
                f"`{observation.variable}` keeps a {what} in {HOLDERS[observation.holder].format(observation.keeper)}"
            )
        return Verdict(f"{kept}: {how}", observation.variable)


HOLDERS: dict[Holder, str] = {
    "cache": "the cache of `{}()`",
    "module": "a module",
    "class-attribute": "a class attribute",
    "global": "a global",
    "application-state": "the application's state",
    "context-variable": "the context variable `{}`",
}
