"""What binds names: assignments, imports, definitions, ``del``; and the statements that are but an expression.

The right side is evaluated before the target's own parts, and each target has an event of its own.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.flow.cfg.builder import Builder, StatementBuilder, Steps
    from poolint.flow.cfg.graph import How

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def store(b: Builder, target: ast.expr, value: ast.expr | None, how: How) -> Steps:
    """Bind ``target``, after the events of its own parts (``a().b``, ``a[b()]``); each part of a tuple by itself."""
    if isinstance(target, (ast.Tuple, ast.List)):
        parts = matching(target.elts, value) if how == "assign" else None
        for index, element in enumerate(target.elts):
            inside = element.value if isinstance(element, ast.Starred) else element
            if parts is None:
                yield store(b, inside, value, "unpack")
            else:
                yield store(b, inside, parts[index], how)
        return
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        yield b.evaluate(target.value)
    if isinstance(target, ast.Subscript):
        yield b.evaluate(target.slice)
    b.emit("store", target, value=value, how=how)


def matching(targets: list[ast.expr], value: ast.expr | None) -> list[ast.expr] | None:
    """The values that the parts of a tuple target get one by one; not in a swap, where no order of them is right."""
    if not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) != len(targets):
        return None
    if any(isinstance(one, ast.Starred) for one in (*targets, *value.elts)):
        return None
    bound = {one.id for one in targets if isinstance(one, ast.Name)}
    read = {one.id for one in value.elts if isinstance(one, ast.Name)}
    return None if bound & read else value.elts


def expression(b: Builder, node: ast.Expr) -> Steps | None:
    steps = b.evaluate(node.value)
    if steps is None:
        b.emit("statement", node)
    return steps


def assign(b: Builder, node: ast.Assign) -> Steps:
    yield b.evaluate(node.value)
    for target in node.targets:
        yield store(b, target, node.value, "assign")


def annotated(b: Builder, node: ast.AnnAssign) -> Steps:
    # The annotation itself runs nowhere in a function, and nowhere at all from 3.14 on.
    if node.value is None:
        b.emit("statement", node)
        return
    yield b.evaluate(node.value)
    yield store(b, node.target, node.value, "assign")


def augmented(b: Builder, node: ast.AugAssign) -> Steps:
    target = node.target
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        yield b.evaluate(target.value)
    if isinstance(target, ast.Subscript):
        yield b.evaluate(target.slice)
    yield b.evaluate(node.value)
    b.emit("store", target, value=node.value, how="augmented")


def delete(b: Builder, node: ast.Delete) -> Steps:
    targets = node.targets[::-1]
    while targets:
        target = targets.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            targets.extend(target.elts[::-1])
        else:
            yield store(b, target, None, "delete")


def import_(b: Builder, node: ast.Import) -> None:
    for alias in node.names:
        _import(b, node)
        if b.ends:
            b.emit("store", alias, how="import")


def import_from(b: Builder, node: ast.ImportFrom) -> None:
    _import(b, node)
    for alias in node.names if b.ends else ():
        b.emit("store", alias, how="import")


def _import(b: Builder, node: ast.Import | ast.ImportFrom) -> None:
    """What a statement imports is looked for: where it cannot be found, that raises, and nothing is bound."""
    fails = b.never_returns is not None and b.never_returns(node)
    b.emit("import", node, raising=fails or b.may_raise(node))
    if fails:
        b.ends = []


def defaults(arguments: ast.arguments) -> list[ast.expr]:
    """The defaults of parameters, which run when the function is made, in order."""
    return [*arguments.defaults, *(one for one in arguments.kw_defaults if one is not None)]


def function(b: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Steps:
    for part in (*node.decorator_list, *defaults(node.args)):
        yield b.evaluate(part)
    _bind(b, node)


def class_(b: Builder, node: ast.ClassDef) -> Steps:
    for part in (*node.decorator_list, *node.bases, *(one.value for one in node.keywords)):
        yield b.evaluate(part)
    # A class body runs where it stands.
    b.classes += 1
    yield b.block(node.body)
    b.classes -= 1
    _bind(b, node)


def _bind(b: Builder, node: Definition) -> None:
    for decorator in reversed(node.decorator_list):
        b.emit("decorate", decorator, raising=b.may_raise(decorator))
    b.emit("store", node, how="definition")


def type_alias(b: Builder, node: ast.stmt) -> None:
    b.emit("store", node, how="definition")


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {
    ast.AnnAssign: annotated,
    ast.Assign: assign,
    ast.AsyncFunctionDef: function,
    ast.AugAssign: augmented,
    ast.ClassDef: class_,
    ast.Delete: delete,
    ast.Expr: expression,
    ast.FunctionDef: function,
    ast.Import: import_,
    ast.ImportFrom: import_from,
}
if sys.version_info >= (3, 12):
    STATEMENTS[ast.TypeAlias] = type_alias
