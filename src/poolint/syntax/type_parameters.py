"""The type parameters of classes and functions (PEP 695), and what they stand for where nothing else is given."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from poolint.syntax.scopes import parent_of


class TypeParameter(NamedTuple):
    """``stands_for``: its bound, or its default where it has none; a tuple for one of several."""

    name: str
    stands_for: ast.expr | None


def parameters_of(node: ast.AST) -> list[TypeParameter]:
    """What stands in the brackets of a class or a function, whichever Python has made the tree."""
    written: list[Any] = node.__dict__.get("type_params") or []
    return [TypeParameter(one.name, _stands_for(one, node)) for one in written]


def parameter_around(node: ast.Name) -> TypeParameter | None:
    """The type parameter that a name in an annotation means, of the innermost class or function which has one so named."""
    around = parent_of(node)
    while around is not None:
        for one in parameters_of(around):
            if one.name == node.id:
                return one
        around = parent_of(around)
    return None


def _stands_for(written: Any, node: ast.AST) -> ast.expr | None:
    """Its bound. The older Pythons do not have it among the fields of their nodes, so none has got its parent."""
    found: ast.expr | None = getattr(written, "bound", None)
    if found is not None and "_poolint_parent" not in found.__dict__:
        for inner in ast.walk(found):
            for child in ast.iter_child_nodes(inner):
                child.__dict__["_poolint_parent"] = inner
        found.__dict__["_poolint_parent"] = node
    return found
