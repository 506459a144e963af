"""ORMs and Mongo: what can be seen of them without a server."""

from __future__ import annotations

import asyncio
import inspect
from functools import cache
from typing import Any
from unittest.mock import Mock

from tests.models.live.looking import Record, Seen
from tests.models.live.tables import MOTOR

from poolint.models.loader import load


async def tortoise(record: Record) -> None:
    from tortoise import Tortoise
    from tortoise.transactions import in_transaction

    await Tortoise.init(db_url="sqlite://:memory:", modules={"models": ["tortoise"]})
    await record("tortoise.transactions.in_transaction", in_transaction, use=False)
    async with in_transaction() as connection:
        record["tortoise.transactions.in_transaction"].entered = connection
    await Tortoise.close_connections()


async def piccolo(record: Record) -> None:
    from piccolo.engine.postgres import PostgresEngine
    from piccolo.engine.sqlite import SQLiteEngine

    for name, engine in (
        ("postgres.PostgresEngine", PostgresEngine({}, extensions=())),
        ("sqlite.SQLiteEngine", SQLiteEngine(":memory:")),
    ):
        await record(f"piccolo.engine.{name}.transaction", engine.transaction, use=False)
        await record(f"piccolo.engine.{name}.atomic", engine.atomic, use=False)


async def peewee(record: Record) -> None:
    import peewee
    from playhouse import db_url, pool

    db = peewee.SqliteDatabase(":memory:")
    name = "peewee.Database."
    for method in ("atomic", "transaction", "savepoint", "manual_commit", "connection_context"):
        db.close()
        if method == "savepoint":
            db.connect()
            db.begin()
        await record(name + method, getattr(db, method))
        if method == "savepoint":
            db.rollback()
    await record(name + "bind_ctx", lambda: db.bind_ctx([]))
    for pooled in (pool.PooledSqliteDatabase, pool.PooledPostgresqlDatabase, pool.PooledMySQLDatabase):
        made = pooled(":memory:")
        await record(f"playhouse.pool.{pooled.__name__}.connection_context", made.connection_context, use=False)
    record.note("playhouse.db_url.connect", db_url.connect("sqlite:///:memory:"))

    class Row(peewee.Model):
        class Meta:
            database = db

    query = record.note("peewee.Model.select", Row.select())
    for method, *arguments in (
        ("where", Row.id == 1), ("orwhere", Row.id == 1), ("order_by",), ("group_by",), ("having", Row.id == 1),
        ("join", Row.alias(), "INNER", Row.id == Row.id), ("join_from", Row, Row.alias(), "INNER", Row.id == Row.id),
        ("left_outer_join", Row.alias(), Row.id == Row.id), ("limit", 1), ("offset", 1), ("distinct",), ("paginate", 1),
        ("switch", Row), ("dicts",), ("tuples",), ("namedtuples",), ("objects",), ("for_update",), ("with_cte",),
        ("filter", Row.id == 1),
    ):  # fmt: skip
        record.note(f"peewee.ModelSelect.{method}", getattr(query, method)(*arguments))


@cache
def configure_django() -> None:
    """Give Django its settings, which it takes but once a process, and reads nothing without."""
    from django.conf import settings

    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
    import django

    django.setup()


@cache
def django_model() -> Any:
    """A model of a Django that is configured."""
    configure_django()
    from django.db import models

    class Row(models.Model):
        class Meta:
            app_label = "rows"

    return Row


async def django(record: Record) -> None:
    await asyncio.to_thread(_django, record)  # it refuses to work in a running loop


def _django(record: Record) -> None:
    row = django_model()
    from django.db import connection, transaction

    name = "django.db.backends.base.base.BaseDatabaseWrapper."
    record.note("django.db.transaction.atomic", transaction.atomic())
    record.note("django.db.transaction.get_connection", transaction.get_connection())
    record.note("django.utils.connection.ConnectionProxy.cursor", connection.cursor())
    record.note(name + "cursor", connection.cursor())
    record.note(name + "chunked_cursor", connection.chunked_cursor())
    lazy = {"using": ("default",)}
    for method in (
        "all", "filter", "exclude", "order_by", "distinct", "annotate", "alias", "select_related", "prefetch_related",
        "select_for_update", "values", "values_list", "only", "defer", "using", "none", "reverse", "union",
        "intersection", "difference", "extra",
    ):  # fmt: skip
        value = getattr(row.objects, method)(*lazy.get(method, ()))
        record.note(f"django.db.models.Manager.{method}", value)
        record.note(f"django.db.models.QuerySet.{method}", getattr(row.objects.all(), method)(*lazy.get(method, ())))
    with connection.temporary_connection() as cursor:
        record[name + "temporary_connection"] = Seen(connection.temporary_connection(), entered=cursor)
    record.note("django.db.models.Manager.get_queryset", row.objects.get_queryset())
    record.note("django.db.models.Manager.db_manager", row.objects.db_manager("default"))
    connection.close()


async def objects_of_django() -> dict[str, Any]:
    model = django_model()
    from django.db import connection, connections

    return {
        "django.db.models.Model": model,
        "django.utils.connection.ConnectionProxy": connection,
        "django.db.utils.ConnectionHandler": connections,
    }


