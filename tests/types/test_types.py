"""What an expression is: each ``reveal(x)`` says in a comment what the evaluator makes of ``x``.

A case is one module, or several that begin with ``--- name``. ``?`` means unknown.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.types.evaluator import Evaluator
from poolint.types.values import (
    UNKNOWN,
    CallableValue,
    ClassObject,
    Either,
    Function,
    Instance,
    LibraryFunction,
    LibraryMethod,
    LibraryName,
    ModuleObject,
    Nothing,
    Pending,
    TupleOf,
    Type,
)

if TYPE_CHECKING:
    from pathlib import Path


def shown(one: Type) -> str:
    """A type in words."""
    if isinstance(one, Either):
        return " | ".join(sorted(map(shown, one.members)))
    if isinstance(one, (Instance, ClassObject)):
        name = one.cls.name.rpartition(".")[2]
        name += f"[{', '.join(map(shown, one.arguments))}]" if one.arguments else ""
        return f"type[{name}]" if isinstance(one, ClassObject) else name
    if isinstance(one, Pending):
        parts = [one.awaited, one.entered, one.item]
        return f"{one.call}[{', '.join(dict.fromkeys(shown(part) for part in parts if part is not UNKNOWN))}]"
    if isinstance(one, TupleOf):
        return f"({', '.join(map(shown, one.items))})"
    if isinstance(one, Function):
        return f"def {one.scope.qualified_name}"
    if isinstance(one, LibraryFunction):
        return f"def {one.row.name.rpartition('.')[2]}"
    if isinstance(one, LibraryMethod):
        return f"{shown(one.receiver)}.{one.key[2]}"
    if isinstance(one, CallableValue):
        return f"() -> {shown(one.gives)}"
    if isinstance(one, ModuleObject):
        return f"module {one.module.name}"
    if isinstance(one, LibraryName):
        return one.name
    return "None" if isinstance(one, Nothing) else "?"


HEADER = """\
from __future__ import annotations

