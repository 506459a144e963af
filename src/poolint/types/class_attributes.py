"""What a module sets on a class of its own after it has made it: ``Base.query = session.query_property()``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.imports import source
from poolint.types.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


def set_on(ev: Evaluator, lineage: list[Scope], attribute: str) -> tuple[Binding, Scope] | None:
    """The statement of a module that sets an attribute on one of these classes or their bases, and the scope of that."""
    for cls in lineage:
        for module, name in _names(ev, cls):
            binding = module.set_on_names.get((name, attribute))
            if binding is not None:
                return binding, module.scope
    return None


def type_of_set(ev: Evaluator, lineage: list[Scope], attribute: str) -> Type:
    """What an attribute is that a module sets on one of these classes or their bases."""
    found = set_on(ev, lineage, attribute)
    return ev.binding(*found) if found is not None else UNKNOWN


def _names(ev: Evaluator, cls: Scope) -> Iterator[tuple[Module, str]]:
    """The modules that make a class and its bases, each with its name there."""
    yield cls.module, cls.name
    for node in getattr(cls.node, "bases", ()):
        bindings = cls.module.scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
        if bindings:
            home = source(ev, bindings[-1], cls.module) if bindings[-1].kind == "import" else (cls.module, node.id)
            if home is not None:
                yield home
