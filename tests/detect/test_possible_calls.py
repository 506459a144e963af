"""Calls of which nothing is known, while a connection is held: possible, and only told where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

HEADER = """\
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
"""


def found(tmp_path: Path, body: str, certainty: str) -> list[tuple[int, str, str]]:
    """Row below the header, code and certainty of what is found in a function's text."""
    path = tmp_path / "orders.py"
    path.write_text(HEADER + body)
    checker = Checker(Settings(certainty=certainty, root=str(tmp_path)), LazyRules())
    return [
        (one.range.start.row - HEADER.count("\n"), one.code, str(one.certainty.value))
        for one in checker.check(Source.read(str(path)))
    ]


IN_A_TRANSACTION = """
async def pay(session: AsyncSession, order_id: int) -> None:
    async with session.begin():
        order = await session.scalar(select(text("id FROM orders")))
        await charge_external_api(order)
"""

AFTER_A_READ = """
async def refresh(session: AsyncSession, carrier_client, order_id: int) -> None:
    order = await session.scalar(select(text("id FROM orders")))
    order.state = carrier_client.state(order)
    await session.commit()
"""

PASSED_ON = """
async def note(session: AsyncSession, notes) -> None:
    async with session.begin():
        rows = await session.execute(select(text("id FROM orders")))
        first = rows.one_or_none()
        await notes.add(session, first)
"""

COMMITTED = """
async def pay(session: AsyncSession, order_id: int) -> None:
    order = await session.scalar(select(text("id FROM orders")))
    await session.commit()
    await charge_external_api(order)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [(IN_A_TRANSACTION, [(5, "POL401", "possible")]), (AFTER_A_READ, [(4, "POL402", "possible")])],
)
def test_an_undefined_callee_is_possible_only(tmp_path: Path, body: str, expected: list[tuple[int, str, str]]) -> None:
    assert found(tmp_path, body, "possible") == expected
    assert found(tmp_path, body, "certain") == []


@pytest.mark.parametrize("body", [PASSED_ON, COMMITTED])
def test_what_works_with_the_session_or_comes_later_is_not(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, body, "possible") == []


THROUGH_HELPERS = """
import acme_postcards

postcards = acme_postcards.AsyncPostcards(token="secret")


class Mail:
    async def send(self, address: str) -> None:
        await postcards.cards.create(to=address)


async def tell(mail: Mail, address: str) -> None:
    await mail.send(address)


async def ship(session: AsyncSession, mail: Mail) -> None:
    address = await session.scalar(select(text("email FROM orders")))
    await tell(mail, address)
    await session.commit()


async def ship_first(session: AsyncSession, mail: Mail) -> None:
    address = await session.scalar(select(text("email FROM orders")))
    await session.commit()
    await tell(mail, address)
"""

ONE_OF_SEVERAL = """
import asyncio
from typing import Protocol


class Clock(Protocol):
    async def tick(self) -> None: ...


class Real(Clock):
    async def tick(self) -> None:
        await asyncio.sleep(1)


class Frozen(Clock):
    async def tick(self) -> None:
        pass


async def step(clock: Clock) -> None:
    await clock.tick()


async def poll(session: AsyncSession, clock: Clock) -> None:
    await session.execute(text("SELECT 1"))
    await step(clock)
    await session.rollback()
    await clock.tick()
"""


DECORATED_AT_ONCE = """
import backoff


async def read(session: AsyncSession, number: str) -> int:
    await session.execute(select(text("1")))
    return backoff.on_exception(backoff.expo, ValueError)(int)(number)


async def made(session: AsyncSession) -> None:
    await session.execute(select(text("1")))
    read_later = backoff.on_exception(backoff.expo, ValueError)(int)
    await session.commit()
    read_later("1")
"""

OFTEN_BUT_NOT_MANY = """
import asyncio
from acme import client
from sqlalchemy.ext.asyncio import async_sessionmaker

Sessions = async_sessionmaker()


