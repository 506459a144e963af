"""Figures for the back office."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter
from sqlalchemy import func, select

from orders.db import ReportingSession
from orders.deps import SessionDep
from orders.models import Order, OrderLine, Product

router = APIRouter(prefix="/reports")

REVENUE = (
    select(func.sum(OrderLine.price * OrderLine.quantity))
    .join(Order, Order.id == OrderLine.order_id)
    .where(Order.status == "paid")
)


def month_end() -> Decimal:
    """For the month-end script: revenue of all paid orders."""
    with ReportingSession() as session:
        return session.scalar(REVENUE) or Decimal(0)


@router.get("/revenue")
async def revenue() -> dict[str, Decimal]:
    with ReportingSession() as session:
        total = session.scalar(REVENUE)
    return {"revenue": total or Decimal(0)}


@router.get("/stock")
async def low_stock(session: SessionDep, below: int = 10) -> dict[str, int]:
    rows = await session.execute(
        select(Product.sku, Product.available).where(Product.available < below).order_by(Product.sku)
    )
    return {sku: available for sku, available in rows}
