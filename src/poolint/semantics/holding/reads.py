"""Whether a session or connection has only been read from: nothing is pending that a commit would write."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.semantics.calls import call_fact, text_of
from poolint.semantics.holding.blocks import is_query, root_of, source_of
from poolint.semantics.plain import Values
from poolint.semantics.scopes import nearest
from poolint.semantics.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.holding.flow import Holdings
    from poolint.semantics.scopes import Scope

LOCKS = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|share|key)\b|\block|_lock\b|_lock_", re.IGNORECASE)
"""What the text of a query says that locks rows, tables or a number."""

_READS = frozenset({"get", "get_one", "refresh"})
_ASKS = frozenset(
    {
        *("execute", "exec", "scalar", "scalars", "fetch", "fetchrow", "fetchval", "fetchall", "fetchone"),
        *("first", "one", "one_or_none", "all", "count", "scalar_one", "scalar_one_or_none"),
    }
)
_CHANGES = frozenset({"update", "delete", "insert", "with_for_update", "add", "add_all", "merge", "flush"})
_HAS_EFFECTS = re.compile(r"\b(?:nextval|setval|set_config|pg_\w+|into)\b", re.IGNORECASE)
_MAX_DEPTH = 4


def is_read(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call on a session or connection surely does no more than to read rows, without locking them."""
    names = {last_name(one.func) for one in ast.walk(call) if isinstance(one, ast.Call)}
    if names & _CHANGES or any(one.arg == "with_for_update" for one in call.keywords):
        return False
    method = last_name(call.func)
    if method in _READS:
        return True
    if method not in _ASKS:
        return False
    root = root_of(call)
    if root is not None and is_query(ev.type_of(root, scope)):
        return all(_is_select(one.value, scope, 0) for one in nearest(_name(root), scope) if one.value is not None)
    if any(name == "query" for name in names):
        return True  # a chain that begins with `session.query(…)` and changes nothing
    return bool(call.args) and _is_select(call.args[0], scope, 0)


def _is_select(node: ast.expr, scope: Scope, depth: int) -> bool:
    """Whether a statement is one that only reads."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
        return text.lstrip().lower().startswith("select") and not (LOCKS.search(text) or _HAS_EFFECTS.search(text))
    if isinstance(node, ast.Name):
        values = [one.value for one in nearest(node.id, scope)]
        return bool(values) and depth < _MAX_DEPTH and all(_is_made(one, node.id, scope, depth) for one in values)
    current = node
    while isinstance(current, ast.Call):
        name = last_name(current.func)
        if name in _CHANGES:
            return False
        if name == "select":
            return True
        if name == "text":
            return bool(current.args) and _is_select(current.args[0], scope, depth + 1)
        if name == "query":
            return True
        if not isinstance(current.func, ast.Attribute):
            return False
        current = current.func.value
    return isinstance(current, ast.Name) and current is not node and _is_select(current, scope, depth + 1)


def _is_made(value: ast.expr | None, name: str, scope: Scope, depth: int) -> bool:
    """Whether a value is a statement that reads, or made of what the same name had before."""
    current = value
    while isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute):
        if last_name(current.func) in _CHANGES:
            return False
        current = current.func.value
    if isinstance(current, ast.Name) and current.id == name:
        return True
    return value is not None and _is_select(value, scope, depth + 1)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def only_reads(ev: Evaluator, holdings: Holdings, resource: str, scope: Scope, until: ast.expr) -> bool:
    """Whether all that a function does with a resource before ``until`` is to read, and it changes no object either."""
    place = (until.lineno, until.col_offset)
    values = Values(ev, scope)
    for node in ast.walk(scope.node):
        is_stored = isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store)
        if is_stored and (node.lineno, node.col_offset) < place:  # type: ignore[attr-defined]
            return False
    for call in scope.calls:
        if (call.lineno, call.col_offset) >= place:
            continue
        changes = [one for one in holdings.changes(scope).calls.get(call, ()) if one.resource == resource]
        if any(not one.holds for one in changes):
            continue
        root = source_of(ev, call, scope)
        if root is not None and text_of(root, scope) == resource:
            if not (is_read(ev, call, scope) or _is_idle(ev, call, scope)):
                return False
        elif not _is_harmless(ev, call, values, scope):
            return False
    return True


def _is_harmless(ev: Evaluator, call: ast.Call, values: Values, scope: Scope) -> bool:
    """Whether a call is given nothing that it could change for the database: no session, and no entity."""
    fact = call_fact(ev, call, scope)
    if fact is not None and fact.cls is not None and fact.cls.kind in ("result", "factory"):
        return True
    names = {one.id for one in ast.walk(call) if isinstance(one, ast.Name)}
    makes = fact is not None and (fact.role == "open" or (fact.cls is not None and fact.cls.construct == "open"))
    return makes or all(map(values.is_plain_name, names))


def _is_idle(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call is a step in a chain, or makes a query that is run later."""
    if last_name(call.func) in _CHANGES:
        return False
    fact = call_fact(ev, call, scope)
    return fact is not None and fact.role in ("local", "") and last_name(call.func) not in _ASKS
