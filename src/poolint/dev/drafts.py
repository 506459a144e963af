"""A draft of a model: what the signatures of an installed package tell of its classes and functions.

This is the one place where poolint imports a package that it describes; it does so because it was asked for by name.
What a signature cannot tell, the kind of a class and the role of a call, keeps its most harmless value.
"""

from __future__ import annotations

import enum
import functools
import importlib
import importlib.metadata
import json
import re
import sys
import warnings
from types import BuiltinFunctionType, FunctionType, ModuleType, UnionType
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from poolint.config import ConfigError
from poolint.dev.signatures import annotated_class, given, nature, returned, unwrapped
from poolint.models.schema import Class, Effect, Function, Kind, Library, Method, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poolint.models.schema import Call

_ASYNC = frozenset({"coroutine", "awaitable", "awaitable-cm", "async-cm", "async-generator"})


def drafted(package: str, known: Iterable[str]) -> tuple[Library, list[str]]:
    """Import ``package``, a dotted name, and draft the rows of its public classes and functions.

    Public is what its modules list in ``__all__``, or name without an underscore, as far as importing the package has
    loaded them. Names that are ``known`` have a row elsewhere, and get none: they are given beside the draft.

    Raises:
        ConfigError: it cannot be imported, or has nothing to draft.
    """
    top = _imported(package)
    paths = _paths(top)
    known = frozenset(known)
    left_out = [found[0] for _, found in paths if not known.isdisjoint(found)]
    names = {one: found[0] for one, found in paths if known.isdisjoint(found)}
    new = [(one, found) for one, found in paths if one in names]
    classes = [row for one, found in new if isinstance(one, type) for row in _class(one, found, names)]
    functions = [_function(one, found, names) for one, found in new if not isinstance(one, type)]
    if not classes and not functions:
        modules = sorted(name for name in _modules(top) if name != package)
        more = f"; name one of its modules: {', '.join(modules[:8])}" if modules else ""
        why = (
            "all of its public names have rows in poolint already"
            if left_out
            else f"it has no public classes or functions{more}"
        )
        raise ConfigError(f"{package}: {why}")
    kept = {row.name for row in classes}
    library = Library(
        library=package.replace(".", "_"),
        verified=_versions(package),
        roots=(package.partition(".")[0],),
        classes=tuple(_without_dropped(row, kept) for row in classes),
        functions=tuple(msgspec.structs.replace(row, returns=_kept(row.returns, kept)) for row in functions),
    )
    return library, left_out


def as_toml(library: Library, left_out: Iterable[str] = ()) -> str:
    """The text of a model file, with a head that says what is left to be filled in, and what was left out."""
    version = f" {library.verified[0]}" if library.verified else ""
    head = f"""\
# Drafted from the signatures of {library.library}{version} by `poolint dev new-model`.
#
# `call` is what a signature says: check those that are `sync` for lack of annotations. The rest is judgement:
# kind: what a class is: {_words(Kind)}.
# role: what a call does, if not `local`: {_words(Role)}.
# effect: what a call waits for outside the database, if its role is `external`: {_words(Effect)}.
# A row that stays `local` on a class of the kind `other` says nothing: delete it."""
    names = ", ".join(left_out)
    if names:
        head += f"\n#\n# Left out, since poolint has rows of these names: {names}."
    blocks = [head, _fields(library, ("library", "verified", "roots"))]
    blocks += [f"[[classes]]\n{_fields(row)}" for row in library.classes]
    blocks += [f"[[functions]]\n{_fields(row)}" for row in library.functions]
    return "\n\n".join(blocks) + "\n"


def _imported(package: str) -> ModuleType:
    if not all(part.isidentifier() for part in package.split(".")):
        raise ConfigError(f"{package!r} is no name of a package, as it stands in an import")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(package)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever its modules do when they are imported, SystemExit included
        text = " ".join(str(error).split())
        why = f"{type(error).__name__}: {text}" if text else type(error).__name__
        raise ConfigError(f"{package}: cannot be imported by {sys.executable}: {why}") from error


