"""SQLAlchemy, SQLModel and what is built on them, on SQLite."""

from __future__ import annotations

from typing import Any

from tests.models.live.looking import Record, resolve
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
        SA + "Inspector": sqlalchemy.inspect(sync),
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


async def objects_of_advanced_alchemy() -> dict[str, Any]:
    from advanced_alchemy.base import BigIntBase
    from advanced_alchemy.repository import SQLAlchemyAsyncRepository, SQLAlchemySyncRepository
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
    from sqlalchemy.orm import Session

    class Sensor(BigIntBase):
        __tablename__ = "sensor"

    async_made = type("Sensors", (SQLAlchemyAsyncRepository,), {"model_type": Sensor})(
        session=AsyncSession(create_async_engine("sqlite+aiosqlite://"))
    )
    sync_made = type("Sensors", (SQLAlchemySyncRepository,), {"model_type": Sensor})(
        session=Session(create_engine("sqlite://"))
    )
    return {
        "advanced_alchemy.repository.SQLAlchemyAsyncRepository": async_made,
        "advanced_alchemy.repository.SQLAlchemySyncRepository": sync_made,
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


FACADES = {"oslo_db.sqlalchemy.enginefacade": "", "oslo_db.sqlalchemy.asyncio_facade": "Async"}
"""The modules of oslo.db with a facade, and how the name of its class begins."""


def facade(module: str) -> Any:
    """A facade of oslo.db with a database in memory."""
    made = resolve(f"{module}.transaction_context")()
    made.configure(connection="sqlite+aiosqlite://" if FACADES[module] else "sqlite://")
    return made


async def oslo_db(record: Record) -> None:
    from types import SimpleNamespace

    from oslo_db.sqlalchemy import engines

    for module, begins in FACADES.items():
        made = record.note(f"{module}.transaction_context", facade(module))
        name = f"{module}._{begins}TransactionContextManager"
        context = SimpleNamespace()
        await record(f"{name}.using", lambda made=made, context=context: made.writer.using(context))
        record.note(f"{name}.get_engine", made.writer.get_engine())
        record.note(f"{name}.get_sessionmaker", made.writer.get_sessionmaker())
        record.note(f"{name}.make_new_manager", facade(module).make_new_manager())
    record.note("oslo_db.sqlalchemy.engines.create_engine", engines.create_engine("sqlite://"))


async def objects_of_oslo_db() -> dict[str, Any]:
    return {f"{module}._{begins}TransactionContextManager": facade(module).reader for module, begins in FACADES.items()}


def context_of_oslo_db(name: str) -> Any:
    """What a function may be passed that a facade of this class decorates."""
    module = name.rpartition(".")[0]
    provider = f"{FACADES[module].lower()}{'_' if FACADES[module] else ''}transaction_context_provider"
    return resolve(f"{module}.{provider}")(type("Context", (), {}))()


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
