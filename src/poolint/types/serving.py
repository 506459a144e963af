"""What others are served by: applications and bots of libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.types.values import Instance

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def is_serving(ev: Evaluator, one: Type) -> bool:
    """Whether something is an object of a library by which others are served: an application, a bot."""
    base = one.base if isinstance(one, Instance) else None
    return base is not None and base.name in ev.models.derived(_serving)


def _serving(models: Models) -> frozenset[str]:
    """The classes by which something is served."""
    names = {name for row in models.purposes if row.purpose == "serves" for name in row.names}
    return frozenset(cls.name for cls in models.classes.values() if not names.isdisjoint({cls.name, *cls.aliases}))
