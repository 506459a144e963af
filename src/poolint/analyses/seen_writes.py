"""Whether a call is seen to change something in a database: what a statement says, not what an unknown one may do."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.models.schema import REACHING_ROLES
from poolint.syntax.scopes import parent_of
from poolint.types.following import Follower
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
