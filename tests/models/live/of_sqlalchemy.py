"""SQLAlchemy, SQLModel and what is built on them, on SQLite."""

from __future__ import annotations

from typing import Any

from tests.models.live.looking import Record
from tests.models.live.tables import AIO, SA


async def sqlalchemy(record: Record) -> None:
    import sqlalchemy
    from sqlalchemy import orm
    from sqlalchemy.ext import asyncio as aio

    text = sqlalchemy.text("select 1")
    engine = aio.create_async_engine("sqlite+aiosqlite://")
    await record(AIO + "AsyncEngine.connect", engine.connect)
    await record(AIO + "AsyncEngine.begin", engine.begin)
    async with engine.connect() as connection:
        await record(AIO + "AsyncConnection.begin", connection.begin)
        await record(AIO + "AsyncConnection.begin_nested", connection.begin_nested)
        await record(AIO + "AsyncConnection.stream", lambda: connection.stream(text))
        await record(AIO + "AsyncConnection.stream_scalars", lambda: connection.stream_scalars(text))
    maker = aio.async_sessionmaker(engine)
    scoped = aio.async_scoped_session(maker, scopefunc=lambda: 1)
    await record(AIO + "async_sessionmaker.__call__", maker)
    await record(AIO + "async_sessionmaker.begin", maker.begin)
    await record(AIO + "AsyncSession.begin", lambda: maker().begin())
    await record(AIO + "AsyncSession.begin_nested", lambda: maker().begin_nested())
    await record(AIO + "async_scoped_session.__call__", scoped)
    await record(AIO + "async_scoped_session.begin", scoped.begin)
    await record(AIO + "async_scoped_session.begin_nested", scoped.begin_nested)
    await scoped.remove()
    await engine.dispose()

    sync = sqlalchemy.create_engine("sqlite://")
    await record(SA + "Engine.connect", sync.connect)
    await record(SA + "Engine.begin", sync.begin)
    await record(SA + "Engine.raw_connection", sync.raw_connection)
    await record(SA + "Pool.connect", sync.pool.connect)
    await record(SA + "orm.sessionmaker.__call__", orm.sessionmaker(sync))
    await record(SA + "orm.sessionmaker.begin", orm.sessionmaker(sync).begin)
    await record(SA + "orm.scoped_session.__call__", orm.scoped_session(orm.sessionmaker(sync)))
    await record(SA + "orm.Session.begin", lambda: orm.Session(sync).begin())
    with sync.connect() as plain:
        await record(SA + "Connection.begin", plain.begin)
    sync.dispose()


async def objects_of_sqlalchemy() -> dict[str, Any]:
    import sqlalchemy
    from sqlalchemy import orm
    from sqlalchemy.ext import asyncio as aio

    sync = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.StaticPool)
    connection = sync.connect()
    session = orm.Session(sync)
    session.begin()
    engine = aio.create_async_engine("sqlite+aiosqlite://")
    started = await engine.connect()
    asynchronous = aio.AsyncSession(engine)
    found = {
        SA + "Engine": sync,
        SA + "Connection": connection,
        SA + "Transaction": connection.begin(),
        SA + "CursorResult": connection.execute(sqlalchemy.text("select 1")),
        SA + "orm.Session": session,
        SA + "orm.SessionTransaction": session.begin_nested(),
        SA + "orm.Query": session.query(sqlalchemy.text("1")),
        SA + "orm.scoped_session": orm.scoped_session(orm.sessionmaker(sync)),
        AIO + "AsyncEngine": engine,
        AIO + "AsyncConnection": started,
        AIO + "AsyncTransaction": await started.begin(),
        AIO + "AsyncSession": asynchronous,
        AIO + "AsyncSessionTransaction": await asynchronous.begin(),
        AIO + "async_scoped_session": aio.async_scoped_session(aio.async_sessionmaker(engine), scopefunc=lambda: 1),
    }
    await started.close()
    await engine.dispose()
    return found


async def objects_of_sqlmodel() -> dict[str, Any]:
    import sqlmodel
    from sqlalchemy.ext import asyncio as aio
    from sqlmodel.ext.asyncio.session import AsyncSession

    return {
        "sqlmodel.Session": sqlmodel.Session(sqlmodel.create_engine("sqlite://")),
        "sqlmodel.ext.asyncio.session.AsyncSession": AsyncSession(aio.create_async_engine("sqlite+aiosqlite://")),
    }


async def advanced_alchemy(record: Record) -> None:
    from advanced_alchemy.config import SQLAlchemyAsyncConfig, SQLAlchemySyncConfig

    name = "advanced_alchemy.config.SQLAlchemy"
    for kind, config in (
        ("Async", SQLAlchemyAsyncConfig(connection_string="sqlite+aiosqlite://")),
        ("Sync", SQLAlchemySyncConfig(connection_string="sqlite://")),
    ):
        await record(f"{name}{kind}Config.get_session", config.get_session)
        record.note(f"{name}{kind}Config.create_session_maker", config.create_session_maker())
        record.note(f"{name}{kind}Config.get_engine", config.get_engine())


def flask() -> tuple[Any, Any]:
    """A Flask application and its database."""
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy

    app = Flask("app")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    return app, SQLAlchemy(app)


async def objects_of_flask_sqlalchemy() -> dict[str, Any]:
    from types import SimpleNamespace

    app, db = flask()
    with app.app_context():
        values = SimpleNamespace(session=db.session, engine=db.engine)

        class Order(db.Model):  # type: ignore[name-defined,misc]
            id = db.Column(db.Integer, primary_key=True)

        model = SimpleNamespace(query=Order.query)
    return {"flask_sqlalchemy.SQLAlchemy": values, "flask_sqlalchemy.model.Model": model}
