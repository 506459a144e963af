"""What a statement locks in the database: rows, tables, or what an advisory lock stands for.

A call of a session, a connection, a cursor or a query runs a statement. It is read as text (``FOR UPDATE``, ``LOCK
TABLE``, ``pg_advisory_lock``), as what SQLAlchemy's constructors and the ORM's queries build (``with_for_update()``,
``update(Order)``), and behind the names that it was given before.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.assumed import shown_at, truth
from poolint.syntax.guards import tests_before
from poolint.syntax.reaching import reaching
from poolint.syntax.scopes import Bindings
from poolint.types.call_sites import call_site
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import ClassObject, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.assumed import Values
    from poolint.analyses.conditions import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

LockKind = Literal["row-lock", "maybe-row-lock", "table-lock", "advisory-lock"]
"""What a statement locks in its database; rows also where it is asked to by an argument of which nothing is known."""

_KINDS: tuple[tuple[LockKind, re.Pattern[str]], ...] = (
    ("row-lock", re.compile(r"\bFOR\s+(?:NO\s+KEY\s+UPDATE|UPDATE|KEY\s+SHARE|SHARE)\b", re.IGNORECASE)),
    ("table-lock", re.compile(r"\bLOCK\s+TABLE\b|^\s*TRUNCATE\b", re.IGNORECASE)),
    ("advisory-lock", re.compile(r"\bpg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?\b", re.IGNORECASE)),
)
_TRIES = re.compile(r"\bpg_try_advisory_(?:xact_)?lock(?:_shared)?\b", re.IGNORECASE)
_OF_SESSION = re.compile(r"\bpg_(?:try_)?advisory_lock(?:_shared)?\b", re.IGNORECASE)
_TEXT = re.compile(
    r"^\s*(?:UPDATE\s+(?:ONLY\s+)?|DELETE\s+FROM\s+(?:ONLY\s+)?|LOCK\s+(?:TABLE\s+)?(?:ONLY\s+)?)[\"'`]?([\w.]+)",
    re.IGNORECASE,
)
_SELECT = re.compile(
    r"^\s*SELECT\b.*?\bFROM\s+[\"'`]?([\w.]+)(?![^;]*\bJOIN\b).*\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b(?!.*\b(?:SKIP|NOWAIT)\b)",
    re.IGNORECASE | re.DOTALL,
)
_UNLOCKS = re.compile(r"\bpg_advisory_unlock(?:_all|_shared)?\b", re.IGNORECASE)
MAX_TEXT = 4_000
"""Characters of a statement that are looked at: it takes the square of them to know that it locks nothing."""

_ROLES = frozenset({"query", "stream", "refresh", "cursor"})
_DOES_NOT_WAIT = frozenset({"nowait", "skip_locked", "read"})
"""Options of ``with_for_update()`` (SQLAlchemy 1.4 and 2.0) by which it cannot be part of a deadlock."""


class StatementLock(NamedTuple):
    """What a statement locks: the ``kind`` in words where it says so, the ``table`` where it waits for a single one.

    ``UPDATE`` and ``DELETE`` lock what they write, and are of no kind. ``is_tried``: it says whether it has locked,
    instead of waiting until it can. ``outlasts``: it belongs to the connection, and the end of the transaction leaves it.
    """

    kind: LockKind | Literal[""]
    table: str
    is_tried: bool = False
    outlasts: bool = False


def lock_of(ev: Evaluator, call: ast.Call, scope: Scope, known: Known = ()) -> StatementLock | None:
    """What the statement locks that a call runs; None where it locks nothing, or runs none.

    ``known`` is what is known of the function's parameters.
    """
    fact = call_site(ev, call, scope)
    if fact is None or fact.role not in _ROLES:
        return None
    asks = [one.value for one in call.keywords if one.arg == "with_for_update"]
    said = _asked_for(asks[0], call, scope, known) if asks else None
    for part in (call.func, *call.args):
        said = said or _kind_of(ev, part, scope, dict(known))
    table = ""
    if fact.cls is not None and fact.role != "cursor":
        if fact.cls.kind == "query":
            table = _of_query(ev, call, scope)
        elif fact.cls.kind in ("connection", "cursor") and not fact.cls.expressions and call.args:
            text = origin(ev, call.args[0], scope).node
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                table = _of_text(text.value)
        elif (fact.cls.kind == "session" or fact.cls.expressions) and call.args:
            if fact.role != "refresh" and not asks:
                table = _of_statement(ev, call.args[0], scope)
            elif last_name(call.func) in ("get", "get_one") and _is_true(asks[0]):
                table = _table(ev, call.args[0], scope)
    if said is None:
        return StatementLock("", table) if table else None
    return StatementLock(said.kind, table, said.is_tried, said.outlasts)


def _asked_for(asked: ast.expr, call: ast.Call, scope: Scope, known: Known) -> _Said | None:
    """What a statement locks that is asked to lock rows by an argument, ``True`` or how to."""
    found = truth(asked, {**dict(known), **shown_at(call, scope)}, scope)
    if found is None:
        is_made = isinstance(asked, (ast.Dict, ast.Call))
        return _Said("row-lock" if is_made else "maybe-row-lock")
    return _Said("row-lock") if found else None


def unlocks(call: ast.Call) -> bool:
    """Whether the statement that a call runs gives back advisory locks."""
    texts = (one.value for argument in call.args for one in ast.walk(argument) if isinstance(one, ast.Constant))
    return any(isinstance(text, str) and _UNLOCKS.search(text) is not None for text in texts)


class _Said(NamedTuple):
    """What a part of a statement says that this locks, whether it only tries to, and whether that outlasts the transaction."""

    kind: LockKind
    is_tried: bool = False
    outlasts: bool = False


def _kind_of(ev: Evaluator, node: ast.expr, scope: Scope, known: Values) -> _Said | None:
    """What a statement says that it locks, in its text or by the methods that build it, also behind names: what comes
    first as it is read, each origin once. What is built on some ways only may lock, unless ``known`` says on which."""
    waiting, seen = [(ast.walk(node), scope, True)], {node}
    maybe: _Said | None = None
    while waiting:
        parts, where, is_sure = waiting[-1]
        for one in parts:
            said = _said_by(one)
            if said is not None and is_sure:
                return said
            maybe = maybe or said
            if isinstance(one, ast.Name):
                behind = [
                    each for each in _behind(ev, one, where, known if where is scope else {}) if each[0] not in seen
                ]
                seen.update(value for value, _ in behind)
                waiting += [(ast.walk(value), home, is_sure and len(behind) == 1) for value, home in reversed(behind)]
                if behind:
                    break
        else:
            waiting.pop()
    return maybe._replace(kind="maybe-row-lock") if maybe is not None and maybe.kind == "row-lock" else None


def _behind(ev: Evaluator, name: ast.Name, scope: Scope, known: Values) -> list[tuple[ast.expr, Scope]]:
    """What a name stands for: of several bindings in its function, those that what is known does not rule out."""
    bindings = scope.bindings[name.id].untested if name.id in scope.bindings else Bindings()
    if len(bindings) < 2:
        end = origin(ev, name, scope)
        return [] if isinstance(end.node, ast.Name) else [(end.node, end.scope)]
    found: list[tuple[ast.expr, Scope]] = []
    for binding in reaching(bindings, name):
        outcomes = {(truth(test, known, scope), holds) for test, holds in tests_before(binding.node, scope)}
        if outcomes & {(True, False), (False, True)}:
            continue
        if binding.kind in ("assign", "annotated") and binding.value is not None and binding.index < 0:
            found.append((binding.value, scope))
        if all(came_out is holds for came_out, holds in outcomes):
            break  # none before it is seen
    return found


def _said_by(node: ast.AST) -> _Said | None:
    """What a single node of a statement says that it locks."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        kind = next((kind for kind, words in _KINDS if words.search(node.value) is not None), None)
        if kind is None:
            return None
        return _Said(kind, _TRIES.search(node.value) is not None, _OF_SESSION.search(node.value) is not None)
    if isinstance(node, ast.Call) and last_name(node.func) == "with_for_update":
        return _Said("row-lock")
    if isinstance(node, ast.Attribute) and _KINDS[2][1].fullmatch(node.attr) is not None:
        is_tried, outlasts = (words.fullmatch(node.attr) is not None for words in (_TRIES, _OF_SESSION))
        return _Said("advisory-lock", is_tried, outlasts)
    return None


