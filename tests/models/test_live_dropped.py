"""What becomes of clients that nobody closes, measured on the installed libraries.

No server is needed: a port that accepts connections and never answers is enough for a client to start what it starts.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from typing import TYPE_CHECKING

import pytest

from poolint.models import loader

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS = loader.load()


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def drop(name: str, port: int) -> None:
    """Ask a server by a client of a class, and forget the client."""
    module, _, cls = name.rpartition(".")
    client = getattr(pytest.importorskip(module), cls)("127.0.0.1", port, serverSelectionTimeoutMS=20)

    async def ask() -> None:
        await client.admin.command("ping")

    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        asyncio.run(ask()) if MODELS.classes[name].mode == "async" else client.admin.command("ping")


@pytest.mark.parametrize("name", ["pymongo.MongoClient", "pymongo.AsyncMongoClient"])
def test_a_dropped_client_is_closed_by_the_collector_with_a_warning(name: str, port: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drop(name, port)
        gc.collect()
    assert any("Unclosed" in str(one.message) for one in caught)
    assert MODELS.classes[name].on_drop == "terminated"
