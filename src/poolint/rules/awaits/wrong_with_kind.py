"""POL106: a `with` that does not fit what it enters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.observation import Observation
from poolint.detect.withs import MismatchedWith
from poolint.fixes.plans import AddAwait, RemoveAwait, SetWithKind
from poolint.rules.base import LIFETIMES, Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst


class WrongWithKind(Rule):
    """A `with` statement, or an `await` in its header, does not fit what it enters.

    ## What it does
    Reports `with` on what is only an asynchronous context manager, `async with` on a synchronous one, an `await` too
    many in the header (`async with await engine.connect()`) or one too few
    (`async with AsyncConnection.connect()`), and `async with` on what cannot be entered at all (an engine, a session
    maker that was not called, or a generator with a session that nothing makes a context manager, as dependencies of FastAPI
    are: `async with get_db()`).

    ## Why is this bad?
    It raises when it runs. With an `await` too many there is more to it: the connection has been checked out when the
    error comes, and with asyncpg its slot in the pool is lost.

    ## Example
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def ping(maker: async_sessionmaker[AsyncSession]) -> None:
        with maker() as session:
            await session.connection()
    ```

    ## Use instead
    ```python
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


    async def ping(maker: async_sessionmaker[AsyncSession]) -> None:
        async with maker() as session:
            await session.connection()
    ```

    ## Fix safety
    Safe: makes the `with` asynchronous or synchronous, or adds or removes the `await`. What cannot be entered has no
    fix, since `connect()` and `begin()` are both possible, and a decorator would change what `Depends` gets.

    ## When to ignore
    When a subclass that poolint cannot see adds the missing protocol.
    """

    meta = Meta(
        code="POL106",
        name="wrong-with-kind",
        summary="a `with`, or an `await` in its header, does not fit what it enters",
        subscription=Subscription(observations=frozenset({MismatchedWith})),
        fix="safe",
        uncovers=LIFETIMES,
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, MismatchedWith)
        return Verdict(_WORDS[observation.wanted](observation), observation.what)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        import libcst as cst

        assert isinstance(observation, MismatchedWith) and isinstance(node, cst.BaseExpression)
        wanted, item = observation.wanted, self.facts.parent(node)
        statement = self.facts.parent(item) if item is not None else None
        if wanted in ("async", "sync") and (wanted == "sync" or observation.in_async):
            assert isinstance(statement, cst.With)
            title = "Use `async with`" if wanted == "async" else "Use `with`"
            return Proposal(SetWithKind(statement, wanted == "async"), title)
        if wanted == "await" and observation.in_async:
            return Proposal(AddAwait(node), "Add `await`")
        if wanted == "no-await" and isinstance(node, cst.Await):
            return Proposal(RemoveAwait(node), "Remove `await`")
        return None


def _no_await(observation: MismatchedWith) -> str:
    lost = " and its slot in the pool is lost" if observation.loses_slot else ""
    return f"`async with await` on `{observation.what}` raises: it is entered or awaited, not both{lost}"


_WORDS: dict[str, Callable[[MismatchedWith], str]] = {
    "async": lambda one: f"`with` on `{one.what}` raises: it is an asynchronous context manager",
    "sync": lambda one: f"`async with` on `{one.what}` raises: it is a synchronous context manager",
    "await": lambda one: f"`async with` on `{one.what}` raises: it gives a coroutine, which has to be awaited first",
    "no-await": _no_await,
    "": lambda one: f"`{one.what}` is no context manager: entering it raises",
}