async def note(order) -> None:
    async with Sessions() as session:
        await session.execute(select(text("1")))


async def note_all() -> None:
    orders = await client.fetch(max_retries=3)
    await asyncio.gather(*[note(one) for one in orders])


async def note_some() -> None:
    orders = await client.fetch(max_messages=3)
    await asyncio.gather(*[note(one) for one in orders])
"""


@pytest.mark.parametrize(
    ("body", "row", "code"),
    [
        pytest.param(THROUGH_HELPERS, 18, "POL402", id="helpers"),
        pytest.param(ONE_OF_SEVERAL, 26, "POL403", id="several"),
    ],
)
def test_what_may_wait_below_is_possible(tmp_path: Path, body: str, row: int, code: str) -> None:
    assert found(tmp_path, body, "certain") == []
    assert found(tmp_path, body, "possible") == [(row, code, "possible")]


@pytest.mark.parametrize(
    ("body", "row", "code"),
    [
        pytest.param(DECORATED_AT_ONCE, 7, "POL403", id="decorated-at-once"),
        pytest.param(OFTEN_BUT_NOT_MANY, 16, "POL410", id="retries-bound-nothing"),
    ],
)
def test_what_is_possible_where_it_stands(tmp_path: Path, body: str, row: int, code: str) -> None:
    assert (row, code, "possible") in found(tmp_path, body, "possible")
    assert [one for _, one, _ in found(tmp_path, body, "possible")].count(code) == 1


SOME = """
class Backend:
    async def save(self) -> None:
        raise NotImplementedError


class Stored(Backend):
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def save(self) -> None:
        await self.session.commit()


class Counted(Backend):
    async def save(self) -> None:
        print("counted")


async def keep(backend: Backend) -> None:
    backend.save()
"""


def test_a_coroutine_that_only_some_classes_have_a_database_for_is_possible(tmp_path: Path) -> None:
    assert found(tmp_path, SOME, "possible") == [(21, "POL107", "possible")]


def test_a_coroutine_that_all_classes_have_a_database_for_is_certain(tmp_path: Path) -> None:
    body = SOME.replace("class Counted(Backend)", "class Counted(Stored)")
    body = body.replace('print("counted")', "await super().save()")
    assert found(tmp_path, body, "possible") == [(21, "POL107", "certain")]


IN_A_THREAD = """
import asyncio
import boto3

s3 = boto3.client("s3")


def upload(key: str) -> None:
    s3.put_object(Bucket="orders", Key=key, Body=b"")


async def store(session: AsyncSession, key: str) -> None:
    await session.execute(text("SELECT 1"))
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, WORK, key)
"""


def test_what_runs_something_in_a_thread_takes_as_long_as_that(tmp_path: Path) -> None:
    assert found(tmp_path, IN_A_THREAD.replace("WORK", "upload"), "possible") == [(15, "POL402", "certain")]
    assert found(tmp_path, IN_A_THREAD.replace("WORK", "str.upper"), "possible") == []


QUEUE_OF_A_FIELD = """
import asyncio
from dataclasses import dataclass, field


@dataclass
class Desk:
    session: AsyncSession
    letters: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    async def accept(self, number: int) -> None:
        await self.session.execute(text("SELECT 1"))
        await self.letters.put(number)
        await self.session.commit()
"""

SMALL = QUEUE_OF_A_FIELD.replace("default_factory=asyncio.Queue", "default_factory=lambda: asyncio.Queue(20)")
PASSED = QUEUE_OF_A_FIELD.replace(" = field(default_factory=asyncio.Queue)", "")


@pytest.mark.parametrize(
    ("body", "expected"),
    [(QUEUE_OF_A_FIELD, []), (SMALL, [(13, "POL412", "certain")]), (PASSED, [(13, "POL412", "possible")])],
)
def test_a_queue_that_nobody_is_seen_to_replace_is_the_default(
    tmp_path: Path, body: str, expected: list[tuple[int, str, str]]
) -> None:
    assert found(tmp_path, body, "possible") == expected
