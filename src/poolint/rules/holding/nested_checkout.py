"""POL404: a second checkout from the pool that one is held from."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from poolint.detect.nested_checkout import NestedCheckout as Observed
from poolint.detect.observation import Observation
from poolint.diagnostics import ANYWHERE, Certainty
from poolint.rules.base import Declined, Meta, Option, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.rules.base import Proposal


_ALONE = {False: "waits for itself until the pool's timeout", True: "fails half done"}
"""What becomes of who is alone, by whether the pool refuses what it has no room for."""


class NestedCheckout(Rule):
    """A second connection is taken from a pool while one of its connections is held.

    ## What it does
    Reports a checkout, or the first use of a session, while another connection of the same pool is held by the same
    task: directly, or in functions and properties of the project that run there; the path shows them. Pools are told apart by
    the engine, pool or factory that they come from, through aliases, modules and `bind=`; an unknown one is
    not reported, nor is an engine with a `NullPool`, where nobody waits. Where a second connection is there on purpose,
    for an audit log, say, the options say so. Possible: at the start, in scripts, in jobs and tasks that run one at a
    time, in half as many threads as the pool has connections, in what only few come to, as POL402 says, or no request calls, in a
    coroutine that lets no other task run meanwhile, and where nothing is written and the database certainly is a file.

    ## Why is this bad?
    Each request needs two connections at once. When as many requests as the pool has connections hold their first
    one, all of them wait for a second one that none of them gives back, until the pool's timeout ends them. A command
    that its process ends with competes with nobody but itself: it needs two of the server's connections.

    ## Example
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def transfer(engine: AsyncEngine) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE accounts SET amount = 0"))
            async with engine.begin() as audit:
                await audit.execute(text("INSERT INTO audit DEFAULT VALUES"))
    ```

    ## Use instead
    ```python
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def transfer(engine: AsyncEngine) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE accounts SET amount = 0"))
            await conn.execute(text("INSERT INTO audit DEFAULT VALUES"))
    ```

    ## Fix safety
    Unsafe: where the second one is taken by a block of the same function, the block goes and its statements use the
    connection in hand. Offered where both are of one class, and either both are only read from or both are transactions of
    their own, whose writes are then committed together. Not where the block does more with its connection than to query,
    where a handler counts on its own transaction, or where rows are still being read from the connection in hand.

    ## When to ignore
    When what the second one writes has to stay although the first is rolled back, and the pool is far larger than the
    number of requests at once; a pool of its own is better.
    """

    meta = Meta(
        code="POL404",
        name="nested-checkout",
        summary="a second connection is taken from a pool while one of its connections is held",
        subscription=Subscription(observations=frozenset({Observed})),
        fix="unsafe",
        relaxed_in=frozenset({"tests"}),
        options=(
            Option(
                "allow",
                (),
                "Functions of the project, by their dotted names, that take a second connection on purpose: neither "
                "what they take nor what their callers take by them is reported. `*` stands for any part of a name.",
            ),
            Option(
                "autocommit",
                True,
                'Whether a second connection with `isolation_level="AUTOCOMMIT"`, which works outside of the '
                "transaction of the first one, is reported.",
            ),
        ),
    )

    def repair(self, observation: Observation) -> Proposal | None:
        return self.facts.holding(observation)

    def judge(self, observation: Observation) -> Verdict | Declined | None:
        assert isinstance(observation, Observed)
        if observation.autocommit and not self.options["autocommit"]:
            return Declined("the second connection is in autocommit mode, and the option `autocommit` is off")
        for pattern in self.options["allow"]:
            if any(fnmatchcase(name, pattern) for name in observation.functions):
                return Declined(f"the option `allow` has {pattern}")
        end = "fail, some of them half done" if observation.refuses else "deadlock until the pool's timeout"
        harm = f"N such calls at once on a pool of N {end}"
        if observation.is_alone:
            harm = f"it needs two connections at once, on a pool of one it {_ALONE[observation.refuses]}"
        held, row = f"{observation.resource}`", observation.begun.range.start.row
        held += f" of `{observation.holder}` holds one" if observation.holder else f" holds one (since line {row})"
        return Verdict(
            f"`{' → '.join(observation.names)}` takes another connection from the pool while `{held}: {harm}",
            observation.names[-1],
            observation.path,
            Certainty.POSSIBLE if observation.is_possible else Certainty.CERTAIN,
            decision=f"{ANYWHERE}{observation.apart}" if observation.apart else observation.stretch,
            after=None if observation.apart else observation.after,
        )
