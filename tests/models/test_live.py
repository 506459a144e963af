"""Holds every row of the models to the real libraries: what a model says is what the installed library does.

Most rows are told by `inspect` and annotations. Where these cannot tell, the call is made (`live/of_*.py`, no network),
and where even that is not possible, a table of `live/tables.py` names the reason and what is checked instead.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import importlib.metadata
import importlib.resources
import inspect
import os
import re
import warnings
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import sqlalchemy
from sqlalchemy import orm
from tests.models.live import of_aws, of_drivers, of_effects, of_sqlalchemy, tables
from tests.models.live.looking import (
    Record,
    Seen,
    constructed,
    exists,
    gives_coroutine,
    resolve,
    type_variables,
    written_in_stub,
)
from tests.models.live.registry import CALLS, OBJECTS
from tests.models.live.tables import AIO, SA

from poolint.dev.signatures import annotated_class, given, nature, returned, unwrapped
from poolint.models import build
from poolint.models.loader import FALLBACK, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.models.schema import Class, Function, Method

pytestmark = pytest.mark.filterwarnings("ignore")

MODELS = load()
LIBRARIES = {library.library: library for library in build.read_all()}
CLASSES = {cls.name: cls for library in LIBRARIES.values() for cls in library.classes}
FUNCTIONS = {function.name: function for library in LIBRARIES.values() for function in library.functions}
OBJECTS_OF_MODULES = {name: cls for library in LIBRARIES.values() for name, cls in library.objects.items()}
LIBRARY_OF = {
    row.name: library.library for library in LIBRARIES.values() for row in (*library.classes, *library.functions)
} | {name: library.library for library in LIBRARIES.values() for name in library.objects}
ONLY = tables.SERVICES if os.environ.get("POOLINT_LIVE") == "services" else LIBRARIES.keys()
"""The libraries that are held: in an environment of their own only those of services."""
whole = pytest.mark.skipif(len(ONLY) < len(LIBRARIES), reason="only clients of services are held")
PSEUDO = {name for name in CLASSES if name.startswith("poolint.")}
REAL = sorted(CLASSES.keys() - PSEUDO)


# ---------------------------------------------------------------------------------------------------------- helpers


@cache
def missing(library: str) -> str:
    """What of a library cannot be imported here; empty where all can."""
    if library == "aioodbc":
        of_drivers.stub_for_pyodbc()
    roots = LIBRARIES[library].roots
    for module in tables.NEEDS.get(library, roots[:1]):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                imported = importlib.import_module(module)
        except ImportError as error:
            return str(error)
        if not isinstance(imported, ModuleType):
            return f"{module} stands in for what cannot be imported"
    return ""


def held(names: Iterable[str]) -> list[Any]:
    """The names as parameters of a test; those of libraries that are rightly missing here are skipped."""
    found = []
    for name in names:
        library = LIBRARY_OF[name]
        if library not in ONLY:
            continue
        reason = tables.NOT_IN_TEST_EXTRA.get(library)
        skip = pytest.mark.skip(reason=f"{library}: {missing(library)} ({reason})")
        found.append(pytest.param(name, marks=skip if reason and missing(library) else ()))
    return found


def expected(name: str) -> bool:
    """Whether the installed version of its library is one of those that have ``name``."""
    if name not in tables.ONLY_IN:
        return True
    since, until = tables.ONLY_IN[name]
    installed = importlib.metadata.version(name.partition(".")[0])
    return since <= tuple(map(int, re.findall(r"\d+", installed)))[:2] < until


def owners(cls: Class, method: str) -> list[str]:
    """The names under which something may be said of ``method``: the class and its bases, down to the one with its row."""
    found = []
    for one in MODELS.lineage(cls):
        found.append(f"{one.name}.{method}")
        if any(method in row.names for row in one.methods):
            break
    return found


def is_told(name: str) -> bool:
    """Whether the models have a row of this name: of a function, or of a method or attribute where its class has it."""
    owner, _, method = name.rpartition(".")
    if owner not in CLASSES:
        return name in FUNCTIONS
    return method in CLASSES[owner].attributes or any(method in row.names for row in CLASSES[owner].methods)


def methods(cls: Class) -> list[str]:
    """The names that the rows of a class and its bases tell, without the fallback."""
    rows = [row for one in MODELS.lineage(cls) for row in one.methods]
    return [name for name in dict.fromkeys(name for row in rows for name in row.names) if name != FALLBACK]


def real_class(name: str) -> Any:
    """The class of a name, also where a function makes its objects."""
    real = resolve(name)
    if CLASSES[name].made_with and not isinstance(real, type):  # a keyword says of which class they are
        base, *_ = CLASSES[name].bases
        assert base.rpartition(".")[2] in re.findall(r"\w+", returned(real))
        return resolve(base)
    return type(real()) if name in tables.FACTORY_FUNCTIONS and not isinstance(real, type) else real


@cache
def observed(library: str) -> Record:
    """All calls of a library that are made for this test."""
    record = Record()
    if library in CALLS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asyncio.run(CALLS[library](record))
    assert not [name for name in record if not is_told(name)]
    return record


@cache
def objects(library: str) -> dict[str, Any]:
    """Objects of a library by class: those that were made for this test, and what the models say is on them."""
    if library not in OBJECTS:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return with_their_parts(asyncio.run(OBJECTS[library]()))


@cache
def made_up(library: str) -> dict[str, Any]:
    """The same, made of arguments that mean nothing: of the classes that can be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = [cls.name for cls in LIBRARIES[library].classes if cls.attributes and cls.name not in PSEUDO]
        made = {name: constructed(resolve(name)) for name in names}
        return with_their_parts({name: one for name, one in made.items() if one is not None})


