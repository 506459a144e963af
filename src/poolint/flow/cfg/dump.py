"""A graph as text: a line for each event with what may follow it, such as ``a() -> b(); exception exit-exception``.

What stands in the graph more than once is told apart by its way (``close()~exception``) and else by a number.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, get_args

from poolint.flow.cfg.graph import EdgeKind

if TYPE_CHECKING:
    from poolint.flow.cfg.graph import Graph, Node

_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)
_WIDTH = 40
_SIZE = 60
"""How many nodes may stand in syntax that is written out; ``ast.unparse`` is slow, and recursive."""


def dump(graph: Graph) -> str:
    """The lines of all nodes that have successors, in the order of the graph."""
    names = names_of(graph)
    lines = []
    for node in graph.nodes:
        edges = sorted(node.successors, key=lambda edge: (_KINDS.index(edge.kind), edge.target.index))
        follow = [f"{edge.kind} ".removeprefix("normal ") + names[edge.target] for edge in edges]
        if follow or node.kind not in graph.exits:
            lines.append(f"{names[node]} -> {'; '.join(follow) or 'nothing'}")
    return "\n".join(lines)


def names_of(graph: Graph) -> dict[Node, str]:
    """What each event is called; no two of one graph alike."""
    names: dict[Node, str] = {}
    counts: dict[str, int] = {}
    for node in graph.nodes:
        name = label(node) + (f"~{node.way}" if node.way != "normal" else "")
        counts[name] = counts.get(name, 0) + 1
        names[node] = name if counts[name] == 1 else f"{name}#{counts[name]}"
    return names


def label(node: Node) -> str:
    """What an event is called, without its way."""
    syntax = node.node
    prefix = "async " if node.is_async else ""
    if node.kind == "entry" or node.kind.startswith("exit-"):
        return node.kind
    if node.kind in ("call", "read", "await", "yield", "statement", "raise", "return", "import") and node.value is None:
        return _text(syntax)
    if node.kind in ("enter", "exit") and isinstance(syntax, ast.withitem):
        return f"{prefix}{node.kind} {_text(syntax.context_expr)}"
    if node.kind == "return":
        return f"return {_text(node.value)}"
    if node.kind == "iterate" and isinstance(syntax, (ast.For, ast.AsyncFor, ast.comprehension)):
        return f"{prefix}for {_text(syntax.target)}"
    if node.kind == "test":
        return f"{_text(syntax)}?"
    if node.kind == "decorate":
        return f"@{_text(syntax)}"
    if node.kind == "store":
        return f"{'del' if node.how == 'delete' else 'store'} {_target(syntax)}"
    if node.kind == "except" and isinstance(syntax, ast.ExceptHandler):
        return f"except {_text(syntax.type)}" if syntax.type is not None else "except"
    if node.kind == "assert" and isinstance(syntax, ast.Assert):
        return f"assert {_text(syntax.test)}"
    return node.kind


def _target(syntax: ast.AST) -> str:
    if isinstance(syntax, ast.alias):
        return syntax.asname or syntax.name
    if isinstance(syntax, ast.MatchMapping):
        return syntax.rest or ""
    name = getattr(syntax, "name", None)
    return name if isinstance(name, str) else _text(syntax)


def _text(syntax: ast.AST | None) -> str:
    """The source of some syntax as far as it fits on a line."""
    if syntax is None:
        return ""
    nodes = [syntax]
    for node in nodes:
        nodes.extend(ast.iter_child_nodes(node))
        if len(nodes) > _SIZE:
            return f"{type(syntax).__name__}…"
    first, *more = ast.unparse(syntax).split("\n")
    return first if not more and len(first) <= _WIDTH else f"{first[:_WIDTH]}…"
