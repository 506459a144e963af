"""What objects of the project have only inside of their block: they take it as they are made or entered, and surely give it
back as the block ends.

After the block nothing gives back what is taken by it again: a session of theirs reopens itself, a connection is closed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.analyses.lifetimes.constructors import CONSTRUCTORS
from poolint.analyses.managers import entry_of, exits_of
from poolint.analyses.places import Places
from poolint.flow.flags import name_of
from poolint.models.schema import CLOSING_ROLES
from poolint.models.standard import ENTERS
from poolint.syntax.expressions import is_none, without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import with_await
from poolint.types.call_sites import call_site
from poolint.types.members import lineage
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.graphs import Graphs
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def only_inside(
    ev: Evaluator, graphs: Graphs, header: ast.expr, entered: Instance, scope: Scope
) -> Iterator[tuple[str, Class]]:
    """The paths from what a block enters to what that has only inside of the block: the object itself that a call makes, or that
    has been there before under a name, or another one that it gives, made of what it has."""
    item = parent_of(header)
    block = parent_of(item) if item is not None else None
    found = alternatives(ev.type_of(header, scope))
    manager = found[0] if len(found) == 1 else None
    if not (isinstance(header, ast.Call) or name_of(header)) or not isinstance(manager, Instance):
        return
    if not isinstance(block, (ast.With, ast.AsyncWith)):
        return
    exits = list(exits_of(ev, manager, block))
    members = {
        path: cls
        for path, cls in (ev.derived(Places).kept(manager).items() if len(exits) == 1 else ())
        if _is_taken(ev, manager, path) and _is_given_back(ev, graphs, path, exits[0])
    }
    if manager.key == entered.key:
        yield from members.items()
    elif members and (entry := entry_of(ev, manager, isinstance(block, ast.AsyncWith))) is not None:
        yield from _given(ev, entry.scope, members)


def is_entered_again(name: str, header: ast.expr, scope: Scope) -> bool:
    """Whether an object that a block has bound is entered by its name, whose next block gives it all anew: by that, or by the one
    that it had before (``self.work``) where that does not bind it again. It may be where it is passed on, as to a stack."""
    before = name_of(header)
    others = [one for block in scope.withs for one in block.items if one.context_expr is not header]
    entered = [one.context_expr for one in others if one.optional_vars is None or name_of(one.optional_vars) != name]
    entered += [
        one.func.value for one in scope.calls if isinstance(one.func, ast.Attribute) and one.func.attr in ENTERS
    ]
    if any(name_of(one) in ({name, before} if before else {name}) for one in entered):
        return True
    return bool(before) and any(name_of(one) == before for call in scope.calls for _, one in arguments_of(call))


def _given(ev: Evaluator, entry: Scope, members: dict[str, Class]) -> Iterator[tuple[str, Class]]:
    """The paths from what a method gives, in one place, to what its object has as members."""
    own = entry.first_parameter
    if own is None or len(entry.returns) != 1:
        return
    for path, place in ev.derived(Places).of(entry.returns[0], entry).items():
        start, _, member = place.partition(".")
        if start == own.arg and member in members:
            yield path, members[member]


def _is_taken(ev: Evaluator, owner: Instance, member: str) -> bool:
    """Whether an object gets a member only as it is made or entered, by taking it itself."""
    assigned = [one for cls in lineage(ev, owner) for one in cls.self_assignments.get(member, ())]
    real = [one for one in assigned if not is_none(one.value)]
    return bool(real) and all(_takes(ev, one) for one in real)


def _takes(ev: Evaluator, binding: Binding) -> bool:
    call, method = without_await(binding.value), binding.scope
    if method is None or method.name not in (*CONSTRUCTORS, *ENTERS) or not isinstance(call, ast.Call):
        return False
    return checkout(ev, call, with_await(call), method) is not None


def _is_given_back(ev: Evaluator, graphs: Graphs, member: str, method: Scope) -> bool:
    """Whether a method never ends but when it has closed what its object has as a member, or has given it back."""
    own = method.first_parameter
    place = f"{own.arg}.{member}" if own is not None else ""
    return any(_gives_back(ev, call, place, method) and graphs.always_runs(call, method) for call in method.calls)


def _gives_back(ev: Evaluator, call: ast.Call, place: str, method: Scope) -> bool:
    fact = call_site(ev, call, method)
    row = fact.row if fact is not None else None
    if row is None or row.role not in CLOSING_ROLES or (row.call == "coroutine" and with_await(call) is call):
        return False
    if getattr(row, "releases", "self") == "argument":
        return bool(call.args) and name_of(call.args[0]) == place
    return isinstance(call.func, ast.Attribute) and name_of(call.func.value) == place
