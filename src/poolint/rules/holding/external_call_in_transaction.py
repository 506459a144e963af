"""POL401: an external call while a transaction is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.rules.base import Meta, Rule, Subscription, Verdict
from poolint.semantics.facts import ExternalCallWhileHeld, Observation

if TYPE_CHECKING:
    import libcst as cst

_WORDS = {
    "http": "an HTTP request",
    "mail": "mail",
    "object-store": "an object store",
    "rpc": "a remote procedure call",
    "llm": "a language model",
    "queue": "a message broker",
    "subprocess": "a subprocess",
}


class ExternalCallInTransaction(Rule):
    """Something external is called while a transaction is open.

    ## What it does
    Reports HTTP requests, mail, object stores and the like inside `session.begin()`, `engine.begin()`,
    `connection.transaction()` and their kin, made there or by functions of the project that are called there; the
    path shows them. Inside a session's transaction a call counts only after the first statement that reaches the
    database, since no connection is held before.

    ## Why is this bad?
    The connection is checked out, and its locks are held, for as long as the other side takes to answer. When it gets
    slow, a handful of such requests holds the whole pool, and every other request waits for it.

    ## Example
    ```python
    import httpx
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def pay(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'paying'"))
            await client.post("https://payments.example/charge")
    ```

    ## Use instead
    ```python
    import httpx
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import AsyncEngine


    async def pay(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
        async with engine.begin() as conn:
            await conn.execute(text("UPDATE orders SET state = 'paying'"))
        await client.post("https://payments.example/charge")
    ```

    ## When to ignore
    When the call must not happen without the row lock, and its timeout is far below the pool's.
    """

    meta = Meta(
        code="POL401",
        name="external-call-in-transaction",
        summary="something external is called while a transaction is open",
        subscription=Subscription(observations=frozenset({ExternalCallWhileHeld})),
        relaxed_in=frozenset({"tests"}),
    )

    def visit_Call(self, node: cst.Call) -> None:
        self.consider(node)

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, ExternalCallWhileHeld)
        chain = " → ".join(observation.names)
        what = _WORDS.get(observation.effect, observation.effect)
        held = (
            f"while the transaction of `{observation.transaction}` (line {observation.begun.range.start.row}) is open"
        )
        return Verdict(
            f"`{chain}` waits for {what} {held}: its connection is held until the answer comes",
            observation.names[-1],
            observation.path,
        )
