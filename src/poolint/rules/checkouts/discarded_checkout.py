"""POL204: a checkout that no name holds."""

from __future__ import annotations

import ast

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, leak_subject, lost
from poolint.syntax.scopes import parent_of


class DiscardedCheckout(Rule):
    """A checkout is thrown away, or used in one chain and lost.

    ## What it does
    Reports a connection or session that nothing holds: `engine.connect().execute(query)`,
    `(await pool.acquire()).fetch(query)`, or a checkout as a statement of its own. So is a response of a client's pool of which
    nothing but its status is read, `(await session.get(url)).status`: its body is still on its way on the connection.

    ## Why is this bad?
    Nobody can release what nobody holds. The connection stays checked out until a garbage collection finds it, or for
    ever.

    ## Example
    ```python
    from sqlalchemy import Engine, text


    def count_users(engine: Engine) -> object:
        return engine.connect().execute(text("SELECT count(*) FROM users")).scalar()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text


    def count_users(engine: Engine) -> object:
        with engine.connect() as conn:
            return conn.execute(text("SELECT count(*) FROM users")).scalar()
    ```

    ## When to ignore
    In a script that ends at once.
    """

    meta = Meta(
        code="POL204",
        name="discarded-checkout",
        summary="a checkout's result is thrown away, or used in one chain and lost",
        subscription=Subscription(observations=frozenset({LeakedCheckout})),
        yields_to=NO_RELEASE,
        relaxed_in=frozenset({"alembic", "tests"}),
        relaxed_for_process_in=frozenset({"scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "discarded":
            return None
        told = f"{leak_subject(observation)} is held by no name and can never be released: {lost(observation)}"
        if isinstance(parent_of(observation.node), ast.Expr) and observation.cls.on_drop in ("collected", "dropped"):
            # What has run nothing is in no cycle of references, and back at once (SQLAlchemy 2.1, CPython).
            told = f"{leak_subject(observation)} is held by no name: nothing but the collector can give it back"
        if observation.cls.kind == "connection" and observation.call.is_direct:
            told = "the connection is opened and its handle thrown away, so nothing can close it"
        return Verdict(
            told,
            observation.call.receiver,
            observation.path,
        )
