"""Whether a call inside a function is made at all, for what is known of the arguments."""

from __future__ import annotations

import ast
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.arguments import passed_on, whole_call
from poolint.analyses.asked_classes import AskedClasses
from poolint.analyses.assumed import (
    UNKNOWN,
    Hint,
    shown_at,
    told_key,
    truth,
    value,
)
from poolint.analyses.class_constants import ClassConstants
from poolint.analyses.compared_before import asks_what_it_is, comparisons_of, outcome_before
from poolint.analyses.hints import Hints, may_be_none
from poolint.analyses.keywords_asked import keywords_asked_for
from poolint.flow.flags import name_of
from poolint.syntax.guards import guards_before, leaves, tests_of_parent, tests_passed
from poolint.syntax.indexes import index_of
from poolint.syntax.nodes import with_defaults
from poolint.syntax.passing_on import is_passing_on, passing_on
from poolint.syntax.scopes import parent_of
from poolint.syntax.unpacked import keywords_of
from poolint.types.call_sites import callees_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.assumed import Values
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

Known = tuple[tuple[str, object], ...]
"""What a call fixes of parameters: constants, the defaults of those that it does not pass, and hints."""

NOTHING_RAISED = ("<raised>", False)
"""That no handler of a function runs: said of the wrappers of decorators."""