def _modules(top: ModuleType) -> dict[str, ModuleType]:
    """The package and those of its public modules that are loaded, by name; the nearest to the top first."""
    below = f"{top.__name__}."
    names = [name for name in sys.modules if name == top.__name__ or name.startswith(below)]
    public = [name for name in names if not any(part.startswith("_") for part in name.split("."))]
    found = {name: sys.modules[name] for name in sorted(public, key=lambda name: (name.count("."), name))}
    return {top.__name__: top, **{name: one for name, one in found.items() if isinstance(one, ModuleType)}}


def _paths(top: ModuleType) -> list[tuple[Any, list[str]]]:
    """The public classes and functions, each with the dotted names by which it is imported, the shortest first.

    Functions that a package does not export itself, where it exports any, are taken for its own business.
    """
    found: dict[int, tuple[Any, list[str]]] = {}
    for name, module in _modules(top).items():
        listed = getattr(module, "__all__", None)
        is_package = hasattr(module, "__path__")
        for word in listed or [word for word in dir(module) if not word.startswith("_")]:
            one = getattr(module, word, None)  # some load what they export when it is first asked for
            if not isinstance(one, (type, FunctionType, BuiltinFunctionType)) or not _describable(one):
                continue
            home = str(getattr(one, "__module__", ""))
            is_own = home == top.__name__ or home.startswith(f"{top.__name__}.")
            if not is_own and not (listed and module is top):
                continue
            if listed or is_package or home == name:  # what a module imports for its own use is no name of it
                found.setdefault(id(one), (one, []))[1].append(f"{name}.{word}")
    exported = f"{top.__name__}."
    at_top = {id(one) for one, names in found.values() if names[0].removeprefix(exported).isidentifier()}
    is_facade = any(key in at_top and not isinstance(one, type) for key, (one, _) in found.items())
    return [row for key, row in found.items() if isinstance(row[0], type) or key in at_top or not is_facade]


def _describable(one: Any) -> bool:
    if not isinstance(one, type):
        return True
    return not issubclass(one, (BaseException, enum.Enum)) and not hasattr(one, "__total__")  # a TypedDict


def _class(cls: type, paths: list[str], names: Mapping[Any, str]) -> Iterator[Class]:
    """The row of a class, if there is anything to tell of it."""
    bases = _bases(cls, names)
    calls, attributes = _members(cls, names)
    inherited = {word for base in bases for word in dir(base)}
    rows: dict[tuple[Call, str], list[str]] = {}
    for word, key in calls.items():
        if word in vars(cls) or word not in inherited:
            rows.setdefault(key, []).append(word)
    enter, async_enter = _binds(cls, "__enter__", names), _binds(cls, "__aenter__", names)
    awaits = "self" if hasattr(cls, "__await__") else ""
    if not (rows or enter or async_enter or awaits or bases):
        return
    is_async = any(call in _ASYNC for call, _ in calls.values()) or async_enter or awaits
    yield Class(
        name=paths[0],
        aliases=tuple(paths[1:]),
        kind="other",
        mode="async" if is_async else "sync",
        bases=tuple(names[one] for one in bases),
        enter=enter,
        async_enter=async_enter,
        awaits=awaits,
        attributes=attributes,
        methods=tuple(Method(names=tuple(words), call=call, returns=gives) for (call, gives), words in rows.items()),
    )


def _bases(cls: type, names: Mapping[Any, str]) -> list[type]:
    """The nearest classes above that have a row of their own."""
    found: list[type] = []
    for one in cls.__mro__[1:]:
        if one in names and not any(one in base.__mro__ for base in found):
            found.append(one)
    return found


