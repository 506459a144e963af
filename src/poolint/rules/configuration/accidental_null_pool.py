"""POL504: an engine without a pool in a long-running program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolint.detect.engines.observations import NoPool
from poolint.diagnostics import Applicability, Certainty
from poolint.fixes.plans import RemoveArgument
from poolint.rules.base import Declined, Meta, Option, Proposal, Rule, Subscription, Verdict
from poolint.rules.configuration.arguments import RELAXED, holder, of

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation

_PORTS = re.compile(r":(?:6432|6543)\b")
"""Where external poolers usually listen."""

_REASON = re.compile(r"(?!\w+:)\S+ +\S+ +\S")
"""A comment in words, which says why: a word with a colon is for some tool."""

_SENTENCE = re.compile(r"(?!\w+:)(?:\S+\s+){7}\S")
_ABOUT = "connection"
"""What is said above in a whole sentence about this may be why, and may be a heading."""


class AccidentalNullPool(Rule):
    """A long-lived engine opens a new connection for each checkout.

    ## What it does
    Reports `poolclass=NullPool` for an engine that is kept: in a module, on an object or by whoever asks for it. Tests,
    migrations, SQLite, engines that are disposed of where they are made, and choices (`NullPool if testing else …`) are
    not reported. Nor are modules whose code uses a serverless platform, task workers, child processes or event loops of
    its own, and engines whose URL, or the setting it is taken from, is that of an external pooler. A comment on the line
    of the argument says why as well, and so does one just above it, or its statement, that names a pooler or the class.

    ## Why is this bad?
    Each checkout connects anew, which takes longer than most queries, and nothing bounds how many are open at once. It
    is right for tests and migrations, and is copied from there.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine("postgresql+asyncpg://app@db/orders", poolclass=NullPool)
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders")
    ```

    ## Fix safety
    Unsafe: removes the argument. If there is a reason for it that poolint does not see, an external pooler for instance,
    a pool of its own is wrong.

    ## When to ignore
    When something else keeps the connections: name it in `poolers`.
    """

    meta = Meta(
        code="POL504",
        name="accidental-null-pool",
        summary="an engine without a pool in a long-running program",
        subscription=Subscription(observations=frozenset({NoPool})),
        fix="unsafe",
        relaxed_in=RELAXED,
        options=(
            Option(
                "poolers",
                ("pgbouncer", "pooler", "pgcat", "supavisor", "odyssey", "proxysql", "rds_proxy", "rds proxy"),
                "Words by which a URL, the setting it is taken from or a comment beside the argument says that something "
                "outside keeps the connections.",
            ),
        ),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | Declined | None:
        assert isinstance(observation, NoPool)
        if any(_PORTS.search(url) for url in observation.urls):
            return Declined("the URL has a port that poolers outside of the process listen on")
        if any(_REASON.match(one) for one in observation.comments):
            return Declined("a comment beside the argument says why it is there")
        said = [one.lower() for one in (*observation.urls, *observation.addresses, *observation.above)]
        if any(word.lower() in one for word in (*self.options["poolers"], observation.poolclass) for one in said):
            return Declined("the URL, its setting or a comment says that something outside keeps the connections")
        may_say_why = any(_ABOUT in one.lower() and _SENTENCE.match(one) for one in observation.above)
        return Verdict(
            f"{of(observation.maker, observation.engine)} keeps no connection: with `{observation.poolclass}` each checkout "
            "connects anew, and nothing bounds how many are open",
            observation.engine,
            certainty=Certainty.POSSIBLE if may_say_why else Certainty.CERTAIN,
        )

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        del observation
        argument = holder(self.facts, node)
        if argument is None:
            return None
        return Proposal(RemoveArgument(argument), "Remove `poolclass`", Applicability.UNSAFE)
