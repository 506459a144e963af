"""POL215: a `with` that releases nothing."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, leak_subject, lost


class WithDoesNotRelease(Rule):
    """A `with` on a connection ends its transaction only, and nothing releases it.

    ## What it does
    Reports `with conn:` and `with pool.getconn() as conn:` on a connection whose block commits or rolls back but does not
    release it, when nothing else does: a psycopg connection from `getconn()`, and connections of other drivers with such a
    block. One to a database in a file (`sqlite3`) is reported with `--certainty possible` only: it takes nothing from
    anybody. So is a connection outside of any pool that a test opens, or a function that only commands of a command line
    call, once: it ends with the process.

    ## Why is this bad?
    It reads like a release. The connection stays checked out.

    ## Example
    ```python
    from psycopg_pool import ConnectionPool


    def ping(pool: ConnectionPool) -> None:
        conn = pool.getconn()
        with conn:
            conn.execute("SELECT 1")
    ```

    ## Use instead
    ```python
    from psycopg_pool import ConnectionPool


    def ping(pool: ConnectionPool) -> None:
        with pool.connection() as conn:
            conn.execute("SELECT 1")
    ```

    ## When to ignore
    When something that poolint cannot see releases the connection.
    """

    meta = Meta(
        code="POL215",
        name="with-does-not-release",
        summary="`with conn:` ends the transaction only, and nothing releases the connection",
        subscription=Subscription(observations=frozenset({LeakedCheckout})),
        yields_to=NO_RELEASE,
        relaxed_in=frozenset({"alembic"}),
        relaxed_for_process_in=frozenset({"tests", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "with-keeps":
            return None
        return Verdict(
            f"`with {observation.variable}` ends the transaction only: {leak_subject(observation)} is not released, and "
            f"{lost(observation)}",
            observation.variable,
            observation.path,
        )
