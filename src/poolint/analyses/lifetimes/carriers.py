"""How what is done with an object changes the obligation for the session or connection that it was made with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.meanings import given_as, is_for_block, is_released_with, wraps
from poolint.analyses.lifetimes.state import Config, End
from poolint.analyses.ownership import Fate
from poolint.analyses.places import owner_of
from poolint.syntax.scopes import is_captured, parent_of

if TYPE_CHECKING:
    from poolint.analyses.carried import Carried
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope


class Carriers:
    """The objects of one function that are made with what is followed there, of class ``cls``."""

    def __init__(self, carried: Carried, scope: Scope, cls: Class, *, is_lazy: bool) -> None:
        self.carried = carried
        self.ev = carried.ev
        self.scope = scope
        self.cls = cls
        self.is_lazy = is_lazy

    def called(self, call: ast.Call, config: Config, edge: Edge) -> Config | End | None:
        """How the obligation stands after a method of such an object; None where it is none."""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if receiver is None or not self._is_one(receiver, config):
            return None
        doing = self.carried.of_call(call, config.names, self.scope, self.cls)
        if doing is None:
            return None if isinstance(receiver, ast.Call) else End("handed", "unknown-method")
        if doing.fate is Fate.RELEASED:
            return config if is_for_block(self.ev, call, self.scope) else End("released", "callee")
        if doing.fate is Fate.CLOSED:
            return config._replace(state="closed")
        if doing.fate is Fate.KEPT:
            return End("handed", "kept")
        if doing.fate is Fate.COMMITTED and (doing.undoes or not edge.is_unwinding):
            is_pending = isinstance(parent_of(call), ast.Await) and not doing.undoes
            return config._replace(state="committing" if is_pending else "idle")
        return config._replace(state="held") if self.is_lazy and doing.reaches else config

    def _is_one(self, receiver: ast.expr, config: Config) -> bool:
        """Whether an expression may be such an object: what a call has made with it, on the spot or by a name."""
        if isinstance(receiver, ast.Call):
            return given_as(receiver, config.names) is not None
        is_named = isinstance(receiver, ast.Name) and receiver.id in config.names
        return is_named and owner_of(self.ev.type_of(receiver, self.scope)) is not None

    def is_released_with(self, ownership: Ownership, call: ast.Call, config: Config) -> bool:
        """Whether leaving the block that a call makes a context manager for gives it back."""
        if is_released_with(ownership, call, config.names, self.scope, self.cls):
            return True
        doing = self.carried.of_call(call, config.names, self.scope, self.cls)
        return doing is not None and doing.fate is Fate.RELEASED and is_for_block(self.ev, call, self.scope)

    def lives_on(self, call: ast.Call, config: Config) -> bool:
        """Whether a call makes such an object that is followed: one that a name of the function gets, or that is only asked
        for one method."""
        if wraps(self.ev, call, self.cls, self.scope):
            made = parent_of(call)
            targets = made.targets if isinstance(made, ast.Assign) else ()
            return not any(isinstance(one, ast.Name) and is_captured(one.id, self.scope) for one in targets)
        return self.carried.is_used_at_once(call, config.names, self.scope, self.cls)
