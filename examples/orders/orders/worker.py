"""Delivers events to the other services: `python -m orders.worker`."""

from __future__ import annotations

import asyncio
import logging

import httpx
from sqlalchemy import select, update

from orders import settings
from orders.db import engine, session_factory
from orders.models import Event, now

log = logging.getLogger(__name__)

BATCH = 50
PAUSE = 2.0


async def undelivered() -> list[Event]:
    """The oldest events that nobody has heard of yet."""
    session = session_factory()
    try:
        events = await session.scalars(
            select(Event).where(Event.delivered_at.is_(None)).order_by(Event.id).limit(BATCH)
        )
        return list(events)
    finally:
        session.close()


async def deliver(client: httpx.AsyncClient, event: Event) -> bool:
    try:
        response = await client.post(settings.NOTIFY_URL, json={"kind": event.kind, "order": event.order_id})
        response.raise_for_status()
    except httpx.HTTPError:
        log.warning("event %s not delivered, will try again", event.id, exc_info=True)
        return False
    return True


async def round_trip(client: httpx.AsyncClient) -> int:
    """Deliver one batch; gives how many events went out."""
    delivered = [event.id for event in await undelivered() if await deliver(client, event)]
    if delivered:
        async with session_factory.begin() as session:
            await session.execute(update(Event).where(Event.id.in_(delivered)).values(delivered_at=now()))
    return len(delivered)


async def main() -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        try:
            while True:
                if not await round_trip(client):
                    await asyncio.sleep(PAUSE)
        finally:
            await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
