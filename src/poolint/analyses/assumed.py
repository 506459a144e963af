"""What an expression comes to where something is known of parameters: a constant, or a hint such as "not None".

What is known of a function's keyword arguments (``**kwargs``) stands under ``kwargs[name]``. A local name is what it was
bound to, where one binding alone can be seen.
"""

from __future__ import annotations

import ast
import operator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from poolint.flow.flags import name_of
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.indexes import index_of
from poolint.syntax.predicates import predicate
from poolint.syntax.reaching import reaching
from poolint.syntax.scopes import Bindings, home_of, parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poolint.flow.cfg import Edge
    from poolint.syntax.scopes import Binding, Scope

    Member = Callable[[ast.expr], object]


class Hint(IntEnum):
    """What is known of a value that is no constant. They are numbers, which can be stored, that nobody writes."""

    GIVEN = 0x504F_4F4C_494E_5401
    """Not None."""
    TRUE = 0x504F_4F4C_494E_5402
    FALSE = 0x504F_4F4C_494E_5403
    ABSENT = 0x504F_4F4C_494E_5404
    """A keyword argument that was not passed."""
    PASSED = 0x504F_4F4C_494E_5405
    """One that was, of which nothing else is known."""


UNKNOWN: Final = object()
Values = dict[str, object]
"""What is known: by names, dotted names, and ``kwargs[name]``."""

TOLD: Final = "@"
"""What is known of one place in a function stands under its rows and columns behind this."""

_BOUND_TO_IT = ([("assign", True)], [("annotated", True)])
"""The kinds of the only binding of a name that stands for what it is bound to as a whole."""

_READS = (ast.Compare, ast.For, ast.comprehension)
"""What a list stands in that is not changed there."""

_ORDERS: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_MAX_STEPS = 6
"""Expressions inside each other, or bound to names, that are looked into."""

_MAX_BINDINGS = 8
"""Bindings of a name that are told apart."""