def _members(cls: type, names: Mapping[Any, str]) -> tuple[dict[str, tuple[Call, str]], dict[str, str]]:
    """The public methods of a class with the kinds of their calls, and its attributes of classes in the draft.

    Those of bases count where these are of the same library and have no row.
    """
    calls: dict[str, tuple[Call, str]] = {}
    attributes: dict[str, str] = {}
    library = cls.__module__.partition(".")[0]
    for one in cls.__mro__:
        if one is not cls and (one in names or one.__module__.partition(".")[0] != library):
            continue
        for word, value in vars(one).items():
            if word.startswith("_") or word in calls or word in attributes:
                continue
            if isinstance(value, (property, functools.cached_property)):
                getter = value.fget if isinstance(value, property) else value.func
                attributes[word] = names.get(annotated_class(getter), "")
            elif not isinstance(value, type) and callable(getattr(cls, word, None)):
                calls[word] = _call(getattr(cls, word), names)
    return calls, {word: gives for word, gives in attributes.items() if gives}


def _function(function: Any, paths: list[str], names: Mapping[Any, str]) -> Function:
    call, gives = _call(function, names)
    return Function(name=paths[0], aliases=tuple(paths[1:]), call=call, returns="" if gives == "self" else gives)


def _call(function: Any, names: Mapping[Any, str]) -> tuple[Call, str]:
    """The kind of a call, and the class of the draft that it gives, ``self``, or nothing."""
    kind = nature(function)
    inner = unwrapped(function)
    text, cls = returned(inner), annotated_class(inner)
    gives = "self" if text.strip("'\"") in ("Self", "typing.Self", "typing_extensions.Self") else names.get(cls, "")
    if kind == "coroutine" or (kind == "sync" and gives == "self"):
        return kind, gives
    if kind != "sync":
        return kind, ""
    own = given(cls) if cls is not None and cls not in (Any, object, UnionType) else "sync"
    if own in ("awaitable", "awaitable-cm"):
        return own, ""
    if gives:
        return "sync", gives  # what it gives can be used at once, and entered if its class can be
    if own != "sync":
        return own, ""
    is_either = "|" in text or "Union" in text
    return ("awaitable" if re.search(r"Awaitable|Coroutine|\bFuture", text) and not is_either else "sync"), ""


def _binds(cls: type, special: str, names: Mapping[Any, str]) -> str:
    """What a block on an object binds, as a type expression: what is annotated, or the object; empty for no block."""
    entered = getattr(cls, special, None)
    if entered is None:
        return ""
    bound = annotated_class(entered)
    return names[bound] if bound in names and bound not in cls.__mro__ else "self"


def _without_dropped(row: Class, kept: set[str]) -> Class:
    """A row that names no class which has got no row."""
    return msgspec.structs.replace(
        row,
        bases=tuple(base for base in row.bases if base in kept),
        enter=_kept(row.enter, kept) or ("self" if row.enter else ""),
        async_enter=_kept(row.async_enter, kept) or ("self" if row.async_enter else ""),
        attributes={word: value for word, value in row.attributes.items() if value in kept},
        methods=tuple(msgspec.structs.replace(one, returns=_kept(one.returns, kept)) for one in row.methods),
    )


def _kept(expression: str, kept: set[str]) -> str:
    return expression if expression == "self" or expression in kept else ""


def _versions(package: str) -> tuple[str, ...]:
    """The version of the distribution that a package is from, where that can be told."""
    of = importlib.metadata.packages_distributions().get(package.partition(".")[0], [])
    return (importlib.metadata.version(of[0]),) if len(set(of)) == 1 else ()


def _words(choices: Any) -> str:
    return ", ".join(word for word in get_args(choices) if word)


def _fields(row: msgspec.Struct, only: Iterable[str] = ()) -> str:
    """The fields of a row that are not at their defaults, one on each line."""
    raw = msgspec.to_builtins(row)
    return "\n".join(f"{key} = {_value(key, value)}" for key, value in raw.items() if not only or key in only)


def _value(key: str, value: Any) -> str:
    if key == "methods":
        return "[\n" + "".join(f"    {_value('', one)},\n" for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value('', one)}" for name, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value("", one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
