"""Which functions look at which library."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tests.models.live import of_aws, of_bots, of_drivers, of_effects, of_orms, of_services, of_sqlalchemy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.models.live.looking import Record

CALLS: dict[str, Callable[[Record], Awaitable[None]]] = {
    "advanced_alchemy": of_sqlalchemy.advanced_alchemy,
    "aioboto3": of_effects.aioboto3,
    "aiogram": of_bots.aiogram,
    "aiohttp": of_effects.aiohttp,
    "aiokafka": of_effects.aiokafka,
    "aiomysql": of_drivers.aiomysql,
    "aioodbc": of_drivers.aioodbc,
    "aiosqlite": of_drivers.aiosqlite,
    "asyncmy": of_drivers.asyncmy,
    "asyncpg": of_drivers.asyncpg,
    "asyncssh": of_effects.asyncssh,
    "boto3": of_aws.boto3,
    "celery": of_effects.celery,
    "databases": of_drivers.databases,
    "django": of_orms.django,
    "docker": of_effects.docker,
    "duckdb": of_services.duckdb,
    "fsspec": of_effects.fsspec,
    "google_cloud": of_effects.google_cloud,
    "huey": of_effects.huey,
    "kubernetes_asyncio": of_effects.kubernetes_asyncio,
    "motor": of_orms.motor,
    "oslo_db": of_sqlalchemy.oslo_db,
    "peewee": of_orms.peewee,
    "piccolo": of_orms.piccolo,
    "pymongo": of_orms.pymongo,
    "pymysql": of_drivers.pymysql,
    "redis": of_drivers.redis,
    "sqlalchemy": of_sqlalchemy.sqlalchemy,
    "sqlite3": of_drivers.sqlite3,
    "tortoise": of_orms.tortoise,
    "urllib": of_effects.urllib,
    "stdlib": of_effects.stdlib,
}
"""Make calls of a library, where that needs no peer, and record what they give."""

OBJECTS: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
    "aio_pika": of_effects.objects_of_aio_pika,
    "aiogram": of_bots.objects_of_aiogram,
    "aioboto3": of_effects.objects_of_aioboto3,
    "aiomysql": of_drivers.objects_of_aiomysql,
    "aiopg": of_drivers.objects_of_aiopg,
    "anthropic": of_effects.objects_of_anthropic,
    "asyncmy": of_drivers.objects_of_asyncmy,
    "boto3": of_aws.objects_of_boto3,
    "celery": of_effects.objects_of_celery,
    "django": of_orms.objects_of_django,
    "discord": of_bots.objects_of_discord,
    "disnake": functools.partial(of_bots.objects_of_discord, "disnake"),
    "docker": of_effects.objects_of_docker,
    "elasticsearch": of_effects.objects_of_elasticsearch,
    "fastapi_users": of_services.objects_of_fastapi_users,
    "flask_sqlalchemy": of_sqlalchemy.objects_of_flask_sqlalchemy,
    "google_cloud": of_effects.objects_of_google_cloud,
    "google_genai": of_effects.objects_of_google_genai,
    "groq": of_effects.objects_of_groq,
    "motor": of_orms.objects_of_motor,
    "nextcord": functools.partial(of_bots.objects_of_discord, "nextcord"),
    "openai": of_effects.objects_of_openai,
    "opensearchpy": of_effects.objects_of_opensearch,
    "oslo_db": of_sqlalchemy.objects_of_oslo_db,
    "oracledb": of_drivers.objects_of_oracledb,
    "psycopg": of_drivers.objects_of_psycopg,
    "psycopg2": of_drivers.objects_of_psycopg2,
    "pymongo": of_orms.objects_of_pymongo,
    "pymysql": of_drivers.objects_of_pymysql,
    "redis": of_drivers.objects_of_redis,
    "sendgrid": of_effects.objects_of_sendgrid,
    "sqlalchemy": of_sqlalchemy.objects_of_sqlalchemy,
    "sqlite3": of_drivers.objects_of_sqlite3,
    "sqlmodel": of_sqlalchemy.objects_of_sqlmodel,
    "stdlib": of_effects.objects_of_stdlib,
    "shippo": of_effects.objects_of_shippo,
    "stripe": of_effects.objects_of_stripe,
    "twilio": of_effects.objects_of_twilio,
    "flask_pymongo": of_services.objects_of_flask_pymongo,
    "hubspot": of_services.objects_of_hubspot,
    "langgraph_sdk": of_services.objects_of_langgraph_sdk,
    "mistralai": of_services.objects_of_mistralai,
    "razorpay": of_services.objects_of_razorpay,
    "slack_bolt": of_services.objects_of_slack_bolt,
    "telegram": of_bots.objects_of_telegram,
    "svix": of_services.objects_of_svix,
    "web3": of_services.objects_of_web3,
}
"""Objects of a library's classes, by class, to read the attributes that the models tell."""