def with_their_parts(found: dict[str, Any]) -> dict[str, Any]:
    """Objects by class, and what the models say is on them."""
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        for attribute, expression in CLASSES[name].attributes.items():
            if expression not in ("", "self", *found) and CLASSES[expression].attributes:
                found[expression] = getattr(found[name], attribute)
                waiting.append(expression)
    return found


@cache
def driver_connection() -> Any:
    import sqlalchemy

    return sqlalchemy.create_engine("sqlite://").raw_connection()


def lookup(cls: Class, method: str) -> Any:
    """The real function behind a row; raises AttributeError where there is none."""
    if cls.name in tables.GENERATED:
        for one in made(cls.name):
            if hasattr(one, method):
                return getattr(one, method)
        raise AttributeError(method)
    if (cls.name, method) in tables.BY_INSTANCE:
        return getattr(real_class(cls.name)(), method)
    if (cls.name, method) in tables.FORWARDED:
        return getattr(driver_connection(), method)
    leads_to = tables.BY_PROPERTY.get(f"{cls.name}.{method}")
    found = resolve(leads_to) if leads_to else getattr(real_class(cls.name), method)
    return declared(f"{cls.name}.{method}") or found


def declared(name: str) -> Any:
    """The function as the stub of a package in Rust declares it; None where the real one says what it is itself."""
    library, *parts = name.split(".")
    if library not in tables.STUBS:
        return None
    first, *rest = parts
    return functools.reduce(getattr, rest, written_in_stub(library, tables.STUBS[library])[first])


@cache
def made(name: str) -> list[Any]:
    """Objects of a class whose methods are made at run time."""
    if name == of_aws.RESOURCE:
        return of_aws.resources()
    if name == "botocore.client.BaseClient":
        return of_aws.clients()
    if name == "aiobotocore.client.AioBaseClient":
        return asyncio.run(of_effects.aio_clients())
    if name == "python_http_client.Client":
        return [resolve(name)("http://nowhere.invalid")]
    return [objects(LIBRARY_OF[name])[name]]


