"""POL506: nobody has said how long a checkout may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddArgument
from poolint.rules.base import Meta, Option, Proposal, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import RELAXED, of
from poolint.semantics.configuration.facts import NoTimeout

if TYPE_CHECKING:
    import libcst as cst

    from poolint.semantics.facts import Observation


class NoPoolTimeout(Rule):
    """A pool is made without saying how long a checkout may wait.

    ## What it does
    Reports engines and pools that are given no `pool_timeout`, `timeout` for the pools of psycopg and aiopg.

    ## Why is this bad?
    The default is half a minute or more. A client has given up by then, and its request still stands in the queue: under
    load the program works for nobody. A timeout that is shorter than the client's fails early instead.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", pool_pre_ping=True)
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", pool_pre_ping=True, pool_timeout=10)
    ```

    ## Fix safety
    Unsafe: adds a timeout of `seconds`. Checkouts that wait longer fail then.

    ## When to ignore
    When the default is what you want.
    """

    meta = Meta(
        code="POL506",
        name="no-pool-timeout",
        summary="nobody has said how long a checkout may wait",
        subscription=Subscription(observations=frozenset({NoTimeout})),
        fix="unsafe",
        default=False,
        relaxed_in=RELAXED,
        options=(Option("seconds", 10, "The timeout that the fix adds."),),
    )

    def visit_Call(self, node: cst.Call) -> None:
        self.consider(node)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, NoTimeout)
        return Verdict(
            f"{of(observation.maker, observation.engine)} has no `{observation.argument}`: a checkout waits for "
            f"{observation.seconds} seconds before it fails",
            observation.engine,
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        assert isinstance(observation, NoTimeout)
        plan = AddArgument(node, observation.argument, str(self.options["seconds"]))  # type: ignore[arg-type]
        return Proposal(plan, f"Add `{observation.argument}`", Applicability.UNSAFE)
