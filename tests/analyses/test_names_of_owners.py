"""What is found of a resource does not depend on what its variable is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.config import Resolver
from poolint.runner import Runner

if TYPE_CHECKING:
    from pathlib import Path

KEPT = """\
import pymongo
import redis.asyncio as redis
from ratekeeper import setup
from sqlalchemy import create_engine


async def start(host):
    NAME = redis.Redis(host=host)
    await setup(NAME)


def subscription(host):
    NAME = redis.Redis(host=host)
    return NAME.pubsub()


def orders(url):
    NAME = pymongo.MongoClient(url)
    return NAME["orders"]


def engine(url):
    NAME = create_engine(url)
    setup(engine=NAME)
"""
LOST = """\
import httpx
from sqlalchemy import create_engine, text


async def status(url):
    NAME = httpx.AsyncClient()
    return (await NAME.get(url)).status_code


def count(url):
    NAME = create_engine(url)
    with NAME.connect() as opened:
        return opened.execute(text("SELECT 1")).scalar_one()
"""


@pytest.mark.parametrize("name", ["client", "conn", "connection", "session", "db", "engine", "pool", "h", "whatever"])
@pytest.mark.parametrize(("text", "wanted"), [(KEPT, []), (LOST, ["POL201", "POL209"])])
def test_what_a_variable_is_called_is_nothing_to_go_by(text: str, wanted: list[str], name: str, tmp_path: Path) -> None:
    runner = Runner(Resolver(str(tmp_path), isolated=True))
    outcome, _ = runner.run_text(text.replace("NAME", name).encode(), str(tmp_path / "shop.py"))
    assert not outcome.errors
    assert [one.code for one in outcome.diagnostics] == wanted
