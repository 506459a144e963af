"""What stands inside a node: which fields of which kind of node have others in them, and walks over these."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that hold nodes worth a visit."""
    if kind is ast.Constant:
        return ()
    plain = {"ctx", "op", "ops", "id", "attr", "arg", "level", "module", "type_comment", "kind", "conversion", "simple",
             "is_async", "tag", "type_ignores", "str", "rest"}  # fmt: skip
    if kind in (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
                ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.alias):  # fmt: skip
        plain |= {"name", "names"}
    if kind is ast.MatchClass:
        plain.add("kwd_attrs")
    if kind is ast.MatchSingleton:
        plain.add("value")
    return tuple(field for field in kind._fields if field not in plain)


FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: _child_fields(kind) for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)
}

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IN_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)

BLOCKS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(one for one in kind._fields if one in ("body", "handlers", "orelse", "finalbody", "cases"))
    for kind in FIELDS
    if issubclass(kind, _IN_BLOCKS) and not issubclass(kind, _SCOPES)
}
"""The fields of statements, and of parts of these, that have further statements in them, which belong to the same scope."""


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes that stand directly in one, in the order of the text, but for operators, for what says how a name is used,
    and for what imports name: nobody asks for these, and some stand in trees as often as names do."""
    found: list[ast.AST] = []
    held = node.__dict__
    for field in FIELDS[type(node)]:
        value = held.get(field)
        if isinstance(value, list):
            found += [item for item in value if item is not None]
        elif value is not None:
            found.append(value)
    return found


def captured_name(node: ast.AST) -> str:
    """The name that a pattern itself binds where it matches: ``as name``, ``*name``, ``**name``; empty for all else."""
    name = node.rest if isinstance(node, ast.MatchMapping) else None
    return (node.name if isinstance(node, (ast.MatchAs, ast.MatchStar)) else name) or ""


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all inside it, in the order of ``ast.walk``, with what :func:`children` gives."""
    found = [node]
    for one in found:  # grows
        if type(one) not in _LEAVES:
            found += children(one)
    return found


INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
"""What has a body of its own, which runs elsewhere."""


def walk_own(body: Iterable[ast.AST], left_out: tuple[type[ast.AST], ...] = INNER) -> Iterator[ast.AST]:
    """The nodes of a body and all inside them, in the order of the text, but for what is ``left_out``, and what stands there."""
    stack = list(body)[::-1]
    while stack:
        node = stack.pop()
        if not isinstance(node, left_out):
            yield node
            stack.extend(list(ast.iter_child_nodes(node))[::-1])


_LEAVES = frozenset(kind for kind, fields in FIELDS.items() if not fields)


def with_defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    """The parameters that need not be passed, each with its default."""
    in_order = [*arguments.posonlyargs, *arguments.args]
    count = len(arguments.defaults)
    found = [*zip(in_order[len(in_order) - count :], arguments.defaults, strict=True)]
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found + [(one, default) for one, default in by_name if default is not None]
