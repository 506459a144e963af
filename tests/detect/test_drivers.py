"""Connections of drivers without a model: what becomes of them is possible, and only told where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules.registry import LazyRules
from poolint.text.source import Source

STOCK = """\
import warehouse_driver
from ledger.client import connect


async def load(dsn: str) -> list[tuple[int, ...]]:
    connection = await warehouse_driver.connect(dsn)
    cursor = await connection.cursor()
    await cursor.execute("SELECT id FROM stock")
    return await cursor.fetchall()


def book(dsn: str, amount: int) -> None:
    ledger = connect(dsn)
    with ledger.cursor() as cursor:
        cursor.execute("INSERT INTO bookings VALUES (?)", (amount,))
    ledger.commit()


def total(dsn: str) -> int:
    ledger = connect(dsn)
    cursor = ledger.cursor()
    cursor.execute("SELECT sum(amount) FROM bookings")
    (found,) = cursor.fetchone()
    ledger.close()
    return found


def book_well(dsn: str, amount: int) -> None:
    ledger = connect(dsn)
    try:
        cursor = ledger.cursor()
        cursor.execute("INSERT INTO bookings VALUES (?)", (amount,))
        ledger.commit()
    finally:
        ledger.close()


def opened(dsn: str) -> object:
    ledger = connect(dsn)
    cursor = ledger.cursor()
    cursor.execute("SET role = booking")
    ledger.commit()
    return ledger


def position(editor: object) -> object:
    editor.connect("changed", print)
    return editor.cursor()
"""


@pytest.mark.parametrize(
    ("certainty", "expected"),
    [
        ("certain", []),
        ("possible", [("load", "POL201"), ("book", "POL201"), ("total", "POL202"), ("opened", "POL217")]),
    ],
)
def test_what_is_left_open_by_such_a_driver_is_possible(
    tmp_path: Path, certainty: str, expected: list[tuple[str, str]]
) -> None:
    path = tmp_path / "stock.py"
    path.write_text(STOCK)
    checker = Checker(Settings(certainty=certainty, root=str(tmp_path)), LazyRules())
    found = list(checker.check(Source.read(str(path))))
    assert [(one.function, one.code) for one in found] == expected
    assert {one.certainty.value for one in found} <= {"possible"}
    assert not any(one.fix for one in found)


def test_what_has_no_such_protocol_is_no_driver(tmp_path: Path) -> None:
    path = tmp_path / "editor.py"
    path.write_text(
        "import editors\n\n\ndef place(name):\n    editor = editors.connect(name)\n    editor.cursor()\n    return None\n"
    )
    checker = Checker(Settings(certainty="possible", root=str(tmp_path)), LazyRules())
    assert list(checker.check(Source.read(str(path)))) == []


HELPERS = """\
import functools

import warehouse_driver

kept = []


async def opened(dsn: str):
    connection = await warehouse_driver.connect(dsn)
    connection.autocommit = False
    return connection


async def prepared(dsn: str):
    return await opened(dsn)


@functools.cache
def shared(dsn: str):
    return warehouse_driver.connect(dsn)


def remembered(dsn: str):
    connection = warehouse_driver.connect(dsn)
    kept.append(connection)
    return connection
"""

USERS = """\
from helpers import opened, prepared, remembered, shared


async def load(dsn: str) -> list[tuple[int, ...]]:
    connection = await opened(dsn)
    cursor = await connection.cursor()
    await cursor.execute("SELECT id FROM stock")
    return await cursor.fetchall()


async def load_again(dsn: str) -> list[tuple[int, ...]]:
    connection = await prepared(dsn)
    cursor = await connection.cursor()
    await cursor.execute("SELECT id FROM stock")
    return await cursor.fetchall()


async def load_well(dsn: str) -> list[tuple[int, ...]]:
    connection = await opened(dsn)
    try:
        cursor = await connection.cursor()
        await cursor.execute("SELECT id FROM stock")
        return await cursor.fetchall()
    finally:
        await connection.close()


def count(dsn: str) -> int:
    connection = shared(dsn)
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM stock")
    return cursor.fetchone()[0]


def count_again(dsn: str) -> int:
    connection = remembered(dsn)
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM stock")
    return cursor.fetchone()[0]
"""


def test_a_function_that_makes_a_connection_and_gives_it_is_as_good_as_connect(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    path = tmp_path / "users.py"
    path.write_text(USERS)
    checker = Checker(Settings(certainty="possible", root=str(tmp_path)), LazyRules())
    found = list(checker.check(Source.read(str(path))))
    assert [(one.function, one.code) for one in found] == [("load", "POL201"), ("load_again", "POL201")]
    assert {one.certainty.value for one in found} == {"possible"}


NAMED_OTHERWISE = """\
import warehouse_driver


