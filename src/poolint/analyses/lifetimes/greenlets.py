"""What a function does that ``run_sync`` gives the synchronous side of a session or connection."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate
from poolint.types.arguments import positional
from poolint.types.values import Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.ownership import Ownership
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def keeps_or_ends(ev: Evaluator, ownership: Ownership, call: ast.Call, scope: Scope, cls: Class) -> bool:
    """Whether a call is ``connection.run_sync(work)``, and ``work`` keeps what it is given, or ends it:
    ``run_sync(lambda session: session.close())``. Of a function with a name, keeping goes unnoticed."""
    if last_name(call.func) != "run_sync" or not call.args:
        return False
    bound = Fate.USED if isinstance(call.args[0], ast.Lambda) else Fate.KEPT
    given = _synchronous(ev, cls)
    for one in alternatives(ev.type_of(call.args[0], scope)):
        taken = positional(one)[:1] if isinstance(one, Function) else []
        if isinstance(one, Function) and taken and ownership.parameter(one.scope, taken[0].arg, given) > bound:
            return True
    return False


def _synchronous(ev: Evaluator, cls: Class) -> Class:
    """The class of the synchronous side of an asynchronous object."""
    return next((one for one in ev.models.classes.values() if one.twin and one.twin == cls.name), cls)
