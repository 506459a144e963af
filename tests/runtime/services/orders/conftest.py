import os
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import pytest
from app.db import Base, Order, engine_at, sessions_of


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def sessions(tmp_path: Path) -> AsyncIterator[object]:
    engine = engine_at(str(tmp_path / "orders.db"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made = sessions_of(engine)
    async with made.begin() as session:
        session.add_all(Order(customer=one % 3, amount=one) for one in range(9))
    yield made
    await engine.dispose()


@pytest.fixture
def service():
    return import_module(f"app.{os.environ['SERVICE']}")


@pytest.fixture
def orders(sessions, service):
    return service.Orders(sessions)
