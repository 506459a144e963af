"""The engines, and the factories that everybody takes sessions from."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

from orders import settings

engine = create_async_engine(
    settings.DATABASE_URL,
    pool_size=10,
    max_overflow=5,
    pool_timeout=10,
    pool_pre_ping=True,
)
session_factory = async_sessionmaker(engine, expire_on_commit=False)

# The month-end scripts predate the service and are synchronous.
reporting_engine = create_engine(settings.REPORTING_URL, pool_pre_ping=True)
ReportingSession = sessionmaker(reporting_engine)
