"""What objects of libraries are made of: arguments of their constructors that they keep, as the models say (``made_of``).

A class of the project that derives from such a one, and makes no ``__init__`` of its own, is made like it; one that does hands
them on to that of its base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.syntax.expressions import argument_for, is_super_init
from poolint.syntax.file_kinds import is_test
from poolint.types.values import UNKNOWN

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Instance, Type


def passed_for_part(cls: Class | None, call: ast.Call, name: str) -> ast.expr | None:
    """What the constructor of a library's class is passed for a part of what it makes."""
    return argument_for(call, name, cls.made_of[name]) if cls is not None and name in cls.made_of else None


def given_for_part(ev: Evaluator, owner: Instance, name: str) -> Iterator[tuple[ast.expr, Scope]]:
    """What objects of a class of the project are given for a part, tests aside, each with the scope that it stands in."""
    from poolint.types.members import lineage

    family = lineage(ev, owner)
    for init in (one for cls in family for one in cls.children if one.name == "__init__"):
        calls = [(call, init) for call in init.calls if is_super_init(call)]
        yield from _passed(owner, calls, name)
        return
    for cls in family[:1]:
        makers = ev.callers.making(cls)
        yield from _passed(owner, [one for one in makers if not is_test(one[1].module, ev.project)], name)


def type_of_part(ev: Evaluator, owner: Instance, name: str) -> Type:
    """What a part of an object is, as all say who make such objects."""
    kinds = [ev.type_of(value, scope) for value, scope in given_for_part(ev, owner, name)]
    return kinds[0] if kinds and all(kind.key == kinds[0].key for kind in kinds) else UNKNOWN


def _passed(owner: Instance, calls: list[tuple[ast.Call, Scope]], name: str) -> Iterator[tuple[ast.expr, Scope]]:
    for call, scope in calls:
        value = passed_for_part(owner.base, call, name)
        if value is not None:
            yield value, scope
