"""POL214: a registry of sessions that nobody empties."""

from __future__ import annotations

from poolint.detect.observation import Observation
from poolint.detect.registries import RegistryNotRemoved
from poolint.detect.thread_registries import RegistryLeftInThread
from poolint.rules.base import Meta, Rule, Subscription, Verdict


class ScopedSessionNotRemoved(Rule):
    """A scoped session is used, and nothing in the project removes it when the request, thread or task ends.

    ## What it does
    Reports a `scoped_session` or `async_scoped_session` of the project on which queries run, when no hook, middleware or
    function anywhere in the project calls `remove()` on it. A registry that is handed to a framework or an extension is
    left alone, and so is a synchronous one whose uses are all committed, rolled back or closed. Uses in tests, scripts
    and migrations do not count. Also a function that a thread of an executor runs (`run_in_executor`, `to_thread`) and
    that leaves the session of that thread with its connection: whoever removes it elsewhere removes that of another thread.

    ## Why is this bad?
    The first query of each thread or task opens a session that checks out a connection and keeps it. Nobody holds that
    session but the registry, so it stays there: with a pool of threads each of them pins a connection while it waits for
    its next request, and an `async_scoped_session` keeps the session of every task that ever ran, and the task.

    ## Example
    ```python
    from flask import Flask
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import scoped_session, sessionmaker

    app = Flask(__name__)
    Session = scoped_session(sessionmaker(create_engine("postgresql+psycopg://shop@db/shop")))


    @app.get("/orders")
    def count() -> str:
        return str(Session.scalar(text("SELECT count(*) FROM orders")))
    ```

    ## Use instead
    ```python
    from flask import Flask
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import scoped_session, sessionmaker

    app = Flask(__name__)
    Session = scoped_session(sessionmaker(create_engine("postgresql+psycopg://shop@db/shop")))


    @app.get("/orders")
    def count() -> str:
        return str(Session.scalar(text("SELECT count(*) FROM orders")))


    @app.teardown_appcontext
    def remove_session(error: BaseException | None) -> None:
        Session.remove()
    ```

    ## When to ignore
    When the application that uses this package removes the sessions, or only one thread or task ever uses them.

    ## References
    - [SQLAlchemy: contextual sessions](https://docs.sqlalchemy.org/en/20/orm/contextual.html)
    """

    meta = Meta(
        code="POL214",
        name="scoped-session-not-removed",
        summary="a scoped session is used, and nothing in the project removes it",
        subscription=Subscription(observations=frozenset({RegistryNotRemoved, RegistryLeftInThread})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, RegistryLeftInThread):
            return Verdict(
                f"`{observation.user}()` uses `{observation.variable}` in a thread of `{observation.runner}` and does not remove "
                "its session: the thread keeps it with its connection, and no other one can remove it",
                observation.variable,
                path=(observation.used,),
            )
        assert isinstance(observation, RegistryNotRemoved)
        if observation.cls.mode == "async":
            kept = "it keeps the session of each task, with its connection until somebody ends the transaction"
        else:
            kept = "each thread that runs a query keeps its connection"
        return Verdict(
            f"nothing removes the sessions of `{observation.variable}`, which `{observation.user}()` uses: {kept}",
            observation.variable,
            path=(observation.used,),
        )
