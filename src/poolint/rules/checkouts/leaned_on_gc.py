"""POL213: a release that does not happen."""

from __future__ import annotations

from poolint.detect.collector import LeftToCollector
from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, held, leak_subject, lost


class LeanedOnGc(Rule):
    """A release does not happen, so that only the garbage collector is left.

    ## What it does
    Reports calls that look like a release and are none: the `close` of an asynchronous resource registered as a synchronous
    callback, `wait_for(conn.close(), 0)`, and `session.sync_session.close()` outside of `run_sync`. Also a release that
    stands under `if session.is_active:`, which skips the session whose flush has failed.

    ## Why is this bad?
    The coroutine is made and dropped, or cancelled before its first step. The code looks as if it cleaned up, and the
    connection stays checked out.

    ## Example
    ```python
    from contextlib import ExitStack

    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        with ExitStack() as stack:
            conn = await engine.connect()
            stack.callback(conn.close)
    ```

    ## Use instead
    ```python
    from contextlib import AsyncExitStack

    from sqlalchemy.ext.asyncio import AsyncEngine


    async def ping(engine: AsyncEngine) -> None:
        async with AsyncExitStack() as stack:
            conn = await engine.connect()
            stack.push_async_callback(conn.close)
    ```

    ## When to ignore
    When the callback is run by something that awaits what it gives.
    """

    meta = Meta(
        code="POL213",
        name="leaned-on-gc",
        summary="a release that does not happen, so that only the garbage collector is left",
        subscription=Subscription(observations=frozenset({LeftToCollector, LeakedCheckout})),
        yields_to=NO_RELEASE,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, LeakedCheckout):
            if observation.problem != "guarded":
                return None
            return Verdict(
                f"{leak_subject(observation)} is not released when `{observation.variable}.is_active` is false, which it is "
                f"after a failed flush: {lost(observation)}",
                observation.variable,
                observation.path,
            )
        assert isinstance(observation, LeftToCollector)
        why = _WHY[observation.why].format(observation.caller)
        return Verdict(f"`{observation.what}` releases nothing: {why}; {held(observation.cls)}", observation.what)


_WHY = {
    "callback": "`{}` calls it synchronously: the coroutine is made and dropped",
    "no-time": "a timeout of 0 cancels it before its first step",
    "sync-side": "it raises MissingGreenlet outside of `run_sync`, and not even `await session.close()` helps after that",
}
