"""What a test run has seen: files that ``pytest --poolint-trace`` has written, as evidence of types.

They say of which classes of libraries the objects were that a function had under a name, or that an object kept. A trace is
taken at its word only where nothing in the code tells a type, so an old one does no harm: what it names and is not there any
more is passed over.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import msgspec

from poolint.bounds import clipped
from poolint.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Names = dict[str, dict[str, list[list[str]]]]
"""Lists of classes by the function or class, and the name or attribute."""

AROUND = "?"
"""What stands for the function around another one in traces that Python 3.10 has written."""

MAX_CLASSES = 4
"""Classes of one name from which on nothing is said of it: what is anything tells nothing."""


class TraceError(Exception):
    """A file cannot be used as a trace; the text names it."""


class _File(msgspec.Struct):
    names: Names
    attributes: Names


class _Trace(msgspec.Struct):
    version: Literal[1] = msgspec.field(name="poolint-trace")
    root: str
    files: dict[str, _File]


class Traces:
    """All that some traces say. Classes stand with those that they are derived from behind them."""

    def __init__(self) -> None:
        self._files: dict[str, list[_File]] = {}

    @property
    def files(self) -> frozenset[str]:
        """The absolute paths of the files that something is said of."""
        return frozenset(self._files)

    def add(self, path: str, shown: Callable[[str], str]) -> None:
        """Take in a file. Raises :class:`TraceError`."""
        try:
            found = msgspec.json.decode(read_regular(path), type=_Trace)
        except OSError as error:
            raise TraceError(f"{shown(path)}: cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:  # those of msgspec are ValueErrors
            text = f"this is no trace that `pytest --poolint-trace` has written: {clipped(str(error))}"
            raise TraceError(f"{shown(path)}: {text}") from None
        root = os.path.join(os.path.dirname(os.path.abspath(path)), found.root)
        for name, file in found.files.items():
            self._files.setdefault(os.path.normpath(os.path.join(root, name)), []).append(file)

    def of_name(self, path: str, function: str, name: str) -> list[list[str]]:
        """The classes of what a function of a file had under a name."""
        parts = []
        for one in self._files.get(path, ()):
            names = one.names.get(function)
            if names is None and "." in function:
                names = one.names.get(f"{AROUND}.{function.rpartition('.')[2]}")
            parts.append((names or {}).get(name, []))
        return _classes(parts)

    def of_attribute(self, path: str, cls: str, name: str) -> list[list[str]]:
        """The classes of what objects of a class of a file kept as an attribute."""
        return _classes([one.attributes.get(cls, {}).get(name, []) for one in self._files.get(path, ())])


def read(paths: Sequence[str], shown: Callable[[str], str] = str) -> Traces | None:
    """What the files at ``paths`` say, None without any. Raises :class:`TraceError`."""
    if not paths:
        return None
    found = Traces()
    for path in paths:
        found.add(path, shown)
    return found


def _classes(parts: list[list[list[str]]]) -> list[list[str]]:
    found = [list(one) for one in dict.fromkeys(tuple(one) for part in parts for one in part)]
    return found if len(found) <= MAX_CLASSES else []
