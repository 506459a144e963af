"""What the load balancer asks every few seconds."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import text

from orders.db import engine

router = APIRouter()


@router.get("/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready")
async def ready() -> dict[str, str]:
    connection = await engine.connect()
    await connection.execute(text("SELECT 1"))
    return {"status": "ok"}