async def load(dsn: str, shelf: int) -> list[tuple[int, ...]]:
    query, connection = "SELECT id FROM stock WHERE shelf = ?", await warehouse_driver.connect(dsn)
    cursor = await connection.cursor()
    await cursor.execute(query, (shelf,))
    return await cursor.fetchall()


def count(dsn: str) -> int:
    cursor = (connection := warehouse_driver.connect(dsn)).cursor()
    cursor.execute("SELECT count(*) FROM stock")
    found = cursor.fetchone()
    if found is None:
        return 0
    connection.close()
    return found[0]


def count_well(dsn: str) -> int:
    connection = None
    try:
        cursor = (connection := warehouse_driver.connect(dsn)).cursor()
        cursor.execute("SELECT count(*) FROM stock")
        return cursor.fetchone()[0]
    finally:
        if connection is not None:
            connection.close()


def swapped(dsn: str) -> None:
    first, second = warehouse_driver.pair(dsn)
    first.cursor().execute("SELECT 1")
    second.commit()
"""


def test_a_connection_is_followed_that_is_named_with_others_or_in_an_expression(tmp_path: Path) -> None:
    path = tmp_path / "stock.py"
    path.write_text(NAMED_OTHERWISE)
    checker = Checker(Settings(certainty="possible", root=str(tmp_path)), LazyRules())
    found = list(checker.check(Source.read(str(path))))
    assert [(one.function, one.code) for one in found] == [("load", "POL201"), ("count", "POL201")]
    assert {one.certainty.value for one in found} == {"possible"}


ALIASED = """\
from typing import Any

from graphlake.aio import connect as open_graph


async def drain(cursor: Any) -> list[tuple[str, str]]:
    found = []
    while rows := await cursor.fetchmany(500):
        found.extend(rows)
    return found


async def edges(dsn: str) -> list[tuple[str, str]]:
    graph = await open_graph(dsn)
    cursor = await graph.cursor()
    await cursor.execute("MATCH (a)-[e]->(b) RETURN a.name, b.name")
    return await drain(cursor)


async def edges_well(dsn: str) -> list[tuple[str, str]]:
    graph = await open_graph(dsn)
    try:
        cursor = await graph.cursor()
        await cursor.execute("MATCH (a)-[e]->(b) RETURN a.name, b.name")
        return await drain(cursor)
    finally:
        await graph.close()
"""


def test_connect_may_have_another_name_and_its_cursor_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "edges.py"
    path.write_text(ALIASED)
    checker = Checker(Settings(certainty="possible", root=str(tmp_path)), LazyRules())
    found = list(checker.check(Source.read(str(path))))
    assert [(one.function, one.code) for one in found] == [("edges", "POL201")]


WORKED = """\
import warehouse_driver

kept = []


def opened(dsn):
    return warehouse_driver.connect(dsn)


def rows(connection, query):
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchall()


def first(link, *, query):
    return rows(link, query)[0]


def rows_and_close(connection, query):
    try:
        return rows(connection, query)
    finally:
        connection.close()


def rows_and_keep(connection, query):
    kept.append(connection)
    return rows(connection, query)


def place(editor):
    return editor.cursor()


def load(dsn):
    link = opened(dsn)
    return first(link, query="SELECT id FROM stock")


def load_and_close(dsn):
    link = warehouse_driver.connect(dsn)
    found = first(link, query="SELECT id FROM stock")
    link.close()
    return found


def load_well(dsn):
    link = opened(dsn)
    try:
        return first(link, query="SELECT id FROM stock")
    finally:
        link.close()


def load_by_a_helper_that_closes(dsn):
    link = opened(dsn)
    return rows_and_close(link, "SELECT id FROM stock")


def load_and_keep(dsn):
    link = opened(dsn)
    return rows_and_keep(link, "SELECT id FROM stock")


def edit(name):
    editor = warehouse_driver.connect(name)
    return place(editor)
"""


def test_a_function_that_is_passed_a_connection_shows_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "stock.py"
    path.write_text(WORKED)
    checker = Checker(Settings(certainty="possible", root=str(tmp_path)), LazyRules())
    found = list(checker.check(Source.read(str(path))))
    assert [(one.function, one.code) for one in found] == [("load", "POL201"), ("load_and_close", "POL202")]
    assert {one.certainty.value for one in found} == {"possible"}