def permitted(name: str, function: Any, row: Method | Function) -> set[str]:
    """The kinds of call that `inspect` and the return annotation allow."""
    kind = nature(function)
    if kind != "sync":
        return {kind}
    if gives_coroutine(function) or name in tables.GIVE_COROUTINES:
        return {"coroutine"}
    text = returned(unwrapped(function))
    if text.startswith("AsyncIterator"):
        return {"async-generator"}
    if re.match(r"(typing\.)?(Generator|Iterator)\b", text):
        return {"generator", "sync"}
    gives = annotated_class(unwrapped(function))
    if gives is not None:
        own = given(gives)
        if (f"{name.partition('.')[0]}.{gives.__name__}", "__await__") in tables.BROKEN_PROTOCOLS:
            own = "async-cm" if own == "awaitable-cm" else "sync"
        return {own} if own.startswith("awaitable") and not row.returns else {own, "sync"}
    if row.returns in CLASSES and not CLASSES[row.returns].awaits and row.returns.rpartition(".")[2] in text:
        return {"sync"}
    if re.search(r"Awaitable|Coroutine|\bFuture", text):
        if not re.search(r"\||Union|Optional", text):
            return {"awaitable"}
        # Shared by two classes, it gives a coroutine to the asynchronous one.
        owner = CLASSES.get(name.rpartition(".")[0])
        return {"awaitable", "sync", *(["coroutine"] if owner is not None and owner.mode == "async" else [])}
    return {f"sync -> {text}"} if "ContextManager" in text else {"sync"}


def disagreement(name: str, row: Method | Function, function: Any, seen: Seen | None) -> str:
    """In what the real call is not of the kind that the row says; empty where it is."""
    context = tables.ANNOTATED_CONTEXTS.get(name)
    if context is not None:
        assert context in returned(function)
        kinds = {given(resolve(f"{function.__module__}.{context}"))}
    elif seen is not None:
        kinds = {"coroutine" if inspect.iscoroutine(seen.value) else given(type(seen.value))}
        if name in tables.USABLE_AT_ONCE:
            assert kinds <= {"awaitable", "awaitable-cm"}
            kinds = {"sync"}
        elif kinds <= {"cm", "async-cm"} and seen.entered in (seen.value, None) and row.returns:
            kinds.add("sync")  # the block binds what the call gave: it was usable before
            if seen.entered is seen.value:
                kinds = {"sync"}
        if isinstance(seen.value, Mock):
            kinds = {row.call}
    else:
        kinds = permitted(name, function, row)
    return "" if row.call in kinds else f"{name}: the model says {row.call}, it is {', '.join(sorted(kinds))}"


def result_problems(
    name: str, row: Method | Function, cls: Class | None, function: Any, seen: Seen | None
) -> list[str]:
    """Where what the call gives, is awaited to or binds is not of the type that the row says."""
    values = []
    if seen is not None:
        values = [value for value in (seen.awaited, seen.entered) if value is not None]
        if not values or (row.call in ("sync", "async-cm") and row.returns):
            values = [seen.value]
    problems = []
    for expression in filter(None, (row.returns, row.enters)):
        if expression in PSEUDO and not CLASSES[expression].bases:
            continue  # of a class that there is nowhere yet
        type_name = CLASSES[expression].bases[0] if expression in PSEUDO else expression
        if cls is not None and expression.startswith("$"):
            type_name = cls.parameters[int(expression[1:])]
        if cls is not None and expression == "self":
            type_name = cls.name
        real = resolve(type_name)
        words = re.findall(r"\w+", returned(function))
        variables = type_variables(function)
        words += [word for one in variables for word in re.findall(r"\w+", str(one.__bound__))]
        # The class's own name stands where the object is of the same class and others come out of it (`Result.columns`).
        is_own = expression == "self" or (cls is not None and expression == cls.name)
        own = {"Self", "SelfType", "_T", *(one.__name__ for one in variables)} if is_own else set()
        if values and all(isinstance(value, real) for value in values):
            continue
        annotated, model = tables.ANNOTATED_AS.get(name, ("", ""))
        if annotated in words and model == expression:
            continue
        if name in tables.MENTIONED_IN and real.__name__ in said(tables.MENTIONED_IN[name]):
            continue
        known = getattr(inspect.unwrap(function), "__globals__", {})
        if any(known.get(word) is real for word in words):  # it is imported by another name
            continue
        if not values and not words and real.__name__ in written_beside(function):
            continue
        if not ({real.__name__} | own) & set(words):
            problems.append(f"{name}: it gives {values or returned(function)!r}, the model says {expression}")
    return problems


