"""POL601: a name that a library does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.handlers import MissedExhaustion
from poolint.detect.missing_members import MissingMember
from poolint.detect.names import MissingName
from poolint.diagnostics import Applicability
from poolint.fixes.plans import AddImport, Replace, Together
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation


class NoSuchName(Rule):
    """A name is used that the library does not have.

    ## What it does
    Reports names that are imported from modules of SQLAlchemy, asyncpg or psycopg, or read off them, and that no version
    of these modules has: `sqlalchemy.exc.PoolTimeout`, `sqlalchemy.event.PoolEventContext`; and methods of a synchronous
    class that are called on its asynchronous twin, which has none: `query` on an `AsyncSession`. Also `except TimeoutError`,
    the builtin or asyncio's, around a checkout from a pool whose own exception has that name and is another one.

    ## Why is this bad?
    The import fails. Where the name is read in an `except` clause, nothing happens until there is an exception to be
    matched: then there is an `AttributeError` in its place, in the very moment that the handler was written for. A handler
    for the builtin `TimeoutError` does not see that SQLAlchemy's or psycopg's pool is exhausted.

    ## Example
    ```python
    from sqlalchemy.exc import PoolTimeout
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def is_alive(engine: AsyncEngine) -> bool:
        try:
            async with engine.connect():
                return True
        except PoolTimeout:
            return False
    ```

    ## Use instead
    ```python
    from sqlalchemy.exc import TimeoutError as PoolTimeout
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def is_alive(engine: AsyncEngine) -> bool:
        try:
            async with engine.connect():
                return True
        except PoolTimeout:
            return False
    ```

    ## Fix safety
    Safe where it is known which name is meant, and that is in the same module: what is imported keeps its local name. For
    all others there is no fix. Unsafe where the pool's exception is added to a handler, beside the one that is there.

    ## When to ignore
    When a version of the library that is newer than poolint has the name. Imports prepared for a failure (`except
    ImportError`, a test of the version) are not reported, nor handlers for timeouts of something in the `try` with a limit.
    """

    meta = Meta(
        code="POL601",
        name="no-such-name",
        summary="a name that a library does not have",
        subscription=Subscription(observations=frozenset({MissingName, MissingMember, MissedExhaustion})),
        fix="safe or unsafe",
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, MissedExhaustion):
            cls = observation.cls.removeprefix("builtins.")
            text = f"`{cls}` is not what `{observation.around}` raises when the pool is exhausted"
            return Verdict(f"{text}: that is `{observation.exhausted}`, which does not derive from it", cls)
        if isinstance(observation, MissingMember):
            cls, twin = (one.rpartition(".")[2] for one in (observation.cls, observation.twin))
            text = f"`{cls}` has no `{observation.name}`, which `{twin}` has: calling it raises `AttributeError`"
            return Verdict(text, observation.name, decision=observation.receiver, after=observation.after)
        assert isinstance(observation, MissingName)
        right = observation.right
        meant = f": it is `{right if '.' in right else f'{observation.module}.{right}'}`" if right else ""
        return Verdict(f"`{observation.module}` has no `{observation.name}`{meant}", observation.name)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        import libcst as cst

        if isinstance(observation, MissedExhaustion):
            return _beside(observation, node)
        if not isinstance(observation, MissingName) or not (right := observation.right) or "." in right:
            return None
        message = f"use `{right}`"
        if isinstance(node, cst.Attribute):
            return Proposal(Replace(node.attr, cst.Name(right)), message)
        assert isinstance(node, cst.ImportAlias)
        name = node.asname or cst.AsName(cst.Name(observation.name))
        return Proposal(Replace(node, cst.ImportAlias(cst.Name(right), name)), message)


def _beside(observation: MissedExhaustion, node: cst.CSTNode) -> Proposal | None:
    """Catch the pool's exception as well: the one that is there may be meant for something else."""
    import libcst as cst

    module, _, name = observation.exhausted.rpartition(".")
    local = "PoolTimeout"
    if not isinstance(node, (cst.Name, cst.Attribute)) or node.lpar or not observation.is_alone:
        return None
    both = cst.Tuple([cst.Element(node), cst.Element(cst.Name(local))])
    plan = Together((Replace(node, both), AddImport(module, name, "" if name == local else local)))
    return Proposal(plan, f"catch `{observation.exhausted}` as well", Applicability.UNSAFE)
