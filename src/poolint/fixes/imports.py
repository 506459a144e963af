"""Imports that a fix needs. They stand outside of the slice, so they are edited by the positions of the module's tree.

Where an import is written in a form that is not known here, nothing is written: a name too many, or one that is taken,
would break what worked.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from poolint.diagnostics import Edit, Position, Range
from poolint.fixes.edits import EditError, apply_edits
from poolint.fixes.layout import Refused
from poolint.fixes.region import first_row
from poolint.text.source import SourceError, parse

if TYPE_CHECKING:
    from poolint.fixes.plans import AddImport
    from poolint.text.source import Source


def import_edits(plan: AddImport, source: Source) -> tuple[Edit, ...]:
    """The edits that import a name; none where it is imported already. Raises :class:`Refused`."""
    try:
        tree = source.tree
    except SourceError:
        raise Refused("cannot be parsed") from None
    found = [one for one in tree.body if isinstance(one, ast.ImportFrom) and _is_from(one, plan.module)]
    if any(alias.name == plan.name and (alias.asname or "") == plan.alias for one in found for alias in one.names):
        return ()
    if any(alias.name == "*" for one in found for alias in one.names) or _is_taken(tree, plan.alias or plan.name):
        raise Refused("the name may mean something else")
    edit = _extended(found[0], plan, source) if found else _new_row(tree, plan, source)
    _check(edit, plan, source)
    return (edit,)


def _is_from(statement: ast.stmt, module: str) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == module and not statement.level


def _is_taken(tree: ast.Module, name: str) -> bool:
    """Whether anything in the file is called ``name``."""
    for node in ast.walk(tree):
        bound: object
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound = node.id
        elif isinstance(node, ast.alias):
            bound = node.asname or node.name
        elif isinstance(node, ast.arg):
            bound = node.arg
        else:
            bound = getattr(node, "name", None)
        if bound == name:
            return True
    return False


# A name more in an import that is there.


def _text(plan: AddImport) -> str:
    return f"{plan.name} as {plan.alias}" if plan.alias else plan.name


def _extended(statement: ast.ImportFrom, plan: AddImport, source: Source) -> Edit:
    behind = next((one for one in statement.names if one.name.lower() > plan.name.lower()), None)
    if behind is not None:
        place = Position(behind.lineno, source.column(behind.lineno, behind.col_offset))
        lead = source.lines[place.row - 1][: place.column - 1]
        between = " " if lead.strip() else _newline(source, place.row) + lead
        return _insertion(place, f"{_text(plan)},{between}")
    last = statement.names[-1]
    row = last.end_lineno or last.lineno
    place = Position(row, source.column(row, last.end_col_offset or 0))
    lead = source.lines[last.lineno - 1][: source.column(last.lineno, last.col_offset) - 1]
    if lead.strip():
        return _insertion(place, f", {_text(plan)}")
    if source.lines[row - 1][place.column - 1 :].startswith(","):
        place = Position(row, place.column + 1)
        return _insertion(place, f"{_newline(source, row)}{lead}{_text(plan)},")
    return _insertion(place, f",{_newline(source, row)}{lead}{_text(plan)}")


def _insertion(place: Position, text: str) -> Edit:
    return Edit(Range(place, place), text)


def _newline(source: Source, row: int) -> str:
    """The newline of a row; the first row's where it has none."""
    for text in (source.lines[row - 1], source.lines[0]):
        ending = text[len(text.rstrip("\r\n")) :]
        if ending:
            return ending
    return "\n"


# A new import.


def _new_row(tree: ast.Module, plan: AddImport, source: Source) -> Edit:
    text = f"from {plan.module} import {_text(plan)}"
    body = tree.body
    start = 0
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        start = 1
    while start < len(body) and _is_from(body[start], "__future__"):
        start += 1
    if start == len(body):
        raise Refused("a file without statements")
    row = first_row(body[start])
    newline = _newline(source, row)
    related = [one for one in body if isinstance(one, ast.ImportFrom) and _root(one) == plan.module.partition(".")[0]]
    if related:
        behind = next((one for one in related if (one.module or "") > plan.module), None)
        if behind is not None:
            return _row_before(behind, text + newline, source)
        return _row_after(related[-1], text, newline, source)
    if not isinstance(body[start], (ast.Import, ast.ImportFrom)) or not _is_standard(body[start]):
        return _row_before(body[start], f"{text}{newline}{newline}", source)
    group = [body[start]]
    for one in body[start + 1 :]:
        joined = one.lineno - (group[-1].end_lineno or 0) == 1
        if not (joined and isinstance(one, (ast.Import, ast.ImportFrom))):
            break
        group.append(one)
    for one in group:
        if isinstance(one, ast.ImportFrom) and (one.module or "") > plan.module:
            return _row_before(one, text + newline, source)
    return _row_after(group[-1], text, newline, source)


def _root(statement: ast.ImportFrom) -> str:
    return "" if statement.level else (statement.module or "").partition(".")[0]


def _is_standard(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        name = "" if statement.level else statement.module or ""
    else:
        assert isinstance(statement, ast.Import)
        name = statement.names[0].name
    return name.partition(".")[0] in sys.stdlib_module_names


def _row_before(statement: ast.stmt, text: str, source: Source) -> Edit:
    row = first_row(statement)
    if statement.col_offset or (row > 1 and source.lines[row - 2].rstrip("\r\n").endswith("\\")):
        raise Refused("does not begin its row")
    return _insertion(Position(row, 1), text)


def _row_after(statement: ast.stmt, text: str, newline: str, source: Source) -> Edit:
    row = statement.end_lineno or statement.lineno
    last = source.lines[row - 1]
    rest = last[source.column(row, statement.end_col_offset or 0) - 1 :].strip()
    if statement.col_offset or rest[:1] not in ("", "#"):
        raise Refused("shares a row with another statement")
    if not last.endswith(("\r", "\n")):
        return _insertion(Position(row, len(last) + 1), newline + text)
    return _insertion(Position(row + 1, 1), text + newline)


# Guard.


def _check(edit: Edit, plan: AddImport, source: Source) -> None:
    """Refuse unless the edited file is the old one with this name imported, and nothing else."""
    try:
        after = parse(apply_edits(source, [edit]))
    except (SourceError, EditError):
        raise Refused("would not parse") from None
    before = [ast.dump(one) for one in source.tree.body]
    added = 0
    for statement in list(after.body):
        if added or not _is_from(statement, plan.module):
            continue
        assert isinstance(statement, ast.ImportFrom)
        kept = [alias for alias in statement.names if (alias.name, alias.asname or "") != (plan.name, plan.alias)]
        added = len(statement.names) - len(kept)
        statement.names = kept
        if not kept:
            after.body.remove(statement)
    if added != 1 or [ast.dump(one) for one in after.body] != before:
        raise Refused("another file than meant")
