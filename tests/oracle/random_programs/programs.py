"""Small random programs that take connections and sessions, and mostly give them back.

Program ``number`` of a seed depends on these two alone. It is the text of a few functions; the one to run is ``p<number>``,
or ``enter_p<number>`` where it is a context manager. All that may go either way is numbered: ``choose``, ``items``,
``may_fail``, ``pause`` and the SQL function ``step``, so that whoever runs it can decide each of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

PRELUDE = """\
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import asyncpg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

CHOSEN: set[int] = set()


def choose(number: int) -> bool:
    return number in CHOSEN


def items(number: int) -> list[int]:
    return [one for one in CHOSEN if one > number]


def may_fail(number: int) -> None:
    if number in CHOSEN:
        raise RuntimeError(number)


async def pause(number: int) -> None:
    await asyncio.sleep(0.01)
    if number in CHOSEN:
        raise RuntimeError(number)
"""


@dataclass(frozen=True)
class Kind:
    """One kind of resource: how it is taken from ``source``, given back, entered and asked."""

    key: str
    source: str
    made_by: str
    cls: str
    take: str
    block: str
    release: str
    query: str
    is_async: bool = False
    is_session: bool = False

    @property
    def awaits(self) -> str:
        return "await " if self.is_async else ""

    @property
    def header(self) -> str:
        return "async def" if self.is_async else "def"


KINDS = (
    Kind("conn", "engine", "Engine", "Connection", "engine.connect()", "with engine.connect() as {}:",
         "{}.close()", '{}.execute(text("SELECT step({})"))'),
    Kind("session", "factory", "sessionmaker[Session]", "Session", "factory()", "with factory() as {}:",
         "{}.close()", '{}.execute(text("SELECT step({})"))', is_session=True),
    Kind("aconn", "aengine", "AsyncEngine", "AsyncConnection", "await aengine.connect()",
         "async with aengine.connect() as {}:", "await {}.close()", 'await {}.execute(text("SELECT step({})"))', True),
    Kind("asession", "maker", "async_sessionmaker[AsyncSession]", "AsyncSession", "maker()", "async with maker() as {}:",
         "await {}.close()", 'await {}.execute(text("SELECT step({})"))', True, True),
    Kind("pgconn", "pool", "asyncpg.Pool", "asyncpg.pool.PoolConnectionProxy", "await pool.acquire(timeout=5)",
         "async with pool.acquire(timeout=5) as {}:", "await pool.release({})", 'await {}.execute("SELECT step({})")', True),
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """The text of a program, the kind of its resource, and whether its main function is a context manager."""

    number: int
    kind: Kind
    lines: tuple[str, ...]
    is_manager: bool
    is_fixed_by_await: bool
    """Whether a call in it may lack its ``await``: it behaves otherwise when that is mended."""

    @property
    def name(self) -> str:
        return f"p{self.number}"


def program(seed: int, number: int) -> Program:
    """Program ``number`` of a seed."""
    return _Writer(random.Random(f"{seed}/{number}"), number).program()


_SHAPES = (
    "straight", "straight", "finally", "finally", "block", "handler", "handler", "gap", "early", "guarded", "retaken",
    "opened", "opened", "manager", "manager", "holder", "passed", "skipped", "suppressed", "committed", "forgotten",
    "two", "alternative",
)  # fmt: skip
_HANDLERS = ("except Exception:", "except BaseException:", "except RuntimeError:", "except:")
_CANCELLED = ("except (Exception, asyncio.CancelledError):", "except asyncio.CancelledError:")


def _under(header: str, *body: list[str]) -> list[str]:
    inner = [line for lines in body for line in lines] or ["pass"]
    return [header, *(f"    {line}" for line in inner)]


class _Writer:
    def __init__(self, rng: random.Random, number: int) -> None:
        self.rng = rng
        self.number = number
        self.kind = rng.choice(KINDS)
        self.count = 0
        self.helpers: list[str] = []
        self.is_manager = False
        self.lacks_await = False

    def program(self) -> Program:
        kind = self.kind
        shape = self.rng.choice(_SHAPES)
        body = self.work("") + getattr(self, f"_{shape}")("res") + self.work("")
        gives = " -> object:"
        lines = []
        if self.is_manager:
            lines.append(f"@contextlib.{'async' if kind.is_async else ''}contextmanager")
            gives = f" -> {'AsyncIterator' if kind.is_async else 'Iterator'}[{kind.cls}]:"
        lines += _under(f"{kind.header} p{self.number}({kind.source}: {kind.made_by}){gives}", body)
        return Program(self.number, kind, (*self.helpers, *lines), self.is_manager, self.lacks_await)

    # Pieces

    def next(self) -> int:
        self.count += 1
        return self.count

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def take(self, name: str) -> list[str]:
        return [f"{name} = {self.kind.take}"]

    def release(self, name: str) -> list[str]:
        return [self.kind.release.format(name)]

    def query(self, name: str) -> list[str]:
        return [self.kind.query.format(name, self.next())]

    def step(self, name: str, depth: int = 0) -> list[str]:
        """One thing that is done, with what is held under a name or without."""
        options = ["fail", "fail", "nothing"] + ["pause"] * (2 * self.kind.is_async) + ["query"] * (4 * bool(name))
        if depth < 2:
            options += ["if", "for", "try"]
        match self.rng.choice(options):
            case "fail":
                return [f"may_fail({self.next()})"]
            case "pause":
                return [f"await pause({self.next()})"]
            case "query":
                return self.query(name)
            case "if":
                return _under(f"if choose({self.next()}):", self.step(name, depth + 1))
            case "for":
                return _under(f"for _ in items({self.next()}):", self.step(name, depth + 1))
            case "try":
                tried = _under("try:", self.step(name, depth + 1))
                return [*tried, *_under(self.rng.choice(_HANDLERS[:3]), [self.rng.choice(["pass", "raise"])])]
        return [f"x{self.next()} = 1"]

    def work(self, name: str, most: int = 2) -> list[str]:
        lines = [line for _ in range(self.rng.randint(0, most)) for line in self.step(name)]
        return lines if not name or self.kind.is_session or self.chance(0.5) else [*self.query(name), *lines]

    def helper(self, name: str, parameters: str, gives: str, body: list[str]) -> str:
        """The name of a new function beside the main one."""
        full = f"p{self.number}_{name}"
        self.helpers += [*_under(f"{self.kind.header} {full}({parameters}) -> {gives}:", body), "", ""]
        return full

    def handler(self) -> str:
        return self.rng.choice([*_HANDLERS, *(_CANCELLED if self.kind.is_async else ())])

    # Shapes

    def _straight(self, name: str) -> list[str]:
        return [
            *self.take(name),
            *self.query(name),
            *self.work(name),
            *(self.release(name) if self.chance(0.8) else []),
        ]

    def _finally(self, name: str) -> list[str]:
        return [
            *self.take(name),
            *_under("try:", self.query(name), self.work(name)),
            *_under("finally:", self.release(name)),
        ]

    def _block(self, name: str) -> list[str]:
        return _under(self.kind.block.format(name), self.query(name), self.work(name))

    def _handler(self, name: str) -> list[str]:
        handled = [*self.release(name), "raise"] if self.chance(0.7) else ["raise"]
        tried = [*_under("try:", self.query(name), self.work(name)), *_under(self.handler(), handled)]
        return [*self.take(name), *tried, *self.release(name)]

    def _gap(self, name: str) -> list[str]:
        tried = [*_under("try:", self.query(name), self.work(name)), *_under("finally:", self.release(name))]
        return [*self.take(name), *self.work(name, 1), *tried]

    def _early(self, name: str) -> list[str]:
        left = [*(self.release(name) if self.chance(0.6) else []), "return None"]
        early = _under(f"if choose({self.next()}):", left)
        return [*self.take(name), *self.query(name), *early, *self.release(name)]

    def _guarded(self, name: str) -> list[str]:
        tried = _under("try:", self.work("", 1), self.take(name), self.query(name), self.work(name))
        ended = _under(f"if {name} is not None:" if self.chance(0.7) else f"if {name}:", self.release(name))
        return [f"{name} = None", *tried, *_under("finally:", ended)]

    def _retaken(self, name: str) -> list[str]:
        again = [*self.take(name), *self.query(name), *(self.release(name) if self.chance(0.7) else [])]
        return _under(f"for _ in items({self.next()}):", again)

    def _opened(self, name: str) -> list[str]:
        kind = self.kind
        inner = [*self.take("made"), *self.query("made")]
        if self.chance(0.6):
            handled = _under(self.handler(), self.release("made"), ["raise"])
            inner = [*self.take("made"), *_under("try:", self.query("made")), *handled]
        opened = self.helper("open", f"{kind.source}: {kind.made_by}", kind.cls, [*inner, "return made"])
        made = f"{name} = {kind.awaits}{opened}({kind.source})"
        if self.chance(0.4):
            return [made, *self.work(name)]
        return [made, *_under("try:", self.work(name)), *_under("finally:", self.release(name))]

    def _manager(self, name: str) -> list[str]:
        self.is_manager = True
        if self.chance(0.3):
            return _under(self.kind.block.format(name), [f"yield {name}"])
        if self.chance(0.5):
            return [*self.take(name), *self.query(name), f"yield {name}", *self.release(name)]
        tried = _under("try:", self.query(name), [f"yield {name}"])
        return [*self.take(name), *tried, *_under("finally:", self.release(name))]

    def _holder(self, name: str) -> list[str]:
        kind, a = self.kind, "a" if self.kind.is_async else ""
        cls = f"P{self.number}"
        body = _under(
            f"def __init__(self, {kind.source}: {kind.made_by}) -> None:", [f"self._{kind.source} = {kind.source}"]
        )
        taken = f"self.held = {kind.take.replace(kind.source, f'self._{kind.source}')}"
        ended = kind.release.replace(kind.source, f"self._{kind.source}").format("self.held")
        first = self.query("self.held") if self.chance(0.4) else []
        body += ["", *_under(f"{kind.header} __{a}enter__(self) -> {kind.cls}:", [taken, *first, "return self.held"])]
        last = self.query("self.held") if self.chance(0.4) else []
        body += ["", *_under(f"{kind.header} __{a}exit__(self, *_: object) -> None:", [*last, ended])]
        self.helpers += [*_under(f"class {cls}:", body), "", ""]
        return _under(
            f"{'async ' * kind.is_async}with {cls}({kind.source}) as {name}:", self.query(name), self.work(name)
        )

    def _passed(self, name: str) -> list[str]:
        kind = self.kind
        pooled = kind.key == "pgconn"
        first = [f"may_fail({self.next()})"] if self.chance(0.4) else []
        body = [*first, kind.release.format("given")]
        if self.chance(0.3):
            body = _under(f"if choose({self.next()}):", body)
        ends = self.helper("end", f"{'pool: asyncpg.Pool, ' * pooled}given: {kind.cls}", "None", body)
        call = f"{kind.awaits}{ends}({'pool, ' * pooled}{name})"
        return [*self.take(name), *_under("try:", self.query(name), self.work(name)), *_under("finally:", [call])]

    def _skipped(self, name: str) -> list[str]:
        tried = _under("try:", self.query(name))
        return [*self.take(name), *tried, *_under("finally:", [f"may_fail({self.next()})"], self.release(name))]

    def _suppressed(self, name: str) -> list[str]:
        caught = self.rng.choice(["Exception", "BaseException"])
        tried = _under(f"with contextlib.suppress({caught}):", self.query(name), self.work(name))
        return [*self.take(name), *tried, *self.release(name)]

    def _committed(self, name: str) -> list[str]:
        if self.kind.key == "pgconn":
            return self._finally(name)
        ends = [f"{self.kind.awaits}{name}.commit()", *([] if self.kind.is_session else self.release(name))]
        return [*self.take(name), *self.query(name), *ends]

    def _forgotten(self, name: str) -> list[str]:
        if not self.kind.is_async:
            return self._finally(name)
        self.lacks_await = True
        ended = [line.removeprefix("await ") for line in self.release(name)]
        return [*self.take(name), *_under("try:", self.query(name)), *_under("finally:", ended)]

    def _two(self, name: str) -> list[str]:
        other = f"{name}2"
        ends = _under("finally:", self.release(other), self.release(name))
        if self.chance(0.5):
            inner = [*self.take(other), *_under("try:", self.query(other)), *_under("finally:", self.release(other))]
            return [*self.take(name), *_under("try:", self.query(name), inner), *_under("finally:", self.release(name))]
        return [*self.take(name), *self.query(name), *self.take(other), *_under("try:", self.query(other)), *ends]

    def _alternative(self, name: str) -> list[str]:
        taken = _under(f"if choose({self.next()}):", self.take(name))
        used = _under(f"if {name} is not None:", self.query(name), self.release(name))
        if self.chance(0.5):
            used = [*_under("try:", _under(f"if {name} is not None:", self.query(name))),
                    *_under("finally:", _under(f"if {name} is not None:", self.release(name)))]  # fmt: skip
        return [f"{name} = None", *taken, *used]
