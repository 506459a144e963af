"""Whether a module ends what it keeps by a name: a variable of its own, or an attribute of whatever object."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import home_of, parent_of, reads_of
from poolint.syntax.surroundings import call_taking
from poolint.types.values import ClassObject, Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope


def is_ended_by_name(ownership: Ownership, variable: str, cls: Class, scope: Scope) -> bool:
    """Whether the module of ``scope`` anywhere calls a release on what ``variable`` is there, or hands it to what may; or does so
    with an attribute of this name, of whatever object."""
    index = index_of(scope.module.scope)
    ends = ownership.ev.models.words("gives-back", "removes")
    if index.released is None:
        index.released = frozenset(_released(scope.module.scope, ends))
    if variable not in index.released:
        return False
    if variable in _ended_attributes(scope.module.scope, ends):
        return True
    home = home_of(variable, scope)
    found = ((inner, load) for inner, load in reads_of(variable, home) if _may_release(load, ends)) if home else ()
    return not all(fate_of_use(ownership, load, inner, cls) is Fate.USED for inner, load in found)


def fate_of_use(ownership: Ownership, use: ast.expr, scope: Scope, cls: Class) -> Fate | None:
    """What a function of the project does with what it is passed, or an object that is made with it; None where it is passed
    to neither."""
    taking = call_taking(use)
    if taking is None:
        return None
    call, keyword = taking
    callee = ownership.ev.type_of(call.func, scope)
    if isinstance(callee, ClassObject) and callee.cls is not callee.base:
        return ownership.carried.of_object(call, use, scope, cls)
    return ownership.fate(call, use, scope, cls, keyword) if isinstance(callee, Function) else None


def _released(module: Scope, ends: frozenset[str]) -> Iterator[str]:
    """The names of what may be released anywhere in a module."""
    for inner in module.descendants():
        yield from (name for name, loads in inner.loads.items() if any(_may_release(one, ends) for one in loads))
    yield from _ended_attributes(module, ends)


def _ended_attributes(module: Scope, ends: frozenset[str]) -> Iterator[str]:
    """The same of attributes."""
    for inner in module.descendants():
        for call in inner.calls:
            # `app.state.session.close()`, `Repository.conn.close()`, `stack.callback(app.state.session.close)`
            for one in (call.func, *call.args):
                held = one.value if isinstance(one, ast.Attribute) and one.attr in ends else one
                if isinstance(held, ast.Attribute):
                    yield held.attr


def _may_release(load: ast.expr, ends: frozenset[str]) -> bool:
    parent = parent_of(load)
    if isinstance(parent, ast.Attribute):
        return parent.attr in ends
    return not isinstance(parent, (ast.Compare, ast.If, ast.Expr, ast.Return))
