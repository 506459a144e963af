"""Whether a call is seen to change something in a database: what a statement says, not what an unknown one may do."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.models.schema import REACHING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.types.following import Follower
from poolint.types.values import UNKNOWN, Instance
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_CHANGES = re.compile(
    r"\s*(?:insert|update|delete|merge|replace|upsert|truncate|copy|call|lock|create|alter|drop"
    r"|vacuum|analyze|optimize|reindex|refresh\s+materialized)\b",
    re.IGNORECASE,
)
"""What the text of a statement begins with that changes or locks something: words of SQL."""
_ROUTINE = re.compile(r"select\s+(?!pg_|set_config\b|current_)[a-z_][\w.]*\s*\(", re.IGNORECASE)
"""What the call of a function begins with, but for those of the server itself: words of SQL."""
_GIVEN = re.compile(r"\$\d|%\w|%\(|:\w|\?")
"""Where a statement is given something, by the styles of PEP 249 and asyncpg's."""
_ROWS = re.compile(r"\bfrom\b", re.IGNORECASE)
_READS = re.compile(r"[\s(]*(?:select|show|explain|values|with)\b", re.IGNORECASE)
"""What the text of a statement begins with that only reads, as far as it calls no function that writes: words of SQL."""
_WITHIN = re.compile(r"\b(?:insert|update|delete|merge)\b", re.IGNORECASE)
"""What changes something within a statement, also where it is but the name of a column: words of SQL."""
_LOCKS = re.compile(r"\bfor\s+(?:no\s+key\s+)?update\b", re.IGNORECASE)
_THROUGH: frozenset[Passage] = frozenset(("import", "attribute"))

MAX_TEXT = 2_000
"""Characters of a statement that are looked at."""

MAX_NAMES = 20
"""Names that a statement is built of, and that are followed to what they stand for."""


def writing_sink(fact: CallSite) -> str:
    """Whether a call may write to a database: which of them do, :func:`is_seen` says. A client is that of another store."""
    is_store = fact.cls is not None and fact.cls.kind == "client"
    return "write" if fact.role in REACHING_ROLES and not is_store else ""


def is_seen(ev: Evaluator, fact: CallSite, scope: Scope) -> bool:
    """Whether a call that may write is seen to: by its method, or by the statement that it runs; what is refreshed is none. Who
    calls a function of the database and looks at no answer does so for what that changes."""
    if fact.role in ("commit", "flush") or fact.method in ev.models.words("pends", "writes"):
        return True
    statements = fact.node.args[:1] if fact.role != "refresh" else []
    if fact.role == "query" and _is_dropped(fact.node) and any(_calls_a_routine(ev, one, scope) for one in statements):
        return True
    return any(_changes(ev, one, scope) for one in statements) or any(
        one.arg == "with_for_update" for one in fact.node.keywords
    )


def is_change(ev: Evaluator, fact: CallSite, scope: Scope) -> bool:
    """Whether a call is seen to write something that has not been written before: no commit, no flush."""
    return fact.role not in ("commit", "flush") and is_seen(ev, fact, scope)


def may_change(ev: Evaluator, fact: CallSite, scope: Scope) -> bool:
    """Whether a call may write something that has not been written before: all but what is seen to read, or to undo or end what
    others do."""
    if fact.role not in ("query", "stream", "statement"):
        return False
    if is_change(ev, fact, scope):
        return True
    return any(not _reads(ev, one, scope) for one in fact.node.args[:1])


def _reads(ev: Evaluator, statement: ast.expr, scope: Scope) -> bool:
    """Whether all that a statement may be is seen to read: a text that says so, or what a library builds that is no change."""
    found = Follower(ev, _THROUGH).sources(statement, scope)
    return found.complete and all(_only_reads(ev, one.node, one.scope) for one in found.found)


def _only_reads(ev: Evaluator, end: ast.expr, scope: Scope) -> bool:
    if isinstance(end, ast.JoinedStr) and end.values:
        return _only_reads(ev, end.values[0], scope)
    if isinstance(end, ast.Constant):
        return isinstance(end.value, str) and _says_read(end.value[:MAX_TEXT])
    if not isinstance(end, ast.Call):
        return False
    if last_name(end.func) in ev.models.words("asks") and _is_text(ev, end, scope):
        return _reads(ev, end.args[0], scope)
    built = ev.type_of(end, scope)
    return isinstance(built, Instance) and built.base is not None


def _says_read(text: str) -> bool:
    return _READS.match(text) is not None and _WITHIN.search(text) is None and not _is_routine(text)


def _is_text(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """Whether a call makes a statement of a text."""
    return len(made.args) == 1 and ev.type_of(made, scope) is UNKNOWN


def _is_dropped(call: ast.Call) -> bool:
    """Whether nothing is done with what a call gives, awaited or not."""
    parent = parent_of(call)
    return isinstance(parent_of(parent) if isinstance(parent, ast.Await) else parent, ast.Expr)


def _calls_a_routine(ev: Evaluator, statement: ast.expr, scope: Scope) -> bool:
    """Whether a statement is one call of a function in the database."""
    follower = Follower(ev, _THROUGH)
    waiting, ends = [*follower.sources(statement, scope).found], set[ast.expr]()
    for one in waiting:  # grows by what a statement is made of: ``text("SELECT close_day(:day)")``
        if one.node not in ends:
            ends.add(one.node)
            made = one.node.args[:1] if isinstance(one.node, ast.Call) else []
            waiting += [end for part in made for end in follower.sources(part, one.scope).found]
    texts = [one.value for one in ends if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return any(_is_routine(one[:MAX_TEXT]) for one in texts)


def _is_routine(text: str) -> bool:
    """Whether a statement is one call of a function of the database with what it is given."""
    text = text.strip().rstrip("; \t\n")
    is_call = text.endswith(")") and _ROUTINE.match(text) is not None
    return is_call and _GIVEN.search(text) is not None and _ROWS.search(text) is None


def _changes(ev: Evaluator, statement: ast.expr, scope: Scope) -> bool:
    """Whether a statement changes or locks something on any way that it is built."""
    changing = ev.models.words("builds-change")
    follower = Follower(ev, _THROUGH)
    waiting, seen = [(statement, scope)], set[ast.AST]()
    for node, where in waiting:  # grows
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and last_name(part.func) in changing:
                return True
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and says_change(part.value):
                return True
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part not in seen:
                seen.add(part)
                ends = follower.sources(part, where).found if len(seen) <= MAX_NAMES else ()
                waiting += [(end.node, end.scope) for end in ends if end.node is not part and end.node not in seen]
                seen.update(end.node for end in ends)
    return False


def says_change(text: str) -> bool:
    """Whether the text of a statement changes or locks something."""
    return _CHANGES.match(text[:MAX_TEXT]) is not None or _LOCKS.search(text[:MAX_TEXT]) is not None
