"""What the outcomes of tests say together: ways on which two of them contradict each other are none.

A test asks for the value of something: whether it is one of some constants, or true at all. Once one of them has come out,
others about the same thing are known, as long as nothing binds it anew: ``if name == "sqlite"`` and ``if name == "mysql"``.
Constants of modules and classes, members of enumerations too, are what they are. Attributes stay what they are until their
object is changed: by an assignment, by a method of it, or by a function that it is passed.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from poolint.flow.flags import name_of, stored_name
from poolint.syntax.scopes import nearest, parent_of
from poolint.types.following import PASSAGES, origin
from poolint.types.members import lineage
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.flow.cfg import Edge, Node
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_TESTING = (ast.If, ast.IfExp, ast.While, ast.Assert)
_OPPOSITE = {ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In}
_ASKING_TYPES = frozenset({"isinstance", "issubclass", "callable"})
"""Builtins of Python that say the same of the same object whenever they are asked."""

_MAX_STEPS = 4
"""Names that stand for a test: ``is_sqlite = engine.dialect.name == "sqlite"``."""

_FALSE = frozenset({"None", "0", "''", "b''"})
"""The constants that count as false, as they are written."""


class Outcome(NamedTuple):
    """What a test has said of a thing: that its value is one of some constants, or, where it does not hold, none of them.

    ``values`` is None for all that counts as false. ``names`` are those that the thing is written with, dotted ones whole.
    """

    thing: str
    names: tuple[str, ...]
    values: frozenset[str] | None
    holds: bool


Told = frozenset[Outcome]
"""What has been said on a way, and still holds."""


class Outcomes:
    """The tests of one function."""

    def __init__(self, ev: Evaluator, scope: Scope) -> None:
        self.ev = ev
        self.scope = scope
        self._of_test: dict[ast.AST, Outcome | None] = {}
        self._given: dict[ast.Call, list[tuple[str, ast.expr]]] = {}
        self._open: dict[tuple[str, str], bool] = {}
        self._settled: dict[str, bool] = {}

    @cached_property
    def things(self) -> frozenset[str]:
        """What is asked for more than once: nothing else can be contradicted."""
        tests = [(test, self._roots(test)) for test in self._tests()]
        often = Counter(name for _, roots in tests for name in roots)
        read = (self.of(test) for test, roots in tests if any(often[name] > 1 for name in roots))
        asked = Counter(one.thing for one in read if one is not None)
        return frozenset(thing for thing, number in asked.items() if number > 1)

    def _roots(self, test: ast.expr | ast.pattern) -> set[str]:
        """The names in a test, and in what a name that stands for a test is bound to: those of any two that ask the same."""
        case = parent_of(test)
        match = parent_of(case) if isinstance(case, ast.match_case) else None
        asked: ast.AST = match.subject if isinstance(test, ast.pattern) and isinstance(match, ast.Match) else test
        names = {one.id for one in ast.walk(asked) if isinstance(one, ast.Name)}
        values = [one.value for name in names for one in self.scope.bindings.get(name, ()) if one.value is not None]
        tests = (one for one in values if isinstance(one, (ast.Compare, ast.UnaryOp, ast.Name, ast.Attribute)))
        return names | {one.id for value in tests for one in ast.walk(value) if isinstance(one, ast.Name)}

    def _tests(self) -> Iterator[ast.expr | ast.pattern]:
        for one in ast.walk(self.scope.node):
            if isinstance(one, _TESTING):
                yield from _leaves(one.test)
            elif isinstance(one, ast.match_case):
                yield one.pattern

    def along(self, edge: Edge, told: Told) -> Told | None:
        """What is known once an event has happened and an edge is taken; None where the edge contradicts it."""
        if not self.things:
            return told
        if edge.truth is not None and edge.test is not None:
            found = self.of(edge.test)
            if found is None or found.thing not in self.things:
                return told
            return _with(told, found if edge.truth else found._replace(holds=not found.holds))
        return self._after(edge.source, told) if told else told

    def contradict(self, outcomes: Iterable[tuple[ast.expr | ast.pattern, bool]]) -> bool:
        """Whether tests cannot come out like this while nothing changes what they ask for."""
        told: Told | None = frozenset()
        for test, holds in outcomes:
            found = self.of(test)
            if found is not None and found.thing in self.things and told is not None:
                told = _with(told, found if holds else found._replace(holds=not found.holds))
        return told is None

    def _after(self, event: Node, told: Told) -> Told:
        """What still holds when an event has happened."""
        if event.kind == "store":
            name = stored_name(event)
            return frozenset(one for one in told if not (name and _is_of(one.names, name)))
        if event.kind == "call" and isinstance(event.node, ast.Call):
            call = event.node
            return frozenset(one for one in told if not self.changes(call, one.names))
        return told

    def of(self, test: ast.AST) -> Outcome | None:
        """What a test says where it comes out as true; None where it tells nothing."""
        if test not in self._of_test:
            self._of_test[test] = self._read(test, _MAX_STEPS)
        return self._of_test[test]

    def _read(self, test: ast.AST, steps: int) -> Outcome | None:
        if isinstance(test, ast.pattern):
            case = parent_of(test)
            match = parent_of(case) if isinstance(case, ast.match_case) and case.guard is None else None
            values = self._matched(test)
            return self._about(match.subject, values) if isinstance(match, ast.Match) and values else None
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            found = self._read(test.operand, steps)
            return found._replace(holds=not found.holds) if found is not None else None
        if isinstance(test, ast.BoolOp):
            return _united([self._read(one, steps) for one in test.values], isinstance(test.op, ast.Or))
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compared(test, test.left, test.ops[0], test.comparators[0])
        if isinstance(test, ast.Name) and steps and (meant := self._meant(test)) is not None:
            return self._read(meant, steps - 1)
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id in _ASKING_TYPES:
            return self._about(test, frozenset({"1"}), is_call=True)
        return self._about(test, None, holds=False) if isinstance(test, ast.expr) else None

    def _compared(self, test: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Outcome | None:
        kind = _OPPOSITE.get(type(operator), type(operator))
        holds = kind is type(operator)
        if kind in (ast.Eq, ast.Is):
            for thing, other in ((left, right), (right, left)):
                value = self._constant(other)
                if value:
                    return self._about(thing, frozenset({value}), holds=holds)
        if kind is ast.In and isinstance(right, (ast.Tuple, ast.List, ast.Set)):
            values = [self._constant(one) for one in right.elts]
            if all(values):
                return self._about(left, frozenset(values), holds=holds)
        plain = ast.copy_location(ast.Compare(left, [kind()], [right]), test)
        return self._about(plain, frozenset({"1"}), holds=holds)

    def _about(
        self, thing: ast.expr, values: frozenset[str] | None, *, holds: bool = True, is_call: bool = False
    ) -> Outcome | None:
        """What is said of a thing that says the same each time it is asked; nothing of what calls something."""
        inner = [one for one in ast.walk(thing) if isinstance(one, (ast.Call, ast.Await, ast.NamedExpr, ast.Constant))]
        if any(not isinstance(one, ast.Constant) and not (is_call and one is thing) for one in inner):
            return None
        read = [one for one in ast.walk(thing) if isinstance(one, (ast.Name, ast.Attribute)) and name_of(one)]
        roots = {one.id for one in read if isinstance(one, ast.Name)}
        if not roots or not all(map(self._is_settled, roots)):
            return None
        return Outcome(ast.dump(thing), tuple(sorted({name_of(one) for one in read})), values, holds)

    def _is_settled(self, name: str) -> bool:
        """Whether nobody else binds a name: one of this function, or one that its module binds once."""
        found = self._settled.get(name)
        if found is None:
            found = self._settled[name] = all(
                name not in one.declared for one in self.scope.module.scope.mentioning("nonlocal ")
            )
        return found

    def _meant(self, test: ast.Name) -> ast.expr | None:
        """The test that a local name stands for: what asks for the same now as it did where the name was bound."""
        bindings = [one for one in self.scope.bindings.get(test.id, ()) if one.kind != "narrowed"]
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind in ("assign", "annotated") else None
        while isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            value = value.operand
        if value is None or not isinstance(value, (ast.Compare, ast.Name, ast.Attribute)):
            return None
        roots = [one.id for one in ast.walk(value) if isinstance(one, ast.Name)]
        is_fixed = all(len([one for one in nearest(root, self.scope) if one.kind != "narrowed"]) <= 1 for root in roots)
        return bindings[0].value if is_fixed else None

    def _matched(self, pattern: ast.pattern) -> frozenset[str]:
        """The constants that a pattern takes; none where it takes anything else."""
        if isinstance(pattern, ast.MatchOr):
            parts = [self._matched(one) for one in pattern.patterns]
            return frozenset().union(*parts) if all(parts) else frozenset()
        if isinstance(pattern, ast.MatchSingleton):
            return frozenset({_written(pattern.value)})
        value = self._constant(pattern.value) if isinstance(pattern, ast.MatchValue) else ""
        return frozenset({value}) if value else frozenset()

    def _constant(self, node: ast.expr) -> str:
        """What stands for one constant: a literal, a name that is bound to one, or a member of an enumeration."""
        if isinstance(node, ast.Constant):
            return _written(node.value)
        if not name_of(node) or (isinstance(node, ast.Name) and node.id in self.scope.bindings):
            return ""
        if isinstance(node, ast.Attribute) and node.attr == "value":
            node = node.value
        found = origin(self.ev, node, self.scope, PASSAGES - {"parameter"})
        if isinstance(found.node, ast.Constant):
            return _written(found.node.value)
        is_member = isinstance(node, ast.Attribute) and found.scope.kind == "class"
        return f"{found.scope.qualified_name}.{node.attr}" if is_member and isinstance(node, ast.Attribute) else ""

    def changes(self, call: ast.Call, names: Iterable[str]) -> bool:
        """Whether a call may change an attribute in dotted names: of what it is made on, or of what it is passed."""
        found = self._given.get(call)
        if found is None:
            receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
            given = [*receiver, *call.args, *(one.value for one in call.keywords)]
            found = self._given[call] = [(name_of(one), one) for one in given if name_of(one)]
        return any(
            name.startswith(f"{owner}.") and self._is_open(node, name[len(owner) + 1 :].partition(".")[0])
            for owner, node in found
            for name in names
        )

    def _is_open(self, owner: ast.expr, attribute: str) -> bool:
        """Whether others may change an attribute: not of a library's object, nor one that only ``__init__`` sets."""
        key = (name_of(owner), attribute)
        if key not in self._open:
            self._open[key] = any(
                self._is_set(one, attribute) for one in alternatives(self.ev.type_of(owner, self.scope))
            )
        return self._open[key]

    def _is_set(self, owner: Type, attribute: str) -> bool:
        if not isinstance(owner, Instance):
            return True
        if owner.cls is owner.base:
            return False
        assigned = [one for cls in lineage(self.ev, owner) for one in cls.self_assignments.get(attribute, ())]
        return not assigned or any(one.scope is None or one.scope.name != "__init__" for one in assigned)


