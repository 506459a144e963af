"""Collecting the money for an order."""

from __future__ import annotations

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from orders.models import Event, Incident, Order


class Declined(Exception):
    """The payment provider said no."""


async def charge(payments: httpx.AsyncClient, order: Order) -> str:
    """Ask the provider for the money; gives the id of the payment."""
    response = await payments.post(
        "/charges",
        json={"reference": f"order-{order.id}", "amount": str(order.total)},
    )
    if response.status_code == httpx.codes.PAYMENT_REQUIRED:
        raise Declined(order.id)
    response.raise_for_status()
    payment_id: str = response.json()["id"]
    return payment_id


async def settle(session: AsyncSession, payments: httpx.AsyncClient, order_id: int) -> Order:
    """Charge an open order and mark it paid."""
    async with session.begin():
        order = await session.get_one(Order, order_id, with_for_update=True)
        if order.status == "open":
            order.payment_id = await charge(payments, order)
            order.status = "paid"
            session.add(Event(kind="order.paid", order_id=order.id))
    return order


async def report_declined(session: AsyncSession, order_id: int) -> None:
    """Leave a note for the people in support."""
    async with session.begin():
        await session.add(Incident(order_id=order_id, text="payment declined"))