def said(name: str) -> str:
    """The source of an object, or the documentation of a compiled one; or a file that a package brings."""
    if "/" in name:
        package, _, file = name.partition("/")
        return importlib.resources.files(package).joinpath(file).read_text(encoding="utf-8")
    one = resolve(name)
    try:
        return inspect.getsource(one)
    except TypeError:
        return str(one.__doc__)


def written_beside(function: Any) -> str:
    """The source of the module of a function; empty where it is compiled."""
    module = inspect.getmodule(inspect.unwrap(function))
    try:
        return inspect.getsource(module) if module is not None else ""
    except (OSError, TypeError):
        return ""


# ------------------------------------------------------------------------------------------------------------ tests


@whole
def test_only_big_libraries_may_be_missing() -> None:
    for library in LIBRARIES.values():
        if library.roots and library.library not in tables.NOT_IN_TEST_EXTRA:
            assert not missing(library.library), "install the extra `test`"
    assert tables.NOT_IN_TEST_EXTRA.keys() <= LIBRARIES.keys()
    assert CALLS.keys() | OBJECTS.keys() <= LIBRARIES.keys()


def test_the_tables_speak_of_rows() -> None:
    told = [*tables.ANNOTATED_AS, *tables.ANNOTATED_CONTEXTS, *tables.MENTIONED_IN, *tables.USABLE_AT_ONCE]
    assert [name for name in told if not is_told(name)] == []
    classes = {*tables.GENERATED, *tables.DEFINED_AS, *tables.FACTORY_FUNCTIONS, *tables.PROXIES, *tables.MADE_ALIKE}
    assert classes | {name for name, _ in (*tables.BROKEN_PROTOCOLS, *tables.FORWARDED)} <= CLASSES.keys()


@pytest.mark.parametrize("name", held(REAL))
def test_class_exists_by_every_name(name: str) -> None:
    if not expected(name):
        assert not exists(name)
        return
    cls = CLASSES[name]
    real = real_class(name)
    assert isinstance(real, type)
    for alias in cls.aliases:
        assert resolve(alias) is resolve(name), alias
    defined = f"{real.__module__}.{real.__qualname__}"
    again = {base for base in cls.bases if exists(base) and resolve(base) is real}  # a second name of the class
    private = any(part.startswith("_") for part in real.__module__.split(".")) or name in tables.FACTORY_FUNCTIONS
    private = private or real.__module__ == "builtins"  # what compiled classes say that say nothing of it
    assert private or again or defined in (name, *cls.aliases, tables.DEFINED_AS.get(name)), (
        f"it is defined as {defined}"
    )


HERE = [name for name in REAL if missing(LIBRARY_OF[name]) or expected(name)]


@pytest.mark.parametrize("name", held(HERE))
def test_protocols(name: str) -> None:
    cls = CLASSES[name]
    real = real_class(name)
    for special, told in (("__enter__", cls.enter), ("__aenter__", cls.async_enter), ("__await__", cls.awaits)):
        has = hasattr(real, special) and (name, special) not in tables.BROKEN_PROTOCOLS
        assert has == bool(told), special


