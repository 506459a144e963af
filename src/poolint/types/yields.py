"""What a generator says that it yields, for the names that it yields: where what they are assigned says nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types import annotated
from poolint.types.values import UNKNOWN, Instance, Pending, Type, without_none

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def told(ev: Evaluator, one: Type, binding: Binding, scope: Scope) -> Type:
    """The type of what ``binding`` assigns, by the annotation of the generator that yields it if nothing else says it."""
    if one is not UNKNOWN or not scope.yields or not is_yielded(getattr(binding.node, "id", ""), scope):
        return one
    returns = getattr(scope.node, "returns", None)
    declared = annotated.annotation(ev, returns, scope.parent or scope) if returns is not None else UNKNOWN
    if isinstance(declared, Pending):
        declared = declared.item
    found = without_none(declared)
    return found if isinstance(found, Instance) else one  # also where the item stands for the iterator


def is_yielded(name: str, scope: Scope) -> bool:
    """Whether a generator yields what has this name."""
    return any(isinstance(one.value, ast.Name) and one.value.id == name for one in scope.yields)
