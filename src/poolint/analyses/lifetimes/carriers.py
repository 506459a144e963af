"""How what is done with an object changes the obligation for the session or connection that it was made with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.given_parts import owner_of
from poolint.analyses.lent_pools import passed_for
from poolint.analyses.lifetimes.meanings import given_as, is_for_block, is_released_with, wraps
from poolint.analyses.lifetimes.state import BY_CALLEE, NOTHING_LEFT, Config, End
from poolint.analyses.ownership import Fate, Passed
from poolint.flow.flags import name_of
from poolint.syntax.captures import is_captured
from poolint.syntax.scopes import is_parameter, means, parent_of
from poolint.types.values import Function, without_none

if TYPE_CHECKING:
    from poolint.analyses.carried import Doing
    from poolint.analyses.lifetimes.callees import Callees
    from poolint.analyses.lifetimes.state import Left, Taker
    from poolint.analyses.ownership import Ownership
    from poolint.flow.cfg import Edge
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.values import Instance


class Carriers:
    """The objects of one function that are made with what is followed there, of class ``cls``, or that have taken it
    themselves: that is ``taker``."""

    def __init__(self, callees: Callees, scope: Scope, cls: Class, taker: Taker | None, *, is_lazy: bool) -> None:
        self.callees = callees
        self.carried = callees.carried
        self.ev = callees.ev
        self.scope = scope
        self.cls = cls
        self.taker = taker
        self.is_lazy = is_lazy

    def called(self, call: ast.Call, config: Config, edge: Edge) -> Config | End | None:
        """How the obligation stands after a method of such an object, or what it is passed to; None where it is neither."""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if receiver is not None and self._is_one(receiver, config):
            doing = self._doing(call, receiver, config)
            if doing is None:
                return None if isinstance(receiver, ast.Call) else End("handed", "unknown-method")
        else:
            passing = self._passing(call, config)
            if passing is None or isinstance(passing, End):
                return passing
            doing = passing
        if doing.fate is Fate.RELEASED:
            return config if is_for_block(self.ev, call, self.scope) else BY_CALLEE
        if doing.fate is Fate.CLOSED:
            return config._replace(state="closed")
        if doing.fate is Fate.KEPT:
            return End("handed", "kept")
        if doing.fate is Fate.COMMITTED and (doing.undoes or not edge.is_unwinding):
            is_pending = isinstance(parent_of(call), ast.Await) and not doing.undoes
            return config._replace(state="committing" if is_pending else "idle")
        return config._replace(state="held") if self.is_lazy and doing.reaches else config

    def _passing(self, call: ast.Call, config: Config) -> Doing | End | None:
        """What a function does with what is followed that such an object is passed to; None where it is passed none."""
        given = given_as(call, config.names if self.taker is None else config.names & {self.taker.name})
        if given is None:
            return None
        if self.taker is None:
            return self.carried.of_passing(call, given[0], config.names, self.scope, self.cls)
        owner = self._owner(given[0])
        if owner is None:
            return End("handed", "packed")
        doing = self.carried.of_argument(call, given[0], owner, self.taker.part, self.cls, self.scope)
        return doing if doing is not None else End("handed", "packed")

    def is_taker(self, node: ast.expr) -> bool:
        """Whether an expression is the object itself that has taken what is followed."""
        return self.taker is not None and isinstance(node, ast.Name) and node.id == self.taker.name

    def left(self, call: ast.Call, config: Config) -> Left:
        """How a call leaves what it gives back: of what it is passed, or of the object that has taken it, also by a method."""
        is_idle = config.state == "idle"
        given = given_as(call, config.names)
        if self.taker is not None and isinstance(call.func, ast.Attribute) and self.is_taker(call.func.value):
            callee = self.ev.type_of(call.func, self.scope)
            passed = None
            if isinstance(callee, Function) and (own := callee.scope.first_parameter) is not None:
                passed = Passed(callee.scope.key, own.arg, self.cls.name)
        elif self.taker is not None and given is not None and self.is_taker(given[0]):
            passed = self.carried.ownership.passed(call, given[0], self.scope, self.cls, given[1])
        elif given is not None:
            return self.callees.left(call, given[0], self.scope, self.cls, given[1], idle=is_idle)
        else:
            reading = self.reading(call, config)
            return self.callees.left_of(reading, is_idle) if reading is not None else NOTHING_LEFT
        return self.callees.left_of(passed, is_idle, self.taker.part) if passed is not None else NOTHING_LEFT

    def frees_raising(self, call: ast.expr | None, config: Config) -> bool:
        """Whether a call of a function of the project, which ends what has begun, has given the connection back also where it
        raises: it rolls back, and does nothing else that may fail. Of a method an heir may have another one."""
        if not isinstance(call, ast.Call):
            return False
        callee = self.ev.type_of(call.func, self.scope)
        is_function = isinstance(callee, Function) and callee.scope.enclosing_class is None
        return is_function and self.left(call, config).frees_raising

    def reading(self, call: ast.Call, config: Config) -> Passed | None:
        """The name by which an inner function that is called reads what is followed, as if it were passed that."""
        inner = next((one for one in self.scope.children if one.name == name_of(call.func)), None)
        name = next((one for one in sorted(config.names) if inner is not None and one in inner.loads), "")
        if inner is None or not name or self.taker is not None or not means(name, inner, self.scope):
            return None
        return Passed(inner.key, name, self.cls.name)

    def may_keep(self, call: ast.Call, config: Config) -> bool:
        """Whether a call that commits a session does so on some ways only, and leaves it with its connection on others: ways
        that nothing rules out which the function knows."""
        left = self.left(call, config)
        if left.normal or not left.asks:
            return left.normal
        callee = self.ev.type_of(call.func, self.scope)
        if not isinstance(callee, Function):
            return False
        asked = (passed_for(name, call, callee) for name in left.asks)
        return all(one is not None and self._is_open(one) for one in asked)

    def _is_open(self, node: ast.expr) -> bool:
        """Whether what is passed comes from the function's callers as it is, and nothing there depends on it: whatever is
        asked of it may come out both ways."""
        if not isinstance(node, ast.Name) or not is_parameter(node.id, self.scope):
            return False
        tests = (one.test for one in ast.walk(self.scope.node) if isinstance(one, (ast.If, ast.IfExp, ast.While)))
        return not any(isinstance(one, ast.Name) and one.id == node.id for test in tests for one in ast.walk(test))

    def _owner(self, node: ast.expr) -> Instance | None:
        return owner_of(without_none(self.ev.type_of(node, self.scope)))

    def _doing(self, call: ast.Call, receiver: ast.expr, config: Config) -> Doing | None:
        """What a method does with what is followed, if that is known."""
        if self.taker is None or not self.is_taker(receiver):
            return self.carried.of_call(call, config.names, self.scope, self.cls)
        owner = self._owner(receiver)
        return self.carried.of_method(call, owner, self.taker.part, self.cls) if owner is not None else None

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
