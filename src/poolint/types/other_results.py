"""Results that are not those of the library whose statements are run: others take these as well, as aiopg does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import method_call
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def has_other_results(ev: Evaluator, session: Class, query: ast.Call, scope: Scope) -> bool:
    """Whether what an awaited query gives is asked, with an ``await``, for something that is a plain function of what a
    ``session`` gives for such a query."""
    row = ev.models.method(session, last_name(query.func))
    results = ev.models.classes.get(row.returns) if row is not None else None
    given = parent_of(query)
    if results is None or not isinstance(given, ast.Await):
        return False
    kept = parent_of(given)
    target = kept.targets[0] if isinstance(kept, ast.Assign) else None
    for value in scope.loads.get(target.id, ()) if isinstance(target, ast.Name) else (given,):
        called = method_call(value)
        if called is not None and isinstance(parent_of(called), ast.Await):
            method = ev.models.method(results, last_name(called.func))
            if method is not None and method.call == "sync":
                return True
    return False
