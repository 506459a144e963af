"""What stands on a line: its statement, and the names, calls and ``with`` headers on it that matter here."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, NamedTuple

from poolint.models.standard import BUILTINS
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope

_STDLIB = sys.stdlib_module_names
_ANNOTATED = {"AnnAssign": "annotation", "arg": "annotation", "FunctionDef": "returns", "AsyncFunctionDef": "returns"}


def is_standard(name: str) -> bool:
    """Whether a qualified name is one of Python itself."""
    root = name.partition(".")[0]
    return root in _STDLIB or root == "builtins"


class Line(NamedTuple):
    """The rows from ``first`` to ``last`` are one statement, or the header of a compound one."""

    row: int
    first: int
    last: int
    scope: Scope

    def holds(self, node: ast.AST) -> bool:
        """Whether a node begins on these rows; a call also where the name of its method stands on them."""
        rows = [getattr(node, "lineno", 0)]
        if isinstance(node, ast.Call):
            rows.append(node.func.end_lineno or 0)
        return any(self.first <= row <= self.last for row in rows)

    def binds(self, node: ast.AST) -> bool:
        """Whether a name is bound on these rows: assigned, imported, or a parameter."""
        return isinstance(node, (ast.Name, ast.arg, ast.Import, ast.ImportFrom)) and self.holds(node)


def line_at(module: Module, row: int) -> Line:
    """The line, widened to the statement that it is a part of."""
    found: ast.stmt | None = None
    for node in ast.walk(module.tree):
        if isinstance(node, ast.stmt) and _first(node) <= row <= _last(node):
            found = node  # the walk is breadth-first: the last one is the innermost
    if found is None:
        return Line(row, row, row, _scope_around(module, row))
    scope = module.scopes.get(found) or module.scope_of(found)
    return Line(row, _first(found), _last(found), scope)


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _last(node: ast.stmt) -> int:
    """The last row of a statement, of a compound one that of its header."""
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list) or not body:
        return node.end_lineno or node.lineno
    return _header_end(node)


def _header_end(node: ast.stmt) -> int:
    """The last row of what stands in the header."""
    rows = [node.lineno]
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody", "handlers", "cases", "decorator_list"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                rows += [int(getattr(inner, "end_lineno", 0) or 0) for inner in ast.walk(one)]
    return max(rows)


def _scope_around(module: Module, row: int) -> Scope:
    """The innermost function or class around a row without a statement."""
    found = module.scope
    for node, scope in module.scopes.items():
        is_around = isinstance(node, ast.stmt) and node.lineno <= row <= (node.end_lineno or 0)
        if is_around and getattr(node, "lineno", 0) >= getattr(found.node, "lineno", 0):
            found = scope
    return found


def scopes_on(module: Module, line: Line) -> Iterator[Scope]:
    """The scopes that may have something on the line: the one around it, and lambdas and functions on it."""
    for scope in module.scope.descendants():
        node = scope.node
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", None) or line.last
        if first <= line.last and last >= line.first:
            yield scope


def calls_on(module: Module, line: Line) -> list[tuple[ast.Call, Scope]]:
    """The calls on the line in order of evaluation as it is written: inner ones first."""
    found = [(call, scope) for scope in scopes_on(module, line) for call in scope.calls if line.holds(call)]
    return sorted(found, key=lambda one: (one[0].end_lineno or 0, one[0].end_col_offset or 0))


def withs_on(module: Module, line: Line) -> list[tuple[ast.With | ast.AsyncWith, ast.withitem, Scope]]:
    """The headers of ``with`` on the line."""
    return [
        (statement, item, scope)
        for scope in scopes_on(module, line)
        for statement in scope.withs
        if statement.lineno <= line.last and statement.lineno >= line.first
        for item in statement.items
    ]


def names_on(module: Module, line: Line) -> list[tuple[ast.expr, Scope]]:
    """Names and attributes of names that are read or bound on the line, each text once, as they are written."""
    found: list[tuple[ast.expr, Scope]] = []
    for scope in scopes_on(module, line):
        for loads in scope.loads.values():
            for load in loads:
                node = _widest(load)
                if line.holds(load) and not _in_annotation(load) and load.id not in BUILTINS:
                    found.append((node, scope))
        for name, bindings in scope.bindings.items():
            found += [(_as_name(one.node, name), scope) for one in bindings if line.binds(one.node)]
    unique: dict[str, tuple[ast.expr, Scope]] = {}
    for node, scope in sorted(found, key=lambda one: (one[0].lineno, one[0].col_offset)):
        unique.setdefault(ast.unparse(node), (node, scope))
    return list(unique.values())


def _as_name(node: ast.AST, name: str) -> ast.Name:
    """What binds a name as an expression that reads it, so that it can be asked for like any other."""
    if isinstance(node, ast.Name):
        return node
    assert isinstance(node, (ast.arg, ast.stmt))
    read = ast.Name(name, ast.Load(), lineno=node.lineno, col_offset=node.col_offset)
    read.end_lineno, read.end_col_offset = node.end_lineno, node.end_col_offset
    read.__dict__["_poolint_parent"] = node if isinstance(node, ast.stmt) else parent_of(node)
    return read


def _widest(load: ast.Name) -> ast.expr:
    """``self.pool`` of ``self.pool.acquire()``: the attributes around a name up to what is called."""
    node: ast.expr = load
    parent = parent_of(node)
    while isinstance(parent, ast.Attribute):
        above = parent_of(parent)
        if isinstance(above, ast.Call) and above.func is parent:
            break
        node, parent = parent, above
    return node


def _in_annotation(node: ast.AST) -> bool:
    child, parent = node, parent_of(node)
    while parent is not None and not isinstance(child, ast.stmt):
        field = _ANNOTATED.get(type(parent).__name__)
        if field is not None and parent.__dict__.get(field) is child:
            return True
        child, parent = parent, parent_of(parent)
    return False
