"""Shapes of text by which a file is interesting that names no library and imports nothing that carries one."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = frozenset({"request", "req", "websocket", "ws"})
"""Names before ``.state.NAME`` that make it a request's own, which it has from what the lifespan yields."""
STATE_HOLDERS = REQUESTS | {"app", "application", "current_app", "_app", "fastapi_app"}
"""Names before ``.state.NAME`` that make it a framework's application state."""
TABLE = "extensions"
"""What an application of Flask keeps things in for all, behind keys: it is as if it had them itself (Flask 3.1)."""

_HOLDERS = tuple(map(str.encode, sorted(STATE_HOLDERS)))
_STATE = re.compile(rb"\.state[.,]")
_KEYED = (b"app[", b'.extensions["', b".extensions['")

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
_RUN = re.compile(rb"\.(?:execute|scalars?|query|exec|add|add_all)[(,]")
"""What blocks bind, and what comes behind that which statements are run on, or objects are added to."""
_RUNNING = (b".exec", b".scalar", b".query", b".add")
"""What each text of that shape has in it."""

_TAKEN = re.compile(rb"\.(?:connection|acquire)\([^()\n]*\)[ \t]+as[ \t]+(\w+)[ \t]*[:,)]")
_INSIDE = re.compile(rb"\b(\w+)\.transaction\([^()\n]*\)[ \t]*(?::|,|as\b)")
"""What a block has from a pool, and what the transaction is of that it is."""
_ASKED = re.compile(rb"\.(?:execute(?:many)?|fetch(?:row|val|_all|_one|_val)?)\(")
"""What comes behind that which queries are run on, by the methods that connections of drivers have for them."""
_ASKING = (b".execute", b".fetch")
"""What each text of that shape has in it."""

_LETTER = re.compile(rb"\w")

_DRIVING = (
    b"asyncio.run", b"asyncio.Runner", b"anyio.run", b"uvloop.run", b"run_until_complete", b"async_to_sync", b"run_async",
    b"async_run", b"run_coro", b"run_sync",
)  # fmt: skip
_DRIVES = re.compile(rb"\b(?:" + b"|".join(map(re.escape, _DRIVING)) + rb"|run_coro\w*)[ \t]*\(")

_OF_SESSION = re.compile(rb"\.session\.(?:commit|rollback|flush|query|scalars?|add_all)\(")
"""What is asked of a session that something keeps, and of nothing else of that name: ``db.session.commit()``."""

_COMMITS = b".commit()"
_BESIDE = (b".refresh(", b".add_all(", b".rollback()", b".flush()", b".scalars(", b".delete(")
"""How a session is worked with that somebody passes: it is committed, and asked for what little else has."""

DRIVER = (b"connect", b".cursor(", b".execute")
"""What the protocol of a driver without a model needs (see :mod:`poolint.detect.drivers`)."""

BY_HAND = re.compile(rb"self(?<!\wself)\.\w+\.__a?enter__\(")
"""A member that is entered by hand (see :mod:`poolint.detect.holders`)."""

DROPPED = re.compile(rb"^(?:(?!await\b)[^\n#])*\.a?close\(\)|\.a?close[ \t]*[,)]", re.MULTILINE)
"""A row that closes something and awaits nothing before, or a method that does so and is handed to who calls it."""


def shows_use(data: bytes, names_library: Callable[[bytes], bool]) -> bool:
    """Whether a text uses something as an engine, a session or a connection that nothing in it declares."""
    if b".session." in data and _OF_SESSION.search(data) is not None:
        return True
    if _COMMITS in data and any(one in data for one in _BESIDE):
        return True
    return _shows_driver(data) or (_is_used(data) and names_library(data))


def _is_used(data: bytes) -> bool:
    """Whether it connects by an engine, or runs statements on what a block has."""
    if b"ngine" in data and any(one in data for one in _OF_ENGINES) and ENGINE_USE.search(data) is not None:
        return True
    if b") as " not in data or not any(one in data for one in _RUNNING):
        return False
    bound = tuple(set(_BOUND.findall(data)))
    return bool(bound) and any(_ends_in(bound, data, match.start()) for match in _RUN.finditer(data))


def _shows_driver(data: bytes) -> bool:
    """Whether it runs queries in blocks that have a connection from a pool, or are a transaction, whatever the library:
    what such blocks are is known by these alone."""
    if not (b".transaction(" in data or b".connection(" in data or b".acquire(" in data):
        return False
    if not any(one in data for one in _ASKING):
        return False
    used = tuple({*_TAKEN.findall(data), *_INSIDE.findall(data)})
    return bool(used) and any(_ends_in(used, data, match.start()) for match in _ASKED.finditer(data))


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
    """Whether a text reads or sets what an application keeps for all, as an attribute of its state or behind a key."""
    if any(one in data for one in _KEYED):
        return True
    return b".state" in data and any(_ends_in(_HOLDERS, data, one.start()) for one in _STATE.finditer(data))
