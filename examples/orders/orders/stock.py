"""Reserving stock and giving it back."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from orders.models import Order, Product


class OutOfStock(Exception):
    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is out of stock")
        self.sku = sku


async def reserve(session: AsyncSession, sku: str, quantity: int) -> Product:
    """Take ``quantity`` out of what is available; the caller commits."""
    taken = await session.execute(
        update(Product)
        .where(Product.sku == sku, Product.available >= quantity)
        .values(available=Product.available - quantity)
        .returning(Product)
    )
    product = taken.scalar_one_or_none()
    if product is None:
        raise OutOfStock(sku)
    return product


async def give_back(session: AsyncSession, order: Order) -> None:
    """Make what an order had reserved available again; the caller commits."""
    for line in order.lines:
        session.execute(
            update(Product)
            .where(Product.sku == line.sku)
            .values(available=Product.available + line.quantity)
        )
