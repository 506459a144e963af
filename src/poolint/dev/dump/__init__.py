"""What the engines know of one function, as plain text, for those who work on them.

:func:`dump` is asked by what is to be shown; each of the :data:`KINDS` is a module here, or a function below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.config import ConfigError
from poolint.dev.dump import observations, states, summary, types
from poolint.dev.dump.function import Subject, find
from poolint.flow.cfg import TooComplex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.config import Settings


def _graph(subject: Subject) -> Iterator[str]:
    """The control-flow graph: a line for each event, with what may follow it."""
    yield from subject.graph.dump().splitlines()


KINDS: dict[str, Callable[[Subject], Iterator[str]]] = {
    "graph": _graph,
    "states": states.lines,
    "summary": summary.lines,
    "types": types.lines,
    "observations": observations.lines,
}


def dump(kind: str, wanted: str, settings: Callable[[str], Settings]) -> list[str]:
    """The lines of one of :data:`KINDS` of the function ``wanted``, written FILE:FUNCTION; ``settings`` are asked for by file.

    Raises ``ConfigError`` where there is no such function, or where it is too large to be followed.
    """
    subject = find(wanted, settings)
    try:
        found = list(KINDS[kind](subject))
    except TooComplex as error:
        raise ConfigError(f"{wanted}: given up after {error.limit} events: it is too large to be followed") from None
    return [subject.title, *(found or ["nothing"])]
