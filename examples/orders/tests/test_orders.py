"""What shops, the load balancer and the back office see of the service."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from orders import reports, worker
from tests.conftest import Provider

pytestmark = pytest.mark.anyio


async def place(shop: httpx.AsyncClient, quantity: int = 2) -> httpx.Response:
    return await shop.post("/orders", json={"customer": "Ada", "lines": [{"sku": "tea", "quantity": quantity}]})


async def test_an_order_is_placed_and_shown(shop: httpx.AsyncClient) -> None:
    placed = await place(shop)
    assert placed.status_code == 201
    assert placed.json() == {"id": 1, "customer": "Ada", "status": "open", "total": "7.00"}
    assert (await shop.get("/orders/1")).json() == placed.json()
    assert (await shop.get("/orders", params={"customer": "Ada"})).json() == [placed.json()]


async def test_no_more_is_sold_than_there_is(shop: httpx.AsyncClient) -> None:
    assert (await place(shop, 9)).status_code == 409
    assert (await shop.get("/reports/stock")).json() == {"tea": 5}


async def test_an_order_is_paid_once(shop: httpx.AsyncClient, provider: Provider) -> None:
    await place(shop)
    for _ in range(2):
        assert (await shop.post("/orders/1/pay")).json()["status"] == "paid"
    assert provider.asked == ["/charges"]


async def test_what_nobody_has_ordered_is_not_found(shop: httpx.AsyncClient) -> None:
    for answer in (await shop.get("/orders/1"), await shop.post("/orders/1/pay"), await shop.post("/orders/1/cancel")):
        assert answer.status_code == 404


async def test_an_order_is_cancelled(shop: httpx.AsyncClient) -> None:
    await place(shop)
    assert (await shop.post("/orders/1/cancel")).json()["status"] == "cancelled"


async def test_revenue(shop: httpx.AsyncClient) -> None:
    await place(shop)
    await shop.post("/orders/1/pay")
    assert (await shop.get("/reports/revenue")).json() == {"revenue": "7.00"}
    assert reports.month_end() == Decimal("7.00")


async def test_the_service_is_live(shop: httpx.AsyncClient) -> None:
    assert (await shop.get("/live")).json() == {"status": "ok"}


async def test_the_service_is_ready(shop: httpx.AsyncClient) -> None:
    assert (await shop.get("/ready")).json() == {"status": "ok"}


async def test_events_are_delivered_once(shop: httpx.AsyncClient, provider: Provider) -> None:
    await place(shop)
    async with httpx.AsyncClient(transport=httpx.MockTransport(provider)) as client:
        assert await worker.round_trip(client) == 1
        assert await worker.round_trip(client) == 0
    assert provider.asked == ["/events"]


async def test_what_cannot_be_delivered_is_tried_again(shop: httpx.AsyncClient, provider: Provider) -> None:
    await place(shop)
    async with httpx.AsyncClient(transport=httpx.MockTransport(provider)) as client:
        provider.status = 503
        assert await worker.round_trip(client) == 0
        provider.status = 200
        assert await worker.round_trip(client) == 1