@pytest.mark.parametrize("name", held(name for name, _ in tables.BROKEN_PROTOCOLS))
def test_broken_protocols_are_broken(name: str) -> None:
    special = next(special for broken, special in tables.BROKEN_PROTOCOLS if broken == name)
    real = resolve(name)
    if name.startswith(SA):
        assert special not in vars(real)
        assert nature(real.__exit__) == "sync"
        assert nature(real.close) == "coroutine"
    elif name.startswith("consul."):
        assert special not in vars(real)
        closing = objects("consul")[name].http.close()
        assert inspect.iscoroutine(closing) == (special == "__enter__")
        if inspect.iscoroutine(closing):
            closing.close()
    else:
        with pytest.raises((AttributeError, NotImplementedError, RuntimeError, SyntaxError, TypeError)):
            asyncio.run(getattr(real, special)(Mock()))


@pytest.mark.parametrize("name", held(name for name in HERE if CLASSES[name].bases))
def test_bases(name: str) -> None:
    for base in CLASSES[name].bases:
        if name in tables.PROXIES:
            real = resolve(name)
            assert isinstance(real.__new__(real), resolve(base))
        else:
            assert issubclass(real_class(name), real_class(base))


@pytest.mark.parametrize("name", held(HERE))
def test_methods(name: str) -> None:
    """Each method, inherited ones too, exists and is of the kind that its row says."""
    cls = CLASSES[name]
    calls = observed(LIBRARY_OF[name])
    found = []
    for method in methods(cls):
        row = MODELS.method(cls, method)
        assert row is not None
        if LIBRARY_OF[owners(cls, method)[-1].rpartition(".")[0]] not in ONLY:
            continue  # a row of a base in a library that is held elsewhere
        if not all(map(expected, owners(cls, method))):
            inherited = hasattr(type(real_class(name)), method)  # from the class of the class: `__call__` makes objects
            assert inherited or not exists(f"{name}.{method}"), method
            continue
        function = lookup(cls, method)
        assert callable(function), method
        seen = next((calls[owner] for owner in owners(cls, method) if owner in calls), None)
        example = tables.MADE_ALIKE.get(name)
        if example is not None and getattr(function, "__qualname__", "") == lookup(cls, example).__qualname__:
            seen = calls[f"{name}.{example}"]
        found.append(disagreement(f"{name}.{method}", row, function, seen))
        if any(method in own.names for own in cls.methods):
            found += result_problems(f"{name}.{method}", row, cls, function, seen)
    assert not list(filter(None, found))


@pytest.mark.parametrize("name", held(sorted(name for name, lacking in MODELS.lacking.items() if lacking)))
def test_a_twin_lacks_what_only_the_other_mode_has(name: str) -> None:
    cls = resolve(name)
    assert not hasattr(cls, "__getattr__"), "it may have anything"
    assert not [one for one in sorted(MODELS.lacking[name]) if hasattr(cls, one)]


@pytest.mark.parametrize("name", held(sorted(one for one in HERE if CLASSES[one].exhausted)))
def test_an_exhausted_pool_raises_its_own(name: str) -> None:
    own = resolve(CLASSES[name].exhausted)
    assert issubclass(own, Exception)
    assert not issubclass(own, (TimeoutError, asyncio.TimeoutError))


@pytest.mark.parametrize("name", held(sorted(FUNCTIONS)))
def test_function(name: str) -> None:
    row = FUNCTIONS[name]
    seen = observed(LIBRARY_OF[name]).get(name)
    function = declared(name) or resolve(name)
    assert callable(resolve(name))
    for alias in row.aliases:
        assert alias in tables.MADE_LATER or resolve(alias) == resolve(name), alias
    assert not disagreement(name, row, function, seen)
    assert not result_problems(name, row, None, function, seen)


@pytest.mark.parametrize("name", held(name for name in HERE if CLASSES[name].admits))
def test_what_says_how_many_are_let_in(name: str) -> None:
    first, *others = inspect.signature(real_class(name)).parameters
    assert first == CLASSES[name].admits, others


