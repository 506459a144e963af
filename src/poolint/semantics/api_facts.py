"""Observations about the interfaces of libraries: names that are missing, listeners, and handlers of exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from poolint.semantics.facts import Observation


@dataclass(frozen=True, eq=False)
class MissingName(Observation):
    """A name that a module does not have. ``node`` imports it, or reads it off the module.

    ``right`` is the name that is meant, where that is known: dotted if it is in another module.
    """

    module: str
    name: str
    right: str
