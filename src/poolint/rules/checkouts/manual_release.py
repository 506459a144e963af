"""POL210: a release by hand."""

from __future__ import annotations

from poolint.detect import leaks
from poolint.detect.observation import Observation
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict


class ManualRelease(Rule):
    """A connection or session is released correctly, but by hand.

    ## What it does
    Reports a checkout that `try`/`finally` releases on every path, where the object is a context manager, or its
    pool has one for it. It is a matter of taste, so it is off unless selected.

    ## Why is this bad?
    It is right, and stays right only as long as nobody adds a line in the wrong place.

    ## Example
    ```python
    from sqlalchemy import Engine, text


    def ping(engine: Engine) -> None:
        conn = engine.connect()
        try:
            conn.execute(text("SELECT 1"))
        finally:
            conn.close()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text


    def ping(engine: Engine) -> None:
        with engine.connect() as conn:
            conn.execute(text("SELECT 1"))
    ```

    ## Fix safety
    Safe where the block, or the `finally`, reaches no further than the last use; unsafe where something that is derived
    from the connection is used later, so that the connection is held a little longer. No fix is offered where the
    connection is handed on, stored or captured.

    ## When to ignore
    When the lifetime does not fit a block.
    """

    meta = Meta(
        code="POL210",
        name="manual-release",
        summary="a checkout is released by hand where a block would do",
        subscription=Subscription(observations=frozenset({leaks.ManualRelease})),
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        default=False,
        relaxed_in=frozenset({"tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, leaks.ManualRelease)
        block = "async with" if observation.asynchronous else "with"
        if observation.method:
            block += f" {observation.call.receiver}.{observation.method}()"
        return Verdict(
            f"`{observation.variable}` from `{observation.call.as_written}` is released by hand: `{block}` would do it",
            observation.variable,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        assert isinstance(observation, leaks.ManualRelease)
        return self.facts.release(observation, "with")
