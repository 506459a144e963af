"""How what is done with an object changes the obligation for the session or connection that it was made with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lifetimes.meanings import given_as, is_for_block, is_released_with, wraps
from poolint.analyses.lifetimes.state import Config, End
from poolint.analyses.ownership import Fate
from poolint.analyses.places import owner_of
from poolint.flow.flags import name_of
from poolint.syntax.scopes import is_captured, parent_of
from poolint.types.values import without_none

if TYPE_CHECKING:
    from poolint.analyses.carried import Carried, Doing
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope


class Carriers:
    """The objects of one function that are made with what is followed there, of class ``cls``, or that have taken it
    themselves: ``site`` then says which one."""

    def __init__(self, carried: Carried, scope: Scope, cls: Class, site: Site | None, *, is_lazy: bool) -> None:
        self.carried = carried
        self.ev = carried.ev
        self.scope = scope
        self.cls = cls
        self.is_lazy = is_lazy
        self._taker = site.name if site is not None and site.part else ""
        self._part = site.part if site is not None else ""

    def called(self, call: ast.Call, config: Config, edge: Edge) -> Config | End | None:
        """How the obligation stands after a method of such an object; None where it is none."""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if receiver is None or not self._is_one(receiver, config):
            return None
        doing = self._doing(call, receiver, config)
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

    def is_taker(self, node: ast.expr) -> bool:
        """Whether an expression is the object itself that has taken what is followed."""
        return isinstance(node, ast.Name) and node.id == self._taker

    def _doing(self, call: ast.Call, receiver: ast.expr, config: Config) -> Doing | None:
        """What a method does with what is followed, if that is known."""
        if not self.is_taker(receiver):
            return self.carried.of_call(call, config.names, self.scope, self.cls)
        owner = owner_of(without_none(self.ev.type_of(receiver, self.scope)))
        return self.carried.of_method(call, owner, self._part, self.cls) if owner is not None else None

    def _is_one(self, receiver: ast.expr, config: Config) -> bool:
        """Whether an expression may be such an object: what a call has made with it, on the spot or by a name."""
        if isinstance(receiver, ast.Call):
            return given_as(receiver, config.names) is not None
        if self.is_taker(receiver):
            return name_of(receiver) in config.names
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
