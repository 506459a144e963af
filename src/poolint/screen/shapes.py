"""Shapes of text by which a file is interesting that names no library and imports nothing that carries one."""

from __future__ import annotations

import re

STATE_HOLDERS = frozenset({"app", "application", "request", "req", "websocket", "ws", "_app", "fastapi_app"})
"""Names before ``.state.NAME`` that make it a framework's application state."""

_HOLDERS = tuple(map(str.encode, sorted(STATE_HOLDERS)))
_STATE = re.compile(rb"\.state[.,]")

AWAITED_USE = re.compile(
    rb"await[ \t(]+(?:self\.)?(?i:(?=\w*(?:sess|conn|db|database|tx|transaction))\w+\s*\.\s*"
    rb"(?:execute|scalar|commit|rollback|flush|refresh|fetch|exec))"
)
"""The shape that evidence of use needs (see :mod:`poolint.types.evidence`), and a little more."""

ENGINE_USE = re.compile(rb"[eE](?i:ngine)\s*\.\s*(?:connect|begin|raw_connection|dispose)\s*\(")
"""The shape that evidence for an engine needs, which nothing declares, and a little more."""

_OF_ENGINES = (b"connect", b"begin", b"dispose")
"""What each text of that shape has in it."""

_BOUND = re.compile(rb"\)[ \t]+as[ \t]+(\w+)[ \t]*[:,]")
_RUN = re.compile(rb"\.(?:execute|scalars?|query|exec)\(")
"""What blocks bind, and what comes behind that which statements are run on."""

_LETTER = re.compile(rb"\w")

_DRIVING = (
    b"asyncio.run", b"asyncio.Runner", b"anyio.run", b"uvloop.run", b"run_until_complete", b"async_to_sync", b"run_async",
    b"async_run", b"run_coro", b"run_sync",
)  # fmt: skip
_DRIVES = re.compile(rb"\b(?:" + b"|".join(map(re.escape, _DRIVING)) + rb"|run_coro\w*)[ \t]*\(")

DRIVER = (b".connect(", b".cursor(", b".execute")
"""What the protocol of a driver without a model needs (see :mod:`poolint.detect.drivers`)."""

BY_HAND = re.compile(rb"self(?<!\wself)\.\w+\.__a?enter__\(")
"""A member that is entered by hand (see :mod:`poolint.detect.holders`)."""

DROPPED = re.compile(rb"^[ \t]+\w[\w.]*\.a?close\(\)[ \t]*(?:#.*)?$|\.a?close[ \t]*[,)]", re.MULTILINE)
"""A statement that closes something and awaits nothing, or a method that does so and is handed to who calls it."""


def shows_use(data: bytes) -> bool:
    """Whether a text uses something as an engine, a session or a connection that nothing in it declares."""
    if b"ngine" in data and any(one in data for one in _OF_ENGINES) and ENGINE_USE.search(data) is not None:
        return True
    if b") as " not in data or not (b".exec" in data or b".scalar" in data or b".query" in data):
        return False
    bound = tuple(set(_BOUND.findall(data)))
    return bool(bound) and any(_ends_in(bound, data, match.start()) for match in _RUN.finditer(data))


def _ends_in(words: tuple[bytes, ...], data: bytes, end: int) -> bool:
    """Whether the word that ends at ``end`` is one of some."""
    if not data.endswith(words, 0, end):
        return False
    starts = [end - len(one) for one in words if data.endswith(one, 0, end)]
    return any(not start or _LETTER.match(data, start - 1) is None for start in starts)


def drives(data: bytes) -> bool:
    """Whether a text runs a coroutine on a loop of its own, or calls what is named as if it did (see
    :mod:`poolint.detect.loops`)."""
    return any(one in data for one in _DRIVING) and _DRIVES.search(data) is not None


def uses_state(data: bytes) -> bool:
    """Whether a text reads or sets what an application keeps for all."""
    return b".state" in data and any(_ends_in(_HOLDERS, data, one.start()) for one in _STATE.finditer(data))
