"""POL217: a checkout that may be lost before it has an owner."""

from __future__ import annotations

from poolint.detect.holders import LostMember
from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.detect.owners import UnreleasedAttribute
from poolint.diagnostics import Certainty
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, is_ended_when_dropped, leak_subject, lost, lost_member, raising


class HalfBuiltOwner(Rule):
    """Something may fail between a checkout and its hand-over to an owner.

    ## What it does
    Reports a factory, `__init__` or `__aenter__` that checks out a connection and then does something that may raise or be
    cancelled before it returns or stores the connection, and that does not release it then. In `__init__`, `__enter__` and
    `__aenter__` a connection on `self` is as good as lost, too, when what comes behind it works with it and fails. So is a
    pool or a client that has connections by then, as one has that has logged in. What sets up a file of SQLite as
    it is opened hardly ever fails: that is a possible finding, and so is a client that ends itself when nobody has it any more.

    ## Why is this bad?
    The caller never gets what it would have to release: `__aexit__` is not called when `__aenter__` fails.

    ## Example
    ```python
    from sqlalchemy import Connection, Engine, text


    def connect(engine: Engine) -> Connection:
        conn = engine.connect()
        conn.execute(text("SET search_path TO tenant"))
        return conn
    ```

    ## Use instead
    ```python
    from sqlalchemy import Connection, Engine, text


    def connect(engine: Engine) -> Connection:
        conn = engine.connect()
        try:
            conn.execute(text("SET search_path TO tenant"))
        except BaseException:
            conn.close()
            raise
        return conn
    ```

    ## When to ignore
    When the process ends if this fails; what is seen to run once in a process is reported with `--certainty possible` only.
    """

    meta = Meta(
        code="POL217",
        name="half-built-owner",
        summary="something may fail between a checkout and the hand-over to its owner",
        subscription=Subscription(observations=frozenset({LeakedCheckout, LostMember})),
        yields_to=NO_RELEASE | {UnreleasedAttribute},
        relaxed_in=frozenset({"alembic", "tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, LostMember):
            return lost_member(observation) if observation.problem == "half-built" else None
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "half-built":
            return None
        is_ended = observation.cls.kind == "client" and is_ended_when_dropped(observation)
        return Verdict(
            f"if {raising(observation)}, nobody closes {leak_subject(observation)}: the owner does not have it yet, and "
            f"{lost(observation)}",
            observation.variable,
            observation.path,
            certainty=Certainty.POSSIBLE if is_ended else Certainty.CERTAIN,
        )