def truth(test: ast.expr, values: Mapping[str, object], scope: Scope, steps: int = 0) -> bool | None:
    """Whether a condition holds; None where that is not known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = truth(test.operand, values, scope, steps)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        ends = not isinstance(test.op, ast.And)
        parts = [truth(one, values, scope, steps) for one in test.values]
        if ends in parts:
            return ends
        return None if None in parts else not ends
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test, values, scope, steps)
    found = value(test, values, scope, steps)
    if isinstance(found, Hint):
        return {Hint.TRUE: True, Hint.FALSE: False}.get(found)
    return None if found is UNKNOWN else bool(found)


def _compared(test: ast.Compare, values: Mapping[str, object], scope: Scope, steps: int) -> bool | None:
    (compares,), (other,) = test.ops, test.comparators
    if isinstance(compares, (ast.In, ast.NotIn)):
        key = _keyword_key(other, test.left, scope)
        if not key:
            is_one = _is_one_of(value(test.left, values, scope, steps), other, scope)
            return None if is_one is None else is_one is isinstance(compares, ast.In)
        found = values.get(key, UNKNOWN)
        return None if found is UNKNOWN else (found is Hint.ABSENT) is isinstance(compares, ast.NotIn)
    one, another = value(test.left, values, scope, steps), value(other, values, scope, steps)
    if type(compares) in _ORDERS:
        return _ordered(compares, one, another)
    if values and (told := values.get(told_key(test))) is not None:
        return bool(told)
    equal = _equal(one, another)
    return None if equal is None else equal is isinstance(compares, (ast.Is, ast.Eq))


def _ordered(order: ast.cmpop, one: object, other: object) -> bool | None:
    """How two numbers compare; None where one of them is not known, or is none."""
    if all(isinstance(each, (int, float)) and not isinstance(each, Hint) for each in (one, other)):
        return _ORDERS[type(order)](one, other)
    return None


def _is_one_of(one: object, several: ast.expr, scope: Scope) -> bool | None:
    """Whether a constant is among those that a list holds, here or where it is bound; None where that is not known."""
    if one is UNKNOWN or isinstance(one, Hint):
        return None
    home = home_of(several.id, scope) if isinstance(several, ast.Name) else None
    if home is not None and isinstance(several, ast.Name):
        bindings = home.bindings[several.id]
        loads = (load for inner in home.descendants() for load in inner.loads.get(several.id, ()))
        is_bound_to_it = [(each.kind, each.index < 0) for each in bindings] in _BOUND_TO_IT
        if not is_bound_to_it or not all(isinstance(parent_of(load), _READS) for load in loads):
            return None  # an item of it, what a call passes instead, or something may have been added
        several = bindings[0].value or several
    if not isinstance(several, (ast.List, ast.Tuple, ast.Set)):
        return None
    if not all(isinstance(each, ast.Constant) for each in several.elts):
        return None
    return any(isinstance(each, ast.Constant) and each.value == one for each in several.elts)


def _equal(one: object, other: object) -> bool | None:
    if UNKNOWN in (one, other) or Hint.ABSENT in (one, other):
        return None
    if isinstance(one, Hint) and isinstance(other, Hint):
        return False if {one, other} == {Hint.TRUE, Hint.FALSE} else None
    hint, constant = (one, other) if isinstance(one, Hint) else (other, one)
    if not isinstance(hint, Hint):
        return one == other
    if constant is None:
        return False if hint in (Hint.GIVEN, Hint.TRUE) else None
    contradicts = (hint is Hint.TRUE and not constant) or (hint is Hint.FALSE and constant)
    return False if contradicts else None


def told_key(node: ast.expr | ast.ExceptHandler) -> str:
    """The name for what is known of one place: what a call or a variable comes to there, or that a handler is not entered."""
    return f"{TOLD}{node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"


def value(node: ast.expr, values: Mapping[str, object], scope: Scope, steps: int = 0) -> object:
    """What an expression comes to: a constant, a :class:`Hint`, or ``UNKNOWN``."""
    if isinstance(node, ast.Constant):
        return node.value if is_storable(node.value) else UNKNOWN
    if steps > _MAX_STEPS:
        return UNKNOWN
    while isinstance(node, (ast.Await, ast.NamedExpr)):
        node = node.value
    if values and isinstance(node, (ast.Call, ast.Attribute, ast.Name)) and (told := told_key(node)) in values:
        return values[told]
    if isinstance(node, ast.Name):
        return _named(node, values, scope, steps)
    if isinstance(node, ast.Attribute):
        return _member(node, values, scope, steps)
    if isinstance(node, ast.Call):
        return _called(node, values, scope, steps)
    if isinstance(node, ast.Subscript):
        found = values.get(_keyword_key(node.value, node.slice, scope), UNKNOWN)
        return UNKNOWN if found in (Hint.ABSENT, Hint.PASSED) else found
    if isinstance(node, ast.IfExp):
        holds = truth(node.test, values, scope, steps + 1)
        return UNKNOWN if holds is None else value(node.body if holds else node.orelse, values, scope, steps + 1)
    if isinstance(node, ast.BoolOp):
        ends = not isinstance(node.op, ast.And)
        for one in node.values[:-1]:
            holds = truth(one, values, scope, steps + 1)
            if holds is None:
                return UNKNOWN
            if holds is ends:
                return value(one, values, scope, steps + 1)
        return value(node.values[-1], values, scope, steps + 1)
    if isinstance(node, (ast.Compare, ast.UnaryOp)):
        found = truth(node, values, scope, steps + 1)
        return UNKNOWN if found is None else found
    return UNKNOWN


def _called(node: ast.Call, values: Mapping[str, object], scope: Scope, steps: int) -> object:
    """What a call comes to that asks for a class or a keyword argument, or runs a function that asks for something alone."""
    if not node.keywords and 1 <= len(node.args) <= 2:
        test = test_of_class(node)
        found = values.get(test, UNKNOWN) if test else _asked(node, values, scope, steps)
        if test or found is not UNKNOWN:
            return found
    asks = predicate(node, scope)
    if asks is None:
        return UNKNOWN
    passed = {name: value(one, values, scope, steps + 1) for name, one in asks.passed.items()}
    holds = truth(asks.test, {name: one for name, one in passed.items() if one is not UNKNOWN}, asks.scope, steps + 1)
    return UNKNOWN if holds is None else holds


def _named(node: ast.Name, values: Mapping[str, object], scope: Scope, steps: int) -> object:
    bindings = scope.bindings[node.id].untested if node.id in scope.bindings else Bindings()
    if not values and all(one.kind == "parameter" for one in bindings):
        return UNKNOWN
    seen = _seen(bindings, node)
    if len(seen) > 1 and values:
        seen = [one for one in seen if not _is_passed_over(one.node, values, scope)]
    if len(seen) != 1 or node.id in scope.declared:
        return UNKNOWN
    (binding,) = seen
    if binding.kind == "parameter":
        return values.get(node.id, UNKNOWN)
    if node.id in values:
        return values[node.id]  # a guard has asked for it
    if binding.kind in ("assign", "annotated") and binding.value is not None and binding.index < 0:
        return value(binding.value, values, scope, steps + 1)
    return UNKNOWN


def _is_passed_over(node: ast.AST, values: Mapping[str, object], scope: Scope) -> bool:
    """Whether a node stands in a handler that is not entered."""
    current: ast.AST | None = node
    while current is not None and current is not scope.node:
        if isinstance(current, ast.ExceptHandler) and values.get(told_key(current)) is False:
            return True
        current = parent_of(current)
    return False


def _member(node: ast.Attribute, values: Mapping[str, object], scope: Scope, steps: int) -> object:
    """A member of its object that this method alone sets, where all it may have set by then comes to the same."""
    name = name_of(node)
    cls = scope.enclosing_class
    if name in values or not values or cls is None or name != f"self.{node.attr}":
        return values.get(name, UNKNOWN)
    bindings = cls.self_assignments.get(node.attr, ())
    if not 0 < len(bindings) <= _MAX_BINDINGS or any(one.scope is not scope or one.index >= 0 for one in bindings):
        return UNKNOWN
    found = {
        UNKNOWN if one.value is None else value(one.value, values, scope, steps + 1)
        for one in reaching(Bindings(bindings), node)
        if all(truth(test, values, scope, steps + 1) in (holds, None) for test, holds in tests_before(one.node, scope))
    }
    return found.pop() if len(found) == 1 else UNKNOWN


def test_of_class(node: ast.expr) -> str:
    """What is known of the outcome of ``isinstance(parameter, Class)`` stands under this text; empty for anything else."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
        return ""
    names = [name_of(one) for one in node.args]
    return f"isinstance({', '.join(names)})" if len(names) == 2 and all(names) else ""


