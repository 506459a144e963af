"""POL205: a name that is bound again while it holds a checkout."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, certainty, leak_subject, lost


class OverwrittenCheckout(Rule):
    """A name that holds an open checkout is bound again.

    ## What it does
    Reports a name that is bound to something else while it holds a connection or session that has not been released, also
    round a loop; and an attribute of `self` that a method binds twice in a row. A connection that its last reference ends is a
    possible finding: one of psycopg2 outside of any pool, or what `raw_connection` of an engine gives, on CPython.

    ## Why is this bad?
    After that nobody can release the first one any more. In a retry loop each attempt loses a connection.

    ## Example
    ```python
    from sqlalchemy import Engine, text


    def probe(engine: Engine, queries: list[str]) -> None:
        for query in queries:
            conn = engine.connect()
            if not query:
                continue
            conn.execute(text(query))
            conn.close()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text


    def probe(engine: Engine, queries: list[str]) -> None:
        for query in queries:
            with engine.connect() as conn:
                if not query:
                    continue
                conn.execute(text(query))
    ```

    ## When to ignore
    When something that poolint cannot see has released it before.
    """

    meta = Meta(
        code="POL205",
        name="overwritten-checkout",
        summary="a name that holds an open checkout is bound again",
        subscription=Subscription(observations=frozenset({LeakedCheckout})),
        yields_to=NO_RELEASE,
        relaxed_in=frozenset({"alembic", "tests"}),
        relaxed_for_process_in=frozenset({"scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "overwritten":
            return None
        return Verdict(
            f"{leak_subject(observation)} is still checked out when `{observation.variable}` is bound again: "
            f"{lost(observation)}",
            observation.variable,
            observation.path,
            certainty(observation),
        )
