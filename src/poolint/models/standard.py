"""Functions and generics of the standard library and of frameworks that hand a value through.

They say nothing of pools, so they are not models; they are what type evaluation has to see through.
"""

from __future__ import annotations

SAME_AS_ARGUMENT = {
    "asyncio.shield": 0,
    "asyncio.wait_for": 0,
    "asyncio.ensure_future": 0,
    "asyncio.create_task": 0,
    "asyncio.timeout_at": -1,
    "typing.cast": 1,
    "typing_extensions.cast": 1,
    "copy.copy": 0,
    "functools.partial": 0,
    "weakref.proxy": 0,
}
"""Calls whose value is what one of their arguments is (its index)."""

ENTERS_ARGUMENT = {
    "contextlib.closing": "cm",
    "contextlib.aclosing": "async-cm",
    "contextlib.nullcontext": "both",
}
"""Context managers that give back their first argument."""

ENTERING = {"enter_context": "sync", "enter_async_context": "coroutine"}
"""Methods of exit stacks, by name: they enter their argument and give what it binds."""

SAME_ITEMS = frozenset(
    {
        "builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sorted", "builtins.reversed",
        "builtins.iter",
    }
)  # fmt: skip
"""Builtins whose value has the items of their first argument."""

CONTAINERS = frozenset(
    {
        "builtins.dict", "builtins.list", "builtins.set", "collections.OrderedDict", "collections.defaultdict",
        "collections.deque", "weakref.WeakValueDictionary", "weakref.WeakKeyDictionary", "weakref.WeakSet",
    }
)  # fmt: skip
"""What makes an empty container."""

ITEM_OF_ARGUMENT = frozenset({"next", "anext", "builtins.next", "builtins.anext"})

WRAPPERS = frozenset(
    {
        "Annotated", "ClassVar", "Final", "InitVar", "Mapped", "NotRequired", "Optional", "Required", "ReadOnly",
        "SkipValidation", "FromDishka",
    }
)  # fmt: skip
"""Generic aliases that are what their first argument is."""

SYNC_ITERABLES = frozenset(
    {"Generator", "Iterator", "Iterable", "list", "List", "Sequence", "set", "Set", "deque", "Collection", "frozenset"}
)
ASYNC_ITERABLES = frozenset({"AsyncGenerator", "AsyncIterator", "AsyncIterable"})
AWAITABLES = frozenset({"Awaitable", "Coroutine", "Future", "Task"})
SYNC_MANAGERS = frozenset({"ContextManager", "AbstractContextManager", "_GeneratorContextManager"})
ASYNC_MANAGERS = frozenset({"AsyncContextManager", "AbstractAsyncContextManager", "_AsyncGeneratorContextManager"})
MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict"})
VARIABLES = frozenset({"ContextVar", "local"})

HANDS_ON: dict[tuple[str, str], dict[str, int]] = {
    ("strawberry", "Info"): {"context": 0, "root_value": 1},
    ("pydantic_ai", "RunContext"): {"deps": 0},
    ("agents", "RunContextWrapper"): {"context": 0},
    ("agents", "ToolContext"): {"context": 0},
    ("langgraph", "Runtime"): {"context": 0},
    ("litestar", "Request"): {"user": 0, "auth": 1, "state": 2},
}
"""Generic classes of frameworks (import root, name) with an attribute that is what one of their type arguments is."""

CONTEXT_DECORATORS = {
    "contextlib.contextmanager": "cm",
    "contextlib.asynccontextmanager": "async-cm",
}
PROPERTIES = frozenset({"property", "functools.cached_property", "cached_property", "builtins.property"})

DEPENDS = frozenset({"fastapi.Depends", "fastapi.params.Depends", "fastapi.Security", "fast_depends.Depends"})
"""Markers of dependency injection: the parameter is what their first argument gives."""

CONSUMERS = frozenset(
    {
        "list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "len", "iter", "enumerate", "zip",
        "any", "all", "int", "float", "str", "bool", "reversed", "map", "filter", "next",
    }
)  # fmt: skip
"""Builtins that use their argument there and then: a coroutine is of no use to them."""

LISTENING = {
    "sqlalchemy.event.listens_for": True,
    "sqlalchemy.event.api.listens_for": True,
    "sqlalchemy.event.listen": False,
    "sqlalchemy.event.api.listen": False,
}
"""What registers a listener: its target, the name of the event, and, unless it is a decorator, the function."""

STREAMS = frozenset(
    {
        "starlette.responses.StreamingResponse", "fastapi.responses.StreamingResponse",
        "sse_starlette.EventSourceResponse", "sse_starlette.sse.EventSourceResponse", "fastapi.sse.EventSourceResponse",
    }
)  # fmt: skip
"""Responses whose body a generator yields while the client reads it, after the endpoint has returned."""