@pytest.mark.parametrize("name", held(name for name in HERE if any(row.waits_if for row in CLASSES[name].methods)))
def test_what_says_whether_a_call_will_wait(name: str) -> None:
    first, *_ = inspect.signature(real_class(name)).parameters.values() or [None]
    for row in CLASSES[name].methods:
        for method in filter(None, (row.waits_if, row.counted_by)):
            assert callable(getattr(real_class(name), method)), method
        assert not row.fills or (first is not None and (first.name, first.default) == (row.fills, 0))


@pytest.mark.parametrize("name", held(name for name in HERE if CLASSES[name].made_of or CLASSES[name].keys))
def test_what_an_object_is_made_of(name: str) -> None:
    _, *parameters = inspect.signature(real_class(name).__init__).parameters.values()
    by_order = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
    for part, place in (CLASSES[name].made_of | CLASSES[name].keys).items():
        assert part in {one.name for one in parameters}
        assert (by_order.index(part) if part in by_order else -1) == place


def property_says(cls: Any, attribute: str) -> list[str]:
    """The words of what a property, one that keeps its value or an annotation says of what it gives."""
    found = inspect.getattr_static(cls, attribute, None)
    getter = getattr(found, "fget", None) or getattr(found, "func", None)
    annotation = returned(getter) if getter is not None else str(getattr(cls, "__annotations__", {}).get(attribute, ""))
    return re.findall(r"\w+", annotation)


@pytest.mark.parametrize("name", held(name for name in HERE if CLASSES[name].attributes and not CLASSES[name].bases))
def test_attributes(name: str) -> None:
    cls = CLASSES[name]
    for attribute, expression in cls.attributes.items():
        if expression.startswith("poolint."):  # told apart from the class that it is of
            expression = next(iter(CLASSES[expression].bases), "")
        made = objects(LIBRARY_OF[name])
        if name not in made:  # none is made for this test: the property says what it gives
            told = property_says(real_class(name), attribute)
            is_own = expression in (name, "self") and "Self" in told
            annotated, model = tables.ANNOTATED_AS.get(f"{name}.{attribute}", ("", ""))
            is_own = is_own or (annotated in told and model == expression)
            if is_own or (expression and resolve(expression).__name__ in told):
                continue
            made = made_up(LIBRARY_OF[name])
        value = getattr(made[name], attribute)
        real = resolve(cls.name if expression == "self" else expression) if expression else object
        assert isinstance(value, real), attribute


@pytest.mark.parametrize("name", held(OBJECTS_OF_MODULES))
def test_objects_of_modules(name: str) -> None:
    objects(LIBRARY_OF[name])  # some are there once a client has been made
    real, told = resolve(name), OBJECTS_OF_MODULES[name]
    if told not in PSEUDO:
        assert real.__class__ is resolve(told)  # of a proxy, the class of what is behind it
        return
    row = MODELS.method(CLASSES[told], "__call__")
    assert row is not None
    if isinstance(real, type):  # made in a function, where nothing can name it
        assert not disagreement(name, row, real, Seen(real.__new__(real)))
    else:  # a function that works as a method does
        assert name.rpartition(".")[2] in row.names
        assert not disagreement(name, row, real, None)


@pytest.mark.parametrize("name", held(name for name in HERE if CLASSES[name].lends))
def test_what_a_decorator_lends_is_there_while_the_function_runs(name: str) -> None:
    def has(context: Any) -> list[str]:
        told = CLASSES[name].lends.items()
        return [attribute for attribute, cls in told if not isinstance(getattr(context, attribute), resolve(cls))]

    async def has_too(context: Any) -> list[str]:
        return has(context)

    class Orders:
        def of(self, context: Any) -> list[str]:
            return has(context)

        async def of_too(self, context: Any) -> list[str]:
            return has(context)

    made = objects(LIBRARY_OF[name])[name]
    context = of_sqlalchemy.context_of_oslo_db(name)
    if CLASSES[name].mode == "sync":
        assert made(has)(context) == made(Orders.of)(Orders(), context) == []
    else:
        for decorated in (made(has_too), functools.partial(made(Orders.of_too), Orders())):
            assert asyncio.run(decorated(context)) == []


