"""Libraries of databases, made and called without a server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

if TYPE_CHECKING:
    from tests.models.live.looking import Record


async def objects_of_couchdb() -> dict[str, Any]:
    import couchdb

    server = couchdb.Server()
    server.resource = Mock()  # it is asked for a database before that is given
    return {"couchdb.Server": server}


async def objects_of_dataset() -> dict[str, Any]:
    import dataset

    return {"dataset.Database": dataset.connect("sqlite:///:memory:")}


async def objects_of_edgy() -> dict[str, Any]:
    """Of a model the query set to which its manager hands on what it is asked for."""
    import edgy

    class Order(edgy.Model):
        class Meta:
            registry = edgy.Registry("sqlite:///orders.sqlite")

    return {"edgy.Model": SimpleNamespace(query=Order.query.get_queryset())}


async def fastapi_sqlalchemy(record: Record) -> None:
    from fastapi_sqlalchemy import db

    record.note("fastapi_sqlalchemy.middleware.DBSessionMeta.__call__", db())


async def objects_of_pg8000() -> dict[str, Any]:
    from pg8000 import dbapi, legacy

    return {
        f"pg8000.{module}.Cursor": driver.Cursor(driver.Connection.__new__(driver.Connection))
        for module, driver in (("dbapi", dbapi), ("legacy", legacy))
    }
