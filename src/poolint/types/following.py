"""Following a value backwards, from an expression to those that it comes from: the one follower of poolint.

A step leads from an expression to what has its value: from a name or an attribute to what its bindings bind, from a call
of a function of the project to what that returns, from a parameter to what is passed, from ``a or b`` to both. What
cannot be followed any further is an origin. Two questions are asked of these steps: :meth:`Follower.origin` goes on as
long as there is one way, and says where it ends; :meth:`Follower.sources` goes all ways, and says whether those are all
there are. Who asks says what may be led through (:data:`Passage`), what a call gives that only they know
(:data:`Calls`), and judges what stands at the end.

What comes from itself: a step back to an expression that is being followed adds nothing to ``sources``, and has no
``origin`` but the expression that was asked for. The functions of the project are not entered again inside themselves:
what they give there is not known. No question takes more than ``MAX_STEPS`` steps; each has its own count, so that an
answer depends on the code alone, whichever was asked before.

The evaluator of types, which this room is about, is no client: it asks what an expression *is*, and every expression has
a type of its own, declared or inferred, which hides what it comes from. It shares the look-up of names and imports
(:mod:`poolint.types.bound`, :mod:`poolint.types.imports`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Set
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec.structs import replace

from poolint.syntax.expressions import ORDERS, is_none, item_asked
from poolint.syntax.scopes import Scope, parent_of
from poolint.syntax.surroundings import is_behind_star
from poolint.types import bound, containers, imports
from poolint.types.application_state import is_application
from poolint.types.followed import (
    NOTHING,
    NOWHERE,
    Frame,
    Origin,
    Source,
    Sources,
    Step,
    Steps,
    in_turn,
    joined,
    marked,
    one_step,
    union,
)
from poolint.types.members import lineage
from poolint.types.providers import providers
from poolint.types.returns import decorators
from poolint.types.validated import is_validated
from poolint.types.values import ClassObject, Function, Instance, ModuleObject, Type, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator

Passage = Literal["import", "attribute", "member", "with", "for", "parameter", "caller", "function", "call", "key"]
"""What may be led through beside names and ``await``: ``attribute`` stands for those of modules, classes and the object
that a method has, ``member`` for those of any object, ``with`` for what a block binds with ``as``, ``for`` for what a loop
goes over, ``parameter`` for one that a framework fills, ``caller`` for one that calls of the project fill, ``function`` for
a call of the project's that passes nothing, ``call`` for any, of which all that it returns counts, ``key`` for what one
statement alone of the module puts behind a text into a container that is called alike; not into an application, which is
one to all modules."""

PASSAGES: frozenset[Passage] = frozenset(("import", "attribute", "with", "parameter", "function"))
"""Those through which a thing stays the same thing."""

MAX_STEPS = 200
"""Expressions that are looked at for one question; real ones need a dozen."""

Calls: TypeAlias = Callable[[ast.Call, Step, tuple[Type, ...]], "Steps | None"]
"""What a call leads to that stands at a step, given what is called; None where that is not for the client to say."""


class _Question:
    """One question: what it is following, and how many steps it may still take."""

    __slots__ = ("following", "left", "one_way")

    def __init__(self, *, one_way: bool = False) -> None:
        self.one_way = one_way
        """Whether the answer is the same for two ways as for more."""
        self.following: set[object] = set()
        self.left = MAX_STEPS


class Follower:
    """Follows values of one project through what it is made for."""

    def __init__(self, ev: Evaluator, through: Set[Passage] = PASSAGES, calls: Calls | None = None) -> None:
        self.ev = ev
        self.through = through
        self.calls = calls

    def origin(self, node: ast.expr, scope: Scope) -> Origin:
        """Where the only way back from ``node`` ends; ``node`` itself where that leads in a circle."""
        at, question = Step(node, scope), _Question(one_way=True)
        while True:
            question.following.add(_key(at))
            question.left -= 1
            steps = self._before(at, question)
            if steps is None or not steps.complete or len(steps.found) != 1 or steps.found[0].setting is not None:
                return Origin(at.node, at.scope)
            at = steps.found[0]
            if _key(at) in question.following or question.left <= 0:
                return Origin(node, scope)

    def sources(self, node: ast.expr, scope: Scope, frame: Frame | None = None) -> Sources:
        """All that ``node``, which stands in ``scope``, comes from; itself where there is nothing to follow."""
        found = self._all(Step(node, scope, frame), _Question())
        return found if found.found else NOWHERE

    def comes_to_none(self, node: ast.expr, scope: Scope) -> bool:
        """Whether nothing but None is known to come to a name."""
        found = self.sources(node, scope).found if isinstance(node, ast.Name) else ()
        return bool(found) and all(is_none(one.node) for one in found)

    def _all(self, at: Step, question: _Question) -> Sources:
        key = _key(at)
        if key in question.following:
            return NOTHING
        question.left -= 1
        if question.left < 0:
            return NOWHERE
        question.following.add(key)
        steps = self._before(at, question)
        if steps is None:
            found = Sources((Source(at.node, at.scope, frame=at.frame),), True)
        else:
            parts = [marked(step, self._all(step, question)) for step in steps.found]
            found = in_turn(parts) if steps.in_turn else union(parts)
            found = found if steps.complete else replace(found, complete=False)
        question.following.discard(key)
        return found

    # Steps

    def _before(self, at: Step, question: _Question) -> Steps | None:
        """What is one step back; None for an origin."""
        node = at.node
        if isinstance(node, ast.Name):
            return self._of_name(node, at, question)
        if isinstance(node, ast.Attribute):
            return self._of_attribute(node, at)
        if isinstance(node, ast.Call):
            item = item_asked(node) if "key" in self.through else None
            found = self._of_item(item, at, question) if item is not None else None
            return found if found is not None and found.found else self._of_call(node, at)
        if isinstance(node, (ast.Await, ast.NamedExpr)):
            return one_step(node.value, at.scope, at.frame)
        if isinstance(node, ast.IfExp):
            return Steps(tuple(Step(arm, at.scope, at.frame) for arm in (node.body, node.orelse)), True)
        if isinstance(node, ast.BoolOp):
            if isinstance(node.op, ast.And):
                return Steps()
            return Steps(tuple(Step(arm, at.scope, at.frame) for arm in node.values), True, in_turn=True)
        if isinstance(node, ast.Subscript):
            return self._of_item(node, at, question)
        return None

    def _of_name(self, node: ast.Name, at: Step, question: _Question) -> Steps:
        found = bound.of_name(self.ev, node, at.scope, narrowed=False)
        if at.scope.bindings.get(node.id) is None or parent_of(node) is None:
            found = _real(found, 2 if question.one_way else None)
        if question.one_way and len(found) > 1:
            return Steps()  # each of many questions about a name that is bound many times
        return joined(self._of_binding(binding, home, node.id, at.frame) for binding, home in found)

    def _of_binding(self, binding: Binding, home: Scope, name: str, frame: Frame | None) -> Steps:
        if binding.kind == "import":
            source = imports.source(self.ev, binding, home.module) if "import" in self.through else None
            return one_step(bound.elsewhere(source[1]), source[0].scope, frame) if source is not None else Steps()
        if binding.kind == "parameter":
            return self._of_parameter(binding, home, name, frame)
        kind = binding.kind
        is_followed = kind in ("assign", "annotated", "stored") or (kind in ("with", "for") and kind in self.through)
        if not is_followed or binding.value is None:
            return Steps()
        value = binding.value if binding.index < 0 or kind == "for" else part_of(binding)
        return Steps((Step(value, home, frame, name),), True) if value is not None else Steps()

    def _of_parameter(self, binding: Binding, home: Scope, name: str, frame: Frame | None) -> Steps:
        """What the call that is being followed passes, or a framework, or all calls; else the default, which any caller may
        replace."""
        is_called = frame is not None and frame.function is home
        if frame is not None and is_called and name in frame.arguments:
            return one_step(*frame.arguments[name], frame.outer)
        if "parameter" in self.through:
            found = [function.scope for function in providers(self.ev, binding, home)]
            if found:
                return joined(_given_by(function) for function in found)
        if "caller" in self.through and not is_called:
            passed = [_passed(one, binding, home) for one in self.ev.callers.given(binding, home)]
            if passed:
                return joined(passed)
        if binding.value is None:
            return Steps()
        setting = None if frame is not None and is_called and not frame.is_open else name
        return Steps((Step(binding.value, home.parent or home, frame, setting=setting),), True)

    def _of_attribute(self, node: ast.Attribute, at: Step) -> Steps:
        if "attribute" not in self.through:
            return Steps()
        parts = []
        for owner in alternatives(self.ev.type_of(node.value, at.scope)):
            if isinstance(owner, ModuleObject):
                parts.append(one_step(bound.elsewhere(node.attr), owner.module.scope, at.frame))
            elif isinstance(owner, (Instance, ClassObject)) and owner.cls is not owner.base:
                is_known = isinstance(owner, ClassObject) or _is_own(node.value) or "member" in self.through
                parts.append(self._of_member(owner, node.attr, at) if is_known else Steps())
            else:
                parts.append(Steps())
        return joined(parts)

    def _of_member(self, owner: Instance | ClassObject, name: str, at: Step) -> Steps:
        """A field of a class of the project, a constant in its body, or a property of it."""
        for cls in lineage(self.ev, owner):
            assigned = cls.self_assignments.get(name, ()) if isinstance(owner, Instance) else ()
            if assigned:
                found = _real([(binding, binding.home(cls)) for binding in assigned])
                return joined(self._of_binding(binding, home, name, at.frame) for binding, home in found)
            bindings = cls.bindings.get(name)
            if not bindings:
                continue
            last = bindings[-1]
            if last.kind == "function" and last.scope is not None:
                return self._returned(last.scope, None, at) if self._is_property(last.scope) else Steps()
            if last.kind == "annotated" and is_validated(self.ev.models, cls, name):
                return Steps()
            steps = self._of_binding(last, last.home(cls), name, at.frame)
            is_field = last.kind == "annotated"
            return self._of_field(owner, name, steps) if is_field and isinstance(owner, Instance) else steps
        return Steps()

    def _of_field(self, owner: Instance, name: str, default: Steps) -> Steps:
        """What those pass for a field who make the object; else its default, which any of them may replace."""
        from poolint.types.fields import passed_for_field

        cls = owner.cls if "caller" in self.through else None
        passed = passed_for_field(self.ev, cls, name) if isinstance(cls, Scope) else []
        if passed:
            return joined(one_step(value, at) if value is not None else default for value, at in dict.fromkeys(passed))
        return default._replace(found=tuple(one._replace(setting=name) for one in default.found))

    def _is_property(self, function: Scope) -> bool:
        names = {last_name(decorator) for decorator in getattr(function.node, "decorator_list", ())}
        models = self.ev.models
        if not models.words("property").isdisjoint(names):
            return True
        return not models.manners["property"].isdisjoint(decorators(self.ev, function))

    def _of_call(self, node: ast.Call, at: Step) -> Steps | None:
        is_bare = not (node.args or node.keywords)
        if len(node.args) > 1 and last_name(node.func) in self.ev.models.words("same-value"):
            said = self.ev.qualified_name(self.ev.type_of(node.func, at.scope))
            if said in self.ev.models.manners["same-value"]:
                return one_step(node.args[-1], at.scope, at.frame)
        if self.calls is None and not ("call" in self.through or ("function" in self.through and is_bare)):
            return None
        callee = alternatives(self.ev.type_of(node.func, at.scope))
        steps = self.calls(node, at, callee) if self.calls is not None else None
        if steps is not None:
            return steps
        functions = [called for called in callee if isinstance(called, Function)]
        if not functions or len(functions) < len(callee):
            return None
        return joined(self._returned(function.scope, _frame(function, node, at), at) for function in functions)

    def _returned(self, function: Scope, frame: Frame | None, at: Step) -> Steps:
        """What a function of the project returns; where a thing is asked for, what it gives."""
        around = at.frame
        while around is not None:
            if around.function is function:
                return Steps()
            around = around.outer
        if "call" not in self.through:
            return _given_by(function, frame) if "function" in self.through else Steps()
        if function.is_generator or not function.returns:
            return Steps()
        values = [one for one in function.returns if not _is_bound(one)]
        steps = tuple(Step(value, function, frame or at.frame) for value in values or function.returns)
        return Steps(steps, len(steps) == len(function.returns))

    def _of_item(self, node: ast.Subscript, at: Step, question: _Question) -> Steps:
        """An item of a container that is written out; anybody may put another into one that is no tuple."""
        if not isinstance(node.slice, ast.Constant):
            return Steps()
        if "key" in self.through and not is_application(self.ev, node.value, at.scope):
            put = containers.put(self.ev, node, at.scope, of_one=True)
            if len(put) == 1:
                return self._of_binding(*put[0], "", None)
        owner = self._all(Step(node.value, at.scope, at.frame), question)
        complete, found = owner.complete, []
        for container in owner.found:
            item = _item(container.node, node.slice.value)
            if item is None:
                return Steps()
            complete = complete and isinstance(container.node, ast.Tuple)
            found.append(Step(item, container.scope, container.frame))
        return Steps(tuple(found), complete)


def _is_bound(value: ast.expr) -> bool:
    """Whether a function gives a value as the bound of another, which hardly goes so far: ``if size > most: return most``."""
    around = parent_of(parent_of(value) or value)
    test = around.test if isinstance(around, ast.If) else None
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ORDERS):
        return False
    return ast.dump(value) in (ast.dump(one) for one in (test.left, *test.comparators))


def origin(ev: Evaluator, node: ast.expr, scope: Scope, through: Set[Passage] = PASSAGES) -> Origin:
    """Where the value of ``node`` has its origin, through these passages."""
    return Follower(ev, through).origin(node, scope)


def given(function: Scope) -> list[ast.expr]:
    """What a function yields, or returns if it is no generator; ``None`` and other constants are nothing."""
    if function.yields:
        return [each.value for each in function.yields if isinstance(each, ast.Yield) and each.value is not None]
    return [each for each in function.returns if not isinstance(each, ast.Constant)]


def _given_by(function: Scope, frame: Frame | None = None) -> Steps:
    values = given(function)
    return Steps(tuple(Step(value, function, frame) for value in values), bool(values))


def _passed(given: tuple[ast.expr | None, Scope, bool], binding: Binding, home: Scope) -> Steps:
    """What one call of a function passes for a parameter of it, as :meth:`Callers.given` says it."""
    argument, at, is_default = given
    if argument is not None:
        return one_step(argument, at)
    return one_step(binding.value, home.parent or home) if is_default and binding.value is not None else Steps()


def _key(at: Step) -> object:
    """What a step is known by when it is met again; names that are seen from elsewhere are made for each."""
    node = at.node
    if isinstance(node, ast.Name) and parent_of(node) is None:
        return at.scope, node.id, at.frame
    return node, at.frame


def _real(found: list[bound.Bound], most: int | None = None) -> list[bound.Bound]:
    """The first ``most`` without the ``None`` that only keeps a place until something else is bound."""
    real = (each for each in found if not (isinstance(each[0].value, ast.Constant) and each[0].value.value is None))
    return list(islice(real, most)) or found


def part_of(binding: Binding) -> ast.expr | None:
    """The part of a value that a target in a tuple is bound to; None behind a star, where its place is not known."""
    targets = parent_of(binding.node)
    if binding.value is None or not isinstance(targets, (ast.Tuple, ast.List)):
        return None
    if is_behind_star(binding.node, binding.index):
        return None
    part = ast.Subscript(binding.value, ast.Constant(binding.index), ast.Load())
    return ast.copy_location(part, binding.value)


def _item(container: ast.expr, key: object) -> ast.expr | None:
    """The item of a display that a constant key or index stands for."""
    if isinstance(container, ast.Dict):
        items = zip(container.keys, container.values, strict=True)
        found = [value for name, value in items if isinstance(name, ast.Constant) and name.value == key]
        return found[-1] if found else None
    if isinstance(container, (ast.Tuple, ast.List)) and type(key) is int and 0 <= key < len(container.elts):
        is_before_star = not any(isinstance(element, ast.Starred) for element in container.elts[: key + 1])
        return container.elts[key] if is_before_star else None
    return None


def _is_own(node: ast.expr) -> bool:
    """Whether an expression is the object that a method has: whatever it is, another has its attributes from the same."""
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _frame(function: Function, node: ast.Call, at: Step) -> Frame:
    arguments = {each.arg: (each.value, at.scope) for each in node.keywords if each.arg is not None}
    declared = getattr(function.scope.node, "args", None)
    names = [each.arg for each in (*declared.posonlyargs, *declared.args)] if declared is not None else []
    if function.receiver is not None:
        names = names[1:]
    plain = [each for each in node.args if not isinstance(each, ast.Starred)]
    arguments.update((name, (value, at.scope)) for name, value in zip(names, plain, strict=False))
    is_open = len(plain) < len(node.args) or any(each.arg is None for each in node.keywords)
    return Frame(function.scope, arguments, is_open, at.frame)


def text_of_constant(node: ast.expr) -> str:
    """The text that a literal is; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
