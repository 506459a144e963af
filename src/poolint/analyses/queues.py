"""Queues: whether a call on one waits at all, by the room that it was made with and by what has just been asked of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import bound_to
from poolint.analyses.submitted import Submitted
from poolint.models.schema import Method
from poolint.syntax.expressions import is_super_init
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside
from poolint.types.call_sites import call_site, callees_of
from poolint.types.fields import constructor_of
from poolint.types.followed import Frame, Step, Steps, one_step
from poolint.types.following import PASSAGES, Follower
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage
    from poolint.types.values import Type

_FURTHER: frozenset[Passage] = frozenset(("member", "caller", "call"))


class Queues:
    """What is known of the queues of one project. One for each evaluator (see :meth:`Evaluator.derived`)."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._follower = Follower(ev, PASSAGES | _FURTHER, self._field)

    def waits(self, fact: CallSite, scope: Scope) -> bool | None:
        """Whether a call in ``scope`` may have to wait; None where nothing is known of the room that there is."""
        row, function = fact.row, fact.node.func
        if not isinstance(row, Method) or not isinstance(function, ast.Attribute):
            return True
        if row.waits_if and _has_asked(fact.node, function.value, row, scope):
            return False
        return self._may_be_full(function.value, row.fills, scope) if row.fills else True

    def _may_be_full(self, queue: ast.expr, fills: str, scope: Scope) -> bool | None:
        """Whether a queue has only so much room, and that may be taken. What others may pass instead of a default, as for a
        field that has one of its own, nobody is seen to."""
        found = self._follower.sources(queue, scope)
        told = [self._is_limited(one.node, fills, one.scope, one.frame) for one in found.found]
        is_known = found.complete or (bool(found.found) and not any(one.given for one in found.found))
        return _either(told if is_known else [*told, None])

    def _is_limited(self, made: ast.expr, fills: str, scope: Scope, frame: Frame | None) -> bool | None:
        """Whether what makes a queue gives it only so much room."""
        if not isinstance(made, ast.Call) or any(isinstance(one, ast.Starred) for one in made.args):
            return None
        if isinstance(made.func, ast.Attribute) and last_name(made.func) == "__init__":
            passed = made
        elif not (gives := alternatives(self.ev.type_of(made, scope))) or not all(map(_is_object, gives)):
            return None
        else:
            cls = next((one for one in callees_of(self.ev, made, scope) if isinstance(one, ClassObject)), None)
            if cls is None and call_site(self.ev, made, scope, use_evidence=False) is None:
                return None  # it is taken from where others are kept: ``self._queues.get(name)``
            built = constructor_of(self.ev, cls) if cls is not None and cls.cls is not cls.base else None
            if built is not None:
                return self._is_limited_by(built, made, fills, scope, frame)
            passed = made
        size = next((one.value for one in passed.keywords if one.arg == fills), passed.args[0] if passed.args else None)
        if size is None:
            return False if all(one.arg is not None for one in passed.keywords) else None
        sizes = self._follower.sources(size, scope, frame)
        return _either([_is_positive(one.node, one.given) for one in sizes.found])

    def _is_limited_by(
        self, built: Scope, made: ast.Call, fills: str, scope: Scope, frame: Frame | None
    ) -> bool | None:
        """The same for a class of the project, with the ``__init__`` that it has: by what that passes on."""
        given = {name: (value, scope) for name, value in bound_to(built, made, is_method=True).items()}
        inner = Frame(built, given, any(one.arg is None for one in made.keywords), frame)
        calls = [call for call in built.calls if is_super_init(call)]
        return _either([self._is_limited(call, fills, built, inner) for call in calls] or [None])

    def _field(self, node: ast.Call, at: Step, _callee: tuple[Type, ...]) -> Steps | None:
        """``field(default_factory=asyncio.Queue)``, or what a lambda or a ``partial`` makes of it."""
        factory = next((one.value for one in node.keywords if one.arg == "default_factory"), None)
        if factory is None or last_name(node.func) not in self.ev.models.words("declares-field"):
            return None
        if isinstance(factory, ast.Lambda):
            return one_step(factory.body, at.scope, at.frame)
        work = self.ev.derived(Submitted).work_of(factory, [], [], at.scope)
        made = ast.Call(work.function, work.given, work.keywords)
        return one_step(ast.copy_location(made, factory), at.scope, at.frame)


def _is_object(one: Type) -> bool:
    return isinstance(one, Instance) and one.base is not None


def _either(told: Iterable[bool | None]) -> bool | None:
    """Of several ways: that it may wait where it does so on one, that it does not where it does so on none."""
    told = list(told)
    if True in told:
        return True
    return None if None in told else False


def _is_positive(size: ast.expr, is_given: bool) -> bool | None:
    """Whether a size is a limit: who works one out wants one. Of a default that others may replace only a limit is."""
    if isinstance(size, ast.UnaryOp) and isinstance(size.op, ast.USub) and isinstance(size.operand, ast.Constant):
        return False if is_given else None
    if not isinstance(size, ast.Constant) or not isinstance(size.value, (int, float)):
        return True
    return True if size.value > 0 else (False if is_given else None)


def _has_asked(call: ast.Call, queue: ast.expr, row: Method, scope: Scope) -> bool:
    """Whether the queue has just said that the call need not wait, and no other task has had its turn since."""
    written = ast.dump(queue)
    return any(
        _says(part, holds, written, row) and not _may_change(test, call, scope)
        for test, outcome in tests_before(call, scope)
        for part, holds in parts_of(test, outcome)
    )


def _says(test: ast.expr, holds: bool, queue: str, row: Method) -> bool:
    """Whether a test that came out like this says that there is something to take, or room."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        operator, number = test.ops[0], test.comparators[0].value
        is_any = isinstance(operator, (ast.Gt, ast.NotEq)) if number == 0 else isinstance(operator, ast.GtE)
        return holds and is_any and _asks(test.left, queue, row.counted_by)
    return _asks(test, queue, row.counted_by if holds else row.waits_if)


def _asks(node: ast.expr, queue: str, method: str) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    is_method = isinstance(function, ast.Attribute) and bool(method) and function.attr == method
    return is_method and isinstance(function, ast.Attribute) and ast.dump(function.value) == queue


def _may_change(test: ast.expr, call: ast.Call, scope: Scope) -> bool:
    """Whether between a test and a call other tasks may have their turn, or the same call is made before: in a loop, too."""
    current: ast.AST | None = call
    while current is not None and current is not scope.node:
        around = parent_of(current)
        if isinstance(around, (ast.While, ast.For, ast.AsyncFor)) and not is_inside(test, around):
            return True
        if around is None or is_inside(test, around):
            break
        current = around
    made = ast.dump(call)
    return any(
        _is_between(one, test, call)
        for one in ast.walk(scope.node)
        if isinstance(one, (ast.Await, ast.AsyncWith, ast.AsyncFor, ast.Yield))
        or (isinstance(one, ast.Call) and ast.dump(one) == made)
    )


def _is_between(node: ast.expr | ast.stmt, test: ast.expr, call: ast.Call) -> bool:
    """Whether something comes after a test and before a call; what awaits the call, or is passed it, comes after that."""
    at = (node.lineno, node.col_offset)
    is_after = (test.end_lineno or 0, test.end_col_offset or 0) <= at
    return (
        is_after and at < (call.lineno, call.col_offset) and not (isinstance(node, ast.expr) and is_inside(call, node))
    )
