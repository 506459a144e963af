"""Names that stand for the session of a registry: those that functions give it, and declarations that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolint.models.schema import SESSIONS
from poolint.types.values import Instance

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.entities import Registry
    from poolint.models.schema import Class
    from poolint.types.values import Type


class Alias(NamedTuple):
    """A name of a function that stands for the session of a registry: ``session = registry()``, or what the block of
    ``item`` binds, of which ``stays`` says that its generator leaves the connection with the session at its end."""

    name: str
    registry: Registry
    item: ast.withitem | None = None
    stays: bool = False


def class_of_registry(found: Sequence[Type]) -> Class | None:
    """The class of a registry that something is, also where it is declared to be a session, which it gives and stands for."""
    registries = [one for one in _sessions(found) if one.kind == "registry"]
    return registries[0] if len(registries) == 1 else None


def is_session(found: Sequence[Type]) -> bool:
    """Whether something is a session, whoever gives it."""
    return bool(_sessions(found))


def _sessions(found: Sequence[Type]) -> list[Class]:
    """The classes of what stands for a session; none where something else may."""
    kinds = [one.base for one in found if isinstance(one, Instance) and one.base is not None]
    return kinds if len(kinds) == len(found) and all(one.kind in SESSIONS for one in kinds) else []


def outside_blocks(changes: Changes, aliases: list[Alias]) -> Changes:
    """The changes of a function, where the blocks of these end what they have bound only if their generators do."""
    found = changes.copied()
    for one in aliases:
        if one.item is not None and one.stays:
            found.exits[one.item] = [each for each in found.exits.get(one.item, ()) if each.resource != one.name]
    return found
