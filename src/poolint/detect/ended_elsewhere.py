"""Whether what objects of a class keep is released by others: ``self.link.conn.close()`` in the class that made the link."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.schema import CLOSING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.types.members import lineage
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def is_ended_elsewhere(ev: Evaluator, owner: Scope, attribute: str, cls: Class) -> bool:
    """Whether code outside the class ``owner`` releases, or drops, what an object of it has at ``attribute``."""
    rows = (row for one in ev.models.lineage(cls) for row in one.methods)
    ends = frozenset(name for row in rows if row.role in CLOSING_ROLES for name in row.names)
    takes = ev.models.words("gives-back")
    return any(
        owner in lineage(ev, one)
        for module in _modules(ev, owner.module, attribute, ends | takes)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        for read in _ended(node, attribute, ends, takes, module)
        for one in alternatives(ev.type_of(read.value, module.scope_of(read)))
        if isinstance(one, Instance) and one.cls is not one.base
    )


def _modules(ev: Evaluator, own: Module, attribute: str, ends: frozenset[str]) -> Iterator[Module]:
    """The class's own module, and those of its package that may release something of this name."""
    yield own
    seen = {own.path}
    for name in sorted(ends):
        text = f".{attribute}".encode()
        for path, data in ev.project.calling(name, own):
            if path not in seen and text in data:
                seen.add(path)
                module = ev.project.module(path)
                if module is not None:
                    yield module


def _ended(
    node: ast.Attribute, attribute: str, ends: frozenset[str], takes: frozenset[str], module: Module
) -> Iterator[ast.Attribute]:
    """``link.conn`` where it is set anew, deleted, given back by what takes it (``takes``), or asked for its release, called
    there or handed to who calls it; also by a name that a function gives it, or a loop over several."""
    read: ast.expr = node.value if node.attr in ends else node
    several = [read]
    if read is not node and isinstance(read, ast.Name):
        bindings = module.scope_of(node).bindings.get(read.id, ())
        several = [part for one in bindings if one.index < 0 for part in _bound_to(one)]
    for one in several:
        if not (isinstance(one, ast.Attribute) and one.attr == attribute):
            continue
        if one is node and isinstance(node.ctx, ast.Load) and not _is_given(node, takes):
            continue
        if not (isinstance(one.value, ast.Name) and one.value.id == "self"):
            yield one


def _is_given(node: ast.expr, takes: frozenset[str]) -> bool:
    """Whether something is the argument of a method of one of these names."""
    call = parent_of(node)
    return isinstance(call, ast.Call) and node in call.args and last_name(call.func) in takes


def _bound_to(binding: Binding) -> list[ast.expr]:
    """What a name is bound to, one after the other by a loop over what is written out: ``for one in (self.a, self.b)``."""
    value = binding.value
    if binding.kind == "for" and isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return value.elts
    return [value] if value is not None and binding.kind != "for" else []
