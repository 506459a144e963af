"""Whether a connection is held in a block whose end commits what it has written: `with pool.connection() as conn` of psycopg.

Where a connection commits each statement by itself, the end of its block commits nothing that others could not see before.
It may be told so where it is opened, by what the arguments of its pool say, or in the function that has it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.autocommit import is_autocommit
from poolint.analyses.holding.transactions import inside
from poolint.detect.databases import engine_of, held_from
from poolint.flow.flags import name_of
from poolint.models.standard import AUTOCOMMIT
from poolint.syntax.expressions import call_arguments, without_await
from poolint.types.call_sites import callees_of, text_of
from poolint.types.values import Function, LibraryMethod

if TYPE_CHECKING:
    from poolint.analyses.holding.dataflow import Hold
    from poolint.configuration.keywords import Argument
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope
    from poolint.types.values import Type


def is_committed_at_end(services: Services, hold: Hold, node: ast.AST, scope: Scope) -> bool:
    """Whether ``node`` stands in a block of what is held that commits at its end. What cannot be known of it does not."""
    cls, since = hold.cls, without_await(hold.since)
    if cls is None or not cls.commits_on_exit or cls.autocommits or cls.embedded:
        return False
    if not isinstance(since, ast.Call) or since not in scope.calls:
        return False
    if not isinstance(services.evaluator.type_of(since.func, scope), LibraryMethod):
        return False  # a function of the project may set it up, and end its block otherwise
    headers = [item.context_expr for one in scope.withs if inside(node, one) for item in one.items]
    is_block = any(without_await(one) is since or text_of(one, scope) == hold.resource for one in headers)
    return is_block and not _may_commit_by_itself(services, hold, since, scope)


def _may_commit_by_itself(services: Services, hold: Hold, since: ast.Call, scope: Scope) -> bool:
    """Whether a connection of a pool may commit each statement by itself; so may one of which it is not seen how it is made, in
    a project that says so of any."""
    set_on = {
        name_of(one.value) for one in scope.attributes if one.attr == AUTOCOMMIT and isinstance(one.ctx, ast.Store)
    }
    if hold.resource in set_on or is_autocommit(services.evaluator, since, scope):
        return True
    passed = (call for call in scope.calls if any(name_of(one) == hold.resource for one in call_arguments(call)))
    if any(_sets_it(one) for call in passed for one in callees_of(services.evaluator, call, scope)):
        return True
    spec = engine_of(services, held_from(services, hold, scope))
    if spec is None:
        return any(services.evaluator.project.saying(AUTOCOMMIT, scope.module))
    if _says_so(spec.arguments, spec.complete):
        return True
    given = [spec.arguments[name] for name in spec.maker.connecting if name in spec.arguments]
    return any(_says_so(*services.engines.keywords.items(one.node, one.scope)) for one in given)


def _sets_it(callee: Type) -> bool:
    """Whether a function of the project tells some connection so."""
    return isinstance(callee, Function) and any(
        one.attr == AUTOCOMMIT and isinstance(one.ctx, ast.Store) for one in callee.scope.attributes
    )


def _says_so(arguments: dict[str, Argument], complete: bool) -> bool:
    """Whether one of some arguments may say so, or there may be others."""
    told = arguments.get(AUTOCOMMIT)
    return not complete or (told is not None and (told.folded.only is None or bool(told.folded.only.value)))
