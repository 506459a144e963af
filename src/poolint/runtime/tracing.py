"""What classes the objects were of that functions had in hand, to be told to ``poolint check --trace``.

Each frame of the project that is around a checkout or a query is looked at a few times: its names, and what ``self`` keeps.
Only classes of libraries are put down, by the names of all that they are derived from, so that nothing of the data is.
"""

from __future__ import annotations

import inspect
import json
import os
import sys

from poolint.runtime.frames import qualified
from poolint.runtime.sampling import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType
    from typing import Any

    from poolint.runtime.holds import Hold

    Plain = dict[str, Any]

VERSION = 1
LOOKS = 16
"""How often a function is looked at: what it is called with later is mostly the same."""

AROUND = "?"
"""The function around another one, where Python 3.10 does not tell it."""

_MOST_BASES = 8
_MINE = frozenset({"builtins", "poolint", "__main__"}) | frozenset(getattr(sys, "stdlib_module_names", ()))


class Trace:
    """What was seen in one process.

    ``names`` has, by file, function and name, the classes; ``attributes`` by file, class and attribute. ``calls`` says where
    a program was while a connection was held: by file, row and function, the seconds.
    """

    def __init__(self) -> None:
        self._looks: dict[CodeType, int] = {}
        self._known: dict[type, tuple[str, ...]] = {}
        self._classes: dict[type, CodeType | None] = {}
        self.names: dict[tuple[str, str, str], set[tuple[str, ...]]] = {}
        self.attributes: dict[tuple[str, str, str], set[tuple[str, ...]]] = {}
        self.calls: dict[tuple[str, int, str], float] = {}

    def look(self, frame: FrameType) -> None:
        """Put down what the names of a frame stand for."""
        code = frame.f_code
        looks = self._looks.get(code, 0)
        if looks >= LOOKS:
            return
        self._looks[code] = looks + 1
        file = os.path.abspath(code.co_filename)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        values = frame.f_locals
        function = qualified(code)
        if function == code.co_name and names:
            function = _method(code, values.get(names[0])) or function
        if function == code.co_name and code.co_flags & inspect.CO_NESTED:
            function = f"{AROUND}.{function}"
        for name, value in list(values.items()):
            if found := self._class_of(value):
                self.names.setdefault((file, function, name), set()).add(found)
        if names and "." in function and (owner := values.get(names[0])) is not None:
            self._look_at_object(file, function.rpartition(".")[0], owner)

    def _look_at_object(self, file: str, function: str, owner: object) -> None:
        """Put down what an object keeps, where the function is a method of its class or of one that it is derived from."""
        cls = next((one for one in type(owner).__mro__ if one.__qualname__.replace(".<locals>", "") == function), None)
        if cls is None or type(owner).__module__ in _MINE:
            return
        for name, value in list(getattr(owner, "__dict__", {}).items()):
            if found := self._class_of(value):
                self.attributes.setdefault((file, function, name), set()).add(found)

    def _class_of(self, value: object) -> tuple[str, ...]:
        cls = type(value)
        known = self._known.get(cls)
        if known is None:
            told = [f"{one.__module__}.{one.__qualname__}" for one in cls.__mro__ if _root(one) not in _MINE]
            is_told = any(_is_installed(one) for one in cls.__mro__)
            known = self._known[cls] = tuple(told[:_MOST_BASES]) if is_told else ()
        return known

    def held(self, hold: Hold) -> None:
        """A connection was held, and where the program was meanwhile."""
        for (code, row), seconds in hold.waits.items():
            where = (os.path.abspath(code.co_filename), row, qualified(code))
            self.calls[where] = self.calls.get(where, 0.0) + seconds

    def plain(self, root: str) -> Plain:
        """All of it as values of JSON. Files are relative to ``root``, in the order of their names."""
        files: Plain = {}
        for kind, seen in (("names", self.names), ("attributes", self.attributes)):
            for (file, where, name), classes in sorted(seen.items()):
                table = files.setdefault(shown(file, root), {"names": {}, "attributes": {}})
                table[kind].setdefault(where, {})[name] = [list(one) for one in sorted(classes)]
        held = [
            [shown(file, root), row, function, round(s, 3)] for (file, row, function), s in sorted(self.calls.items())
        ]
        return {"poolint-trace": VERSION, "files": dict(sorted(files.items())), "held": held}


def merged(parts: Iterable[Plain]) -> Plain:
    """What several processes have seen."""
    files: Plain = {}
    held: dict[tuple[str, int, str], float] = {}
    for part in parts:
        for file, table in part["files"].items():
            mine = files.setdefault(file, {"names": {}, "attributes": {}})
            for kind, functions in table.items():
                for function, names in functions.items():
                    known = mine[kind].setdefault(function, {})
                    for name, classes in names.items():
                        known[name] = sorted({tuple(one) for one in (*known.get(name, ()), *classes)})
        for file, row, function, seconds in part["held"]:
            held[file, row, function] = held.get((file, row, function), 0.0) + seconds
    return {
        "poolint-trace": VERSION,
        "files": dict(sorted(files.items())),
        "held": [[*where, round(seconds, 3)] for where, seconds in sorted(held.items())],
    }


def write(plain: Plain, path: str, root: str) -> None:
    """Write a trace for ``poolint check --trace``; its files are relative to ``root``. Raises ``OSError``."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    text = json.dumps(
        {"root": os.path.relpath(root, folder).replace(os.sep, "/"), **plain}, indent=1, ensure_ascii=False
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def _method(code: CodeType, owner: object) -> str:
    """The qualified name of a method, where Python 3.10 does not tell it; empty for other functions."""
    for cls in type(owner).__mro__:
        if getattr(vars(cls).get(code.co_name), "__code__", None) is code:
            return f"{cls.__qualname__.replace('.<locals>', '')}.{code.co_name}"
    return ""


def _root(cls: type) -> str:
    return cls.__module__.partition(".")[0]


def _is_installed(cls: type) -> bool:
    """Whether a class is of a library that is installed, not of the project itself."""
    if _root(cls) in _MINE:
        return False
    module = sys.modules.get(_root(cls))
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    return "site-packages" in file or "dist-packages" in file
