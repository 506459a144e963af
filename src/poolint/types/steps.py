"""Paths from a name that is imported to what is called, as plain values: nothing is imported here that knows of syntax."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

How = Literal["name", "object", "attribute", "sync", "coroutine", "cm", "async-cm", "async-generator"]
"""What is done at a step: a name is read, an object of a class is at hand, an attribute is read; or it is called, and
what that gives is used as it is, awaited, entered or iterated."""


class Step(NamedTuple):
    """One step of a path: the first has a qualified name, the others that of an attribute or a method."""

    name: str
    how: How


Path: TypeAlias = tuple[Step, ...]
