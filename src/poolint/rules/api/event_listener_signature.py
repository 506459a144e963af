"""POL606: a listener that its event cannot call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.listeners import MisfitListener
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class EventListenerSignature(Rule):
    """A listener does not fit its event.

    ## What it does
    Reports functions that are registered for an event of a pool, an engine or a session and take another number of
    arguments than the event passes, or take them in another order; and listeners that are `async def`.

    ## Why is this bad?
    SQLAlchemy passes by position and looks at the function only when the event comes: then there is a `TypeError` in the
    middle of a checkout or of a connection's return, or what is called `pool` is a connection of the driver. A
    coroutine that a listener makes is dropped: it does nothing.

    ## Example
    ```python
    from sqlalchemy import Engine, event


    def watch(engine: Engine) -> None:
        @event.listens_for(engine, "reset")
        def on_reset(pool, dbapi_connection, connection_record, reset_state):
            dbapi_connection.rollback()
    ```

    ## Use instead
    ```python
    from sqlalchemy import Engine, event


    def watch(engine: Engine) -> None:
        @event.listens_for(engine, "reset")
        def on_reset(dbapi_connection, connection_record, reset_state):
            dbapi_connection.rollback()
    ```

    ## When to ignore
    When the listener is never called. Listeners that take `*args`, or are registered with `named=True`, are not reported,
    nor are those in a form that older versions of SQLAlchemy had and newer ones still take.
    """

    meta = Meta(
        code="POL606",
        name="event-listener-signature",
        summary="a listener's signature does not match its event",
        subscription=Subscription(observations=frozenset({MisfitListener})),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, MisfitListener)
        name, event = observation.listener, observation.event
        wanted = ", ".join(f"`{one}`" for one in observation.wanted)
        text = {
            "async": f"`{name}` is `async def`: the `{event}` event makes its coroutine and drops it, so it does nothing",
            "count": f"`{name}` cannot be called: the `{event}` event passes {wanted}",
            "order": f"`{observation.culprit}` of `{name}` is something else: the `{event}` event passes {wanted}",
        }[observation.problem]
        return Verdict(text, name)