@pytest.mark.parametrize(
    "name", held(name for name in HERE if any(FALLBACK in row.names for row in CLASSES[name].methods))
)
def test_fallbacks_are_right_for_all_other_methods(name: str) -> None:
    cls = CLASSES[name]
    if name in tables.GENERATED:
        for client in made(name):
            for operation in client.meta.method_to_api_mapping:
                row = MODELS.method(cls, operation)
                assert row is not None
                assert row.role == "external", operation
        return
    real = resolve(name)
    seen = observed(LIBRARY_OF[name]).get(f"kubernetes_asyncio.client.CoreV1Api.{FALLBACK}")
    named = set(methods(cls))
    for method in dir(real):
        function = getattr(real, method)
        if method.startswith("_") or method in named or not callable(function):
            continue
        row = MODELS.method(cls, method)
        assert row is not None
        if seen is not None:  # plain functions that hand on to each other, and the last to a coroutine
            assert re.search(r"return self\.(api_client\.call_api|\w+_with_http_info)\(", inspect.getsource(function))
        assert not disagreement(f"{name}.{method}", row, function, seen)


@whole
@pytest.mark.parametrize("mode", ["async", "sync"])
def test_evidence_means_the_same_on_sessions_and_connections(mode: str) -> None:
    prefix = {"async": AIO + "Async", "sync": SA}[mode]
    both = [
        MODELS.classes[prefix + "Session" if mode == "async" else SA + "orm.Session"],
        MODELS.classes[prefix + "Connection"],
    ]
    evidence = CLASSES["poolint.evidence.AsyncDatabase" if mode == "async" else "poolint.evidence.SyncDatabase"]
    for method in methods(evidence):
        row = MODELS.method(evidence, method)
        assert row is not None
        real = [other for cls in both if (other := MODELS.method(cls, method)) is not None]
        assert real, method
        assert {(other.call, other.role) for other in real} == {(row.call, row.role)}, method


@whole
@pytest.mark.parametrize("name", ["orm.Session", "Connection"])
def test_without_effect_after_the_release(name: str) -> None:
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.QueuePool)
    methods_without = MODELS.classes[SA + name].without_effect
    assert methods_without
    for method in methods_without:
        with orm.Session(engine) if name == "orm.Session" else engine.connect() as released:
            released.execute(sqlalchemy.text("SELECT 1"))
        getattr(released, method)()
        assert engine.pool.checkedout() == 0


@pytest.mark.parametrize(
    "name",
    held(cls.name for cls in CLASSES.values() if any(one.refuses_text for one in cls.methods) and cls.mode == "sync"),
)
def test_plain_texts_are_refused_before_anything_is_taken(name: str) -> None:
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, ObjectNotExecutableError
    from sqlalchemy.orm import scoped_session, sessionmaker

    engine = sqlalchemy.create_engine("sqlite://")
    made = {
        "sqlalchemy.Connection": engine.connect,
        "sqlalchemy.orm.Session": sessionmaker(engine),
        "sqlalchemy.orm.scoped_session": scoped_session(sessionmaker(engine)),
    }
    one = made[name]()
    with pytest.raises((ArgumentError, ObjectNotExecutableError)):
        one.execute("SELECT 1")
    assert not one.in_transaction()


@pytest.mark.parametrize("name", held(name for name in HERE if CLASSES[name].contents))
def test_contents(name: str) -> None:
    """By key or by attribute: by each that the class has."""
    one = objects(LIBRARY_OF[name])[name]
    content = tables.CONTENTS.get(name, "orders")
    found = [one[content]] if hasattr(type(one), "__getitem__") else []
    if hasattr(type(one), "__getattr__") or not found:
        found.append(getattr(one, content))
    contents = CLASSES[name].contents
    for value in found:
        assert isinstance(value, resolve(CLASSES[contents].bases[0] if contents in PSEUDO else contents))
