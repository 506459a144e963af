"""Generics and builtins of the language, which type evaluation has to see through: they are of no library."""

from __future__ import annotations

import builtins

BUILTINS = frozenset(dir(builtins))
"""All names that every module has without an import."""

ENTERING = {"enter_context": "sync", "enter_async_context": "coroutine"}
"""Methods of exit stacks, by name: they enter their argument and give what it binds."""

MOVING = frozenset({"pop_all"})
"""Those that move all that a stack has entered to another one, which they give."""

ENTERS = frozenset({"__enter__", "__aenter__"})
LEAVES = frozenset({"__exit__", "__aexit__"})
"""The methods of context managers that begin a block, and that end it."""

SECONDS = {"days": 86_400, "seconds": 1, "microseconds": 1e-6, "milliseconds": 1e-3, "minutes": 60, "hours": 3_600,
           "weeks": 604_800}  # fmt: skip
"""How many seconds each part of a ``timedelta`` has, in the order in which it takes them."""

WRAPPERS = frozenset(
    {
        "Annotated", "ClassVar", "Final", "InitVar", "Mapped", "NotRequired", "Optional", "Required", "ReadOnly",
        "SkipValidation",
    }
)  # fmt: skip
"""Generic aliases that are what their first argument is."""

CASTS = frozenset({"cast", "typing.cast"})
"""Functions, as written, that give their second argument as it is."""

SYNC_ITERABLES = frozenset(
    {"Generator", "Iterator", "Iterable", "list", "List", "Sequence", "set", "Set", "deque", "Collection", "frozenset"}
)
ASYNC_ITERABLES = frozenset({"AsyncGenerator", "AsyncIterator", "AsyncIterable"})
AWAITABLES = frozenset({"Awaitable", "Coroutine", "Future", "Task"})
SYNC_MANAGERS = frozenset({"ContextManager", "AbstractContextManager", "_GeneratorContextManager"})
ASYNC_MANAGERS = frozenset({"AsyncContextManager", "AbstractAsyncContextManager", "_AsyncGeneratorContextManager"})
MAPPINGS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict", "WeakValueDictionary"}
)
VARIABLES = frozenset({"ContextVar", "local"})

KEPT_PROPERTIES = frozenset({"functools.cached_property", "cached_property"})
"""Decorators of what is computed when it is first read, and kept."""

PROPERTIES = KEPT_PROPERTIES | {"property", "builtins.property"}

CONSUMERS = frozenset(
    {
        "list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "len", "iter", "enumerate", "zip",
        "any", "all", "int", "float", "str", "bool", "reversed", "map", "filter", "next",
    }
)  # fmt: skip
"""Builtins that use their argument there and then: a coroutine is of no use to them."""

SCALAR_CLASSES = frozenset({"int", "str", "float", "bool", "bytes", "complex"})
"""Classes of numbers and texts: what has no members that concern a pool."""

SCALARS = frozenset({"int", "str", "float", "bool", "len", "bytes", "repr", "round", "hash", "ord", "chr"})
"""Builtins that give a number or a text."""

READING = frozenset(
    {
        "extend", "extendleft", "update", "union", "intersection", "difference", "symmetric_difference", "issubset",
        "issuperset", "isdisjoint", "join",
    }
)  # fmt: skip
"""Methods of builtin collections and texts that go over their argument there and then."""

WRITING = frozenset({"format", "format_map"})
"""Methods of texts that write their arguments into them."""

OF_LOCALS = frozenset({"locals", "vars", "dir"})
"""Builtins that tell, without an argument, which names are bound."""

PUTTING = frozenset({"append", "appendleft", "add"})
"""Methods of builtin collections that put one item into them."""

ADDING = frozenset({"extend", "extendleft", "update"})
"""Methods of builtin collections that put all items of another one into them."""

TAKING = frozenset({"pop", "popleft", "popitem"})
"""Methods of builtin collections that take one item out of them."""

PUT_BY = frozenset({"add", "append", "discard", "remove"})
"""Methods of builtin collections that only put an item into them or take it out again: none waits for a task among these."""

SHARING = frozenset({"items", "keys", "values", "copy", "get", "pop", "popleft", "popitem"})
"""Methods of builtin collections that give their items, or one of them."""

ASKING = frozenset(
    {
        "len", "bool", "int", "float", "str", "repr", "isinstance", "issubclass", "type", "id", "hash", "print", "hasattr",
        "callable", "format",
    }
)  # fmt: skip
"""Builtins whose value keeps nothing of their argument."""

FOLDING = frozenset({"sum", "any", "all"})
"""Builtins that read their argument to its end, and make one value of its items."""

EAGER = FOLDING | {"list", "tuple", "set", "frozenset", "dict", "sorted", "min", "max"}
"""Builtins that read their argument to its end, and give its items, or what these come to."""

STEPPING = frozenset({"next", "anext"})
"""Builtins that take the next item of an iterator."""

PAIRING = frozenset({"enumerate", "zip"})
"""Builtins that go over their arguments as something goes over what they give."""

MAPPING = frozenset({"map", "starmap", "itertools.starmap"})
"""What calls a function for each item of an iterable, as something goes over what it gives."""

KEEPING_PLAIN = EAGER | {"zip", "enumerate", "range"}
"""Builtins that make plain data of plain data."""

OF_SAME_SIZE = PAIRING | {"list", "tuple", "deque", "sorted", "set", "items", "values", "keys"}
"""Builtins and methods of builtin collections that give about as many items as they are given."""

PLAIN_CONTAINERS = frozenset(
    {
        "dict", "Dict", "list", "List", "tuple", "Tuple", "set", "Set", "frozenset", "FrozenSet", "Mapping", "Sequence",
        "Iterable", "Collection", "Iterator", "Optional", "Union", "Annotated",
    }
)  # fmt: skip
"""Generics that are plain data where their arguments are."""

THREADS = frozenset({"Thread", "Timer"})
START = "start"
"""The classes of threads that have yet to be started, and their method that does it."""

OF_TASKS = frozenset({"add_done_callback", "remove_done_callback", "set_name", "get_name", START, "daemon", "name"})
"""Members of tasks and threads that do not wait for them."""

AUTOCOMMIT = "autocommit"
"""What says of a connection that it commits each statement by itself: an argument and an attribute that DB-API knows."""

CLOCKS = frozenset(
    {
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "now", "utcnow", "total_seconds",
        "timestamp",
    }
)  # fmt: skip
"""Methods and functions of the language that read a clock, or say how far two of its readings are apart."""

EQUAL_TO_VALUES = frozenset({"builtins.str", "builtins.int", "enum.StrEnum", "enum.IntEnum", "enum.IntFlag"})
"""Bases of an enumeration by which a member equals its value. One without is equal to itself alone."""

ABSENT = frozenset({"AttributeError", "IndexError", "KeyError", "LookupError", "StopAsyncIteration", "StopIteration"})
"""The built-in errors by which who looks for something is told that it is not there, and goes on without."""
