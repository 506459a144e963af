"""What a connection does for whoever still has it after its pool has got it back, seen on the real pools."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from poolint.models.loader import load


class _Silent(psycopg.Connection[Any]):
    """A connection to no server: it only says that it is open, and idle."""

    closed = False  # type: ignore[assignment]

    @classmethod
    def connect(cls, *_: object, **__: object) -> Any:
        made = cls.__new__(cls)
        made.pgconn = SimpleNamespace(transaction_status=TransactionStatus.IDLE, finish=lambda: None)  # type: ignore[assignment]
        return made

    def execute(self, *_: object, **__: object) -> Any:
        return "executed"

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...

    def __del__(self, *_: object) -> None: ...


@pytest.mark.parametrize("name", ["poolint.psycopg_pool.Connection", "poolint.psycopg_pool.AsyncConnection"])
def test_psycopg_says_that_a_connection_works_when_its_pool_has_it_back(name: str) -> None:
    assert load().classes[name].works_when_released


def test_a_pool_of_psycopg_gives_the_connections_themselves_out() -> None:
    with ConnectionPool("", min_size=1, max_size=1, connection_class=_Silent, timeout=1) as pool:
        with pool.connection() as first:
            pass
        with pool.connection() as second:
            assert first is second
            assert first.execute("SELECT 1") == "executed"
