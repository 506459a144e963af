"""POL604: a cancellation that a handler swallows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.handlers import SwallowedCancellation
from poolint.diagnostics import Applicability
from poolint.fixes.plans import Reraise
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class SwallowedCancellationRule(Rule):
    """A handler swallows a cancellation in the middle of work on a connection.

    ## What it does
    Reports `except BaseException`, a bare `except` and `except CancelledError` in `async def` around the work on a
    connection, a session or a transaction, where the handler neither raises nor ends the program nor keeps the exception
    for later. In a loop that goes on, a function of the project that takes a connection is such work as well. A handler that
    names `CancelledError` is only reported where a loop goes on after it, its own or that of a caller, and none in an
    endpoint that awaits nothing more: nobody is there to be answered.

    ## Why is this bad?
    A cancellation is how a timeout, a client that has gone or the end of the program stops a task. A task that takes it
    and goes on works for nobody, holds its connection all the while, and cannot be stopped: a shutdown waits for it until
    it is killed. After a cancellation inside a statement the session has to be rolled back as well.

    ## Example
    ```python
    import logging

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def touch(engine: AsyncEngine) -> None:
        try:
            async with engine.begin() as conn:
                await conn.execute(text("UPDATE workers SET seen = now()"))
        except BaseException:
            logging.exception("not touched")
    ```

    ## Use instead
    ```python
    import logging

    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def touch(engine: AsyncEngine) -> None:
        try:
            async with engine.begin() as conn:
                await conn.execute(text("UPDATE workers SET seen = now()"))
        except Exception:
            logging.exception("not touched")
    ```

    ## Fix safety
    Unsafe: `raise` at the end of the handler lets every exception out that it has caught. Where only cancellations should
    get out, `except Exception` is the better change.

    ## When to ignore
    When the task is the last one, and the program ends with it. In tests it is not reported: they end with what they catch.
    """

    meta = Meta(
        code="POL604",
        name="swallowed-cancellation",
        summary="a handler swallows a cancellation in the middle of work on a connection",
        subscription=Subscription(observations=frozenset({SwallowedCancellation})),
        fix="unsafe",
        relaxed_in=frozenset({"tests"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, SwallowedCancellation)
        what = f"`except {observation.what}`" if observation.what else "a bare `except`"
        then = "the loop goes on" if observation.looping else "the task goes on as if nothing had happened"
        if observation.above:
            then = f"the loop of `{observation.above}` goes on"
        return Verdict(
            f"{what} around `{observation.around}` swallows a cancellation: {then}",
            observation.around,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        assert isinstance(observation, SwallowedCancellation)
        return Proposal(Reraise(observation.last, observation.function), "raise it again", Applicability.UNSAFE)
