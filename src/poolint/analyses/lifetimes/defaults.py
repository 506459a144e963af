"""Defaults of inner functions: what these are given as they are made, and have whenever they run, ``def run(conn=conn)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.ownership import Fate, Ownership
from poolint.syntax.captures import given_by_default
from poolint.syntax.nodes import with_defaults

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_kept_by_default(ev: Evaluator, name: str, cls: Class, scope: Scope) -> bool:
    """Whether an inner function has what a name stands for as the default of a parameter, and may give it back or hand it on."""
    for inner, load in given_by_default(name, scope):
        taken = [one.arg for one, default in with_defaults(inner.node.args) if default is load]  # type: ignore[attr-defined]
        if not taken or ev.derived(Ownership).parameter(inner, taken[0], cls) >= Fate.KEPT:
            return True
    return False
