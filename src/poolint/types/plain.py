"""Which names cannot stand for a resource, as their bindings are written: a cheap first question before that for a type."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models.standard import BUILTINS
from poolint.syntax.scopes import home_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding, Scope

_VALUES = (
    ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp,
    ast.GeneratorExp, ast.BinOp, ast.Compare, ast.UnaryOp, ast.Lambda,
)  # fmt: skip

_PLAIN = BUILTINS - {"object"}
"""What is declared by these is no resource; whatever there is, is an object."""

_EITHER = ("Optional", "Union")
"""What the language calls annotations of one of several."""


def is_plain(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression cannot be a resource: a name that is bound to nothing but texts, numbers, collections,
    functions and classes, or declared as such."""
    if not isinstance(node, ast.Name):
        return False
    home = home_of(node.id, scope)
    if home is None:
        return not scope.module.stars
    return all(map(_is_plain, home.bindings[node.id]))


def _is_plain(binding: Binding) -> bool:
    if binding.kind in ("function", "class", "opaque"):
        return True
    annotation = binding.annotation
    if annotation is not None and binding.kind != "narrowed":
        return is_builtin(annotation)
    return binding.kind in ("assign", "parameter") and isinstance(binding.value, _VALUES) and binding.index < 0


def is_builtin(annotation: ast.expr) -> bool:
    """Whether an annotation says that something is a text, a number or a collection."""
    if isinstance(annotation, ast.BinOp):
        return is_builtin(annotation.left) and is_builtin(annotation.right)
    if isinstance(annotation, ast.Subscript):
        if last_name(annotation.value) in _EITHER:
            among = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
            return all(map(is_builtin, among))
        return is_builtin(annotation.value)
    if isinstance(annotation, ast.Constant):
        return annotation.value is None or annotation.value in _PLAIN
    return isinstance(annotation, ast.Name) and annotation.id in _PLAIN
