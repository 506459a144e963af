"""What each rule claims, seen on the real libraries: the defect in the bad snippet, and its absence in the good one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import (
    IntegrityError,
    InvalidRequestError,
    OperationalError,
    PendingRollbackError,
    ResourceClosedError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.ext.asyncio.exc import AsyncContextNotStarted

if TYPE_CHECKING:
    from conftest import Outcome, Run

pytestmark = pytest.mark.filterwarnings("ignore")  # that coroutines and connections are lost here is the point


HELD = (1, True)
FREE = (0, False)


def pool_after(outcome: Outcome) -> tuple[int, bool]:
    """How many connections are out, and whether the next checkout times out."""
    return outcome.checked_out, outcome.starved


def both(run: Run, name: str) -> tuple[Outcome, Outcome]:
    """The outcomes of the bad and of the good snippet of a name; the good one is clean whatever it is about."""
    bad, good = run(f"{name}.bad"), run(f"{name}.good")
    assert good.error is None
    assert pool_after(good) == FREE
    return bad, good


def both_failing(run: Run, name: str, error: type[BaseException], cancels: int = 0) -> None:
    """Both snippets of a name end with an error, and only the bad one keeps its connection."""
    bad, good = run(f"{name}.bad", cancels=cancels), run(f"{name}.good", cancels=cancels)
    assert isinstance(bad.error, error)
    assert isinstance(good.error, error)
    assert (pool_after(bad), pool_after(good)) == (HELD, FREE)


@pytest.mark.parametrize(
    "name",
    [
        "POL101_connection_close",
        "POL101_session_close",
        "POL107_give_back",
        "POL201_async_connection",
        "POL201_connection_commit",
        "POL201_session",
        "POL201_sync_connection",
        "POL204_async_chain",
        "POL204_sync_chain",
        "POL207_given_away",
        "POL207_session",
        "POL208_class_attribute",
        "POL208_global",
        "POL213_callback",
        "POL214_task",
        "POL214_thread",
        "POL218_connection",
        "POL218_session",
    ],
)
def test_the_connection_stays_out_and_the_next_checkout_times_out(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.error is None, "a leak is silent"
    assert bad.value == good.value
    assert pool_after(bad) == HELD


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
        "POL107_save",
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
    assert pool_after(bad) == HELD


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


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("POL202_async_connection", OperationalError),
        ("POL202_sync_connection", OperationalError),
        ("POL202_session", OperationalError),
        ("POL202_failed_flush", IntegrityError),
        ("POL202_failed_commit", IntegrityError),
        ("POL202_other_exception", ValueError),
        ("POL202_second_checkout", PoolTimeout),
        ("POL206_context_manager", LookupError),
        ("POL206_dependency", LookupError),
        ("POL212_connection", httpx.ConnectError),
        ("POL217_enter", OperationalError),
        ("POL217_factory", OperationalError),
    ],
)
def test_an_exception_skips_the_release(run: Run, name: str, error: type[Exception]) -> None:
    both_failing(run, name, error)


@pytest.mark.parametrize("name", ["POL203_base_exception", "POL203_connection", "POL203_session", "POL212_session"])
def test_a_cancellation_skips_the_release(run: Run, name: str) -> None:
    both_failing(run, name, asyncio.CancelledError, cancels=1)


@pytest.mark.parametrize("name", ["POL205_in_a_loop", "POL205_session"])
def test_the_next_checkout_waits_for_the_one_that_its_own_name_has_lost(run: Run, name: str) -> None:
    bad, _good = both(run, name)
    assert isinstance(bad.error, PoolTimeout)
    assert pool_after(bad) == HELD


def test_a_connection_cannot_be_used_after_its_block(run: Run) -> None:
    bad, good = both(run, "POL207_connection")
    assert isinstance(bad.error, ResourceClosedError)
    assert pool_after(bad) == FREE
    assert good.value == 1


def test_an_engine_of_a_call_leaves_its_connection_open(run: Run) -> None:
    bad, good = both(run, "POL209_engine")
    assert bad.error is None
    assert (bad.open, good.open) == (1, 0)


def test_a_close_that_times_out_at_once_never_starts(run: Run) -> None:
    bad, _good = both(run, "POL213_wait_for")
    assert isinstance(bad.error, asyncio.TimeoutError)
    assert pool_after(bad) == HELD


def test_after_closing_its_inner_session_not_even_its_block_releases_a_session(run: Run) -> None:
    bad, good = both(run, "POL213_sync_session")
    assert bad.error is None
    assert (bad.server_starved, good.server_starved) == ([True], [False])


@pytest.mark.parametrize("name", ["POL216_break", "POL216_return"])
def test_a_generator_that_was_left_holds_its_connection_a_little_longer(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.error is None
    assert bad.value == good.value
    assert bad.checked_out == 1, "still out when the function has returned"
    assert not bad.starved, "the event loop has finalised the generator meanwhile"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fine_block_ends_the_transaction", None),
        ("fine_connection_closed_twice", 1),
        ("fine_session_commits", None),
        ("fine_session_never_asks", 1),
        ("fine_session_on_a_connection", 1),
        ("fine_session_rolls_back", "coffee"),
    ],
)
def test_nothing_stays_out(run: Run, name: str, value: object) -> None:
    outcome = run(name)
    assert outcome.error is None
    assert outcome.value == value
    assert pool_after(outcome) == FREE


@pytest.mark.parametrize("name", ["fine_connection_cancelled_in_its_query", "fine_session_cancelled_in_its_query"])
def test_a_cancellation_inside_of_sqlalchemy_frees_the_slot(run: Run, name: str) -> None:
    outcome = run(name, cancels=1)
    assert isinstance(outcome.error, asyncio.CancelledError)
    assert pool_after(outcome) == FREE


@pytest.mark.parametrize("cancels", [1, 2])
@pytest.mark.parametrize("name", ["fine_connection_cancelled_in_its_close", "fine_session_cancelled_in_its_close"])
def test_a_close_in_finally_survives_a_second_cancellation(run: Run, name: str, cancels: int) -> None:
    outcome = run(name, cancels=cancels)
    assert isinstance(outcome.error, asyncio.CancelledError)
    assert pool_after(outcome) == FREE
    assert outcome.open == 2 - cancels, "the connection that was cancelled while it rolled back is thrown away"


@pytest.mark.parametrize("name", ["POL301_session_in_coroutine", "POL301_handed_to_thread", "POL302_engine_connect"])
def test_a_synchronous_session_stops_the_event_loop(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.value == good.value == 1
    assert bad.ticks == 0, "no other task had a turn"
    assert good.ticks > 0


def test_while_the_loop_stands_still_nobody_gives_a_connection_back(run: Run) -> None:
    bad, good = both(run, "POL305_pause_in_coroutine")
    assert bad.error is None
    assert (bad.value, good.value) == (False, True)


@pytest.mark.parametrize(
    "name",
    [
        "POL401_call_in_session_begin",
        "POL401_helper_in_engine_begin",
        "POL402_autobegun_session",
        "POL402_connection_committed",
        "POL402_failed_commit",
        "POL403_pause",
    ],
)
def test_while_it_waits_nobody_else_gets_a_connection(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert bad.error is None
    assert (bad.server_starved, good.server_starved) == ([True], [False])
    assert bad.items == good.items


@pytest.mark.parametrize("name", ["POL404_second_connection", "POL410_gather", "POL412_queue"])
def test_those_that_hold_one_and_want_another_wait_for_each_other(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert isinstance(bad.error, PoolTimeout)
    assert good.value is not None


def test_a_session_begins_once(run: Run) -> None:
    bad, good = both(run, "POL407_begun_already")
    assert isinstance(bad.error, InvalidRequestError)
    assert (bad.items, good.items) == (["coffee"], ["coffee", "tea 1"])


@pytest.mark.parametrize("name", ["POL608_after_a_failed_flush", "POL608_in_the_next_round"])
def test_a_session_that_has_failed_refuses_all_but_its_rollback(run: Run, name: str) -> None:
    bad, good = both(run, name)
    assert isinstance(bad.error, PendingRollbackError)
    assert (bad.items, good.items) == (["coffee"], ["coffee", "tea"])


def test_a_session_that_a_task_uses_after_its_block_takes_a_connection_again(run: Run) -> None:
    bad, _good = both(run, "POL413_task_after_the_block")
    assert bad.error is None
    assert pool_after(bad) == HELD


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("POL405_fresh_session", InvalidRequestError),
        ("POL405_commit_in_each_task", InvalidRequestError),
    ],
)
def test_two_tasks_on_one_session_raise(run: Run, name: str, error: type[Exception]) -> None:
    bad, _good = both(run, name)
    assert isinstance(bad.error, error)


def test_a_registry_keeps_the_sessions_of_tasks_that_have_committed() -> None:
    async def work() -> list[int]:
        engine = create_async_engine("sqlite+aiosqlite://")
        registry = async_scoped_session(async_sessionmaker(engine), scopefunc=asyncio.current_task)

        async def serve(*, remove: bool) -> None:
            await registry.execute(text("SELECT 1"))
            await registry.commit()
            if remove:
                await registry.remove()

        kept = []
        for remove in (True, False, False):
            await asyncio.create_task(serve(remove=remove))
            kept.append(len(registry.registry.registry))  # type: ignore[attr-defined]
        await engine.dispose()
        return kept

    assert asyncio.run(work()) == [0, 1, 2]
