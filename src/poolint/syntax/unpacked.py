"""What a call passes by name, also by a dictionary that it unpacks: ``options = {"session": session}; book(**options)``."""

from __future__ import annotations

import ast

from poolint.syntax.scopes import Bindings, Scope, nearest, parent_of, reads_of

_MAX_STEPS = 4
"""Dictionaries that are unpacked into others, ``{**options, "retry": True}``, which are looked into."""


def keywords_of(call: ast.Call, scope: Scope) -> list[tuple[str | None, ast.expr]]:
    """The keyword arguments of a call, each with its name: those of a dictionary that is written out, and with which nothing is
    done but to unpack it, by its keys. Of any other the name is None."""
    found: list[tuple[str | None, ast.expr]] = []
    for one in call.keywords:
        written = _written_out(one.value, scope, _MAX_STEPS) if one.arg is None else None
        found += [(one.arg, one.value)] if written is None else written.items()
    return found


def items_of(written: ast.Dict) -> list[tuple[str | None, ast.expr]]:
    """The items of a dictionary that is written out, by their keys; None for one that is no text, and for what it unpacks."""
    keys = (one.value if isinstance(one, ast.Constant) else None for one in written.keys)
    return [(key if isinstance(key, str) else None, one) for key, one in zip(keys, written.values, strict=True)]


def _written_out(node: ast.expr, scope: Scope, steps: int) -> dict[str, ast.expr] | None:
    """The items of a dictionary by their keys; None where another may be added, or a key is not known."""
    made = _made(node, scope) if isinstance(node, ast.Name) else node
    if isinstance(made, ast.Dict):
        items = items_of(made)
        if [name for name, _ in items].count(None) > made.keys.count(None):
            return None
    elif isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id == "dict" and not made.args:
        if nearest("dict", scope):
            return None
        items = [(one.arg, one.value) for one in made.keywords]
    else:
        return None
    found: dict[str, ast.expr] = {}
    for name, value in items:
        inner = {name: value} if name is not None else _written_out(value, scope, steps - 1) if steps else None
        if inner is None:
            return None
        found.update(inner)
    return found


def _made(name: ast.Name, scope: Scope) -> ast.expr | None:
    """What a local name is bound to, that is bound once and only unpacked."""
    bindings = scope.bindings.get(name.id, Bindings()).untested
    if len(bindings) != 1 or bindings[0].kind not in ("assign", "annotated") or bindings[0].index >= 0:
        return None
    is_local = scope.kind == "function" and name.id not in scope.declared
    return bindings[0].value if is_local and all(_is_unpacked(load) for _, load in reads_of(name.id, scope)) else None


def _is_unpacked(load: ast.Name) -> bool:
    """Whether a name is read for what a call, or another dictionary, gets of it."""
    parent = parent_of(load)
    if isinstance(parent, ast.keyword):
        return parent.arg is None
    return isinstance(parent, ast.Dict) and any(
        key is None and value is load for key, value in zip(parent.keys, parent.values, strict=True)
    )
