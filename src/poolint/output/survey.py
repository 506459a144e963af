"""What a report has to tell beside its findings: where connections are held, what could not be seen, the budget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wait:
    """A call that waits for something else while a connection is held: its row, the chain of calls, and for what. ``at`` is
    the row as it is told, which in a notebook has its cell."""

    row: int
    chain: tuple[str, ...]
    effect: str
    at: str = ""


@dataclass(frozen=True)
class Held:
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


@dataclass(frozen=True)
class Blind:
    """Something that could not be seen: where, in which words, and how many values are lost by it. ``at`` is the row as it is
    told, which in a notebook has its cell."""

    filename: str
    row: int
    text: str
    count: int = 1
    at: str = ""


@dataclass(frozen=True)
class Unseen:
    """Functions that reach a database: all, those whose types are ``known``, those known by their ``use`` alone, and those
    with a value of ``unknown`` type. ``causes`` are these values by why their types are unknown, ``calls`` the awaited calls
    without a model by their package."""

    functions: int
    known: int
    use: int
    unknown: int
    causes: tuple[tuple[str, tuple[Blind, ...]], ...] = ()
    calls: tuple[tuple[str, tuple[Blind, ...]], ...] = ()


@dataclass(frozen=True)
class Pool:
    """One row of a budget: what a service opens with one of its pools. Figures are texts, since some are not known."""

    service: str
    pool: str
    connections: str
    figures: tuple[tuple[str, str, str], ...]
    """The name of a figure, its value and its source."""


@dataclass(frozen=True)
class Budget:
    """The sum over the services of one deployment. ``sums``: value, name and source of each; ``notes`` are what is not
    counted or asked for."""

    title: str
    pools: tuple[Pool, ...]
    sums: tuple[tuple[str, str, str], ...]
    verdict: str
    is_over: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survey:
    """All of it; ``problems`` has a line for each file that could not be read for it."""

    held: tuple[Held, ...] = ()
    unseen: Unseen | None = None
    budgets: tuple[Budget, ...] = ()
    problems: tuple[str, ...] = ()


def none() -> Survey | None:
    """Where nobody has surveyed anything."""
    return None
