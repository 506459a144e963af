"""What asks a database by itself, on an event loop, seen on the real libraries: each call of a model waits, or is refused."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import peewee
from sqlalchemy import text
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

DJANGO = """
import asyncio
import sys

import django
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=["django.contrib.contenttypes"],
)
django.setup()
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

call_command("migrate", verbosity=0)


async def ask(call):
    try:
        return call()
    except SynchronousOnlyOperation:
        return "refused"


async def ask_beside():
    return await ContentType.objects.acount()


print(
    asyncio.run(ask(ContentType.objects.count)),
    asyncio.run(ask(ContentType.objects.all().exists)),
    asyncio.run(ask(ContentType(app_label="a", model="b").save)),
    asyncio.run(ask_beside()) >= 1,
)
"""


def test_a_model_of_django_refuses_to_be_asked_on_an_event_loop(tmp_path: Path) -> None:
    """In a process of its own: Django is configured once."""
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, str(tmp_path / "shop.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused", "refused", "refused", "True"]


def test_a_model_of_peewee_keeps_the_loop_from_all_others(tmp_path: Path) -> None:
    database = peewee.SqliteDatabase(str(tmp_path / "shop.db"))
    ticks: list[int] = []

    class Item(peewee.Model):
        name = peewee.CharField()

        class Meta:
            pass

    database.bind([Item])
    database.create_tables([Item])
    # What a query of a server takes: the statement waits in a function of the database.
    database.register_function(lambda: _wait(), "wait", 0)

    async def tick() -> None:
        for number in range(20):
            ticks.append(number)
            await asyncio.sleep(0.01)

    async def ask() -> int:
        await asyncio.sleep(0)
        Item.select(peewee.fn.wait()).where(peewee.fn.wait() == 0).count()
        return len(ticks)

    async def both() -> int:
        other = asyncio.create_task(tick())
        seen = await ask()
        await other
        return seen

    try:
        Item.create(name="a")
        assert asyncio.run(both()) == 1  # the other task began, and did not go on before the answer was there
    finally:
        database.close()


def _wait() -> int:
    import time

    time.sleep(0.1)
    return 0


def test_the_session_of_an_asynchronous_one_raises_on_the_loop() -> None:
    async def use() -> tuple[Exception | None, int]:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with AsyncSession(engine) as session:
            try:
                session.sync_session.execute(text("SELECT 1"))
            except MissingGreenlet as raised:
                error: Exception | None = raised
            else:
                error = None
            found = await session.run_sync(lambda inner: inner.execute(text("SELECT 1")).scalar_one())
        await engine.dispose()
        return error, found

    error, found = asyncio.run(use())
    assert isinstance(error, MissingGreenlet)
    assert found == 1
