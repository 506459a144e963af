"""Models of users: files that a project's settings name, and those that installed packages bring.

They have the same schema as poolint's own, but for what follows from the rest: ``library``, ``verified``, ``roots``
and ``screened`` may be left out. A row with the name of one that is known already changes that: what it says counts, and
what it does not say stays; so do the methods of a class that it does not name.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from poolint import recording
from poolint.bounds import MAX_BYTES, OverBoundError, check_toml
from poolint.files import read_regular
from poolint.models.build import ModelError, converted, row_problems
from poolint.models.schema import Class, Function, Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from importlib.metadata import EntryPoint

GROUP = "poolint.models"

_POOLED = frozenset({"session", "connection", "subscription", "engine", "pool", "factory", "registry"})
_OF_POOLINT = frozenset(Library.__struct_fields__) - {
    "library", "verified", "roots", "screened", "classes", "functions",
}  # fmt: skip
"""What is held together by more than the schema."""

_TAKING = frozenset({"open", "checkout", "create"})


def read(paths: Sequence[str], known: Iterable[Library], shown: Callable[[str], str] = str) -> tuple[Library, ...]:
    """The models in the files at ``paths``, each completed by what is known when it is read.

    Raises:
        ModelError: a file cannot be used; the text names it, as ``shown`` does, and the key.
    """
    classes: dict[str, Class] = {}
    functions: dict[str, Function] = {}
    for library in known:
        _add(library, classes, functions)
    found = []
    for path in paths:
        library = _library(path, shown(path), classes, functions)
        _add(library, classes, functions)
        problems = [*_name_problems(library), *row_problems(library, classes)]
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise ModelError(f"{shown(path)}: {problems[0]}{more}")
        found.append(library)
    return tuple(found)


def brought() -> Iterator[str]:
    """The model files of installed packages, found by their entry points without importing any of them.

    An entry point leads to a file (``acme.pools`` to ``acme/pools.toml``) or to a folder with several.
    Raises :class:`ModelError` where it leads to neither.
    """
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.dist.name if one.dist else "", one.name)):
        files = list(_files_of(point))
        if not files:
            origin = point.dist.name if point.dist is not None else "unknown distribution"
            raise ModelError(f"{origin}: models {point.name!r} ({point.value}): there is no such model file or folder")
        yield from files


def _files_of(point: EntryPoint) -> Iterator[str]:
    from importlib.util import find_spec

    top, *rest = point.value.strip().split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        place = os.path.join(folder, *rest)
        if rest and recording.is_file(f"{place}.toml"):
            yield f"{place}.toml"
        elif recording.is_folder(place):
            recording.looked("names", place)
            yield from (os.path.join(place, name) for name in sorted(os.listdir(place)) if name.endswith(".toml"))


def _library(path: str, label: str, classes: dict[str, Class], functions: dict[str, Function]) -> Library:
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8").removeprefix("\ufeff")
        check_toml(text)
        raw = msgspec.toml.decode(text)
    except OSError as error:
        raise ModelError(f"{label}: cannot be read: {error.strerror or error}") from error
    except OverBoundError as error:
        raise ModelError(f"{label}:{error.row}: {error}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{label}:{error.object.count(10, 0, error.start) + 1}: broken TOML: not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{label}: broken TOML: {error}") from error
    for key in raw:
        if key in _OF_POOLINT:
            raise ModelError(f"{label}: {key}: only poolint's own models have this")
    raw["classes"] = _completed(raw.get("classes", []), classes)
    raw["functions"] = _completed(raw.get("functions", []), functions)
    rows = [row for row in (*_listed(raw["classes"]), *_listed(raw["functions"])) if isinstance(row, dict)]
    names = [name for row in rows for name in (row.get("name"), *_listed(row.get("aliases"))) if isinstance(name, str)]
    raw.setdefault("library", os.path.basename(path).removesuffix(".toml"))
    raw.setdefault("verified", [])
    raw.setdefault("roots", sorted({name.partition(".")[0] for name in names}))
    raw.setdefault("screened", any(str(row.get("kind")) in _POOLED or str(row.get("role")) in _TAKING for row in rows))
    return converted(raw, label)


def _completed(rows: Any, known: dict[str, Any]) -> Any:
    """Rows as they are written, those of known names with what these have that they do not say themselves."""
    if not isinstance(rows, list):
        return rows
    found = []
    for row in rows:
        before = known.get(row.get("name", "")) if isinstance(row, dict) and isinstance(row.get("name"), str) else None
        if before is not None:
            base = msgspec.to_builtins(before)
            row = {**base, **row, "name": before.name, "methods": _with_methods(row.get("methods", []), base)}
            if isinstance(before, Function):
                del row["methods"]
        found.append(row)
    return found


def _with_methods(rows: Any, base: dict[str, Any]) -> Any:
    """The rows of methods that are written, and those of ``base`` for all other methods."""
    if not isinstance(rows, list):
        return rows
    told = {str(name) for row in rows if isinstance(row, dict) for name in _listed(row.get("names"))}
    kept = [{**row, "names": [name for name in row["names"] if name not in told]} for row in base.get("methods", ())]
    return [*rows, *(row for row in kept if row["names"])]


def _name_problems(library: Library) -> Iterator[str]:
    seen: set[str] = set()
    for name in library.names:
        if "." not in name.strip("."):
            yield f"{name}: is no qualified name, such as `acme.billing.charge`"
        if name in seen:
            yield f"{name}: is given twice"
        seen.add(name)


def _add(library: Library, classes: dict[str, Class], functions: dict[str, Function]) -> None:
    classes.update((name, one) for one in library.classes for name in (one.name, *one.aliases))
    functions.update((name, one) for one in library.functions for name in (one.name, *one.aliases))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(value) if isinstance(value, tuple) else []
