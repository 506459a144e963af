"""Whether a session or connection has only been read from: nothing is pending that a commit would write."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.holding.transactions import is_query, root_of, source_of
from poolint.analyses.plain_data import Values
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import nearest
from poolint.types.call_sites import call_site, text_of
from poolint.types.following import origin
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

LOCKS = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|share|key)\b|\block|_lock\b|_lock_", re.IGNORECASE)
"""What the text of a query says that locks rows, tables or a number."""

_READS = frozenset({"get", "get_one", "refresh"})
_CALLED = re.compile(r"\b(\w+)\s*\(|\binto\b", re.IGNORECASE)
_PURE = frozenset(
    {
        *(
            "count",
            "sum",
            "min",
            "max",
            "avg",
            "coalesce",
            "lower",
            "upper",
            "length",
            "now",
            "exists",
            "cast",
            "extract",
        ),
        *(
            "round",
            "abs",
            "nullif",
            "greatest",
            "least",
            "trim",
            "substring",
            "concat",
            "date_trunc",
            "array_agg",
            "in",
        ),
        *(
            "json_agg",
            "jsonb_agg",
            "string_agg",
            "row_number",
            "over",
            "any",
            "all",
            "and",
            "or",
            "where",
            "from",
            "as",
        ),
        *(
            "values",
            "not",
            "distinct",
            "on",
            "filter",
            "within",
            "group",
            "partition",
            "select",
            "using",
            "then",
            "when",
        ),
    }
)
"""What stands before a parenthesis in a query, and changes nothing."""
_WRITES = re.compile(r"\s*(?:insert|update|delete)\b", re.IGNORECASE)
_NUMBERS = frozenset({"next_value", "nextval", "Sequence"})
_MAX_DEPTH = 4


def changing(ev: Evaluator) -> frozenset[str]:
    """What changes something, or makes a statement that does."""
    return ev.models.words("builds-change", "pends", "writes")


def is_read(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call on a session or connection surely does no more than to read rows, without locking them."""
    names = {last_name(one.func) for one in ast.walk(call) if isinstance(one, ast.Call)}
    if names & changing(ev) or any(one.arg == "with_for_update" for one in call.keywords):
        return False
    method = last_name(call.func)
    if method in _READS:
        return True
    if method not in ev.models.words("reads-rows", "runs"):
        return False
    root = root_of(call)
    if root is not None and is_query(ev.type_of(root, scope)):
        return all(_is_select(ev, one.value, scope, 0) for one in nearest(_name(root), scope) if one.value is not None)
    if any(name == "query" for name in names):
        return True  # a chain that begins with `session.query(…)` and changes nothing
    return bool(call.args) and _is_select(ev, call.args[0], scope, 0)


def is_write(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call surely writes, and what it writes does not depend on what is there."""
    method = last_name(call.func)
    if method in ("add", "add_all", "flush"):
        return True
    if method not in ("execute", "executemany", "exec") or not call.args:
        return False
    statement: ast.expr | None = origin(ev, call.args[0], scope, frozenset()).node
    while isinstance(statement, ast.Call):
        name = last_name(statement.func)
        if name in ("insert", "update", "delete"):
            return True
        if name == "text":
            statement = statement.args[0] if statement.args else None
        else:
            statement = statement.func.value if isinstance(statement.func, ast.Attribute) else None
    text = statement.value if isinstance(statement, ast.Constant) else ""
    return isinstance(text, str) and _WRITES.match(text) is not None and "select" not in text.lower()


def _is_select(ev: Evaluator, node: ast.expr, scope: Scope, depth: int) -> bool:
    """Whether a statement is one that only reads."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
        calls = {(one[1] or "into").lower() for one in _CALLED.finditer(text)}
        return text.lstrip().lower().startswith("select") and LOCKS.search(text) is None and calls <= _PURE
    if isinstance(node, ast.Name):
        values = [one.value for one in nearest(node.id, scope)]
        return bool(values) and depth < _MAX_DEPTH and all(_is_made(ev, one, node.id, scope, depth) for one in values)
    current = node
    while isinstance(current, ast.Call):
        name = last_name(current.func)
        if name in changing(ev):
            return False
        if name == "select":
            return not any(last_name(one.func) in _NUMBERS for one in ast.walk(current) if isinstance(one, ast.Call))
        if name == "text":
            return bool(current.args) and _is_select(ev, current.args[0], scope, depth + 1)
        if name == "query":
            return True
        if not isinstance(current.func, ast.Attribute):
            return False
        current = current.func.value
    return isinstance(current, ast.Name) and current is not node and _is_select(ev, current, scope, depth + 1)


def _is_made(ev: Evaluator, value: ast.expr | None, name: str, scope: Scope, depth: int) -> bool:
    """Whether a value is a statement that reads, or made of what the same name had before."""
    current = value
    while isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute):
        if last_name(current.func) in changing(ev):
            return False
        current = current.func.value
    if isinstance(current, ast.Name) and current.id == name:
        return True
    return value is not None and _is_select(ev, value, scope, depth + 1)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def only_reads(
    ev: Evaluator,
    holdings: Holdings,
    resource: str,
    scope: Scope,
    place: tuple[int, int],
    *,
    but: Collection[ast.AST] = (),
    entities: bool = True,
) -> bool:
    """Whether all that a function does with a resource before ``place`` is to read; what is in ``but`` apart.

    With ``entities`` it changes no object either that the resource may know.
    """
    values = Values(ev, scope)
    for node in ast.walk(scope.node):
        is_stored = isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store)
        if entities and is_stored and node not in but and (node.lineno, node.col_offset) < place:  # type: ignore[attr-defined]
            return False
    for call in scope.calls:
        if (call.lineno, call.col_offset) >= place or call in but:
            continue
        changes = [one for one in holdings.changes(scope).calls.get(call, ()) if one.resource == resource]
        if any(not one.holds for one in changes):
            continue
        fact = call_site(ev, call, scope)
        if fact is not None and fact.cls is not None and fact.cls.kind in ("result", "cursor"):
            continue  # what has been asked for is only looked at
        root = source_of(ev, call, scope)
        if root is not None and text_of(root, scope) == resource:
            if not (is_read(ev, call, scope) or _is_idle(ev, call, scope)):
                return False
        elif (entities or _is_given(call, resource, scope)) and not _is_harmless(ev, call, values, scope):
            return False
    return True


def _is_given(call: ast.Call, resource: str, scope: Scope) -> bool:
    given = call_arguments(call)
    return any(text_of(one.value if isinstance(one, ast.Starred) else one, scope) == resource for one in given)


def _is_harmless(ev: Evaluator, call: ast.Call, values: Values, scope: Scope) -> bool:
    """Whether a call is given nothing that it could change for the database: no session, and no entity."""
    fact = call_site(ev, call, scope)
    if fact is not None and fact.cls is not None and fact.cls.kind == "factory":
        return True
    names = {one.id for one in ast.walk(call) if isinstance(one, ast.Name)}
    makes = fact is not None and (fact.role == "open" or (fact.cls is not None and fact.cls.construct == "open"))
    return makes or all(map(values.is_plain_name, names))


def _is_idle(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call is a step in a chain, or makes a query that is run later."""
    if last_name(call.func) in changing(ev):
        return False
    fact = call_site(ev, call, scope)
    return (
        fact is not None
        and fact.role in ("local", "")
        and last_name(call.func) not in ev.models.words("reads-rows", "runs")
    )
