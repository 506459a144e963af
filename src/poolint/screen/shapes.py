"""Shapes of text by which a file is interesting that names no library and imports nothing that carries one."""

from __future__ import annotations

import re

STATE_HOLDERS = frozenset({"app", "application", "request", "req", "websocket", "ws", "_app", "fastapi_app"})
"""Names before ``.state.NAME`` that make it a framework's application state."""

_HOLDER = rb"(?<=%b\.state.)(?<!\w%b\.state.)"
STATE = re.compile(
    rb"\.state[.,](?:" + b"|".join(_HOLDER % (one, one) for one in map(str.encode, sorted(STATE_HOLDERS))) + b")"
)
"""The word comes first, since that is searched for fast."""

AWAITED_USE = re.compile(
    rb"await[ \t(]+(?:self\.)?(?i:(?=\w*(?:sess|conn|db|database|tx|transaction))\w+\s*\.\s*"
    rb"(?:execute|scalar|commit|rollback|flush|refresh|fetch|exec))"
)
"""The shape that evidence of use needs (see :mod:`poolint.types.evidence`), and a little more."""

ENGINE_USE = re.compile(rb"(?i:engine)\s*\.\s*(?:connect|begin|raw_connection|dispose)\s*\(")
"""The shape that evidence for an engine needs, which nothing declares, and a little more."""

_BOUND = re.compile(rb"\)[ \t]+as[ \t]+(\w+)[ \t]*[:,]")
_RUN = re.compile(rb"\b(\w+)\.(?:execute|scalars?|query|exec)\(")
"""What blocks bind, and what statements are run on."""

DRIVES = re.compile(
    rb"\b(?:asyncio\.run|asyncio\.Runner|anyio\.run|uvloop\.run|run_until_complete|async_to_sync|run_async|async_run"
    rb"|run_coro\w*|run_sync)[ \t]*\("
)
"""What runs a coroutine on a loop of its own, or is called as if it did (:mod:`poolint.detect.loops`)."""

DRIVER = (b".connect(", b".cursor(", b".execute")
"""What the protocol of a driver without a model needs (see :mod:`poolint.detect.drivers`)."""

BY_HAND = re.compile(rb"\bself\.\w+\.__a?enter__\(")
"""A member that is entered by hand (see :mod:`poolint.detect.holders`)."""

DROPPED = re.compile(rb"^[ \t]+\w[\w.]*\.a?close\(\)[ \t]*(?:#.*)?$", re.MULTILINE)
"""A statement that closes something and awaits nothing."""


def shows_use(data: bytes) -> bool:
    """Whether a text uses something as an engine, a session or a connection that nothing in it declares."""
    if b"ngine" in data and ENGINE_USE.search(data) is not None:
        return True
    may_run = b".exec" in data or b".scalar" in data or b".query" in data
    return may_run and b") as " in data and not set(_RUN.findall(data)).isdisjoint(_BOUND.findall(data))


def uses_state(data: bytes) -> bool:
    """Whether a text reads or sets what an application keeps for all."""
    return (b".state." in data or b".state," in data) and STATE.search(data) is not None
