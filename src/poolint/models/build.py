"""Makes the models ready to read: ``python -m poolint.models.build [--check]``.

It reads the TOML files beside it strictly, checks what holds between them, and writes ``ready.msgpack``, which
:mod:`poolint.models.loader` reads, and ``ready.screen``, by which a file shows in its bytes that it may concern a pool
(see :func:`screen`). With ``--check`` it writes nothing and exits 1 when these two are not what the TOML files say.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from poolint.models import api
from poolint.models.schema import Class, Function, Library, Method
from poolint.models.screened import screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path(__file__).parent
PSEUDO_ROOT = "poolint"
"""First part of the names of classes that exist in the models only."""


MAX_BASES = 100
"""Bases of a class, with theirs."""


class ModelError(Exception):
    """A model file that cannot be used; the text names the file and the key."""


def read(path: Path) -> Library:
    """One model file as a :class:`Library`; raises :class:`ModelError` where it breaks the schema."""
    try:
        raw = msgspec.toml.decode(path.read_bytes())
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ModelError(f"{path.name}: {error}") from error
    library = converted(raw, path.name)
    if library.library != path.stem:
        raise ModelError(f"{path.name}: library: is {library.library!r}, but the file is called {path.stem!r}")
    return library


def converted(raw: Any, label: str) -> Library:
    """What a model file says, held to the schema; ``label`` is how the file is called. Raises :class:`ModelError`."""
    try:
        return msgspec.convert(raw, Library)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        place = place.strip("`")
        raise ModelError(f"{label}: {_key(raw, place)}: {message}{_legal(place, message)}") from error


def read_all(folder: Path = FOLDER) -> tuple[Library, ...]:
    """All model files of ``folder`` in the order of their names, checked against each other too."""
    libraries = tuple(read(path) for path in sorted(folder.glob("*.toml")))
    found = list(problems(libraries))
    if found:
        raise ModelError("\n".join(found))
    return libraries


def problems(libraries: Sequence[Library]) -> Iterator[str]:
    """What the schema alone cannot see: names given twice, expressions that lead nowhere, fields at odds."""
    yield from _name_problems(libraries)
    classes = {cls.name: cls for library in libraries for cls in library.classes}
    for library in libraries:
        file = f"{library.library}.toml"
        yield from (f"{file}: {text}" for text in row_problems(library, classes))
        yield from (f"{file}: {text}" for text in _configuration_problems(library, libraries, classes))
    yield from api.problems(libraries, classes)


def row_problems(library: Library, classes: dict[str, Class]) -> Iterator[str]:
    """The same for the classes and functions of one library; ``classes`` are all that there are, by name."""
    for cls in library.classes:
        yield from (f"{cls.name}: {text}" for text in _class_problems(cls, classes))
    for function in library.functions:
        yield from (f"{function.name}: {text}" for text in _call_problems(function, None, classes))
    for name, cls_name in library.objects.items():
        yield from (f"objects.{name}: {text}" for text in _expression_problems("class", cls_name, None, classes))


def _configuration_problems(library: Library, libraries: Sequence[Library], classes: dict[str, Class]) -> Iterator[str]:
    """What is wrong with dialects, drivers and what makes engines and pools."""
    dialects = {dialect.name for one in libraries for dialect in one.dialects}
    functions = {function.name for one in libraries for function in one.functions}
    for dialect in library.dialects:
        for kind, name in dialect.memory_pools.items():
            if name not in classes or classes[name].pool is None:
                yield f"{dialect.name}: memory_pools.{kind}: {name!r} is not the name of a class of pool here"
    for driver in library.drivers:
        for name in driver.dialects:
            if name not in dialects:
                yield f"{driver.name}: dialects: {name!r} is not the name of a dialect here"
    for maker in library.makers:
        if maker.name not in functions and maker.name not in classes:
            yield f"{maker.name}: is neither a function nor a class here"
        if maker.poolclass and (maker.poolclass not in classes or classes[maker.poolclass].pool is None):
            yield f"{maker.name}: poolclass: {maker.poolclass!r} is not the name of a class of pool here"


def outputs(folder: Path = FOLDER) -> dict[str, bytes]:
    """The files to be written, by name."""
    libraries = read_all(folder)
    return {"ready.msgpack": msgspec.msgpack.encode(libraries), "ready.screen": screen(libraries) + b"\n"}


def stale(folder: Path = FOLDER) -> dict[str, bytes]:
    """Those of the :func:`outputs` that are missing in ``folder`` or differ there."""

    def differs(path: Path, content: bytes) -> bool:
        return not path.exists() or path.read_bytes() != content

    return {name: content for name, content in outputs(folder).items() if differs(folder / name, content)}


def _key(raw: Any, place: str) -> str:
    """Msgspec's ``$.classes[3].methods[0].call`` with each index followed by the name of what stands there."""
    words: list[str] = []
    here = raw
    for field, index in re.findall(r"\.?([\w-]+)|\[(\d+|\.\.\.)\]", place.removeprefix("$")):
        if field:
            here = here.get(field) if isinstance(here, dict) else None
            words.append(f".{field}" if words else field)
        else:
            here = here[int(index)] if isinstance(here, list) and index.isdigit() and int(index) < len(here) else None
            words.append(f"[{_label(here) or index}]")
    return "".join(words) or "top level"


