"""The endpoints that shops call."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from orders import payments, stock
from orders.deps import PaymentsDep, SessionDep
from orders.models import Event, Order, OrderLine

router = APIRouter(prefix="/orders")


class Line(BaseModel):
    sku: str
    quantity: int = Field(gt=0)


class NewOrder(BaseModel):
    customer: str
    lines: list[Line] = Field(min_length=1)


class OrderOut(BaseModel):
    id: int
    customer: str
    status: str
    total: Decimal

    @classmethod
    def of(cls, order: Order) -> OrderOut:
        return cls(id=order.id, customer=order.customer, status=order.status, total=order.total)


@router.post("", status_code=201)
async def place(new: NewOrder, session: SessionDep) -> OrderOut:
    order = Order(customer=new.customer, lines=[])
    try:
        async with session.begin():
            for line in new.lines:
                product = await stock.reserve(session, line.sku, line.quantity)
                order.lines.append(OrderLine(sku=line.sku, quantity=line.quantity, price=product.price))
            session.add(order)
            await session.flush()
            session.add(Event(kind="order.placed", order_id=order.id))
    except stock.OutOfStock as error:
        raise HTTPException(409, str(error)) from error
    return OrderOut.of(order)


@router.get("")
async def of_customer(customer: str, session: SessionDep) -> list[OrderOut]:
    orders = await session.scalars(select(Order).where(Order.customer == customer).order_by(Order.id))
    return [OrderOut.of(order) for order in orders]


@router.get("/{order_id}")
async def one(order_id: int, session: SessionDep) -> OrderOut:
    order = await session.get(Order, order_id)
    if order is None:
        raise HTTPException(404, "no such order")
    return OrderOut.of(order)


@router.post("/{order_id}/pay")
async def pay(order_id: int, session: SessionDep, client: PaymentsDep) -> OrderOut:
    try:
        order = await payments.settle(session, client, order_id)
    except NoResultFound as error:
        raise HTTPException(404, "no such order") from error
    except payments.Declined as error:
        await payments.report_declined(session, order_id)
        raise HTTPException(402, "payment declined") from error
    return OrderOut.of(order)


@router.post("/{order_id}/cancel")
async def cancel(order_id: int, session: SessionDep) -> OrderOut:
    order = await session.get(Order, order_id)
    if order is None:
        raise HTTPException(404, "no such order")
    if order.status != "open":
        raise HTTPException(409, f"the order is {order.status}")
    await stock.give_back(session, order)
    order.status = "cancelled"
    session.add(Event(kind="order.cancelled", order_id=order.id))
    session.commit()
    return OrderOut.of(order)
