"""Functions whose results a cache keeps, so that a call mostly runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.once import cache_of, needs_arguments
from poolint.types.members import lineage
from poolint.types.returns import returned
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_OWNERS = frozenset({"engine", "pool", "factory", "client"})
"""Kinds of what is built once and lent to all that need it."""


def is_result_kept(ev: Evaluator, callee: Scope) -> bool:
    """Whether a cache keeps a function's result; a cache of the project's own may forget at any time.

    Where it keeps one for each argument, this is so for what is built once for each configuration: an engine, or an
    object that has one.
    """
    cache = cache_of(callee, ev.models)
    around = callee.parent
    if cache is None or around is None:
        return False
    if needs_arguments(callee) and not all(_is_built(ev, one) for one in alternatives(returned(ev, callee, None))):
        return False
    return not any(isinstance(one, (Function, ClassObject)) for one in alternatives(ev.type_of(cache, around)))


def _is_built(ev: Evaluator, one: Type) -> bool:
    """Whether a value is an engine or the like, or an object of the project that has one."""
    if not isinstance(one, Instance):
        return False
    if one.base is not None:
        return one.base.kind in _OWNERS
    return any(
        isinstance(member, Instance) and member.base is not None and member.base.kind in _OWNERS
        for cls in lineage(ev, one)
        for name in cls.self_assignments
        for member in alternatives(ev.type_of_member(one, name))
    )
