import asyncio

import pytest

pytestmark = pytest.mark.anyio


async def test_never(orders) -> None:
    assert await orders.count() == 9


async def test_exception(orders, service) -> None:
    with pytest.raises(service.UnknownCustomer):
        await orders.latest(7)


async def test_cancellation(orders) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(orders.charge(1, asyncio.Event()), 0.05)


async def test_generator(orders) -> None:
    assert (await orders.first()).amount == 0


async def test_shared(orders) -> None:
    assert await orders.totals([0, 1]) == [9, 12]


async def test_right(orders) -> None:
    assert (await orders.latest(1)).customer == 1
