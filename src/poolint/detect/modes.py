"""Of which mode the sessions are that come to a function by its parameters: synchronous, or asynchronous. Values, and how they
are used, tell the truth of an annotation."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

from poolint.analyses.holding import root_of
from poolint.analyses.only_pools import OnlyPools
from poolint.analyses.ownership import by_parameter
from poolint.flow.flags import name_of
from poolint.models.schema import SESSIONS
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of
from poolint.types.evidence import is_of_class
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, LibraryFunction, LibraryMethod, alternatives

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def is_passed_the_twin(ev: Evaluator, root: ast.expr | None, cls: Class, scope: Scope) -> bool:
    """Whether a parameter is declared as one class while all that the project is seen to pass is of the other mode:
    ``db: AsyncSession``, which gets what a synchronous maker makes. Values tell the truth of an annotation."""
    twin = cls.twin or ev.models.derived(_synchronous).get(cls.name, "")
    if not twin or not isinstance(root, ast.Name) or not _is_declared(root.id, scope):
        return False
    found = given_to(ev, root, scope)
    return bool(found) and all(is_only(ev, one, twin) for one in found)


def _is_declared(name: str, scope: Scope) -> bool:
    """Whether a name is a parameter with an annotation; what has none is known by its use, or by what is passed."""
    bound = scope.bindings.get(name, ())
    return any(one.kind == "parameter" and isinstance(one.node, ast.arg) and one.node.annotation for one in bound)


def _synchronous(models: Models) -> dict[str, str]:
    """The names of asynchronous classes, each with that of the synchronous one."""
    return {one.twin: one.name for one in models.classes.values() if one.twin}


def given_to(ev: Evaluator, root: ast.Name, scope: Scope) -> list[Type]:
    """What is seen to be passed for a parameter; empty where a name is none."""
    parameters = [one for one in scope.bindings[root.id] if one.kind == "parameter"]
    given = (each for one in parameters for each in ev.callers.given(one, scope))
    return [ev.type_of(argument, inner) for argument, inner, _ in given if argument is not None]


def is_asked_of_the_twin(ev: Evaluator, witness: Witness) -> bool:
    """Whether what a chain of calls comes to is asked of what its first call passes, and that is asynchronous, whatever the
    parameters on the way are declared as: it has no such method, or gives a coroutine, and nothing is waited for."""
    passed: set[str | None] = set()
    for number, (link, below) in enumerate(pairwise(witness.links)):
        callees = callees_of(ev, link.node, link.scope) if isinstance(link.node, ast.Call) else ()
        callee = next((one for one in callees if isinstance(one, Function) and one.scope is below.scope), None)
        given = by_parameter(callee, link.node) if callee is not None and isinstance(link.node, ast.Call) else {}
        passed = {
            name
            for name, one in given.items()
            if (isinstance(one, ast.Name) and one.id in passed)
            or (not number and _is_asynchronous(ev, one, link.scope))
        }
    last = witness.links[-1].node
    root = root_of(last) if isinstance(last, ast.Call) else None
    return isinstance(root, ast.Name) and root.id in passed


def _is_asynchronous(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether something is of a class that has a synchronous twin."""
    twins = ev.models.derived(_synchronous)
    found = alternatives(ev.type_of(node, scope))
    return all(isinstance(one, Instance) and one.base is not None and one.base.name in twins for one in found)


