"""POL507: connections are handed out without knowing whether they are still alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.engines.observations import NoLivenessCheck as Observed
from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddArgument
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import RELAXED, of

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation


class NoLivenessCheck(Rule):
    """A pool hands out connections without knowing whether they are still alive.

    ## What it does
    Reports engines with neither `pool_pre_ping` nor `pool_recycle`. Engines of SQLite and those whose connections the
    program makes itself are not reported.

    ## Why is this bad?
    A connection that has been idle may be dead: the server was restarted, or a firewall has dropped it. Nobody
    notices before a query fails on it. `pool_pre_ping` asks the server at each checkout, which costs a round trip;
    `pool_recycle` replaces connections by age, which costs nothing and helps against timeouts only.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", pool_timeout=10)
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", pool_timeout=10, pool_pre_ping=True)
    ```

    ## Fix safety
    Unsafe: adds `pool_pre_ping=True`, and with it a round trip for each checkout.

    ## When to ignore
    When failing queries are repeated anyway, or something between here and the server answers for it.
    """

    meta = Meta(
        code="POL507",
        name="no-liveness-check",
        summary="connections are handed out without knowing whether they are still alive",
        subscription=Subscription(observations=frozenset({Observed})),
        fix="unsafe",
        default=False,
        relaxed_in=RELAXED,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, Observed)
        return Verdict(
            f"{of(observation.maker, observation.engine)} has neither `pool_pre_ping` nor `pool_recycle`: a connection that "
            "died while it was idle is handed out",
            observation.engine,
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        del observation
        plan = AddArgument(node, "pool_pre_ping", "True")  # type: ignore[arg-type]
        return Proposal(plan, "Add `pool_pre_ping=True`", Applicability.UNSAFE)
