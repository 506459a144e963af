"""The application: `uvicorn orders.main:app`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from orders import api, health, reports, settings
from orders.db import engine, reporting_engine


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=settings.PAYMENTS_URL, timeout=10) as payments:
        app.state.payments = payments
        try:
            yield
        finally:
            await engine.dispose()
            reporting_engine.dispose()


app = FastAPI(title="Orders", lifespan=lifespan)
app.include_router(api.router)
app.include_router(reports.router)
app.include_router(health.router)
