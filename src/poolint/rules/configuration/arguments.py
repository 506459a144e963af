"""What the rules about configuration share: they stand on the value of an argument, wherever that is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from poolint.rules.base import Facts

RELAXED = frozenset({"tests", "alembic", "scripts"})
"""Where an engine serves nobody but itself."""


def holder(facts: Facts, node: cst.CSTNode) -> cst.Arg | cst.DictElement | None:
    """The argument or the item of a dictionary whose value ``node`` is; None of a value in another place."""
    import libcst as cst

    found = facts.parent(node)
    return found if isinstance(found, (cst.Arg, cst.DictElement)) else None


def of(maker: str, engine: str) -> str:
    """An engine or pool as a message calls it."""
    return f"`{engine}`" if engine else f"what `{maker}` makes"
