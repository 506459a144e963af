"""Generics and builtins of the language, which type evaluation has to see through: they are of no library."""

from __future__ import annotations

ENTERING = {"enter_context": "sync", "enter_async_context": "coroutine"}
"""Methods of exit stacks, by name: they enter their argument and give what it binds."""

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

PROPERTIES = frozenset({"property", "functools.cached_property", "cached_property", "builtins.property"})

CONSUMERS = frozenset(
    {
        "list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "len", "iter", "enumerate", "zip",
        "any", "all", "int", "float", "str", "bool", "reversed", "map", "filter", "next",
    }
)  # fmt: skip
"""Builtins that use their argument there and then: a coroutine is of no use to them."""