RESULT_RUNS = ("<result>", True)
"""That a caller awaits or enters what a function gives: a coroutine that it has made, or a block."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TESTED_IN = (ast.If, ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword, ast.While, ast.Match)
"""Where a parameter stands whose value decides about something, here or in a function that is called."""
DECIDES_IN = (ast.If, ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.While, ast.Match)
"""Where it decides here."""


class _Tested(NamedTuple):
    """What a call of a function has to be read for: the parameters that are tested, those of them that hints are of use
    for, the keyword arguments that are asked for, the members of others that parameters are compared with, and all such
    comparisons; with its parameters by position, and the defaults of all."""

    names: frozenset[str]
    hinted: frozenset[str]
    asked: tuple[tuple[str, str], ...]
    compared: tuple[tuple[str, ast.Attribute], ...]
    comparisons: tuple[tuple[str, ast.Compare], ...]
    positional: list[str]
    defaults: dict[str, ast.expr]


class Entering:
    """What calls fix of the parameters that their callees test. One for each evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._tested: dict[Scope, _Tested] = {}
        self._shown: dict[ast.Call, Values] = {}
        self._known: dict[tuple[ast.Call, Scope, Known], Known] = {}
        self._passing_on: dict[Scope, bool] = {}
        self._telling: set[Scope] = set()
        self._hints = Hints(ev)
        self._constants = ClassConstants(ev)
        self._classes = AskedClasses(ev)

    def known(self, call: ast.Call, callee: Scope, scope: Scope, caller: Known) -> Known:
        """What a call in ``scope`` fixes, where ``caller`` is known of the parameters of that."""
        key = (call, callee, caller)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(call, callee, scope, caller)
        return found

    def _find(self, call: ast.Call, callee: Scope, scope: Scope, caller: Known) -> Known:
        tested = self._tested_by(callee)
        names, hinted, asked, compared, comparisons, positional, defaults = tested
        is_passed_on = self._passes_on(callee)
        if not (names or asked or is_passed_on):
            return ()
        whole = whole_call(call, scope)
        plain = list(takewhile(lambda one: not isinstance(one, ast.Starred), whole.args))
        keywords = list(keywords_of(whole, scope))
        if len(plain) < len(whole.args) or any(name is None for name, _ in keywords):
            asked, defaults = (), {}  # it may pass more than can be seen; what is seen, it passes
        passed = dict(zip(positional, plain, strict=False))
        passed.update((name, one) for name, one in keywords if name is not None)
        is_plain = all(isinstance(passed[name], ast.Constant) for name in names if name in passed) and not asked
        values = {} if is_plain else {**dict(caller), **self._shown_at(call, scope)}
        given: dict[str, object] = {}
        for name in names:
            if name in passed:
                found = self._value(passed[name], values, scope, is_hinted=name in hinted)
            elif name in defaults:
                found = value(defaults[name], {}, callee)
            else:
                continue
            if found is UNKNOWN or found is Hint.ABSENT or (isinstance(found, Hint) and name not in hinted):
                continue
            given[name] = found
        for one in self._classes.of(callee, names):
            argument, where = (passed[one.name], scope) if one.name in passed else (defaults.get(one.name), callee)
            is_one = self._classes.is_of(argument, where, one, dict(caller)) if argument is not None else None
            if is_one is not None:
                given[one.under] = is_one
        for name, under in asked:
            keyword = next((one for each, one in keywords if each == name), None)
            found = Hint.ABSENT
            if keyword is not None:
                found = value(keyword, values, scope)
                found = self._hints.of(keyword, scope) if found is UNKNOWN else found
                found = Hint.PASSED if found is UNKNOWN else found
            given[under] = found
        for name, member in compared:
            constant = UNKNOWN if name not in given else self._constants.of(member, callee)
            if constant is not UNKNOWN:
                given[name_of(member)] = constant
        for name, test in comparisons:
            is_open = name in passed and isinstance(given.get(name, Hint.GIVEN), Hint)
            outcome = outcome_before(test, passed[name], call, scope) if is_open else None
            if outcome is not None:
                given[told_key(test)] = outcome
        told = self._told(call, callee, scope, caller) if is_passed_on and whole is call else ()
        given.update((f"*{name}", found) for name, found in told)
        if is_passing_on(call, scope):
            given = {**{name[1:]: found for name, found in caller if name.startswith("*")}, **given}
        return tuple(sorted(given.items(), key=lambda one: one[0]))

    def _value(self, argument: ast.expr, values: Values, scope: Scope, *, is_hinted: bool) -> object:
        """What is known of an argument: a constant, or a hint."""
        found = value(argument, values, scope)
        found = self._constants.of(argument, scope) if found is UNKNOWN else found
        found = self._hints.of(argument, scope) if found is UNKNOWN and is_hinted else found
        return self._hints.of_type(argument, scope) or found if found is Hint.GIVEN else found

    def _passes_on(self, callee: Scope) -> bool:
        """Whether a function passes on what it is passed besides its parameters to one that tests any of it."""
        found = self._passing_on.get(callee)
        if found is None:
            calls = passing_on(callee)
            others = callees_of(self.ev, calls[0], callee) if len(calls) == 1 else ()
            tested = (self._tested_by(one.scope) for one in others if isinstance(one, Function))
            found = self._passing_on[callee] = any(one.names or one.asked for one in tested)
        return found

    def _told(self, call: ast.Call, callee: Scope, scope: Scope, caller: Known) -> Known:
        """What a call fixes of the parameters of the function that what it passes is passed on to."""
        further = passed_on(self.ev, callee, len(_positional(callee)), call) if callee not in self._telling else None
        if further is None:
            return ()
        self._telling.add(callee)  # two may pass on to each other
        found = self._find(further[1], further[0].scope, scope, caller)
        self._telling.remove(callee)
        return found

    def constants(self, scope: Scope) -> Values:
        """What is known of members that the tests of a function look at, whoever calls it."""
        read = (
            one for one in scope.attributes if isinstance(one.ctx, ast.Load) and isinstance(parent_of(one), DECIDES_IN)
        )
        found = {name_of(one): self._constants.of(one, scope) for one in read if name_of(one)}
        return {name: constant for name, constant in found.items() if constant is not UNKNOWN}

    def undecided(self, call: ast.Call, callee: Scope) -> Iterator[tuple[str, ast.expr, tuple[object, object]]]:
        """The parameters by which a function, or what it passes them to, decides something as by a flag, what a call passes for
        each, where that is no constant, and what it comes to where it is true, and where it is not."""
        tested = self._tested_by(callee)
        plain = takewhile(lambda one: not isinstance(one, ast.Starred), call.args)
        passed: dict[str | None, ast.expr] = dict(zip(tested.positional, plain, strict=False))
        passed.update((one.arg, one.value) for one in call.keywords)
        for name, argument in passed.items():
            if name is None or name not in tested.names or isinstance(argument, ast.Constant):
                continue
            if any(map(_is_flag, callee.bindings.get(name, ()))):
                yield name, argument, (True, False)
            elif name in tested.hinted:
                yield name, argument, (Hint.TRUE, Hint.FALSE)

    def _tested_by(self, callee: Scope) -> _Tested:
        found = self._tested.get(callee)
        if found is None:
            found = self._tested[callee] = _tested(callee)
        return found

    def _shown_at(self, call: ast.Call, scope: Scope) -> Values:
        def member(one: ast.expr) -> object:
            return self._constants.of(one, scope) if isinstance(one, ast.Attribute) else UNKNOWN

        found = self._shown.get(call)
        if found is None:
            found = self._shown[call] = shown_at(call, scope, None, member)
            if any(one.arg is None for one in call.keywords):  # what is unpacked stands somewhere else
                for _, one in keywords_of(call, scope):
                    found.update(shown_at(one, scope, call, member))
        return found


def _is_flag(binding: Binding) -> bool:
    """Whether a parameter is declared to be true or false."""
    is_one = isinstance(binding.value, ast.Constant) and isinstance(binding.value.value, bool)
    return is_one or (binding.annotation is not None and last_name(binding.annotation) == "bool")


def tested_parameters(callee: Scope) -> frozenset[str]:
    """The parameters that a function's conditions look at, or those of what it passes them to."""
    node = callee.node
    if not isinstance(node, _FUNCTIONS):
        return frozenset()
    names = {one.arg for one in _all_arguments(node.args)} - callee.declared
    return frozenset(
        name
        for name in names
        for load in callee.loads.get(name, ())
        if isinstance(parent_of(load), _TESTED_IN) or _is_kept_to_test(load, callee)
    )


