"""POL209: a pool that is built on each call and never disposed of."""

from __future__ import annotations

from poolint.detect.factories import MadeForEachCall
from poolint.detect.leaks import LeakedCheckout
from poolint.detect.observation import Observation
from poolint.detect.per_call import OwnerForEachCall
from poolint.diagnostics import Certainty
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.wording import NO_RELEASE, again, is_ended_when_dropped, is_pool_per_call, leak_subject, raising


class PoolPerCall(Rule):
    """An engine, a pool or a client is built inside a function and not disposed of on every path.

    ## What it does
    Reports an engine or connection pool that a function builds for itself, uses, and neither disposes of nor hands on; and
    an HTTP or similar client for which it does so for each request or in a loop. A client made for one call and never
    closed is POL201 elsewhere. What has opened no connection yet leaves none behind. Also a function that builds one for
    its caller, where it is called for each request (as a dependency, by an endpoint, in a loop) and none of its callers
    closes what they get; and an object of the project whose constructor makes a pool or a client, where one is made for
    each request and the method that closes it is not called, or there is none: then it is for its class to decide, and one
    finding in one function. Possible: of a client that ends itself when nobody has it any more, as those of MongoDB do.

    ## Why is this bad?
    Each call opens a pool of its own, whose connections nobody shares and nobody closes: the server runs out of
    connections while every pool looks nearly empty.

    ## Example
    ```python
    from sqlalchemy import create_engine, text


    def count_users(url: str) -> object:
        engine = create_engine(url)
        with engine.connect() as conn:
            return conn.execute(text("SELECT count(*) FROM users")).scalar()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, text


    def count_users(engine: Engine) -> object:
        with engine.connect() as conn:
            return conn.execute(text("SELECT count(*) FROM users")).scalar()
    ```

    ## Fix safety
    Safe where the block, or the `finally`, reaches no further than the last use; unsafe where something that is derived
    from the connection is used later, so that the connection is held a little longer. No fix is offered where the
    connection is handed on, stored or captured.

    ## When to ignore
    In a function that runs once in the life of the process.
    """

    meta = Meta(
        code="POL209",
        name="pool-per-call",
        summary="an engine, pool or client is built in a function and not disposed of",
        subscription=Subscription(observations=frozenset({LeakedCheckout, MadeForEachCall, OwnerForEachCall})),
        yields_to=NO_RELEASE,
        fix="safe or unsafe",
        uncovers=LIFETIMES,
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
        relaxed_for_process_in=frozenset({"scripts"}),
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, MadeForEachCall):
            return Verdict(
                f"what `{observation.call.as_written}` builds is never disposed of: {again(observation.user)} gets one of its "
                "own, and leaves a pool of open connections",
                observation.call.method,
                observation.path,
            )
        if isinstance(observation, OwnerForEachCall):
            made = observation.variable or f"{observation.owner}()"
            closing = f"which `{observation.closer}` would close" if observation.closer else "which no method closes"
            return Verdict(
                f"`{made}` comes with a pool of `{observation.owner}`, {closing}: {again(observation.user)} makes one, and "
                "leaves a pool of open connections",
                made,
                observation.path,
                decision=observation.decision,
                after=observation.after,
            )
        assert isinstance(observation, LeakedCheckout)
        if observation.problem != "never" or not is_pool_per_call(observation):
            return None
        never = "not disposed of on every path" if observation.released else "never disposed of"
        each = "each call"
        if observation.is_caught:
            never, each = f"not disposed of when {raising(observation)}", "each such failure"
        made = f"{observation.helper}()" if observation.helper else observation.call.as_written
        subject = leak_subject(observation) if observation.variable else f"what `{made}` gives"
        return Verdict(
            f"{subject} is built here and {never}: {each} leaves a pool of open connections behind",
            observation.variable,
            observation.path,
            certainty=Certainty.POSSIBLE if is_ended_when_dropped(observation) else Certainty.CERTAIN,
        )

    def repair(self, observation: Observation) -> Proposal | None:
        if not isinstance(observation, LeakedCheckout):
            return None
        return self.facts.release(observation)
