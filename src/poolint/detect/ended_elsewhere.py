"""Whether what objects of a class keep is released by others: ``self.link.conn.close()`` in the class that made the link."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate
from poolint.models.schema import CLOSING_ROLES
from poolint.models.standard import ENTERING
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import Scope, parent_of
from poolint.syntax.surroundings import call_taking
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator


ENDED = (Fate.CLOSED, Fate.RELEASED)
"""What becomes of a resource that nobody has to release any more."""


def is_ended_elsewhere(
    ownership: Ownership, owner: Scope, attribute: str, cls: Class, target: ast.Attribute | None = None
) -> bool:
    """Whether code outside the class ``owner`` releases, or drops, what an object of it has at ``attribute``, itself or by a
    function that it passes that to. ``target`` is where it is kept, if that is not on ``self``."""
    ev = ownership.ev
    return _is_ended(ev, owner, attribute, cls, target) or any(
        ownership.fate(call, read, scope, cls, keyword) in ENDED
        for call, keyword, read, scope in _passed(ev, owner, attribute)
    )


def _passed(ev: Evaluator, owner: Scope, attribute: str) -> Iterator[tuple[ast.Call, str | None, ast.Attribute, Scope]]:
    """The calls by which others pass on what an object of the class has: each with the name of the argument, what is read, and
    the scope around it."""
    passing = re.compile(rb"\." + attribute.encode() + rb"[ \t]*[,)]")
    for path in ev.project.saying(attribute, owner.module):
        module = ev.project.module(path)
        if module is None or passing.search(module.source.data) is None:
            continue
        for inner in module.scope.descendants():
            for node in inner.attributes:
                taking = call_taking(node) if node.attr == attribute and not _is_own(node) else None
                if taking is not None and _is_of(ev, node, inner, owner):
                    yield *taking, node, inner


def _is_of(ev: Evaluator, read: ast.Attribute, scope: Scope, owner: Scope) -> bool:
    """Whether something is read of an object of the class, or of the class."""
    of = alternatives(ev.type_of(read.value, scope))
    return any(
        owner in lineage(ev, one) for one in of if isinstance(one, (Instance, ClassObject)) and one.cls is not one.base
    )


def _is_own(read: ast.Attribute) -> bool:
    return isinstance(read.value, ast.Name) and read.value.id == "self"


def _is_ended(ev: Evaluator, owner: Scope, attribute: str, cls: Class, target: ast.Attribute | None) -> bool:
    ends = _ending(ev, cls)
    takes = ev.models.words("gives-back") | ENTERING.keys()
    return any(
        read is not target and _is_of(ev, read, module.scope_of(read), owner)
        for module in _modules(ev, owner.module, attribute)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        for read in _ended(node, attribute, ends, takes, module)
    )


def _ending(ev: Evaluator, cls: Class) -> frozenset[str]:
    """The names of the methods that release what is of a class."""
    rows = (row for one in ev.models.lineage(cls) for row in one.methods)
    return frozenset(name for row in rows if row.role in CLOSING_ROLES for name in row.names)


def _modules(ev: Evaluator, own: Module, attribute: str) -> Iterator[Module]:
    """The class's own module, and those that may read something of this name of another object than their own."""
    yield own
    read = re.compile(rb"(?<!\bself)\." + attribute.encode() + rb"\b")
    for path in ev.project.saying(attribute, own):
        module = ev.project.module(path) if path != own.path else None
        if module is not None and read.search(module.source.data) is not None:
            yield module


def _ended(
    node: ast.Attribute, attribute: str, ends: frozenset[str], takes: frozenset[str], module: Module
) -> Iterator[ast.Attribute]:
    """``link.conn`` where it is set anew, deleted, given back by what takes it (``takes``), entered, or asked for its release,
    called there or handed to who calls it; also by a name that a function gives it, or a loop over several."""
    read: ast.expr = node.value if node.attr in ends else node
    several = [read]
    if read is not node and isinstance(read, ast.Name):
        bindings = module.scope_of(node).bindings.get(read.id, ())
        several = [part for one in bindings if one.index < 0 for part in _bound_to(one)]
    for one in several:
        if not (isinstance(one, ast.Attribute) and one.attr == attribute):
            continue
        if one is node and isinstance(node.ctx, ast.Load):
            scope = module.scope_of(node)
            names = (name for name in index_of(scope).names_of(node) if len(scope.bindings[name]) == 1)
            loads = (load for name in names for load in scope.loads.get(name, ()))
            if not any(_is_given(each, takes) for each in (node, *loads)):
                continue
        if not _is_own(one):
            yield one


def _is_given(node: ast.expr, takes: frozenset[str]) -> bool:
    """Whether something is the argument of a method of one of these names, or what a block enters."""
    call = parent_of(node)
    if isinstance(call, ast.withitem):
        return call.context_expr is node
    return isinstance(call, ast.Call) and node in call.args and last_name(call.func) in takes


def _bound_to(binding: Binding) -> list[ast.expr]:
    """What a name is bound to, one after the other by a loop over what is written out: ``for one in (self.a, self.b)``."""
    value = binding.value
    if binding.kind == "for" and isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return value.elts
    return [value] if value is not None and binding.kind != "for" else []
