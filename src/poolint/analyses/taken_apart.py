"""Where the part of an object is that an assignment or a pattern takes of it: ``session, day = unit``, ``case Unit(session)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.syntax.scopes import parent_of
from poolint.types.containers import row
from poolint.types.fields import fields_of
from poolint.types.following import part_of
from poolint.types.members import lineage
from poolint.types.narrowing import matched, member_matched, subject_of
from poolint.types.values import Instance

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def place_of_part(ev: Evaluator, binding: Binding, scope: Scope) -> str:
    """The place of what is bound to a target or by a pattern, by the member that it is; empty where it is none that is known."""
    if isinstance(binding.node, ast.MatchAs):
        return _matched_at(ev, binding.node, scope)
    part = part_of(binding) if binding.kind == "assign" else None
    place = name_of(part.value) if isinstance(part, ast.Subscript) else ""
    if not place or not isinstance(part, ast.Subscript):
        return ""
    return _item_at(ev, place, ev.type_of(part.value, scope), binding.index)


def _item_at(ev: Evaluator, place: str, found: Type, index: int) -> str:
    """The place of an item of a ``NamedTuple``."""
    if not isinstance(found, Instance) or row(ev, found) is found:
        return ""
    names = fields_of(lineage(ev, found))
    return f"{place}.{names[index]}" if index < len(names) else ""


def _matched_at(ev: Evaluator, pattern: ast.pattern, scope: Scope) -> str:
    """The place of what is matched with a pattern, or with one that is a part of another."""
    around = parent_of(pattern)
    if not isinstance(around, ast.pattern):
        return name_of(subject_of(pattern))
    whole = _matched_at(ev, around, scope)
    if not whole or isinstance(around, (ast.MatchAs, ast.MatchOr)):
        return whole
    if isinstance(around, ast.MatchClass):
        name = member_matched(ev, around, pattern, scope)
        return f"{whole}.{name}" if name else ""
    if not isinstance(around, ast.MatchSequence) or any(isinstance(one, ast.MatchStar) for one in around.patterns):
        return ""
    return _item_at(ev, whole, matched(ev, around, scope), around.patterns.index(pattern))
