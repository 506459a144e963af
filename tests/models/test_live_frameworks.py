"""Holds what the models say of frameworks to the real ones: names exist, and generators are ended as a row says.

Frameworks of which only names stand in the models are not installed for the tests; where they are, they are held too.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import importlib
import inspect
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from tests.models.live.looking import resolve
from tests.models.live.of_orms import configure_django

from poolint.models import build

if TYPE_CHECKING:
    from poolint.models.framework_rows import Hook
    from poolint.models.schema import Library

pytestmark = pytest.mark.filterwarnings("ignore")

OWNERS: dict[str, tuple[str, ...]] = {
    # The classes, or modules, that have what a hook calls by its name alone; a keyword is one of their parameters.
    "aiohttp": ("aiohttp.web.RouteTableDef", "aiohttp.web.UrlDispatcher", "aiohttp.web.Application"),
    "apscheduler": ("apscheduler.schedulers.base.BaseScheduler",),
    "bottle": ("bottle.Bottle",),
    "celery": ("celery.Celery", "celery", "celery.signals"),
    "dramatiq": ("dramatiq",),
    "fast_depends": ("faststream.FastStream",),
    "fastapi": ("fastapi.FastAPI", "fastapi.APIRouter"),
    "flask": ("flask.Flask", "flask.Blueprint"),
    "huey": ("huey.Huey", "huey.contrib.djhuey"),
    "litestar": ("litestar.Litestar",),
    "mcp": ("mcp.server.MCPServer",),
    "prefect": ("prefect",),
    "pyramid": ("pyramid.view",),
    "pyrogram": ("pyrogram.Client",),
    "pytest": ("pytest",),
    "quart": ("quart.Quart", "quart.Blueprint"),
    "rq": ("rq.decorators",),
    "sanic": ("sanic.Sanic", "sanic.Blueprint"),
    "schedule": ("schedule.Job",),
    "starlette": (
        "starlette.applications.Starlette",
        "starlette.routing.Router",
        "starlette.background.BackgroundTasks",
    ),
    "stdlib": ("os",),
    "taskiq": ("taskiq.AsyncBroker",),
}
GONE = {
    # Names that older versions had: they stay, since older versions are in use.
    "celery.task.task", "celery.task.periodic_task", "celery.decorators.periodic_task", "periodic_task",
    "pytest.yield_fixture",
    # Of aiogram before 3.
    "callback_query_handler", "message_handler",
    # Gone from Starlette with 1.0; FastAPI's applications and routers still have some of them.
    "websocket_route", "on_event", "add_event_handler", "on_startup", "route",
}  # fmt: skip
NOT_IMPORTABLE = {"gunicorn", "uwsgi"}
"""Hooks that are functions of a configuration file, or of a module that only a server has."""

NEED_SETTINGS = ("huey.contrib.djhuey", "django_rq")
LIBRARIES = [one for one in build.read_all() if one.hooks or one.injections or one.streamed or one.handed]


def has(library: Library, name: str) -> bool:
    """Whether an owner of a library has a method, or takes a parameter, of this name."""
    for path in OWNERS[library.library]:
        if path.startswith(NEED_SETTINGS):
            return True
        try:
            owner = resolve(path)
        except (ImportError, AttributeError):
            owner = importlib.import_module(path)
        takes = inspect.signature(owner).parameters if inspect.isclass(owner) else {}
        if hasattr(owner, name) or name in takes:
            return True
    return False


def named(library: Library) -> list[str]:
    rows: list[Any] = [*library.hooks, *library.injections, *library.streamed]
    return [name for row in rows for name in row.names] + [one.name for one in library.handed]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one.library)
def test_names_of_frameworks_exist(library: Library) -> None:
    if library.library in NOT_IMPORTABLE:
        pytest.skip("these are functions of a configuration file")
    roots = [*library.roots, *library.packages]
    if roots and not any(find_spec(one) for one in roots):
        pytest.skip(f"{roots[0]} is not installed: of it only names are told")
    wrong = []
    for name in named(library):
        if name in GONE or name.startswith(NEED_SETTINGS):
            continue
        if "." not in name:
            wrong += [] if has(library, name) else [name]
        elif find_spec(name.partition(".")[0]) is not None:
            try:
                resolve(name)
            except (ImportError, AttributeError):
                wrong.append(name)
    assert not wrong


OPTIONS = frozenset({
    "adds-columns", "kept-by-connection", "logs", "maps-if", "maps-otherwise",
    "quiet-method", "quiet-with-default", "quiet-if-asked", "tells-transaction",
})  # fmt: skip
"""Manners that name options, and methods of whatever object."""

NAMED = [
    name
    for library in build.read_all()
    for name in (
        *(one for row in library.manners if row.how not in OPTIONS for one in row.names),
        *(one for row in library.passed for one in row.names),
        *(one for row in library.threaded for one in row.names),
        *(one for row in library.bound for one in row.names),
    )
    if "." in name
]


@pytest.mark.parametrize("name", NAMED)
def test_what_is_known_by_name_exists(name: str) -> None:
    if find_spec(name.partition(".")[0]) is None:
        pytest.skip("it is not installed: only its name is told")
    if name.startswith("poolint."):
        pytest.skip("there is no such class: it stands for what has no name")
    if name.startswith("builtins."):
        assert hasattr(builtins, name.partition(".")[2]) or name in ("builtins.exit", "builtins.quit")
        return
    if name.startswith("django."):
        configure_django()
    try:
        found = resolve(name)
    except AttributeError:
        found = importlib.import_module(name)
    assert found is not None


def test_what_maps_a_class_is_said_in_its_header() -> None:
    """A class of SQLModel is one of data, unless a keyword of its header says that it has a table."""
    sqlmodel = importlib.import_module("sqlmodel")
    base = sqlmodel.SQLModel

    class Plain(base):  # type: ignore[misc, valid-type]
        id: int = sqlmodel.Field(primary_key=True)

    class Mapped(base, table=True):  # type: ignore[misc, valid-type]
        id: int = sqlmodel.Field(primary_key=True)

    assert hasattr(Mapped, "__table__")
    assert not hasattr(Plain, "__table__")


@pytest.mark.parametrize("failure", [None, ValueError, asyncio.CancelledError])
def test_dishka_resumes_generators_whatever_becomes_of_the_request(failure: type[BaseException] | None) -> None:
    dishka = importlib.import_module("dishka")
    ended: list[str] = []

    class Methods(dishka.Provider):  # type: ignore[misc, name-defined]
        @dishka.provide(scope=dishka.Scope.REQUEST)
        async def number(self) -> AsyncIterator[int]:
            yield 1
            ended.append("asynchronous")

        @dishka.provide(scope=dishka.Scope.REQUEST)
        def text(self) -> Iterator[str]:
            yield "one"
            ended.append("synchronous")

    def fraction() -> Iterator[float]:
        yield 1.0
        ended.append("handed over")

    async def request() -> None:
        handing = dishka.Provider(scope=dishka.Scope.REQUEST)
        handing.provide(fraction)
        async with dishka.make_async_container(Methods(), handing)() as container:
            for one in (int, str, float):
                await container.get(one)
            if failure is not None:
                raise failure

    try:
        asyncio.run(request())
    except (ValueError, asyncio.CancelledError) as error:
        assert type(error) is failure
    assert sorted(ended) == ["asynchronous", "handed over", "synchronous"]


@pytest.mark.parametrize("is_broken", [False, True])
def test_aiohttp_resumes_generators_when_an_application_ends(is_broken: bool) -> None:
    web = importlib.import_module("aiohttp.web")
    ended: list[str] = []

    async def first(_: object) -> AsyncIterator[None]:
        yield
        ended.append("first")

    async def second(_: object) -> AsyncIterator[None]:
        yield
        if is_broken:
            raise ValueError
        ended.append("second")

    async def serve() -> None:
        app = web.Application()
        app.cleanup_ctx.extend([first, second])
        runner = web.AppRunner(app)
        await runner.setup()
        await runner.cleanup()

    with contextlib.suppress(ValueError):
        asyncio.run(serve())
    assert ended == (["first"] if is_broken else ["second", "first"])


def test_dependency_injector_resumes_generators_without_an_exception() -> None:
    containers = pytest.importorskip("dependency_injector.containers")
    providers = importlib.import_module("dependency_injector.providers")
    ended: list[str] = []

    def opened() -> Iterator[str]:
        yield "engine"
        ended.append("closed")

    class Container(containers.DeclarativeContainer):  # type: ignore[misc, name-defined]
        engine = providers.Resource(opened)

    container = Container()
    with contextlib.suppress(ValueError):
        container.engine()
        raise ValueError
    container.shutdown_resources()
    assert ended == ["closed"]


def test_who_resumes_generators_is_known_by_name() -> None:
    """A plain name would silence whatever happens to be called so; that of a list is one of its library."""
    rows: list[tuple[str, Hook]] = [(one.library, hook) for one in LIBRARIES for hook in one.hooks if hook.resumes]
    assert {library for library, _ in rows} == {"aiohttp", "dependency_injector", "dishka", "pytest", "svcs"}
    plain = [
        (library, name) for library, hook in rows for name in hook.names if "." not in name and library != "pytest"
    ]
    assert plain == [("aiohttp", "cleanup_ctx")]


@pytest.mark.parametrize(
    "name",
    sorted(
        one for row in build.read_all() for each in row.manners if each.how == "tells-transaction" for one in each.names
    ),
)
def test_what_tells_of_a_transaction(name: str) -> None:
    configure_django()
    from django.db import connection, transaction

    assert isinstance(connection._connections[connection._alias], resolve(name.rpartition(".")[0]))
    told = name.rpartition(".")[2]
    assert getattr(connection, told) is False
    with transaction.atomic():
        assert getattr(connection, told) is True