def _asked(call: ast.Call, values: Mapping[str, object], scope: Scope, steps: int) -> object:
    """``kwargs.get("session")``, ``kwargs.pop("session", None)``."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "pop")):
        return UNKNOWN
    found = values.get(_keyword_key(call.func.value, call.args[0], scope), UNKNOWN)
    if found is Hint.PASSED:
        return UNKNOWN
    if found is not Hint.ABSENT:
        return found
    return value(call.args[1], values, scope, steps + 1) if len(call.args) > 1 else None


def _keyword_key(holder: ast.expr, key: ast.expr, scope: Scope) -> str:
    """What a keyword argument is known under, of a function that takes any; empty for anything else."""
    arguments = getattr(scope.node, "args", None)
    if not (isinstance(arguments, ast.arguments) and arguments.kwarg is not None):
        return ""
    is_of = isinstance(holder, ast.Name) and holder.id == arguments.kwarg.arg
    is_named = isinstance(key, ast.Constant) and isinstance(key.value, str)
    return f"{arguments.kwarg.arg}[{key.value!s}]" if is_of and is_named and isinstance(key, ast.Constant) else ""


def shown_at(node: ast.AST, scope: Scope, user: ast.AST | None = None, member: Member = lambda _: UNKNOWN) -> Values:
    """What the tests on the way to a node, or to its ``user`` behind it, have shown there of what it mentions, whatever is known
    on entry; ``member`` says what one of something comes to, ``Mode.DRY``."""
    found: Values = {}
    meant: set[str] | None = None
    for test, holds in reversed(list(tests_before(user or node, scope))):
        for name, asked, what in shown_by(test, holds, member):
            if meant is None:
                meant = _names_in(node)
            if name in meant and is_same_there(asked, node, name, scope):
                found[name] = what
    return found


def _names_in(node: ast.AST) -> set[str]:
    """The names in a node, and the dotted ones with all they begin with."""
    found: set[str] = set()
    waiting = [node]
    for one in waiting:  # grows
        if type(one) is ast.Name:
            found.add(one.id)
            continue
        if type(one) is ast.Attribute:
            found.add(name_of(one))
        for field in one._fields:
            child = getattr(one, field, None)
            if isinstance(child, ast.AST):
                waiting.append(child)
            elif isinstance(child, list):
                waiting += [each for each in child if isinstance(each, ast.AST)]
    return found


def shown_by(
    outcome: ast.expr, comes_out: bool, member: Member = lambda _: UNKNOWN
) -> Iterator[tuple[str, ast.expr, object]]:
    """What a test that came out like this shows: of which name, where that stands, and what it is."""
    for test, holds in parts_of(outcome, comes_out):
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            name, operator, other = name_of(test.left), test.ops[0], test.comparators[0]
            constant = other.value if isinstance(other, ast.Constant) else member(other)
            if (
                not name
                or not is_storable(constant)
                or not isinstance(operator, (ast.Is, ast.Eq, ast.IsNot, ast.NotEq))
            ):
                continue
            if isinstance(operator, (ast.Is, ast.Eq)) is holds:
                yield name, test.left, constant
            elif constant is None:
                yield name, test.left, Hint.GIVEN
        elif name_of(test):
            yield name_of(test), test, Hint.TRUE if holds else Hint.FALSE


def is_same_there(asked: ast.expr, node: ast.AST, name: str, scope: Scope) -> bool:
    """Whether a name still means at ``node`` what it meant where it was asked for."""
    root = name.partition(".")[0]
    if root in scope.declared or not isinstance(node, ast.expr):
        return False
    bindings = scope.bindings[root].untested if root in scope.bindings else Bindings()
    if "." in name:
        return len(bindings) == 1 and name not in _set_in(scope)
    if len(bindings) <= 1:
        return bool(bindings)
    before, after = _seen(bindings, asked), _seen(bindings, node)
    return len(before) == 1 and before == after


def _set_in(scope: Scope) -> frozenset[str]:
    """The attributes that are set in a function, by their dotted names."""
    index = index_of(scope)
    if index.sets is None:
        read = (one for inner in scope.descendants() for one in inner.attributes)
        index.sets = frozenset(name_of(one) for one in read if isinstance(one.ctx, ast.Store))
    return index.sets


def _seen(bindings: Bindings, use: ast.expr) -> list[Binding]:
    """The bindings that a use may see; none where there are too many to look at."""
    if len(bindings) > _MAX_BINDINGS:
        return []
    return reaching(bindings, use)


def is_ruled_out(edge: Edge, values: Values, scope: Scope) -> bool:
    """Whether an edge is the outcome of a test that comes out otherwise."""
    if not values or edge.asked is None:
        return False
    test, outcome = edge.asked
    found = truth(test, values, scope)
    return found is not None and found is not outcome


def is_storable(constant: object) -> bool:
    """Whether a constant can be stored and sent: no ellipsis, and no number that takes more than 64 bits."""
    if isinstance(constant, int):
        return -(2**63) <= constant < 2**63
    return constant is None or isinstance(constant, (str, bytes, float))