async def pymongo(record: Record) -> None:
    import pymongo

    client = pymongo.MongoClient("127.0.0.1:1", connect=False, serverSelectionTimeoutMS=1)
    with client.start_session() as session:
        await record("pymongo.synchronous.client_session.ClientSession.start_transaction", session.start_transaction)
    client.close()
    other = pymongo.AsyncMongoClient("127.0.0.1:1", connect=False, serverSelectionTimeoutMS=1)
    async with other.start_session() as asynchronous:
        name = "pymongo.asynchronous.client_session.AsyncClientSession.start_transaction"
        making = asynchronous.start_transaction()
        record[name] = Seen(making, awaited=await making)
        await asynchronous.abort_transaction()
    await other.close()


async def objects_of_pymongo() -> dict[str, Any]:
    import pymongo

    found: dict[str, Any] = {}
    for prefix, name, client in (
        ("pymongo.synchronous", "", pymongo.MongoClient("127.0.0.1:1", connect=False)),
        ("pymongo.asynchronous", "Async", pymongo.AsyncMongoClient("127.0.0.1:1", connect=False)),
    ):
        found[f"{prefix}.database.{name}Database"] = client["db"]
        found[f"{prefix}.collection.{name}Collection"] = client["db"]["c"]
        found[f"{prefix}.client_session.{name}ClientSession"] = client.start_session()
    return found


async def motor(record: Record) -> None:
    client, session = _motor()
    database, collection = client["db"], client["db"]["c"]
    record.note(MOTOR + "Client.get_database", client.get_database("db"))
    record.note(MOTOR + "Client.get_default_database", client.get_default_database("db"))
    record.note(MOTOR + "Client.watch", client.watch())
    record.note(MOTOR + "Database.get_collection", database.get_collection("c"))
    record.note(MOTOR + "Database.with_options", database.with_options())
    record.note(MOTOR + "Database.aggregate", database.aggregate([]))
    record.note(MOTOR + "Database.watch", database.watch())
    record.note(MOTOR + "Collection.with_options", collection.with_options())
    record.note(MOTOR + "Collection.watch", collection.watch())
    for method, *arguments in (("aggregate", []), ("list_indexes",), ("list_search_indexes",)):
        record.note(f"{MOTOR}Collection.{method}", getattr(collection, method)(*arguments))
    cursor = record.note(MOTOR + "Collection.find", collection.find())
    chain: dict[str, tuple[Any, ...]] = {
        "batch_size": (1,), "limit": (1,), "skip": (1,), "max_time_ms": (1,), "max_await_time_ms": (1,), "sort": ("a", 1),
        "hint": ("a_1",), "comment": ("x",), "where": ("1",), "allow_disk_use": (True,), "collation": (None,),
        "min": ([("a", 1)],), "max": ([("a", 1)],), "rewind": (), "clone": (),
    }  # fmt: skip
    for method, arguments in chain.items():
        record.note(f"{MOTOR}Cursor.{method}", getattr(cursor, method)(*arguments))
    record.note(MOTOR + "ClientSession.start_transaction", session.start_transaction())
    # Everything else goes to a thread at once and gives its future.
    owners = {
        "Client": client, "Database": database, "Collection": collection, "Cursor": cursor, "ClientSession": session,
        "CommandCursor": await _command_cursor(collection), "LatentCommandCursor": collection.aggregate([]),
    }  # fmt: skip
    record.note(MOTOR + "CommandCursor.batch_size", owners["CommandCursor"].batch_size(1))
    record.note(MOTOR + "LatentCommandCursor.batch_size", owners["LatentCommandCursor"].batch_size(1))
    for name, owner in owners.items():
        for row in load().classes[MOTOR + name].methods:
            for method in row.names if row.call == "awaitable" else ():
                future = getattr(owner, method)(*["x"] * _needed(getattr(owner, method)))
                future.add_done_callback(lambda done: done.cancelled() or done.exception())
                record.note(f"{MOTOR}{name}.{method}", future)
    client.close()


async def _command_cursor(collection: Any) -> Any:
    from motor.motor_asyncio import AsyncIOMotorCommandCursor

    delegate = Mock()
    delegate.batch_size.return_value = delegate
    return AsyncIOMotorCommandCursor(delegate, collection)


def _needed(method: Any) -> int:
    """How many arguments a method needs."""
    parameters = inspect.signature(method).parameters.values()
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.default is one.empty and one.kind in named and one.name != "self" for one in parameters)


def _motor() -> tuple[Any, Any]:
    from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession

    client = AsyncIOMotorClient("127.0.0.1:1", connect=False, serverSelectionTimeoutMS=1)
    return client, AsyncIOMotorClientSession(client.delegate.start_session(), client)


async def objects_of_motor() -> dict[str, Any]:
    client, session = _motor()
    return {
        MOTOR + "Client": client,
        MOTOR + "Database": client["db"],
        MOTOR + "Collection": client["db"]["c"],
        MOTOR + "ClientSession": session,
    }
