"""POL602: a listener for something that takes none, or for an event that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.listeners import NoSuchEvent, RefusedListener
from poolint.fixes.plans import AddImport, Replace, Together
from poolint.rules.base import Meta, Proposal, Rule, Subscription, Verdict

if TYPE_CHECKING:
    import libcst as cst

    from poolint.detect.observation import Observation


class AsyncEventTarget(Rule):
    """A listener is registered on something without such an event.

    ## What it does
    Reports `event.listens_for` and `event.listen` on an `AsyncEngine`, `AsyncConnection`, `AsyncSession`,
    `async_sessionmaker` or `async_scoped_session`, on an object as well as on the class, and names of events that engines,
    pools or sessions do not have.

    ## Why is this bad?
    SQLAlchemy has no asynchronous events: registering the listener raises `NotImplementedError` for an object,
    `InvalidRequestError` or a bare `AssertionError` for a class. Listeners belong to what is synchronous inside: the engine
    at `engine.sync_engine`, the session at `session.sync_session`, or the class `Session` for all of them.

    ## Example
    ```python
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://db/shop")


    @event.listens_for(engine, "handle_error")
    def on_error(exception_context: object) -> None:
        print(exception_context)
    ```

    ## Use instead
    ```python
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://db/shop")


    @event.listens_for(engine.sync_engine, "handle_error")
    def on_error(exception_context: object) -> None:
        print(exception_context)
    ```

    ## Fix safety
    Safe: what is there raises. In place of a class its synchronous one is listened to, which is imported. Session makers
    and names of events get no fix.

    ## When to ignore
    Never: it does not work.
    """

    meta = Meta(
        code="POL602",
        name="async-event-target",
        summary="a listener is registered on something without such an event",
        subscription=Subscription(observations=frozenset({RefusedListener, NoSuchEvent})),
        fix="safe",
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        if isinstance(observation, NoSuchEvent):
            near = f": is `{observation.near}` meant?" if observation.near else ""
            return Verdict(f"`{observation.target}` has no event `{observation.event}`{near}", observation.event)
        assert isinstance(observation, RefusedListener)
        target = observation.target
        if observation.is_class and observation.stands_for:
            advice = f"listen on `{observation.stands_for.rpartition('.')[2]}`, whose events these are"
        elif observation.attribute:
            advice = f"listen on its `{observation.attribute}`"
        else:
            advice = "listen on the `Session` class that its sessions work with, their `sync_session_class`"
        kind = "the class" if observation.is_class else "an"
        return Verdict(f"{kind} `{target}` takes no listeners, and registering one raises: {advice}", target)

    def fix(self, observation: Observation, node: cst.CSTNode) -> Proposal | None:
        import libcst as cst

        if not isinstance(observation, RefusedListener) or not isinstance(node, (cst.Name, cst.Attribute, cst.Call)):
            return None
        if not observation.is_class:
            if not observation.attribute or node.lpar:
                return None
            new = cst.Attribute(node, cst.Name(observation.attribute))
            return Proposal(Replace(node, new), f"listen on `{observation.attribute}`")
        module, _, name = observation.stands_for.rpartition(".")
        if not name:
            return None
        plan = Together((Replace(node, cst.Name(name)), AddImport(module, name)))
        return Proposal(plan, f"listen on `{name}`")
