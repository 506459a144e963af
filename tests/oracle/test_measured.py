"""What each rule claims, seen on the real libraries: the defect in the bad snippet, and its absence in the good one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio.exc import AsyncContextNotStarted

if TYPE_CHECKING:
    from conftest import Outcome

Run = Callable[[str], "Outcome"]

pytestmark = pytest.mark.filterwarnings("ignore")  # that coroutines and connections are lost here is the point


def both(run: Run, name: str) -> tuple[Outcome, Outcome]:
    """The outcomes of the bad and of the good snippet of a name; the good one is clean whatever it is about."""
    bad, good = run(f"{name}.bad"), run(f"{name}.good")
    assert good.error is None
    assert (good.checked_out, good.starved) == (0, False)
    return bad, good


@pytest.mark.parametrize(
    "name",
    [
        "POL101_connection_close",
        "POL101_session_close",
        "POL201_async_connection",
        "POL201_sync_connection",
        "POL201_session",
    ],
)
def test_the_connection_stays_out_and_the_next_checkout_times_out(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.error is None, "a leak is silent"
    assert bad.value == good.value
    assert (bad.checked_out, bad.starved) == (1, True)


def test_an_engine_that_is_not_disposed_keeps_its_connections(run: Run) -> None:
    bad, good = both(run, "POL101_engine_dispose")
    assert (bad.idle, good.idle) == (1, 0)


@pytest.mark.parametrize(
    "name",
    [
        "POL102_session_commit",
        "POL102_connection_commit",
        "POL102_begin_not_entered",
        "POL104_insert_dropped",
    ],
)
def test_the_row_is_lost_without_an_error(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.error is None
    assert bad.items == ["coffee"]
    assert good.items == ["coffee", "tea"]


def test_a_rollback_that_is_not_awaited_lets_the_next_commit_keep_what_was_wrong(run: Run) -> None:
    bad, good = both(run, "POL102_session_rollback")
    assert bad.items == ["coffee", "wrong", "tea"]
    assert good.items == ["coffee", "tea"]


def test_a_connection_that_was_not_awaited_cannot_be_used(run: Run) -> None:
    bad, good = both(run, "POL103_engine_connect")
    assert isinstance(bad.error, AsyncContextNotStarted)
    assert good.value == 1


def test_a_driver_connection_that_was_not_awaited_cannot_be_used(run: Run) -> None:
    bad, good = both(run, "POL103_driver_connect")
    assert isinstance(bad.error, ValueError)
    assert good.value == 1


def test_the_coroutine_of_a_query_is_not_its_result(run: Run) -> None:
    bad, good = both(run, "POL104_coroutine_as_result")
    assert isinstance(bad.error, AttributeError)
    assert good.value == ["coffee"]


def test_awaiting_a_plain_call_raises_and_the_row_is_lost(run: Run) -> None:
    bad, good = both(run, "POL105_session_add")
    assert isinstance(bad.error, TypeError)
    assert bad.items == ["coffee"]
    assert good.items == ["coffee", "tea"]


def test_awaiting_a_plain_call_in_finally_skips_the_rest_of_the_clean_up(run: Run) -> None:
    bad, _good = both(run, "POL105_sync_dispose_in_finally")
    assert isinstance(bad.error, TypeError)
    assert (bad.checked_out, bad.starved) == (1, True)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        # Python 3.10 misses an attribute where later ones say that the protocol is not supported.
        ("POL106_with_on_async", (TypeError, AttributeError)),
        ("POL106_async_with_on_sync", (TypeError, AttributeError)),
        ("POL106_await_in_header", InvalidRequestError),
    ],
)
def test_the_wrong_kind_of_with_raises(run: Run, name: str, error: type[Exception]) -> None:
    bad, good = both(run, name)
    assert isinstance(bad.error, error)
    assert good.value == 1


@pytest.mark.parametrize("name", ["POL301_session_in_coroutine", "POL301_handed_to_thread"])
def test_a_synchronous_session_stops_the_event_loop(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.value == good.value == 1
    assert bad.ticks == 0, "no other task had a turn"
    assert good.ticks > 0


@pytest.mark.parametrize("name", ["POL401_call_in_session_begin", "POL401_helper_in_engine_begin"])
def test_while_the_call_lasts_nobody_else_gets_a_connection(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.error is None
    assert (bad.server_starved, good.server_starved) == ([True], [False])
    assert bad.items == good.items
