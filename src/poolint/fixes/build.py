"""From a plan to text edits: as small as they can be, or none where the fix could not be right.

Only new syntax is generated, by LibCST, around a hole; the text that stays is never written again.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from poolint.diagnostics import Edit, Position, Range
from poolint.fixes.comments import with_comments
from poolint.fixes.edits import EditError, apply_edits, apply_to_rows
from poolint.fixes.plans import (
    AddArgument,
    AddAwait,
    AddImport,
    RemoveArgument,
    RemoveAwait,
    Replace,
    SetWithKind,
    Structural,
    Together,
)
from poolint.text.source import SourceError, parse

if TYPE_CHECKING:
    from poolint.fixes.plans import Plan
    from poolint.text.slices import Slice
    from poolint.text.source import Source

_NEWLINE = re.compile(r"\r\n|\r|\n")
_AWAIT = re.compile(r"await(?:[ \t\f]|\\(?:\r\n|\r|\n))*")
_ASYNC = re.compile(r"async(?:[ \t\f]|\\(?:\r\n|\r|\n))+(?=with\b)")

_PRIMARY = (cst.Call, cst.Name, cst.Attribute, cst.Subscript)
"""What ``await`` takes as it is."""
_OPERATIONS = (cst.BooleanOperation, cst.BinaryOperation, cst.UnaryOperation, cst.Comparison, cst.IfExp, cst.NamedExpr)
"""What it takes in parentheses."""
_ELSEWHERE = (cst.Lambda, cst.Annotation, cst.MatchPattern, cst.TypeAlias, cst.TypeParameters)
"""What is evaluated at another time than the statement it stands in, or never, or may hold no ``await``."""


def edits_for(plan: Plan, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits that carry out a plan for ``piece``, a slice of ``source``; None when the plan is refused there.

    Refused is what Python would not take at that place (``await`` outside of an ``async def``), what has been done
    already, and whatever would change more of the tree than the plan says. Comments in what goes are kept.
    """
    edits = _plain_edits(plan, piece, source)
    return with_comments(edits, piece, source) if edits else edits


