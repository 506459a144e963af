"""The example runs under the real libraries: what is right in it works, and its mistakes do what its README says."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from poolint.config import Resolver
from poolint.runner import Runner

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "orders"
MODULES = ("api", "db", "health", "main", "models", "payments", "reports", "stock", "worker")

pytestmark = pytest.mark.filterwarnings("ignore")  # what its mistakes make Python warn about

Shop = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The modules of the example, freshly imported, on an SQLite file."""
    monkeypatch.setenv("ORDERS_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/orders.db")
    monkeypatch.setenv("ORDERS_REPORTING_URL", f"sqlite:///{tmp_path}/orders.db")
    monkeypatch.syspath_prepend(EXAMPLE)
    modules = SimpleNamespace(**{name: import_module(f"orders.{name}") for name in MODULES})
    gc.collect()
    gc.disable()  # else some of what is lost comes back, some time
    yield modules
    gc.enable()
    gc.collect()
    for name in [name for name in sys.modules if name.partition(".")[0] == "orders"]:
        del sys.modules[name]


@asynccontextmanager
async def opened(orders: SimpleNamespace, status: int = 200) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running service; there is tea in stock, and the payment provider answers with ``status``."""

    def provide(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"id": "payment-1"})

    db, models = orders.db, orders.models
    async with db.engine.begin() as connection:
        await connection.run_sync(models.Base.metadata.create_all)
    async with db.session_factory.begin() as session:
        session.add(models.Product(sku="tea", price=Decimal("3.50"), available=5))
    app = orders.main.app
    async with (
        orders.main.lifespan(app),
        httpx.AsyncClient(transport=httpx.MockTransport(provide), base_url="http://payments") as app.state.payments,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://orders"
        ) as client,
    ):
        yield client


def serve(orders: SimpleNamespace, shop: Shop, status: int = 200) -> None:
    async def run() -> None:
        async with opened(orders, status) as client:
            await shop(client)

    asyncio.run(run())


async def place(client: httpx.AsyncClient, quantity: int = 2) -> dict[str, Any]:
    answer = await client.post("/orders", json={"customer": "Ada", "lines": [{"sku": "tea", "quantity": quantity}]})
    assert answer.status_code == 201
    order: dict[str, Any] = answer.json()
    return order


def test_what_is_right_works(orders: SimpleNamespace) -> None:
    async def shop(client: httpx.AsyncClient) -> None:
        order = await place(client)
        assert order == {"id": 1, "customer": "Ada", "status": "open", "total": "7.00"}
        too_much = await client.post("/orders", json={"customer": "Ada", "lines": [{"sku": "tea", "quantity": 9}]})
        assert too_much.status_code == 409
        assert (await client.get("/orders", params={"customer": "Ada"})).json() == [order]
        assert (await client.get("/orders/1")).json() == order
        assert (await client.get("/orders/2")).status_code == 404
        assert (await client.post("/orders/1/pay")).json()["status"] == "paid"
        assert (await client.post("/orders/2/pay")).status_code == 404
        assert (await client.post("/orders/1/cancel")).status_code == 409
        assert (await client.get("/reports/revenue")).json() == {"revenue": "7.00"}
        assert (await client.get("/reports/stock")).json() == {"tea": 3}
        assert (await client.get("/live")).status_code == 200
        assert orders.reports.month_end() == Decimal("7.00")
        assert orders.db.engine.pool.checkedout() == 0

    serve(orders, shop)


def test_a_cancelled_order_stays_open_and_its_stock_away(orders: SimpleNamespace) -> None:
    async def shop(client: httpx.AsyncClient) -> None:
        await place(client)
        assert (await client.post("/orders/1/cancel")).json()["status"] == "cancelled"
        assert (await client.get("/orders/1")).json()["status"] == "open"
        assert (await client.get("/reports/stock")).json() == {"tea": 3}

    serve(orders, shop)


def test_a_declined_payment_is_an_internal_error(orders: SimpleNamespace) -> None:
    async def shop(client: httpx.AsyncClient) -> None:
        await place(client)
        assert (await client.post("/orders/1/pay")).status_code == 500

    serve(orders, shop, status=402)


def test_each_look_at_the_health_takes_a_connection(orders: SimpleNamespace) -> None:
    async def shop(client: httpx.AsyncClient) -> None:
        for taken in (1, 2, 3):
            assert (await client.get("/ready")).status_code == 200
            assert orders.db.engine.pool.checkedout() == taken

    serve(orders, shop)


def test_each_round_of_the_worker_takes_a_connection(orders: SimpleNamespace) -> None:
    told: list[bytes] = []

    def hear(request: httpx.Request) -> httpx.Response:
        told.append(request.content)
        return httpx.Response(204)

    async def shop(client: httpx.AsyncClient) -> None:
        await place(client)
        async with httpx.AsyncClient(transport=httpx.MockTransport(hear)) as notify:
            assert [await orders.worker.round_trip(notify) for _ in range(3)] == [1, 0, 0]
        assert len(told) == 1
        assert orders.db.engine.pool.checkedout() == 3

    serve(orders, shop)


def test_its_mistakes_are_found_and_nothing_else() -> None:
    outcome = Runner(Resolver(str(EXAMPLE))).run([str(EXAMPLE)])
    assert {(one.code, Path(one.filename).stem, one.function) for one in outcome.diagnostics} == {
        ("POL101", "worker", "undelivered"),
        ("POL102", "api", "cancel"),
        ("POL104", "stock", "give_back"),
        ("POL105", "payments", "report_declined"),
        ("POL201", "health", "ready"),
        ("POL301", "reports", "revenue"),
        ("POL401", "payments", "settle"),
        ("POL505", "db", "<module>"),
    }
    assert len(outcome.diagnostics) == 8
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for one in outcome.diagnostics:
        where = one.resource if one.function == "<module>" else one.function
        assert f"| {one.code} | `{Path(one.filename).stem}.{where}` |" in readme


def test_the_readme_shows_what_is_printed() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("```text\n$ poolint examples/orders\n")[2].partition("\n```")[0].split("\n\n")
    ran = subprocess.run(
        [sys.executable, "-m", "poolint", "examples/orders"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 1
    assert len(shown) > 2
    for part in shown:
        assert part == "…" or part in ran.stdout