import typing
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Generic, NewType, Optional, Self, TypeVar, Union, cast

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import (
    AsyncConnection, AsyncEngine, AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker

"""

CASES: dict[str, str] = {}
MISSES: set[str] = set()


def case(name: str, text: str, *, known_miss: bool = False) -> None:
    CASES[name] = text
    if known_miss:
        MISSES.add(name)


case(
    "constructors and factories",
    """
engine = create_async_engine("")
reveal(engine)  # AsyncEngine
reveal(AsyncSession)  # type[AsyncSession]
reveal(AsyncSession(engine))  # AsyncSession
reveal(async_sessionmaker(engine))  # async_sessionmaker[AsyncSession]
reveal(async_sessionmaker(engine)())  # AsyncSession
reveal(sessionmaker(engine, class_=AsyncSession)())  # AsyncSession
reveal(sessionmaker(engine, class_=unheard_of())())  # Session
reveal(sessionmaker())  # sessionmaker[Session]
reveal(scoped_session(sessionmaker()))  # scoped_session
reveal(sa.create_engine(""))  # Engine
reveal(asyncpg.create_pool(""))  # awaitable-cm[Pool]
""",
)
case(
    "functions that give one thing or another for the constants that they are passed",
    """
class Plain: ...
class Waiting(Plain): ...
class Other: ...

def make(mode, *, cached=False):
    if cached and mode != "plain":
        return Other()
    if mode == "plain":
        return Plain()
    elif mode in ("waiting", "async"):
        return Waiting()
    return Other()

async def make_later(mode="plain"):
    return Plain() if mode is None else make(mode)

def make_again(mode="plain"):
    mode = input() or mode
    if mode == "plain":
        return Plain()
    return Other()

reveal(make("plain"))  # Plain
reveal(make("waiting"))  # Waiting
reveal(make("async", cached=True))  # Other
reveal(make("plain", cached=True))  # Plain
reveal(make(mode="none of these"))  # Other
reveal(make(input()))  # Other | Plain | Waiting
reveal(make(*["plain"]))  # Other | Plain | Waiting
reveal(make("async", cached=input()))  # Other | Waiting
reveal(make_later())  # coroutine[Other | Plain | Waiting]
reveal(make_again())  # Other | Plain
""",
)
case(
    "tests of the types of names, wherever these are bound",
    """
class Plain: ...
class Waiting(Plain): ...
class Other: ...
found = Plain() if input() else Waiting() if input() else Other()

def f():
    reveal(found)  # Other | Plain | Waiting
    if isinstance(found, Waiting):
        reveal(found)  # Waiting
    else:
        reveal(found)  # Other | Plain
    reveal(found)  # Other | Plain | Waiting

def g():
    if isinstance(found, Plain):
        reveal(found)  # Plain
    else:
        reveal(found)  # Other

def h(one: Plain):
    if isinstance(one, Waiting):
        reveal(one)  # Waiting
    else:
        reveal(one)  # Plain

other = Waiting()

def i():
    if isinstance(other, Plain):
        reveal(other)  # Waiting
    else:
        reveal(other)  # ?
""",
)
case(
    "methods of the library",
    """
async def f(engine: AsyncEngine, session: AsyncSession, pool: asyncpg.Pool):
    reveal(engine.connect())  # awaitable-cm[AsyncConnection]
    reveal(await engine.connect())  # AsyncConnection
    reveal(engine.begin())  # async-cm[AsyncConnection]
    reveal(session.execute)  # AsyncSession.execute
    reveal(await session.execute(""))  # Result
    reveal((await session.execute("")).scalars())  # ScalarResult
    reveal(session.sync_session)  # Session
    reveal(session.no_such_thing)  # ?
    reveal(await (await engine.connect()).execution_options())  # AsyncConnection
    reveal(await pool.acquire())  # PoolConnectionProxy
    async with engine.connect() as conn, conn.begin() as transaction:
        reveal(conn)  # AsyncConnection
        reveal(transaction)  # AsyncTransaction
    with session.no_autoflush as nothing:
        reveal(nothing)  # ?
""",
)
case(
    "annotations",
    """
T = TypeVar("T")
S = TypeVar("S", bound=AsyncSession)
Tenant = NewType("Tenant", AsyncSession)
Alias = Annotated[AsyncSession, "of the request"]
Maybe = Optional[Alias]


def f(
    a: AsyncSession, b: "AsyncSession", c: Optional[AsyncSession], d: "AsyncSession | None",
    e: Union[AsyncSession, Session], g: Annotated[AsyncSession, 1], h: Alias, i: Maybe, j: Tenant,
    k: S, l: T, m: Any, n: object,
    o: type[AsyncSession], p: typing.Optional["AsyncSession"], q: sa.ext.asyncio.AsyncSession,
    r: list[AsyncSession], s: "Unheard", t: "not valid",
    *args: AsyncSession, **kwargs: AsyncSession,
):
    reveal(a)  # AsyncSession
    reveal(b)  # AsyncSession
    reveal(c)  # AsyncSession | None
    reveal(d)  # AsyncSession | None
    reveal(e)  # AsyncSession | Session
    reveal(g)  # AsyncSession
    reveal(h)  # AsyncSession
    reveal(i)  # AsyncSession | None
    reveal(j)  # AsyncSession
    reveal(k)  # AsyncSession
    reveal(l)  # ?
    reveal(m)  # ?
    reveal(n)  # ?
    reveal(o)  # type[AsyncSession]
    reveal(p)  # AsyncSession | None
    reveal(q)  # AsyncSession
    reveal(r[0])  # AsyncSession
    reveal(s)  # ?
    reveal(t)  # ?
    reveal(args)  # iterable[AsyncSession]
    reveal(kwargs)  # iterable[AsyncSession]
""",
)
case(
    "callables and awaitables",
    """
async def f(
    make: Callable[[], AsyncSession], make_async: Callable[..., Awaitable[AsyncSession]],
    opened: Awaitable[AsyncConnection],
    scope: Callable[[], typing.AsyncContextManager[AsyncSession]],
):
    reveal(make())  # AsyncSession
    reveal(await make_async())  # AsyncSession
    reveal(await opened)  # AsyncConnection
    async with scope() as session:
        reveal(session)  # AsyncSession
""",
)
case(
    "casts, conditions and containers",
    """
def f(given: AsyncSession | None, thing, flag: bool, maker: async_sessionmaker):
    reveal(cast(AsyncSession, thing))  # AsyncSession
    reveal(cast("AsyncSession | None", thing))  # AsyncSession | None
    reveal(given or maker())  # AsyncSession
    reveal(given and maker())  # AsyncSession
    reveal(given if flag else maker())  # AsyncSession | None
    reveal(thing or maker())  # ?
    reveal(maker() if flag else thing)  # ?
    reveal((maker(), given))  # (AsyncSession, AsyncSession | None)
    reveal((maker(), given)[0])  # AsyncSession
    reveal([maker()][0])  # AsyncSession
    reveal({"a": maker()}["a"])  # AsyncSession
    first, second = maker(), maker
    reveal(first)  # AsyncSession
    reveal(second)  # async_sessionmaker
    if (third := maker()):
        reveal(third)  # AsyncSession
    for each in [maker()]:
        reveal(each)  # AsyncSession
    reveal([one for one in [maker()]][0])  # AsyncSession
    reveal((lambda: maker())())  # AsyncSession
""",
)
case(
    "what reaches a name",
    """
async def f(engine: AsyncEngine, maker: async_sessionmaker, flag: bool):
    conn = None
    reveal(conn)  # None
    if flag:
        conn = await engine.connect()
        reveal(conn)  # AsyncConnection
    else:
        reveal(conn)  # None
    reveal(conn)  # AsyncConnection | None
    conn = maker()
    reveal(conn)  # AsyncSession
    try:
        other = maker()
    except ValueError:
        other = await engine.connect()
        reveal(other)  # AsyncConnection
    reveal(other)  # AsyncConnection | AsyncSession
    if not flag:
        last = maker
        return
    else:
        last = engine
    reveal(last)  # AsyncEngine
    try:
        pass
    except ValueError as last:
        reveal(last)  # ?
""",
)
case(
    "isinstance",
    """
def f(one: AsyncSession | Session, other):
    if isinstance(one, AsyncSession):
        reveal(one)  # AsyncSession
    reveal(one)  # AsyncSession | Session
    if isinstance(other, (AsyncSession, AsyncConnection)):
        reveal(other)  # AsyncConnection | AsyncSession
""",
)
case(
    "functions of the project",
    """
def declared() -> AsyncSession: ...
def inferred():
    return AsyncSession()
def maybe(flag):
    if flag:
        return None
    return AsyncSession()
def declared_as_anything() -> Any:
    return AsyncSession()
async def waited() -> AsyncSession: ...
def each() -> Iterator[Session]:
    yield Session()
async def each_async():
    yield AsyncSession()
def itself():
    return itself()
def cycle_a(flag):
    return cycle_b(flag) if flag else Session()
def cycle_b(flag):
    return cycle_a(flag)
@contextmanager
def scope():
    with Session() as session:
        yield session
@asynccontextmanager
async def scope_async() -> AsyncIterator[AsyncSession]:
    yield
@unheard_of
@another(1)
def decorated() -> AsyncSession: ...


async def f():
    reveal(declared())  # AsyncSession
    reveal(inferred())  # AsyncSession
    reveal(maybe(1))  # AsyncSession
    reveal(declared_as_anything())  # AsyncSession
    reveal(waited())  # coroutine[AsyncSession]
    reveal(await waited())  # AsyncSession
    reveal(next(each()))  # Session
    reveal(await anext(each_async()))  # AsyncSession
    reveal(itself())  # ?
    reveal(cycle_a(1))  # ?
    reveal(cycle_b(1))  # ?
    reveal(decorated())  # AsyncSession
    for one in each():
        reveal(one)  # Session
    async for one in each_async():
        reveal(one)  # AsyncSession
    with scope() as one:
        reveal(one)  # Session
    async with scope_async() as one:
        reveal(one)  # AsyncSession
    with scope_async() as one:
        reveal(one)  # ?
    with closing(Session()) as one, nullcontext(AsyncSession()) as other:
        reveal(one)  # Session
        reveal(other)  # AsyncSession
""",
)
case(
    "classes",
    """
class Base:
    shared: AsyncEngine

    def __init__(self, session: AsyncSession, thing) -> None:
        self.session = session
        self.thing = thing
        self.maybe: AsyncSession | None = None

    @property
    def engine(self):
        return self.shared

    @classmethod
    def make(cls) -> Self:
        return cls(AsyncSession(), None)

    @staticmethod
    def conn() -> AsyncConnection: ...

    def chain(self) -> "Base":
        return self

    def same(self) -> Self:
        return self

    def __enter__(self):
        return self.session

    async def __aenter__(self) -> Self:
        return self

    def __call__(self) -> AsyncSession: ...

    def __getitem__(self, key): ...


class Child(Base):
    def open(self):
        self.opened = super().make()
        return super().engine

    def lazy(self):
        self.session = AsyncSession()


async def f(base: Base, child: Child):
    reveal(base.session)  # AsyncSession
    reveal(base.thing)  # ?
    reveal(base.maybe)  # AsyncSession | None
    reveal(base.shared)  # AsyncEngine
    reveal(base.engine)  # AsyncEngine
    reveal(child.engine)  # AsyncEngine
    reveal(child.session)  # AsyncSession
    reveal(child.open())  # AsyncEngine
    reveal(child.opened)  # Base
    reveal(Base.make())  # Base
    reveal(base.conn())  # AsyncConnection
    reveal(child.chain())  # Base
    reveal(base())  # AsyncSession
    reveal(base.nothing)  # ?
    reveal(base["key"])  # ?
    with base as entered:
        reveal(entered)  # AsyncSession
    async with base as entered:
        reveal(entered)  # Base
""",
)
case(
    "None in a subclass does not hide the base",
    """
class Base:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session


class Child(Base):
    def close(self):
        self.session = None


def f(child: Child):
    reveal(child.session)  # AsyncSession
""",
)
case(
    "Self means the class that it is asked of",
    """
class Base(AsyncSession):
    def same(self) -> Self: ...

    @classmethod
    def make(cls) -> Self: ...


class Child(Base):
    limit = 3


def f(child: Child):
    reveal(child.same())  # Child
    reveal(Child.make())  # Child
    reveal(child.same().commit)  # Child.commit
""",
)
case(
    "subclasses of the library's classes",
    """
class Tenant(AsyncSession):
    def commit(self) -> int: ...


class Mixin:
    extra: AsyncEngine


class Both(Mixin, Tenant):
    pass


class Opaque(AsyncSession):
    def __getattribute__(self, name): ...


class Elsewhere(unheard_of.Base, AsyncSession):
    pass


def f(tenant: Tenant, both: Both, opaque: Opaque, elsewhere: Elsewhere):
    reveal(tenant.commit)  # def Tenant.commit
    reveal(tenant.close)  # Tenant.close
    reveal(both.close)  # Both.close
    reveal(both.extra)  # AsyncEngine
    reveal(both.commit)  # def Tenant.commit
    reveal(opaque.commit)  # ?
    reveal(elsewhere.close)  # Elsewhere.close
    reveal(async_sessionmaker(class_=Tenant)())  # Tenant
    reveal(async_sessionmaker[Both]()())  # Both
""",
)
case(
    "closures and globals",
    """
pool = None
other: asyncpg.Pool | None = None


async def start():
    global pool
    pool = await asyncpg.create_pool("")
    session = AsyncSession()

    async def inner():
        reveal(session)  # AsyncSession
        reveal(pool)  # None | Pool

    def hides(session):
        reveal(session)  # ?

    class Local:
        session = 1

        def method(self):
            reveal(session)  # AsyncSession


def f():
    reveal(pool)  # None | Pool
    reveal(other)  # None | Pool
    reveal(start)  # def start
    reveal(undefined)  # builtins.undefined
""",
)
case(
    "generic containers of the project",
    """
T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value

    def get(self) -> T:
        return self.value


def f(box: Box[AsyncSession]):
    reveal(box)  # Box[AsyncSession]
    reveal(box.get())  # AsyncSession
    reveal(box.value)  # AsyncSession
""",
)
case(
    "exit stacks and tasks",
    """
import asyncio
from contextlib import AsyncExitStack


async def f(stack: AsyncExitStack, engine: AsyncEngine):
    reveal(await stack.enter_async_context(engine.connect()))  # AsyncConnection
    reveal(stack.enter_context(Session()))  # Session
    reveal(await asyncio.wait_for(engine.connect(), 1))  # AsyncConnection
    reveal(await asyncio.create_task(engine.raw_connection()))  # PoolProxiedConnection
    reveal(await engine.connect().__aenter__())  # AsyncConnection
""",
)
case(
    "imports between modules",
    """
--- package/__init__.py
from .engines import *
from .sessions import Maker as Factory, get_session
from . import sessions as _sessions
--- package/engines.py
engine = create_async_engine("")
_private = engine
--- package/sessions.py
from .engines import engine
Maker = async_sessionmaker(engine)
async def get_session():
    async with Maker() as session:
        yield session
--- module.py
import package
import package.engines as engines
import package.sessions
from package import Factory, engine, get_session as dependency, sessions
from package.missing import nothing
from missing_package import anything
import missing.deeply

async def f():
    reveal(package)  # module package
    reveal(engines)  # module package.engines
    reveal(engines.engine)  # AsyncEngine
    reveal(package.sessions.Maker)  # async_sessionmaker[AsyncSession]
    reveal(package.engine)  # AsyncEngine
    reveal(Factory())  # AsyncSession
    reveal(engine)  # AsyncEngine
    reveal(sessions.Maker())  # AsyncSession
    reveal(dependency())  # async-generator[AsyncSession]
    reveal(nothing)  # package.missing.nothing
    reveal(anything)  # missing_package.anything
    reveal(missing.deeply.thing())  # ?
""",
)
case(
    "a star hides a submodule of its name",
    """
--- package/__init__.py
from .engine import *
--- package/engine.py
engine = create_async_engine("")
--- module.py
from package import engine

reveal(engine)  # AsyncEngine
""",
)
case(
    "two arms for type checkers",
    """
if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession as Checked
else:
    Checked = object

def f(one: Checked, two: "Checked"):
    reveal(one)  # AsyncSession
    reveal(two)  # AsyncSession
""",
)
case(
    "a library imported inside the function that sets a global",
    """
engine = None

def configure():
    global engine
    from sqlalchemy.ext.asyncio import create_async_engine as create
    engine = create("")

def f():
    reveal(engine)  # AsyncEngine | None
""",
)
case(
    "attributes bound by a tuple",
    """
class Pair:
    def __init__(self, maker: async_sessionmaker) -> None:
        self.reading, self.writing = maker(), maker()

def f(pair: Pair):
    reveal(pair.writing)  # AsyncSession
""",
)
case(
    "optional imports",
    """
try:
    import psycopg
except ImportError:
    psycopg = None
try:
    from asyncpg import connect
except ImportError:
    def connect(dsn): ...

def f():
    reveal(psycopg.connect(""))  # Connection
""",
)
case(
    "dependencies",
    """
from fastapi import Depends, Security

async def get_session() -> AsyncIterator[AsyncSession]:
    yield
async def get_conn():
    yield await create_async_engine("").connect()
async def get_engine() -> AsyncEngine: ...
class Repository:
    def __init__(self, session: AsyncSession = Depends(get_session)):
        self.session = session
Dep = Annotated[Any, Depends(get_session)]

def f(
    a=Depends(get_session), b: Session = Depends(get_session), c=Depends(get_conn), d=Depends(get_engine),
    e: Repository = Depends(), g=Depends(Repository), h: Annotated[object, Depends(get_session)] = None, i: Dep = None,
    j=Security(get_session, scopes=[]), k=Depends(unheard_of), l=Depends(lambda: AsyncSession()),
):
    reveal(a)  # AsyncSession
    reveal(b)  # AsyncSession
    reveal(c)  # AsyncConnection
    reveal(d)  # AsyncEngine
    reveal(e.session)  # AsyncSession
    reveal(g.session)  # AsyncSession
    reveal(h)  # AsyncSession
    reveal(i)  # AsyncSession
    reveal(j)  # AsyncSession
    reveal(k)  # ?
    reveal(l)  # AsyncSession
""",
)
case(
    "application state",
    """
--- main.py
def start(app, request):
    app.state.sessions = async_sessionmaker()
    request.state.session = AsyncSession()
--- module.py
def f(request, app, machine):
    reveal(request.app.state.sessions())  # AsyncSession
    reveal(app.state.sessions)  # async_sessionmaker[AsyncSession]
    reveal(request.state.session)  # AsyncSession
    reveal(machine.state.sessions)  # ?
    reveal(app.state.nothing)  # ?
""",
)
case(
    "newer syntax",
    """
type Alias = AsyncSession | None
type Listed[T] = list[T]


class Box[T]:
    session: AsyncSession


def f[T](alias: Alias, box: Box[int], listed: Listed[AsyncSession]):
    reveal(alias)  # AsyncSession | None
    reveal(box.session)  # AsyncSession
""",
)
case(
    "assigned tells more than promised",
    """
Registry: Session = scoped_session(sessionmaker())
engine: object = create_async_engine("")
later: AsyncSession


def f():
    reveal(Registry)  # scoped_session
    reveal(engine)  # AsyncEngine
    reveal(later)  # AsyncSession
""",
)


def modules_of(text: str) -> dict[str, str]:
    parts = re.split(r"^--- ", text, flags=re.MULTILINE)
    if len(parts) == 1:
        return {"module.py": HEADER + text}
    named = (part.partition("\n") for part in parts[1:])
    return {name: HEADER + body for name, _, body in named}


MISS = pytest.mark.xfail(reason="known miss", strict=True)


case(
    "modules that are loaded by name",
    """
import importlib

def optional(name: str) -> "types.ModuleType":
    try:
        return importlib.import_module(name)
    except ImportError as failed:
        raise RuntimeError(name) from failed

orm = importlib.import_module("sqlalchemy.orm")
reveal(orm.Session)  # type[Session]
reveal(optional("sqlalchemy.ext.asyncio").AsyncSession(None))  # AsyncSession
lib = optional("sqlalchemy")
reveal(lib.orm.Session(None))  # Session
reveal(importlib.import_module("." + "shop"))  # ?
which = input()
reveal(importlib.import_module(which))  # ?
""",
)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[MISS] * (name in MISSES)) for name in CASES])
def test_types(name: str, tmp_path: Path) -> None:
    for file, text in modules_of(CASES[name]).items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    finder = Finder(Ready().libraries)
    evaluator = Evaluator(Project(finder), load(), Screen(finder))
    asked, problems = 0, []
    for path in sorted(tmp_path.rglob("*.py")):
        module = evaluator.project.module(str(path))
        assert module is not None
        for scope in module.scope.descendants():
            for node in scope.calls:
                if isinstance(node.func, ast.Name) and node.func.id == "reveal":
                    asked += 1
                    written, _, wanted = module.source.lines[node.lineno - 1].strip().partition("  # ")
                    found = shown(evaluator.type_of(node.args[0], scope))
                    if found != wanted:
                        problems.append(f"{written} is {found}, not {wanted}")
    assert asked
    assert not problems
