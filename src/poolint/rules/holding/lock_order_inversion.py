"""POL411: two transactions that lock the same tables in opposite orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.ordering import LockOrder
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class LockOrderInversion(Rule):
    """Two transactions of the project lock the same tables in opposite orders.

    ## What it does
    Reports a transaction that locks rows of one table and then of another (`with_for_update()`, `update()`, `delete()`,
    the same in plain SQL, `LOCK TABLE`), itself or in functions that it passes its session to, when another function of
    the project does so the other way round; the path shows both. Locks that do not wait (`nowait`, `skip_locked`), and
    statements whose table is not known, do not count; neither does what a flush writes.

    ## Why is this bad?
    When both run at once, each waits for a lock that the other has. The database ends one of them after its deadlock
    timeout, and until then both hold a connection and whatever else they have locked.

    ## Example
    ```python
    from sqlalchemy import text
    from sqlalchemy.orm import Session


    def pay(session: Session) -> None:
        session.execute(text("UPDATE orders SET paid = true"))
        session.execute(text("UPDATE accounts SET amount = 0"))
        session.commit()


    def refund(session: Session) -> None:
        session.execute(text("UPDATE accounts SET amount = 1"))
        session.execute(text("UPDATE orders SET paid = false"))
        session.commit()
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.orm import Session


    def pay(session: Session) -> None:
        session.execute(text("UPDATE orders SET paid = true"))
        session.execute(text("UPDATE accounts SET amount = 0"))
        session.commit()


    def refund(session: Session) -> None:
        session.execute(text("UPDATE orders SET paid = false"))
        session.execute(text("UPDATE accounts SET amount = 1"))
        session.commit()
    ```

    ## When to ignore
    When the two never touch the same rows, or something else lets only one of them run at a time.
    """

    meta = Meta(
        code="POL411",
        name="lock-order-inversion",
        summary="two transactions lock the same tables in opposite orders",
        subscription=Subscription(observations=frozenset({LockOrder})),
        default=False,
        relaxed_in=frozenset({"tests", "alembic"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, LockOrder)
        return Verdict(
            f"`{observation.second}` is locked after `{observation.first}` here, and before it in `{observation.other}`: "
            "two of these at once wait for each other until the database ends one",
            observation.second,
            observation.path,
        )
