"""``poolint dev dump``: what the engines know of one function, as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Dump = Callable[..., list[str]]

SHOP = """\
import asyncpg
import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

engine = create_engine("postgresql+asyncpg://db/shop")


class Orders:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def one(self, wanted: bool) -> int:
        conn = await self.pool.acquire()
        if wanted:
            await self.pool.release(conn)
        return 1

    async def pay(self, unknown) -> None: ...


async def charge(client: httpx.AsyncClient) -> None:
    await client.post("https://pay.example/charges")


async def pay(session: AsyncSession, client: httpx.AsyncClient) -> None:
    await session.execute(text("SELECT 1"))
    await charge(client)
    await session.commit()


def open_one(maker: async_sessionmaker[AsyncSession]) -> AsyncSession:
    return maker()


class Refunds:
    async def pay(self, session: AsyncSession) -> None:
        await session.delete(1)
"""


@pytest.fixture
def dump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Dump:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").write_text(SHOP)

    def ask(kind: str, function: str) -> list[str]:
        assert main(["dev", "dump", kind, f"shop.py:{function}"]) == 0
        return capsys.readouterr().out.splitlines()

    return ask


def test_graph(dump: Dump) -> None:
    assert dump("graph", "Orders.one") == [
        "shop.py:13 Orders.one",
        "entry -> self.pool.acquire()",
        "self.pool.acquire() -> await self.pool.acquire(); exception exit-exception",
        "await self.pool.acquire() -> store conn; exception exit-exception; cancel exit-cancel",
        "store conn -> wanted?",
        "wanted? -> true self.pool.release(conn); false return 1",
        "self.pool.release(conn) -> await self.pool.release(conn)",
        "await self.pool.release(conn) -> return 1; cancel exit-cancel",
        "return 1 -> exit-normal",
    ]


def test_states_of_an_obligation_before_each_event_and_how_it_ends(dump: Dump) -> None:
    assert dump("states", "Orders.one") == [
        "shop.py:13 Orders.one",
        "",
        "obligation: `conn` from `await self.pool.acquire()` (line 14), PoolConnectionProxy (asyncpg, asynchronous), begins open",
        "  line 14 `store conn`: open",
        "  line 15 `wanted?`: open as conn",
        "  line 16 `self.pool.release(conn)`: open as conn",
        "  line 17 `return 1`: open as conn",
        "  exit-normal: open as conn",
        "  ends released at line 16 `self.pool.release(conn)`, from open as conn",
        "",
        "held at calls:",
        "  line 16 `self.pool.release(conn)`: `conn` since line 14",
    ]


def test_states_of_what_is_held(dump: Dump) -> None:
    assert dump("states", "pay") == [
        "shop.py:26 pay",
        "",
        "held at calls:",
        "  line 28 `charge(client)`: `session` since line 27",
        "  line 29 `session.commit()`: `session` since line 27",
    ]


def test_summary(dump: Dump) -> None:
    assert dump("summary", "pay") == [
        "shop.py:26 pay",
        "gives: a coroutine, whose `await` gives None",
        "effect slow: http, by charge (line 28) → AsyncClient.post (line 23)",
        "effect foreign: http, by charge (line 28) → AsyncClient.post (line 23)",
        "effect database: database, by AsyncSession.execute (line 27)",
        "leaves ended: `session`",
        "parameter `session`, AsyncSession (SQLAlchemy, asynchronous): committed, left ended",
        "parameter `client`, AsyncClient (httpx, asynchronous): used",
    ]
    assert dump("summary", "open_one")[1] == "gives: AsyncSession (SQLAlchemy, asynchronous)"


def test_types_and_how_each_is_known(dump: Dump) -> None:
    lines = dump("types", "open_one")
    maker = "async_sessionmaker (SQLAlchemy, asynchronous) of AsyncSession (SQLAlchemy, asynchronous)"
    annotated = f"{maker}; from the annotation `async_sessionmaker[AsyncSession]` at line 32"
    modelled = "by the model of sqlalchemy.ext.asyncio.async_sessionmaker.__call__: sync, role open"
    assert lines == [
        "shop.py:32 open_one",
        f"  line 32 `maker`: {annotated}",
        f"  line 33 `maker`: {annotated}",
        f"  line 33 `maker()`: AsyncSession (SQLAlchemy, asynchronous); {modelled}",
    ]
    [call] = [line for line in dump("types", "pay") if "`charge(client)`" in line]
    assert call.endswith("; by the function charge (line 22)")
    [unknown] = [line for line in dump("types", "Orders.pay") if "`unknown`" in line]
    assert "unknown: the parameter (line 19) has no annotation" in unknown


def test_observations(dump: Dump) -> None:
    title, first, *fields = dump("observations", "pay")
    assert (title, first) == ("shop.py:26 pay", "CallWhileHeld at line 28:11 `charge(client)`")
    assert "  resource = 'session'" in fields
    assert "  names = ('charge', 'AsyncClient.post')" in fields
    assert dump("observations", "open_one") == ["shop.py:32 open_one", "nothing"]
    leak = dump("observations", "Orders.one")
    assert leak[1] == "LeakedCheckout at line 14:22 `self.pool.acquire()`"
    assert "  call = `self.pool.acquire()`, which is Pool.acquire" in leak


def test_a_whole_file_is_what_stands_in_no_function(dump: Dump) -> None:
    assert dump("types", "<module>")[-1].startswith('  line 6 `create_engine("postgresql+asyncpg://db/shop")`: Engine')
    found = [line for line in dump("observations", "<module>") if not line.startswith(" ")]
    assert len(found) > 1
    assert all(" at line 6:" in line for line in found[1:])
    assert dump("summary", "<module>") == ["shop.py:1 <module>", "nothing"]
    assert dump("graph", "<module>")[1] == "entry -> import asyncpg"


def test_the_end_of_a_name_will_do_where_it_is_the_only_one(dump: Dump) -> None:
    assert dump("graph", "one")[0] == "shop.py:13 Orders.one"
    assert dump("graph", "pay")[0] == "shop.py:26 pay"


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("nowhere.py:pay", "nowhere.py: no such file"),
        (".:pay", ".: is a directory"),
        ("shop.py:payy", "shop.py has no function 'payy' (did you mean 'pay'?)"),
        ("shop.py:Orders", "shop.py has no function 'Orders'"),
        ("shop.py:__init__", "shop.py: '__init__' is one of Orders.__init__, Other.__init__"),
        ("shop.py", "`poolint dev dump` wants FILE:FUNCTION (`app/orders.py:Orders.pay`), not 'shop.py'"),
        ("shop.py:", "`poolint dev dump` wants FILE:FUNCTION (`app/orders.py:Orders.pay`), not 'shop.py:'"),
        ("broken.py:f", "broken.py:1:"),
    ],
)
@pytest.mark.usefixtures("dump")
def test_what_is_not_there_is_one_line(
    tmp_path: Path, wanted: str, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "shop.py").write_text(f"{SHOP}\n\nclass Other:\n    def __init__(self) -> None: ...\n")
    assert main(["dev", "dump", "graph", wanted]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"poolint: error: {error}")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("dump")
def test_a_function_that_is_too_large_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("poolint.analyses.lifetimes.typestate.MAX_STANDINGS", 3)
    assert main(["dev", "dump", "states", "shop.py:Orders.one"]) == 2
    assert capsys.readouterr().err == (
        "poolint: error: shop.py:Orders.one: given up after 3 events: it is too large to be followed\n"
    )
