"""Rows of the models, as TOML, that describe calls of which the models say nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poolint.models.schema import Class
    from poolint.types.unmodelled import Path, Step

EFFECT = "http"
"""What a call is taken to wait for, until whoever pastes the row says otherwise."""

_ENTERS = {"cm": "enter", "async-cm": "async_enter", "coroutine": "awaits"}
"""What a class has when its objects are entered or awaited as they are made."""


class _Class:
    def __init__(self) -> None:
        self.itself: set[str] = set()
        self.attributes: dict[str, str] = {}
        self.methods: dict[str, dict[str, str]] = {}

    def method(self, step: Step, returns: str = "") -> None:
        row = self.methods.setdefault(step.name, {})
        row["call"] = step.how
        row.update({"returns": returns} if returns else {"role": "external", "effect": EFFECT})


def rows(paths: Iterable[Path], known: Mapping[str, Class]) -> str:
    """The rows for the calls at the ends of some paths; ``known`` are the classes of the models.

    A class of a library is named by the name it is imported by, what its attributes and methods give by theirs behind
    that: what these are really called need not be known.
    """
    classes: dict[str, _Class] = {}
    functions: dict[str, str] = {}
    paths = sorted(set(paths))
    for path in paths:
        if len(path) == 1:
            functions[path[0].name] = path[0].how
    for path in paths:
        if len(path) > 1:
            _add(path, classes, functions)
    return "\n\n".join(
        [
            *(_function(name, how, f"{name}.result" in classes) for name, how in sorted(functions.items())),
            *(_class(name, one, known) for name, one in sorted(classes.items())),
        ]
    )


def _add(path: Path, classes: dict[str, _Class], functions: Mapping[str, str]) -> None:
    first, *middle = path[:-1]
    name = f"{first.name}.result" if first.name in functions else first.name
    one = classes.setdefault(name, _Class())
    if first.how in _ENTERS and first.name not in functions:
        one.itself.add(_ENTERS[first.how])
    for step in middle:
        inner = f"{name}.{step.name}"
        if step.how == "attribute":
            one.attributes[step.name] = inner
        else:
            one.method(step, inner)
        name = inner
        one = classes.setdefault(name, _Class())
    one.method(path[-1])


def _function(name: str, how: str, has_result: bool) -> str:
    lines = [f"name = {_text(name)}", f"call = {_text(how)}", 'role = "external"', f"effect = {_text(EFFECT)}"]
    if has_result:
        lines.append(f"returns = {_text(f'{name}.result')}")
    return "\n".join(["[[functions]]", *lines])


def _class(name: str, one: _Class, models: Mapping[str, Class]) -> str:
    known = models.get(name)
    lines = ["[[classes]]", f"name = {_text(name)}"]
    if known is None:
        lines += ['kind = "other"', 'mode = "async"']
    lines += [f'{field} = "self"' for field in sorted(one.itself)]
    if one.attributes:
        attributes = {**(known.attributes if known is not None else {}), **one.attributes}
        lines.append(f"attributes = {{ {', '.join(_pairs(attributes))} }}")
    if one.methods:
        lines.append("methods = [")
        for method, row in sorted(one.methods.items()):
            lines.append(f"    {{ names = [{_text(method)}], {', '.join(_pairs(row))} }},")
        lines.append("]")
    return "\n".join(lines)


def _pairs(row: Mapping[str, str]) -> Iterator[str]:
    return (f"{key} = {_text(value)}" for key, value in row.items())


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
