"""What a report has to tell beside its findings: where connections are held, what could not be seen, the budget."""

from __future__ import annotations

import msgspec


class Wait(msgspec.Struct, frozen=True):
    """A call that waits for something else while a connection is held: its row, the chain of calls, and for what. ``at`` is
    the row as it is told, which in a notebook has its cell."""

    row: int
    chain: tuple[str, ...]
    effect: str
    at: str = ""


class Held(msgspec.Struct, frozen=True):
    """Rows of a function over which ``resource`` holds a connection, taken by ``how``; those of a ``cell`` in a notebook."""

    filename: str
    function: str
    resource: str
    how: str
    first: int
    last: int
    in_transaction: bool
    awaits: int
    queries: int
    waits: tuple[Wait, ...] = ()
    cell: int = 0


class Blind(msgspec.Struct, frozen=True):
    """Something that could not be seen: where, in which words, and how many values are lost by it. ``at`` is the row as it is
    told, which in a notebook has its cell."""

    filename: str
    row: int
    text: str
    count: int = 1
    at: str = ""


class Unseen(msgspec.Struct, frozen=True):
    """Functions that reach a database: all, those whose types are ``known``, those known by their ``use`` alone, and those
    with a value of ``unknown`` type. ``causes`` are these values by why their types are unknown, ``calls`` the awaited calls
    without a model by their package."""

    functions: int
    known: int
    use: int
    unknown: int
    causes: tuple[tuple[str, tuple[Blind, ...]], ...] = ()
    calls: tuple[tuple[str, tuple[Blind, ...]], ...] = ()


class Pool(msgspec.Struct, frozen=True):
    """One row of a budget: what a service opens with one of its pools. Figures are texts, since some are not known."""

    service: str
    pool: str
    connections: str
    figures: tuple[tuple[str, str, str], ...]
    """The name of a figure, its value and its source."""


class Budget(msgspec.Struct, frozen=True):
    """The sum over the services of one deployment. ``sums``: value, name and source of each; ``notes`` are what is not
    counted or asked for."""

    title: str
    pools: tuple[Pool, ...]
    sums: tuple[tuple[str, str, str], ...]
    verdict: str
    is_over: bool
    notes: tuple[str, ...] = ()


class Survey(msgspec.Struct, frozen=True):
    """All of it; ``problems`` has a line for each file that could not be read for it."""

    held: tuple[Held, ...] = ()
    unseen: Unseen | None = None
    budgets: tuple[Budget, ...] = ()
    problems: tuple[str, ...] = ()


def none() -> Survey | None:
    """Where nobody has surveyed anything."""
    return None