def _legal(place: str, message: str) -> str:
    """What may stand at a place of a model instead, in words; empty where that cannot be listed."""
    import msgspec.inspect

    here: Any = msgspec.inspect.type_info(Library)
    for field, _ in re.findall(r"\.?([\w-]+)|\[(\d+|\.\.\.)\]", place.removeprefix("$")):
        if isinstance(here, msgspec.inspect.UnionType):
            here = next((one for one in here.types if isinstance(one, msgspec.inspect.StructType)), here)
        if field and isinstance(here, msgspec.inspect.StructType):
            here = next((one.type for one in here.fields if one.encode_name == field), None)
        elif isinstance(here, (msgspec.inspect.VarTupleType, msgspec.inspect.ListType)):
            here = here.item_type
        elif isinstance(here, msgspec.inspect.DictType):
            here = here.value_type
    if isinstance(here, msgspec.inspect.LiteralType):
        return f"; there are {', '.join(repr(value) for value in sorted(here.values, key=str) if value)}"
    if isinstance(here, msgspec.inspect.StructType) and "unknown field" in message:
        return f"; there are {', '.join(field.encode_name for field in here.fields)}"
    return ""


def _label(raw: Any) -> str:
    """What a class, a function or a row of methods is called, where that can be known at all."""
    names = (raw.get("name") or raw.get("names")) if isinstance(raw, dict) else None
    return ", ".join(map(str, names)) if isinstance(names, list) else str(names or "")


def _name_problems(libraries: Sequence[Library]) -> Iterator[str]:
    roots = {root for library in libraries for root in library.roots} | {PSEUDO_ROOT}
    seen: dict[str, str] = {}
    for library in libraries:
        file = f"{library.library}.toml"
        for name in library.names:
            if name in seen:
                yield f"{file}: {name}: is given twice, first in {seen[name]}"
            seen.setdefault(name, file)
            if name.partition(".")[0] not in roots:
                yield f"{file}: {name}: does not begin with an import root of any library"


