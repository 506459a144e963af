"""Defaults of inner functions: what these are given as they are made, and have whenever they run, ``def run(conn=conn)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate, Ownership
from poolint.syntax.nodes import with_defaults
from poolint.syntax.scopes import default_of

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_kept_by_default(ev: Evaluator, name: str, cls: Class, scope: Scope) -> bool:
    """Whether an inner function has what a name stands for as the default of a parameter, and may give it back or hand it on."""
    for load in scope.loads.get(name, ()) if scope.children else ():
        owner = default_of(load)
        inner = next((one for one in scope.children if one.node is owner), None)
        if inner is not None:
            taken = [one.arg for one, default in with_defaults(inner.node.args) if default is load]  # type: ignore[attr-defined]
            if not taken or ev.derived(Ownership).parameter(inner, taken[0], cls) >= Fate.KEPT:
                return True
    return False
