"""POL501: the URL of a synchronous driver for an asynchronous engine, or the other way round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolint.detect.engines.observations import DriverMismatch
from poolint.diagnostics import Applicability, Certainty
from poolint.fixes.plans import Replace
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from poolint.detect.observation import Observation

_MIGRATIONS = frozenset({"alembic"})


class DriverKindMismatch(Rule):
    """An engine is given a URL whose driver is of the other kind.

    ## What it does
    Reports `create_async_engine` with the URL of a synchronous driver, also of one that the dialect takes by default,
    and `create_engine` with that of an asynchronous one. URLs are followed through constants, f-strings, `URL.create`,
    `make_url`, `replace` and the defaults of settings and environment variables.

    `postgresql://` means psycopg2 up to SQLAlchemy 2.0, and psycopg, which is of both kinds, from 2.1 on. Which of them it
    is, the project's lock file or requirements say; where they leave it open, the finding is merely possible.

    In migrations `create_engine` may have an asynchronous driver: they run in a greenlet where their environment calls
    `run_sync`, and there it works.

    ## Why is this bad?
    `create_async_engine` raises `InvalidRequestError` for a driver that is not asynchronous. `create_engine` takes an
    asynchronous one, and the first connection raises `MissingGreenlet`.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+psycopg2://app@db/orders")
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://app@db/orders")
    ```

    ## Fix safety
    Unsafe: puts a driver of the right kind into a URL that is written at the call. Another one may be installed, and
    drivers differ in the arguments that they take.

    ## When to ignore
    When a validator that poolint does not see puts the driver into the URL.
    """

    meta = Meta(
        code="POL501",
        name="driver-kind-mismatch",
        summary="the URL of a synchronous driver for an asynchronous engine, or the other way round",
        subscription=Subscription(observations=frozenset({DriverMismatch})),
        fix="unsafe",
        relaxed_in=_MIGRATIONS,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, DriverMismatch)
        one = observation
        until = ""
        if not one.given:
            until = f", unless `{one.setting}` is set otherwise" if one.setting else ", unless it is set otherwise"
        url = f"`{one.scheme}://`" if one.named else f"`{one.scheme}://` ({one.driver} by default)"
        if one.kind == "async":
            newer = f"; newer versions take {one.newer}, which has one" if one.newer else ""
            text = f"{url} has no asynchronous driver: `{one.maker}` raises InvalidRequestError{until}{newer}"
        else:
            text = (
                f"{url} has an asynchronous driver: the first connection of `{one.maker}` raises MissingGreenlet{until}"
            )
        certainty = Certainty.POSSIBLE if one.newer else Certainty.CERTAIN
        # Migrations run in a greenlet where their environment is an asynchronous one: such drivers work there.
        told_in = _MIGRATIONS if one.kind == "async" else frozenset[str]()
        return Verdict(text, one.maker, one.path, certainty, told_in=told_in)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        assert isinstance(observation, DriverMismatch)
        if not observation.right:
            return None
        wanted = re.compile(rf"^([rRbBuUfF]*['\"]*){re.escape(observation.scheme)}(?=://|['\"]*$)")
        found = [one for one in _texts(node) if wanted.match(one.value)]
        if len(found) != 1:
            return None
        old = found[0]
        new = old.with_changes(value=wanted.sub(rf"\g<1>{observation.right}", old.value))
        return Proposal(Replace(old, new), f"Use `{observation.right}`", Applicability.UNSAFE)


def _texts(node: cst.CSTNode) -> Iterator[cst.SimpleString | cst.FormattedStringText]:
    """The texts that stand in an expression."""
    import libcst as cst

    if isinstance(node, (cst.SimpleString, cst.FormattedStringText)):
        yield node
    for child in node.children:
        yield from _texts(child)
