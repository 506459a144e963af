"""What a rule may ask the fixer to do. A plan names nodes of the slice it was made for; it holds no text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst


@dataclass(frozen=True)
class AddAwait:
    """Await this call; parenthesised where its place needs it."""

    node: cst.BaseExpression


@dataclass(frozen=True)
class RemoveAwait:
    """Drop the ``await`` keyword in front of an expression."""

    node: cst.Await


@dataclass(frozen=True)
class SetWithKind:
    """Make a ``with`` statement asynchronous or synchronous."""

    node: cst.With
    asynchronous: bool


Plan = AddAwait | RemoveAwait | SetWithKind
