"""The service on an SQLite file, with tea in stock and a payment provider that says what a test wants."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

FILE = Path(tempfile.mkdtemp(prefix="orders-")) / "orders.db"
os.environ["ORDERS_DATABASE_URL"] = f"sqlite+aiosqlite:///{FILE}"
os.environ["ORDERS_REPORTING_URL"] = f"sqlite:///{FILE}"

from orders.db import engine, session_factory  # noqa: E402
from orders.main import app, lifespan  # noqa: E402
from orders.models import Base, Product  # noqa: E402


class Provider:
    """What the other services answer, and what they were asked."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        return httpx.Response(self.status, json={"id": "payment-1"})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def shop(provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    async with session_factory.begin() as session:
        session.add(Product(sku="tea", price=Decimal("3.50"), available=5))
    async with (
        lifespan(app),
        httpx.AsyncClient(transport=httpx.MockTransport(provider), base_url="http://payments") as app.state.payments,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://orders") as client,
    ):
        yield client