def _plain_edits(plan: Plan, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits of a plan, without the comments that stand in what they take away."""
    if isinstance(plan, Together):
        return _together(plan, piece, source)
    if isinstance(plan, Structural):
        from poolint.fixes.structure import structural_edits

        return structural_edits(plan, piece, source) or None
    if isinstance(plan, AddImport):
        return _add_import(plan, source) or None
    if isinstance(plan, Replace):
        return _parsed((_replacement(plan, piece),), piece, source)
    if isinstance(plan, (AddArgument, RemoveArgument)):
        from poolint.fixes.arguments import addition, removal

        edits = addition(plan, piece, source) if isinstance(plan, AddArgument) else removal(plan, piece, source)
        return _parsed(edits, piece, source) if edits else None
    edits = _edits(plan, piece, source)
    if not edits or not _changes_nothing_else(edits, piece, source):
        return None
    return edits


def _together(plan: Together, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits of several plans, each by itself right; None when one is refused or they are in each other's way."""
    found: list[Edit] = []
    for one in plan.plans:
        edits = _add_import(one, source) if isinstance(one, AddImport) else _plain_edits(one, piece, source)
        if edits is None:
            return None
        found += edits
    found.sort(key=lambda edit: edit.range)
    try:
        parse(apply_edits(source, found))
    except (SourceError, EditError):
        return None
    return tuple(found) or None


def _add_import(plan: AddImport, source: Source) -> tuple[Edit, ...] | None:
    """The edits of an import: none at all where there is nothing to do."""
    from poolint.fixes.imports import import_edits
    from poolint.fixes.layout import Refused

    try:
        return import_edits(plan, source)
    except Refused:
        return None


def _edits(plan: AddAwait | RemoveAwait | SetWithKind, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    if isinstance(plan, AddAwait):
        return _add_await(plan, piece, source)
    if isinstance(plan, RemoveAwait):
        return _remove_await(plan, piece, source)
    return _set_with_kind(plan, piece, source)


def _add_await(plan: AddAwait, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    node = plan.node
    parent = piece.parent(node)
    if isinstance(parent, cst.Await) or not _may_await(piece, node, source):
        return None
    in_parentheses = bool(node.lpar) or not _binds_tighter(parent, node)
    if isinstance(node, _PRIMARY):
        new = _await(_HOLE, enclosed=not in_parentheses)
    elif isinstance(node, _OPERATIONS):
        new = _await(_HOLE.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]), enclosed=not in_parentheses)
    else:
        return None
    before, after = _around_hole(new)
    where = piece.range_of(node)
    row, column = source.lines[where.start.row - 1], where.start.column
    if column > 1 and (row[column - 2].isalnum() or row[column - 2] == "_"):
        before = " " + before  # `return(a or b).close()`
    edits = [_insertion(where.start, before)]
    if after:
        edits.append(_insertion(where.end, after))
    return tuple(edits)


def _remove_await(plan: RemoveAwait, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    _, comprehensions = _surroundings(piece, plan.node)
    if any(isinstance(one, cst.GeneratorExp) for one in comprehensions):
        return None  # it would no longer be an asynchronous generator
    return _deletion(source, piece.range_of(plan.node), _AWAIT)


def _set_with_kind(plan: SetWithKind, piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    node = plan.node
    # All items of a `with` change together, so there must be no other.
    if len(node.items) != 1 or plan.asynchronous == (node.asynchronous is not None):
        return None
    where = piece.range_of(node)
    if not plan.asynchronous:
        return _deletion(source, where, _ASYNC)
    around, _ = _surroundings(piece, node)
    if not _runs_asynchronously(around, source):
        return None
    return (_insertion(where.start, cst.Module([]).code_for_node(cst.Asynchronous())),)


def _replacement(plan: Replace, piece: Slice) -> Edit:
    return Edit(piece.range_of(plan.node), cst.Module([]).code_for_node(plan.new))


def _parsed(edits: tuple[Edit, ...], piece: Slice, source: Source) -> tuple[Edit, ...] | None:
    """The edits, unless the rows do not parse any more with them."""
    rows = source.lines[piece.first_row - 1 : piece.last_row]
    try:
        parse(("if 1:\n" if piece.has_header else "") + apply_to_rows(rows, edits, piece.first_row))
    except (SourceError, EditError):
        return None
    return edits


# New syntax.

_HOLE = cst.Name("_")


def _await(expression: cst.BaseExpression, enclosed: bool) -> cst.Await:
    if enclosed:
        return cst.Await(expression, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.Await(expression)


def _around_hole(new: cst.CSTNode) -> tuple[str, str]:
    before, _, after = cst.Module([]).code_for_node(new).partition(_HOLE.value)
    return before, after


def _binds_tighter(parent: cst.CSTNode | None, node: cst.BaseExpression) -> bool:
    """Whether ``node`` stands where only a primary may: ``await`` binds tighter than everything else."""
    return (isinstance(parent, (cst.Attribute, cst.Subscript)) and parent.value is node) or (
        isinstance(parent, cst.Call) and parent.func is node
    )


# Old text.


def _insertion(place: Position, text: str) -> Edit:
    return Edit(Range(place, place), text)


def _deletion(source: Source, where: Range, pattern: re.Pattern[str]) -> tuple[Edit, ...] | None:
    """Delete what matches at the beginning of ``where``."""
    start = where.start
    text = "".join(source.lines[start.row - 1 : where.end.row])[start.column - 1 :]
    match = pattern.match(text)
    if match is None:
        return None
    rows = _NEWLINE.split(match.group())
    column = len(rows[-1]) + (start.column if len(rows) == 1 else 1)
    return (Edit(Range(start, Position(start.row + len(rows) - 1, column)), ""),)


# Guards.


def _surroundings(piece: Slice, node: cst.CSTNode) -> tuple[cst.FunctionDef | cst.Module | None, list[cst.BaseComp]]:
    """The function or module in whose body a node is evaluated, None for others, and the comprehensions in whose scope it is."""
    comprehensions: list[cst.BaseComp] = []
    first_iterable: cst.CSTNode | None = None
    for parent, child in piece.ancestors(node):
        if isinstance(parent, cst.FunctionDef):
            # Decorators and defaults are evaluated outside of it.
            return (parent if child is parent.body else None), comprehensions
        if isinstance(parent, _ELSEWHERE) or (
            isinstance(parent, cst.ClassDef) and (child is parent.body or isinstance(child, cst.Decorator))
        ):
            return None, comprehensions
        if isinstance(parent, cst.CompFor) and child is parent.iter:
            first_iterable = parent
        if isinstance(parent, cst.BaseComp) and child is not first_iterable:
            comprehensions.append(parent)
    return piece.module, comprehensions


def _runs_asynchronously(around: cst.FunctionDef | cst.Module | None, source: Source) -> bool:
    """Whether there may be an ``await`` in a function, or outside of all of them: in a notebook that has one there."""
    if isinstance(around, cst.FunctionDef):
        return around.asynchronous is not None
    return around is not None and source.awaits


def _may_await(piece: Slice, node: cst.CSTNode, source: Source) -> bool:
    around, comprehensions = _surroundings(piece, node)
    if not _runs_asynchronously(around, source):
        return False
    if any(isinstance(one, cst.GeneratorExp) for one in comprehensions):
        return False  # it would become an asynchronous generator
    return len(comprehensions) < 2  # a comprehension in a comprehension may await only from Python 3.11 on


def _changes_nothing_else(edits: tuple[Edit, ...], piece: Slice, source: Source) -> bool:
    """Whether the rows still parse, and to the same tree but for one ``await`` or the kind of one ``with``."""
    rows = source.lines[piece.first_row - 1 : piece.last_row]
    header = "if 1:\n" if piece.has_header else ""
    try:
        after = header + apply_to_rows(rows, edits, piece.first_row)
        (old, marks), (new, new_marks) = _core(header + "".join(rows)), _core(after)
        return old == new and abs(marks - new_marks) == 1
    except (SourceError, EditError, RecursionError):
        return False


@lru_cache(maxsize=4)  # a slice with many findings is asked for as often
def _core(text: str) -> tuple[str, int]:
    """The tree of a text without its ``await`` and ``async with``, written out, and how many there were."""
    stripping = _Stripping()
    return ast.dump(stripping.visit(parse(text))), stripping.marks


class _Stripping(ast.NodeTransformer):
    def __init__(self) -> None:
        self.marks = 0

    def visit_Await(self, node: ast.Await) -> ast.AST:
        self.marks += 1
        result: ast.AST = self.visit(node.value)
        return result

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        self.marks += 1
        self.generic_visit(node)
        return ast.With(items=node.items, body=node.body, type_comment=node.type_comment)
