"""What endpoints ask for by annotation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from orders.db import session_factory


async def get_session() -> AsyncIterator[AsyncSession]:
    async with session_factory() as session:
        yield session


def get_payments(request: Request) -> httpx.AsyncClient:
    client: httpx.AsyncClient = request.app.state.payments
    return client


SessionDep = Annotated[AsyncSession, Depends(get_session)]
PaymentsDep = Annotated[httpx.AsyncClient, Depends(get_payments)]