def is_awaited_as_the_twin(ev: Evaluator, node: ast.Call, cls: Class, scope: Scope) -> bool:
    """Whether what a method is called on is, or comes of, what is only *declared* synchronous, while each call on that is awaited
    that its asynchronous twin has await, or a session is declared so where the project makes asynchronous engines alone.

    ``db: Session = Depends(get_async_session)`` is written often, and works: the annotation is wrong, not the code. So is that of
    what a constructor keeps, ``def __init__(self, session: Session): self.session = session``, also one of a base, and that of
    what has the receiver: ``await database.users.find_one()``, with ``database: Database``.
    """
    twin = ev.models.classes.get(cls.twin)
    if not isinstance(node.func, ast.Attribute) or not _is_awaited_of(ev, node.func.attr, twin):
        return False
    root, depth = node.func.value, 0
    while not (kept := _declared(ev, root, scope)) and isinstance(root, (ast.Attribute, ast.Subscript)):
        if (
            name_of(root.value) == getattr(scope.method_around.first_parameter, "arg", "")
            and scope.method_around.enclosing_class
        ):
            return False  # what the object keeps is declared, or made, somewhere else
        root, depth = root.value, depth + 1
    reads, bindings = kept or ([], [])
    if not bindings or any(one.kind not in ("parameter", "annotated") or _is_made(ev, one, scope) for one in bindings):
        return False
    members = (one for read in reads if (one := _member(read, depth)) and _is_awaited_of(ev, one.attr, twin))
    calls = [call for one in members if isinstance(call := parent_of(one), ast.Call) and call.func is one]
    if all(isinstance(parent_of(one), ast.Await) for one in calls):
        return True
    return cls.kind in SESSIONS and ev.derived(OnlyPools).makes_only("async", scope.module)


def _is_made(ev: Evaluator, binding: Binding, scope: Scope) -> bool:
    """Whether a library makes what a variable gets: its value tells what that is, whatever is declared."""
    if not isinstance(binding.value, ast.Call):
        return False
    made = alternatives(ev.type_of(binding.value, binding.home(scope)))
    if not all(isinstance(one, Instance) and one.base is not None and one.base.mode == "sync" for one in made):
        return False
    called = ev.type_of(binding.value.func, binding.home(scope))
    is_a_class = isinstance(called, ClassObject) and called.cls is called.base
    return is_a_class or isinstance(called, (LibraryFunction, LibraryMethod))


def _is_awaited_of(ev: Evaluator, method: str, twin: Class | None) -> bool:
    """Whether a method of an asynchronous class is awaited, as that of any other class may be."""
    row = ev.models.method(twin, method) if twin is not None else None
    return twin is None or (row is not None and row.call != "sync")


def _member(read: ast.expr, depth: int) -> ast.Attribute | None:
    """The member that is asked of what stands so many steps behind what is read."""
    node: ast.AST | None = read
    for _ in range(depth):
        node = parent_of(node) if isinstance(node, ast.expr) else None
        node = node if isinstance(node, (ast.Attribute, ast.Subscript)) else None
    member = parent_of(node) if node is not None else None
    return member if isinstance(member, ast.Attribute) else None


def _declared(ev: Evaluator, receiver: ast.expr, scope: Scope) -> tuple[list[ast.expr], list[Binding]] | None:
    """Where a variable is read, or the methods of a class read what its objects keep, and what binds that: of an attribute, the
    parameters that it is set from."""
    if isinstance(receiver, ast.Name):
        return list(scope.loads.get(receiver.id, ())), list(scope.bindings.get(receiver.id, ()))
    owner = scope.method_around.enclosing_class
    if owner is None or not isinstance(receiver, ast.Attribute) or name_of(receiver.value) != "self":
        return None
    found: list[Binding] = []
    for cls in lineage(ev, ev.class_object(owner)):
        for one in cls.self_assignments.get(receiver.attr, ()):
            set_from = one.value.id if isinstance(one.value, ast.Name) and one.scope is not None else ""
            if not set_from or one.scope is None:
                return None
            found += one.scope.bindings.get(set_from, ())
    return [use for _, use in index_of(owner).on_self(receiver.attr) if isinstance(use.ctx, ast.Load)], found


def has(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something may be of a class."""
    return any(is_of_class(ev, each, name) for each in alternatives(one))


def is_only(ev: Evaluator, one: Type, name: str) -> bool:
    """Whether something is of a class, whatever it is."""
    return all(is_of_class(ev, each, name) for each in alternatives(one))
