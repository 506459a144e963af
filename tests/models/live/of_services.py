"""Clients of services, made and called without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

if TYPE_CHECKING:
    from tests.models.live.looking import Record


async def duckdb(record: Record) -> None:
    import duckdb

    conn = record.note("duckdb.connect", duckdb.connect(":memory:"))
    record.note("duckdb.DuckDBPyConnection.execute", conn.execute("CREATE TABLE orders (id INT)"))
    record.note("duckdb.DuckDBPyConnection.executemany", conn.executemany("INSERT INTO orders VALUES (?)", [[1]]))
    for name in ("cursor", "duplicate"):
        record.note(f"duckdb.DuckDBPyConnection.{name}", getattr(conn, name)()).close()
    conn.close()


async def objects_of_fastapi_users() -> dict[str, Any]:
    from fastapi_users.db import SQLAlchemyUserDatabase
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    users = SQLAlchemyUserDatabase(AsyncSession(Mock(spec=AsyncEngine)), object)
    return {"fastapi_users_db_sqlalchemy.SQLAlchemyUserDatabase": users}


async def objects_of_flask_pymongo() -> dict[str, Any]:
    import flask_pymongo
    from flask import Flask

    mongo = flask_pymongo.PyMongo(Flask("shop"), "mongodb://nowhere.invalid/shop", connect=False)
    return {"flask_pymongo.PyMongo": mongo}


async def objects_of_hubspot() -> dict[str, Any]:
    import hubspot

    return {"hubspot.HubSpot": hubspot.HubSpot(access_token="x")}


async def objects_of_langgraph_sdk() -> dict[str, Any]:
    import langgraph_sdk

    return {"langgraph_sdk.client.LangGraphClient": langgraph_sdk.get_client(url="http://nowhere.invalid")}


async def objects_of_mistralai() -> dict[str, Any]:
    from mistralai.client import Mistral

    return {"mistralai.client.sdk.Mistral": Mistral(api_key="x")}


async def objects_of_razorpay() -> dict[str, Any]:
    import razorpay

    return {"razorpay.Client": razorpay.Client(auth=("x", "x"))}


async def objects_of_slack_bolt() -> dict[str, Any]:
    from slack_bolt import App
    from slack_bolt.async_app import AsyncApp

    return {
        "slack_bolt.App": App(token="xoxb-x", signing_secret="x", token_verification_enabled=False),
        "slack_bolt.async_app.AsyncApp": AsyncApp(token="xoxb-x", signing_secret="x"),
    }


async def objects_of_svix() -> dict[str, Any]:
    from svix.api import Svix

    return {"svix.Svix": Svix("testsk_x.eu")}


async def objects_of_web3() -> dict[str, Any]:
    from web3 import AsyncWeb3, Web3

    return {"web3.Web3": Web3(), "web3.AsyncWeb3": AsyncWeb3()}