def _of_query(ev: Evaluator, call: ast.Call, scope: Scope) -> str:
    """``session.query(Order).with_for_update().one()``, ``session.query(Order).update(…)``."""
    locks = last_name(call.func) in ("update", "delete")
    node: ast.expr = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        locks = locks or (node.func.attr == "with_for_update" and _waits(node))
        if node.func.attr == "query":
            return _table(ev, node.args[0], scope) if locks and len(node.args) == 1 else ""
        node = node.func.value
    return ""


def _of_statement(ev: Evaluator, node: ast.expr, scope: Scope) -> str:
    """The table that an argument locks: a text, or what is built from ``select``, ``update`` and ``delete``."""
    locks, seen = False, set[ast.expr]()
    while node not in seen:
        seen.add(node)
        node, scope = origin(ev, node, scope)
        if isinstance(node, ast.Constant):
            return _of_text(node.value) if isinstance(node.value, str) else ""
        if not isinstance(node, ast.Call):
            return ""
        name = last_name(node.func)
        if name == "text" and node.args:
            node = node.args[0]
            continue
        if name in ("update", "delete") and node.args:
            return _table(ev, node.args[0], scope)
        if name in ("update", "delete") and isinstance(node.func, ast.Attribute):
            return _table(ev, node.func.value, scope)
        if name == "select":
            return _table(ev, node.args[0], scope) if locks and len(node.args) == 1 else ""
        if not isinstance(node.func, ast.Attribute) or name in ("join", "outerjoin", "select_from"):
            return ""
        locks = locks or (name == "with_for_update" and _waits(node))
        node = node.func.value
    return ""


def _table(ev: Evaluator, node: ast.expr, scope: Scope) -> str:
    """The name of the table that a class maps, or that a ``Table`` stands for."""
    while isinstance(node, ast.Attribute) and node.attr in ("__table__", "id"):
        node = node.value
    for one in alternatives(ev.type_of(node, scope)):
        if isinstance(one, ClassObject) and one.cls is not one.base:
            return _mapped_to(ev, one)
    made = origin(ev, node, scope).node
    if isinstance(made, ast.Call) and last_name(made.func) == "Table" and made.args:
        first = made.args[0]
        return first.value.lower() if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    return ""


def _mapped_to(ev: Evaluator, cls: ClassObject) -> str:
    for owner in lineage(ev, cls):
        for binding in owner.bindings.get("__tablename__", ()):
            if isinstance(binding.value, ast.Constant) and isinstance(binding.value.value, str):
                return binding.value.value.lower()
    return cls.cls.name.lower()


def _of_text(text: str) -> str:
    found = _TEXT.match(text) or _SELECT.match(text[:MAX_TEXT])
    return found[1].lower() if found is not None else ""


def _waits(call: ast.Call) -> bool:
    return not any(one.arg in _DOES_NOT_WAIT for one in call.keywords)


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
