"""What tests of classes show: ``if isinstance(self.engine, AsyncEngine)``, ``case AsyncEngine():``, and checks that raise for
all other classes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.expressions import dotted, kept_as
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import block_of
from poolint.types import annotated
from poolint.types.foreign import is_foreign
from poolint.types.values import (
    FOREIGN,
    UNKNOWN,
    Either,
    Instance,
    Pending,
    TupleOf,
    Type,
    alternatives,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)


def narrowed(ev: Evaluator, found: Type, node: ast.Name | ast.Attribute, scope: Scope) -> Type:
    """A type as tests around a place, or before it, narrow it; the same where none does."""
    asks, matches = "isinstance" in scope.loads, scope.module.has_match_statement
    for is_one, classes in classes_shown(node, scope) if asks or matches else ():
        if is_one:
            may_be_another = isinstance(found, Either) and FOREIGN in found.members
            is_another = may_be_another and _are_foreign(ev, classes, scope)
            return UNKNOWN if is_another else _as_shown(ev, annotated.classes_of(ev, classes, scope), found)
        if found is not UNKNOWN:
            gone = alternatives(annotated.classes_of(ev, classes, scope))
            members = found.members if isinstance(found, Either) else (found,)
            found = union([one for one in members if not any(_is_of(ev, one, each) for each in gone)])
    return found


def classes_shown(node: ast.Name | ast.Attribute, scope: Scope) -> Iterator[tuple[bool, ast.expr]]:
    """The classes that tests around a place, or before it, ask for, the nearest first, and whether what stands there is of one of
    them."""
    text = dotted(node)
    called = scope.called.get("isinstance", ()) if text and "isinstance" in scope.loads else ()
    tests = {id(one): one.args[1] for one in called if _is_test(one, text)}
    for is_one, test in conditions(node) if text and (tests or scope.module.has_match_statement) else ():
        if isinstance(test, ast.pattern) and kept_as(subject_of(test)) != text:
            continue
        classes = _shown(test, tests, is_one=is_one)
        if classes is not None:
            yield True, classes
        elif (ruled_out := _ruled_out(test, tests, is_one=is_one)) is not None:
            yield False, ruled_out


def captured(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """What a pattern binds a name to: what is of a class, ``case AsyncEngine() as engine``, a part of what is matched, or all
    that is left."""
    node = binding.node
    if isinstance(node, ast.MatchMapping):
        return matched(ev, node, scope)
    if isinstance(node, ast.MatchStar):
        return Pending("iterable", item=matched(ev, node, scope))
    if not isinstance(node, ast.MatchAs):
        return UNKNOWN
    around, found = parent_of(node), matched(ev, node, scope)
    if node.pattern is not None and (classes := _classes(node.pattern, certainly=False)) is not None:
        return _as_shown(ev, annotated.classes_of(ev, classes, scope), found)
    if not isinstance(around, ast.match_case):
        return found
    for one in _earlier(around) if node.pattern is None else ():
        gone = _classes(one.pattern, certainly=True) if one.guard is None else None
        if gone is not None and isinstance(found, Either):
            others = alternatives(annotated.classes_of(ev, gone, scope))
            found = union([each for each in found.members if not any(_is_of(ev, each, other) for other in others)])
    return found


def matched(ev: Evaluator, pattern: ast.pattern, scope: Scope) -> Type:
    """What is matched with a pattern, or with one that is a part of another: a member of an object, an item of a sequence, what
    stands behind a key."""
    around = parent_of(pattern)
    if not isinstance(around, ast.pattern):
        return ev.type_of(subject_of(pattern), scope)
    whole = matched(ev, around, scope)
    if isinstance(around, ast.MatchClass):
        owner = _as_shown(ev, annotated.classes_of(ev, around.cls, scope), whole)
        name = member_matched(ev, around, pattern, scope)
        return ev.type_of_member(owner, name) if name else UNKNOWN
    if isinstance(around, ast.MatchSequence):
        is_fixed = not any(isinstance(one, ast.MatchStar) for one in around.patterns)
        if isinstance(whole, TupleOf) and is_fixed and len(whole.items) == len(around.patterns):
            return whole.items[around.patterns.index(pattern)]
        return ev.item(whole, asynchronous=False)
    return ev.item(whole, asynchronous=False) if isinstance(around, ast.MatchMapping) else whole


def member_matched(ev: Evaluator, around: ast.MatchClass, pattern: ast.pattern, scope: Scope) -> str:
    """The member of an object that is matched with a part of a pattern, ``Order(conn=conn)`` or ``Order(conn)``; empty where it
    is not known."""
    named = dict(zip(around.kwd_patterns, around.kwd_attrs, strict=True))
    if pattern in named:
        return named[pattern]
    from poolint.types.fields import fields_of  # which asks for what objects have
    from poolint.types.members import lineage

    cls = annotated.classes_of(ev, around.cls, scope)
    family = lineage(ev, cls) if isinstance(cls, Instance) else []
    says = next((one.bindings["__match_args__"][0].value for one in family if "__match_args__" in one.bindings), None)
    if isinstance(says, ast.Tuple):
        names = [one.value if isinstance(one, ast.Constant) else "" for one in says.elts]
    else:
        names = list(fields_of(family))
    index = around.patterns.index(pattern)
    return str(names[index]) if index < len(names) else ""


def _are_foreign(ev: Evaluator, classes: ast.expr, scope: Scope) -> bool:
    """Whether all classes that a test asks for are of libraries of which the models know nothing."""
    parts = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    return all(is_foreign(ev, ev.type_of(one, scope)) for one in parts)


def _as_shown(ev: Evaluator, shown: Type, found: Type) -> Type:
    """What a test shows, where that says more than what was found."""
    is_better = found is UNKNOWN or isinstance(found, Either) or _is_below(ev, shown, found)
    return shown if shown is not UNKNOWN and is_better else found


def _is_below(ev: Evaluator, shown: Type, found: Type) -> bool:
    """Whether what a test shows is an object of a class of the project that is derived from the one that was found."""
    return shown != found and _is_of(ev, shown, found)


def _is_of(ev: Evaluator, one: Type, other: Type) -> bool:
    """Whether an object is one of the other's class, as far as the project's classes say."""
    if one == other:
        return True
    if not (isinstance(one, Instance) and isinstance(other, Instance)) or other.cls is other.base:
        return False
    from poolint.types.members import lineage  # which asks for what attributes are, and so for tests of them

    return other.cls in lineage(ev, one)


def checked(ev: Evaluator, cls: Scope, attribute: str) -> Type:
    """What ``__init__`` shows an attribute to be, which raises where it is something else."""
    for init in cls.children:
        if init.name not in ("__init__", "__post_init__") or "isinstance" not in init.called:
            continue
        tests = {id(one): one.args[1] for one in init.called["isinstance"] if _is_test(one, f"self.{attribute}")}
        for statement in getattr(init.node, "body", ()) if tests else ():
            classes = _left(statement, tests)
            if classes is not None:
                return annotated.classes_of(ev, classes, init)
    return UNKNOWN


def _is_test(call: ast.Call, text: str) -> bool:
    return isinstance(call.func, ast.Name) and len(call.args) == 2 and kept_as(call.args[0]) == text != ""


def conditions(node: ast.AST) -> list[tuple[bool, ast.expr | ast.pattern]]:
    """The tests that have been made where a node stands, and how they have ended, the nearest first; of ``match`` the
    patterns."""
    found: list[tuple[bool, ast.expr | ast.pattern]] = []
    child, parent = node, parent_of(node)
    while parent is not None:
        if isinstance(parent, (ast.If, ast.While, ast.IfExp)):
            if child is not parent.test:
                found.append((_is_in(child, parent.body), parent.test))
        elif isinstance(parent, ast.BoolOp):
            earlier = parent.values[: next(i for i, one in enumerate(parent.values) if one is child)]
            found += [(isinstance(parent.op, ast.And), one) for one in reversed(earlier)]
        if isinstance(child, ast.stmt):
            found += _before(child)
        if isinstance(parent, _FUNCTIONS):
            break
        if isinstance(parent, ast.match_case) and child is not parent.pattern:
            found += [(True, parent.guard)] if parent.guard is not None and child is not parent.guard else []
            found.append((True, parent.pattern))
            found += [(False, one.pattern) for one in reversed(_earlier(parent)) if one.guard is None]
        child, parent = parent, parent_of(parent)
    return found


def _before(statement: ast.stmt) -> list[tuple[bool, ast.expr | ast.pattern]]:
    """The tests in front of a statement that everything else leaves its block by."""
    block = block_of(statement)
    found: list[tuple[bool, ast.expr | ast.pattern]] = []
    for one in block[: block.index(statement)] if block else ():
        if isinstance(one, ast.Assert):
            found.append((True, one.test))
        found += [(False, test) for test in _failed(one)]
    return found[::-1]


def _failed(statement: ast.stmt) -> list[ast.expr | ast.pattern]:
    """The tests that have failed where a statement is passed: of an ``if`` whose blocks are left otherwise, and of each
    ``elif`` or ``case`` of that kind behind it."""
    found: list[ast.expr | ast.pattern] = []
    for case in statement.cases if isinstance(statement, ast.Match) else ():
        if not isinstance(case.body[-1], _LEAVES):
            break
        found += [case.pattern] if case.guard is None else []
    while isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVES):
        found.append(statement.test)
        if len(statement.orelse) != 1:
            break
        statement = statement.orelse[0]
    return found


def _earlier(case: ast.match_case) -> list[ast.match_case]:
    """The cases that are tried before one."""
    cases = getattr(parent_of(case), "cases", [case])
    return cases[: next(i for i, one in enumerate(cases) if one is case)]


def subject_of(pattern: ast.pattern) -> ast.expr:
    """What is matched with a pattern, or with what it is a part of."""
    current = parent_of(pattern)
    while current is not None and not isinstance(current, ast.Match):
        current = parent_of(current)
    assert current is not None
    return current.subject


def _classes(pattern: ast.pattern, *, certainly: bool) -> ast.expr | None:
    """The classes of which something is one that a pattern takes; ``certainly``: all whose objects it takes, whatever they
    have."""
    while isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        pattern = pattern.pattern
    if isinstance(pattern, ast.MatchClass):
        return None if certainly and (pattern.patterns or pattern.kwd_patterns) else pattern.cls
    if not isinstance(pattern, ast.MatchOr):
        return None
    found = [_classes(one, certainly=certainly) for one in pattern.patterns]
    known = [one for one in found if one is not None]
    return ast.Tuple(known, ast.Load()) if known and (certainly or len(known) == len(found)) else None


def _is_in(child: ast.AST, body: list[ast.stmt] | ast.expr) -> bool:
    return any(one is child for one in body) if isinstance(body, list) else body is child


def _shown(test: ast.expr | ast.pattern, tests: dict[int, ast.expr], *, is_one: bool) -> ast.expr | None:
    """The classes of which something is one, where a test has ended in this way."""
    if isinstance(test, ast.pattern):
        return _classes(test, certainly=False) if is_one else None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _shown(test.operand, tests, is_one=not is_one)
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) is not is_one:
            return None
        return next((found for one in test.values if (found := _shown(one, tests, is_one=is_one)) is not None), None)
    return tests.get(id(test)) if is_one else None


def _ruled_out(test: ast.expr | ast.pattern, tests: dict[int, ast.expr], *, is_one: bool) -> ast.expr | None:
    """The classes of which something is none, where a test has ended in this way."""
    if isinstance(test, ast.pattern):
        return None if is_one else _classes(test, certainly=True)
    return _shown(test, tests, is_one=not is_one)


def _left(statement: ast.stmt, tests: dict[int, ast.expr]) -> ast.expr | None:
    """The classes that something is of after a statement, which raises where it is of none of them."""
    if isinstance(statement, ast.Assert):
        return _shown(statement.test, tests, is_one=True)
    if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Raise):
        return _shown(statement.test, tests, is_one=False)
    return None
