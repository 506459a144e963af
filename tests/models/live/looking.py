"""How the live test looks at real libraries: by name, by `inspect`, and by what a call was seen to give."""

from __future__ import annotations

import importlib
import importlib.resources
import inspect
import re
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_origin

from poolint.dev.signatures import returned

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Seen:
    """What a call was seen to give."""

    value: Any
    awaited: Any = None
    entered: Any = None


class Record(dict[str, Seen]):
    """The calls that were made, by qualified name."""

    async def __call__(self, name: str, make: Callable[[], Any], *, use: bool = True) -> Any:
        """Make the call; where the result may be used here, await one and enter another. Gives what the call gave."""
        one = self[name] = Seen(make())
        kind = type(one.value)
        if not use:
            # A coroutine, or an object around one, that nobody awaits would warn.
            inner = one.value if isinstance(one.value, Coroutine) else getattr(one.value, "_coro", None)
            if isinstance(inner, Coroutine):
                inner.close()
            return one.value
        if hasattr(kind, "__await__"):
            one.awaited = await one.value
            for end in ("close", "rollback"):
                if hasattr(one.awaited, end):
                    closing = getattr(one.awaited, end)()
                    if inspect.isawaitable(closing):
                        await closing
                    break
        if hasattr(kind, "__aenter__"):
            async with make() if hasattr(kind, "__await__") else one.value as one.entered:
                pass
        if hasattr(kind, "__enter__"):
            with one.value as one.entered:
                pass
        return one.value

    def note(self, name: str, value: Any) -> Any:
        """Keep what a call gave that needs no more looking at."""
        self[name] = Seen(value)
        return value


def resolve(path: str) -> Any:
    """The object at a qualified name; an attribute comes before a submodule of its name, and of what is annotated it is the type.

    Raises:
        AttributeError: there is none.
    """
    first, *rest = path.split(".")
    found = _below(importlib.import_module(first), first, rest)
    return found.__origin__ if get_origin(found) is Annotated else found


def _below(found: Any, dotted: str, rest: list[str]) -> Any:
    if not rest:
        return found
    part, *rest = rest
    inner = f"{dotted}.{part}"
    try:
        return _below(getattr(found, part), inner, rest)
    except AttributeError as error:
        if not isinstance(found, ModuleType):
            raise
        try:
            module = importlib.import_module(inner)
        except ModuleNotFoundError:
            raise error from None
        return _below(module, inner, rest)


@cache
def written_in_stub(module: str, stub: str) -> dict[str, Any]:
    """What a stub, the file of a compiled package, declares; its annotations name the real classes."""
    package, _, file = stub.partition("/")
    source = importlib.resources.files(package).joinpath(file).read_text(encoding="utf-8")
    known: dict[str, Any] = {"__name__": module}
    exec(compile(source, stub, "exec", flags=annotations.compiler_flag, dont_inherit=True), known)
    declared = dict(known)
    real = importlib.import_module(module)
    known.update({name: getattr(real, name) for name in known if name[0] != "_" and hasattr(real, name)})
    return declared


def gives_coroutine(function: Any) -> bool:
    """Whether a plain function ends with a coroutine of asyncio."""
    try:
        return "return asyncio.wait_for(" in inspect.getsource(function)
    except (OSError, TypeError):
        return False


def constructed(cls: type) -> Any:
    """An object of a class, made of arguments that mean nothing; None where that cannot be."""
    try:
        parameters = inspect.signature(cls).parameters.values()
        needed = {
            one.name: "x"
            for one in parameters
            if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
            and (one.default is one.empty or re.search("key|token|secret|client_id|base_url", one.name))
        }
        return cls(**needed)
    except Exception:
        return None


def type_variables(function: Any) -> list[TypeVar]:
    """The type variables that the annotation of what a function returns names."""
    known = getattr(inspect.unwrap(function), "__globals__", {})
    return [known[word] for word in re.findall(r"\w+", returned(function)) if isinstance(known.get(word), TypeVar)]


def exists(name: str) -> bool:
    """Whether the installed libraries have something of this name."""
    try:
        resolve(name)
    except AttributeError:
        return False
    return True
