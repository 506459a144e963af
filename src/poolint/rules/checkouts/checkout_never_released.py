"""POL201: a checkout that is never released."""

from __future__ import annotations

from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.detect.provided import ProvidedCheckout
from poolint.diagnostics import Certainty
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, held, is_ended_when_dropped, is_pool_per_call, leak_subject, lost


class CheckoutNeverReleased(Rule):
    """A connection or session is checked out and never released.

    ## What it does
    Reports a checkout outside `with` and `async with` whose variable is never released in its function, and that is
    not handed on: not returned, yielded, stored, passed to something that keeps or releases it, or captured by a nested
    function. A session that is made and never used holds nothing and is not reported; one that commits or rolls back
    has given its connection back. An HTTP client that is made and never closed counts as well. So does a response that
    nobody reads, whose connection its client misses meanwhile; the answer to what is sent by `post`, `put`, `patch` or
    `delete` is short and gives its connection back as it arrives: that is a possible finding, and so is a connection in a
    function that only tests call: its engine goes with them; in a test itself nothing is reported. A client that ends itself when
    nobody has it any more, and is left on some way only, is possible as well, and so is such a connection outside of any pool:
    the last reference closes those of psycopg2, PyMySQL, mysqlclient, pyodbc and pymssql on CPython.

    What a dependency of a framework returns nobody closes for it: it is reported where an endpoint leaves it held.

    ## Why is this bad?
    The connection stays checked out after the function has returned. A used session or connection sits in a reference
    cycle, so dropping the last reference does not help: at best a late garbage collection takes it back. A pool of five
    is exhausted after five requests.

    ## Example
    ```python
    from sqlalchemy import Engine, text


    def count_orders(engine: Engine) -> object:
        conn = engine.connect()
        return conn.execute(text("SELECT count(*) FROM orders")).scalar()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text


    def count_orders(engine: Engine) -> object:
        with engine.connect() as conn:
            return conn.execute(text("SELECT count(*) FROM orders")).scalar()
    ```

    ## Fix safety
    Safe where the block, or the `finally`, reaches no further than the last use; unsafe where something that is derived
    from the connection is used later, so that the connection is held a little longer. No fix is offered where the
    connection is handed on, stored or captured.

    ## When to ignore
    In a script that ends at once: poolint is silent there by itself where it can see that.
    """

    meta = Meta(
        code="POL201",
        name="checkout-never-released",
        summary="a connection or session is checked out and never released",
        subscription=Subscription(observations=frozenset({LeakedCheckout, ProvidedCheckout})),
        yields_to=NO_RELEASE,
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        relaxed_in=frozenset({"alembic", "tests"}),
        relaxed_for_process_in=frozenset({"tests", "scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, ProvidedCheckout):
            return Verdict(
                f"`{observation.user}()` depends on what `{observation.call.as_written}` checks out here, which is returned, not "
                f"yielded, so that nothing releases it: {held(observation.cls)}",
                observation.call.as_written,
                observation.path,
            )
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "never" or is_pool_per_call(observation):
            return None
        where = "on this path" if observation.released or observation.handed else "by this function"
        return Verdict(
            f"{leak_subject(observation)} is never released {where}: {lost(observation)}",
            observation.variable,
            observation.path,
            certainty=Certainty.POSSIBLE
            if observation.released and is_ended_when_dropped(observation)
            else Certainty.CERTAIN,
            told_in=frozenset() if _is_test(observation.function) else frozenset({"tests"}),
        )

    def repair(self, observation: Observation) -> Proposal | None:
        if isinstance(observation, ProvidedCheckout):
            return None
        assert isinstance(observation, LeakedCheckout)
        return self.facts.release(observation)


def _is_test(function: str) -> bool:
    """Whether pytest and unittest take a function for a test: fixtures, and what makes them, are used by many."""
    return function.rpartition(".")[2].startswith("test")