def _with(told: Told, new: Outcome) -> Told | None:
    """What is known once a test has come out; None where it cannot, after what is known already."""
    after = told | {new}
    same = [one for one in after if one.thing == new.thing]
    truths = {one.holds for one in same if one.values is None}
    if len(truths) > 1:
        return None
    allowed = [one.values for one in same if one.values is not None and one.holds]
    if not allowed:
        return after
    left = frozenset.intersection(*allowed)
    left = left.difference(*(one.values for one in same if one.values is not None and not one.holds))
    if truths:
        left = left & _FALSE if True in truths else left - _FALSE
    return after if left else None


def _united(parts: list[Outcome | None], holds: bool) -> Outcome | None:
    """What ``name == "a" or name == "b"`` says, or the opposite of both: that one thing is one of several constants."""
    values: set[str] = set()
    for one in parts:
        if one is None or parts[0] is None or one.values is None or (one.thing, one.holds) != (parts[0].thing, holds):
            return None
        values |= one.values
    return parts[0]._replace(values=frozenset(values)) if parts[0] is not None else None


def _written(value: object) -> str:
    """A constant such that what is equal is written alike: ``True`` and 1."""
    is_whole = isinstance(value, (bool, float)) and value == int(value)
    return repr(int(value)) if is_whole else repr(value)  # type: ignore[call-overload]


def _is_of(names: Iterable[str], bound: str) -> bool:
    return any(one == bound or one.startswith(f"{bound}.") for one in names)


def _leaves(test: ast.expr) -> Iterator[ast.expr]:
    """The tests that one is made of."""
    if isinstance(test, ast.BoolOp):
        for one in test.values:
            yield from _leaves(one)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _leaves(test.operand)
    else:
        yield test