def _class_problems(cls: Class, classes: dict[str, Class]) -> Iterator[str]:
    for base in cls.bases:
        if base not in classes:
            yield f"bases: {base!r} is not the name of a class here"
            continue
        above = _ancestry(base, classes)
        if cls.name in above:
            yield (
                "bases: the class is its own base"
                if base == cls.name
                else f"bases: {base!r} derives from this class in turn"
            )
        elif len(above) > MAX_BASES:
            yield f"bases: there are more than {MAX_BASES} of them above each other"
    fields = {f"attributes.{name}": expression for name, expression in cls.attributes.items()}
    fields |= {f"lends.{name}": expression for name, expression in cls.lends.items()}
    fields |= {"enter": cls.enter, "async_enter": cls.async_enter, "awaits": cls.awaits}
    fields |= {f"parameters[{index}]": name for index, name in enumerate(cls.parameters)}
    for field, expression in fields.items():
        yield from _expression_problems(field, expression, cls, classes)
    for field, names in (("made_with", cls.made_with), ("classes", cls.classes)):
        for keyword, name in names.items():
            if name not in classes:
                yield f"{field}.{keyword}: {name!r} is not the name of a class here"
    if cls.parameter_from and not cls.parameters:
        yield "parameter_from: there are no parameters"
    seen: set[str] = set()
    for method in cls.methods:
        for name in method.names:
            if name in seen:
                yield f"methods: {name!r} is given twice"
            seen.add(name)
        for field, path in (("works_on", method.works_on), ("dependency", method.dependency)):
            if path and path.partition(".")[0] not in (*cls.made_of, *cls.attributes):
                yield f"methods[{', '.join(method.names)}].{field}: {path!r} begins with nothing that it has or is made of"
        if method.commits_if and not method.works_on:
            yield f"methods[{', '.join(method.names)}].commits_if: it says of no session that the method works on it"
        for text in (*_call_problems(method, cls, classes), *_entered_as_problems(method, cls, classes)):
            yield f"methods[{', '.join(method.names)}].{text}"


def _ancestry(name: str, classes: dict[str, Class]) -> set[str]:
    """The names of the class ``name`` and of its bases; ends on cycles, and where there are too many."""
    found: set[str] = set()
    waiting = [name]
    while waiting and len(found) <= MAX_BASES:
        cls = classes.get(waiting.pop())
        # A base may be given by another of its names.
        if cls is not None and cls.name not in found:
            found.add(cls.name)
            waiting += cls.bases
    return found


def _call_problems(call: Method | Function, cls: Class | None, classes: dict[str, Class]) -> Iterator[str]:
    yield from _expression_problems("returns", call.returns, cls, classes)
    yield from _expression_problems("enters", call.enters, cls, classes)
    if call.enters and call.call not in ("cm", "async-cm", "awaitable-cm"):
        yield f"enters: a call of kind {call.call!r} gives no context manager"
    if call.role == "external" and not call.effect:
        yield "effect: an external call has one"
    if isinstance(call, Function):
        for text, expression in call.given.items():
            yield from _expression_problems(f"given.{text}", expression, cls, classes)
    if isinstance(call, Method):
        if not call.names:
            yield "names: there are none"
        if call.releases == "argument" and call.role != "release":
            yield "releases: only a release has one"


def _entered_as_problems(method: Method, cls: Class, classes: dict[str, Class]) -> Iterator[str]:
    """Whether what a checkout is entered as is a method of the class, or of a base, that gives a context manager."""
    if not method.entered_as:
        return
    if method.role != "checkout":
        yield "entered_as: only a checkout has one"
    rows = [
        row for name in _ancestry(cls.name, classes) for row in classes[name].methods if method.entered_as in row.names
    ]
    if not rows:
        yield f"entered_as: {method.entered_as!r} is not the name of a method of this class"
    elif not any(row.call in ("cm", "async-cm", "awaitable-cm") for row in rows):
        yield f"entered_as: {method.entered_as!r} gives no context manager"


def _expression_problems(field: str, expression: str, cls: Class | None, classes: dict[str, Class]) -> Iterator[str]:
    if expression in ("", *classes):
        return
    if expression == "self" and cls is not None:
        return
    if re.fullmatch(r"\$\d", expression) and cls is not None and int(expression[1:]) < len(cls.parameters):
        return
    yield f"{field}: {expression!r} is neither the name of a class here nor `self` nor a type parameter"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: exit code 0 when the ready files are (now) right, 1 when stale, 2 when a model is wrong."""
    parser = argparse.ArgumentParser(prog="python -m poolint.models.build", description="Makes the models ready.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the ready files are stale")
    check: bool = parser.parse_args(arguments).check
    try:
        outdated = stale(FOLDER)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 2
    for name, content in outdated.items():
        if check:
            print(f"{name} is stale: run `python -m poolint.models.build`", file=sys.stderr)
        else:
            (FOLDER / name).write_bytes(content)
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
