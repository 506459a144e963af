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
        "SkipValidation",
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

CONTEXT_DECORATORS = {
    "contextlib.contextmanager": "cm",
    "contextlib.asynccontextmanager": "async-cm",
}
PROPERTIES = frozenset({"property", "functools.cached_property", "cached_property", "builtins.property"})

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