def _is_kept_to_test(load: ast.expr, callee: Scope) -> bool:
    """Whether a parameter is what a function sets a name of its own to, or a method a member of its object, and decides by:
    ``self.eager = eager``."""
    parent = parent_of(load)
    targets = parent.targets if isinstance(parent, ast.Assign) and parent.value is load else []
    names = {one.id for one in targets if isinstance(one, ast.Name)}
    if any(isinstance(parent_of(one), DECIDES_IN) for name in names for one in callee.loads.get(name, ())):
        return True
    kept = {one.attr for one in targets if isinstance(one, ast.Attribute) and name_of(one.value) == "self"}
    if not kept or callee.enclosing_class is None:
        return False
    members = (parent_of(one) for one in callee.loads.get("self", ()))
    return any(
        isinstance(one, ast.Attribute) and one.attr in kept and isinstance(parent_of(one), DECIDES_IN)
        for one in members
    )


def hinted_parameters(callee: Scope, tested: frozenset[str]) -> frozenset[str]:
    """Those of which it is worth to know that they are not None: that are tested, or may be None, as far as they say what they
    are, and are passed on."""
    return frozenset(
        name
        for name in tested
        if any(isinstance(parent_of(load), DECIDES_IN) for load in callee.loads.get(name, ()))
        or any(one.kind == "parameter" and _may_be_none(one) for one in callee.bindings.get(name, ()))
    )


def _may_be_none(parameter: Binding) -> bool:
    return may_be_none(parameter) or (parameter.annotation is None and parameter.value is None)


def _tested(callee: Scope) -> _Tested:
    tested = tested_parameters(callee)
    asked = tuple(keywords_asked_for(callee))
    if not (tested or asked) or not isinstance(callee.node, _FUNCTIONS):
        return _Tested(frozenset(), frozenset(), (), (), (), [], {})
    positional = _positional(callee)
    defaults = {one.arg: default for one, default in with_defaults(callee.node.args)}
    hinted = hinted_parameters(callee, tested)
    found = list(comparisons_of(callee, tested))
    comparisons = tuple((load.id, test) for load, test in found if asks_what_it_is(load, test))
    return _Tested(tested, hinted, asked, tuple(_members(found)), comparisons, positional, defaults)


def _positional(callee: Scope) -> list[str]:
    """The parameters of a function by their places, but for the object that a method has."""
    arguments = callee.node.args  # type: ignore[attr-defined]
    found = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    return found[1:] if callee.enclosing_class is not None and found[:1] in (["self"], ["cls"]) else found


def _members(comparisons: list[tuple[ast.Name, ast.Compare]]) -> Iterator[tuple[str, ast.Attribute]]:
    """The members of something that tested parameters are compared with: ``event == Events.CREATED``."""
    for load, test in comparisons:
        other = test.comparators[0] if test.left is load else test.left
        if isinstance(other, ast.Attribute) and name_of(other):
            yield load.id, other


def is_excluded(node: ast.AST, scope: Scope, fixed: Known) -> bool:
    """Whether a call of ``scope`` stands where its function does not come with these values of its parameters."""
    tests = _tests_around(node, scope)
    if not tests:
        return False
    values, known = dict(fixed), index_of(scope).outcomes
    for test, otherwise in tests:
        if isinstance(test, ast.ExceptHandler):
            if False in (values.get(NOTHING_RAISED[0], True), values.get(told_key(test), True)):
                return True
            continue
        key = (test, fixed)
        if key not in known:
            known[key] = truth(test, values, scope)
        if known[key] is otherwise:
            return True
    return False


def is_decided(node: ast.AST, scope: Scope, fixed: Known) -> bool:
    """Whether a place in ``scope`` is reached by a test that comes out as it does for what is known."""
    values = dict(fixed)
    return any(
        truth(test, values, scope) is (not otherwise) and truth(test, {}, scope) is None
        for test, otherwise in _tests_around(node, scope)
        if not isinstance(test, ast.ExceptHandler)
    )


def _tests_around(node: ast.AST, scope: Scope) -> list[tuple[ast.expr | ast.ExceptHandler, bool]]:
    """The tests on the way to a node, each with the outcome by which it is not reached, the nearest first, and the handlers
    that it stands in. They are found once: a node is asked about for all that callers may fix."""
    known = index_of(scope).tests
    found = known.get(node)
    if found is None:
        found = known[node] = list(_find_tests(node, scope))
    return found


def _find_tests(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr | ast.ExceptHandler, bool]]:
    current = node
    while current is not scope.node:
        parent = parent_of(current)
        if parent is None:
            return
        if not isinstance(parent, ast.While):
            yield from ((test, not holds) for test, holds in tests_of_parent(current, parent))
        if isinstance(current, ast.ExceptHandler):
            yield current, True
        if isinstance(current, ast.stmt):
            for one in guards_before(current, parent, scope):
                if isinstance(one, ast.If):
                    yield from (
                        (one.test, holds) for holds in (True, False) if leaves(one.body if holds else one.orelse)
                    )
                elif isinstance(one, ast.Match):
                    yield from ((test, not holds) for test, holds in tests_passed(one))
        current = parent


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
