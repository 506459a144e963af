"""What becomes of a coroutine that is passed on: whether nobody can await it any more.

It may be an argument of something that only uses values (a method of a container, a function of the project whose
parameter is never awaited), or an item of a collection that is given as one of values, or that nobody reads.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.places import Places
from poolint.models import standard
from poolint.syntax.expressions import put_by
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import Scope, home_of, nearest, parent_of, reads_of
from poolint.syntax.surroundings import call_taking, chosen
from poolint.syntax.uses import Usage, Use, may_be_awaitable, usage
from poolint.types.arguments import parameter_for
from poolint.types.call_sites import call_site, callees_of
from poolint.types.members import lineage
from poolint.types.unmodelled import path_to
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, LibraryName, Pending, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding
    from poolint.types.evaluator import Evaluator

_MAX_DEPTH = 4
"""Functions through which a value is passed on; real ones are one or two."""

_USED = frozenset({Use.CONSUMED, Use.TESTED, Use.ITERATED_ASYNC})
_OWN = frozenset({"close", "throw", "cr_frame", "cr_running", "cr_await", "cr_code"})
"""Attributes of a coroutine itself: what reads them knows that it has one."""

_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)

_COLLECTIONS = (ast.List, ast.Set, ast.ListComp, ast.SetComp)
"""Those of which the items are alike, whatever their number."""


def end(ev: Evaluator, node: ast.expr, how: Usage, scope: Scope) -> Usage:
    """How a coroutine that ``node`` makes is used in the end, which is ``how`` as far as its own function shows."""
    if how.use is not Use.ESCAPES or how.name.startswith("self."):
        return how
    if _contradicts_declaration(node, how, scope):
        return Usage(Use.CONSUMED, how.node, how.name)
    places = [(scope, node)]
    if how.name:
        if len(scope.bindings.get(how.name, ())) != 1:
            return how
        places = [*reads_of(how.name, scope)]
    found = [_end(ev, load, inner, _MAX_DEPTH) for inner, load in places]
    if not found or any(one is None for one in found):
        return how
    first = min((one for one in found if one is not None), key=lambda one: one.use is not Use.CONSUMED)
    return Usage(first.use, first.node, how.name, first.attribute)


def may_begin(ev: Evaluator, name: str, scope: Scope) -> bool:
    """Whether what a name of a function holds, or ``self.name``, is passed to what may start, await or enter it: anything but a
    library's function that is known, or a function of the project that only uses it."""
    owner: Scope | None = scope
    while owner is not None and owner.kind != "class":
        owner = owner.parent
    is_own, _, attribute = name.rpartition(".")
    on_self = index_of(owner).on_self(attribute) if is_own and owner is not None else ()
    for inner, load in (*reads_of(name, scope), *on_self):
        taking = call_taking(chosen(load)[0])
        if taking is None:
            continue
        call, keyword = taking
        fact = call_site(ev, call, inner, use_evidence=False)
        is_known = fact is not None and fact.row is not None
        if not is_known and not _only_uses(ev, call, chosen(load)[0], keyword, inner, _MAX_DEPTH):
            return True
    return False


def is_told_apart(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call stands where a test, alone or the last of several, has shown that what it calls is no coroutine
    function."""
    asking, called = ev.models.words("asks-coroutine"), ""
    for whole, outcome in tests_before(call, scope):
        last = whole.values[-1] if isinstance(whole, ast.BoolOp) and not outcome else whole
        for test, holds in parts_of(last, outcome):
            if not holds and isinstance(test, ast.Call) and last_name(test.func) in asking and test.args:
                called = called or ast.dump(call.func)
                if ast.dump(test.args[0]) == called:
                    return True
    return False


def _contradicts_declaration(node: ast.expr, how: Usage, scope: Scope) -> bool:
    """Whether a coroutine is kept, or given to the caller of an ``async def``, as what is declared to be none."""
    kept, function = parent_of(node), scope.node
    if isinstance(kept, ast.AnnAssign) and how.name and not may_be_awaitable(kept.annotation):
        return True
    if not isinstance(function, ast.AsyncFunctionDef) or function.returns is None:
        return False
    is_given = isinstance(how.node, ast.Return) and any(one is how.node.value for one in scope.returns)
    return is_given and not may_be_awaitable(function.returns)


def _end(ev: Evaluator, node: ast.expr, scope: Scope, depth: int) -> Usage | None:
    """The same for one place where the coroutine is read; None where somebody may await it."""
    found = usage(node, scope, stored=False)
    if found.use in _USED or found.use is Use.DROPPED:
        return None if found.attribute in _OWN else found
    if found.use is not Use.ESCAPES:
        return None
    node, parent = chosen(node)
    taking = call_taking(node)
    if taking is None:
        if isinstance(parent, ast.Tuple):
            return _of_record(ev, parent, parent.elts.index(node), scope)
        if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Subscript):
            holder = parent.targets[0].value if len(parent.targets) == 1 else None
            return _of_collection(ev, holder, scope) if isinstance(holder, ast.Name) else None
        return _of_display(ev, parent, scope) if isinstance(parent, _DISPLAYS) else None
    call, keyword = taking
    put = put_by(call)
    if put is not None and put[1] is node:
        return _of_collection(ev, put[0], scope) if isinstance(put[0], ast.Name) else None
    return Usage(Use.CONSUMED, call) if _only_uses(ev, call, node, keyword, scope, depth) else None


def _only_uses(
    ev: Evaluator, call: ast.Call, argument: ast.expr, keyword: str | None, scope: Scope, depth: int
) -> bool:
    """Whether what is called only uses an argument as a value: it awaits nothing, and hands it to nobody who might."""
    if isinstance(call.func, ast.Attribute):
        receiver, method = call.func.value, call.func.attr
        is_text = isinstance(receiver, (ast.Constant, ast.JoinedStr))
        if is_text and method in standard.WRITING:
            return True
        if keyword is None and method in standard.READING:
            return is_text or _is_collection(ev, receiver, scope)
    if _awaits_nothing(ev, call, scope):
        return True
    callees = callees_of(ev, call, scope)
    return bool(callees) and all(
        _is_of_plain_field(ev, one, call, argument) or _is_value_of(ev, one, call, argument, keyword, depth)
        for one in callees
    )


def _is_collection(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether something is a collection of the language: by its type, or it is written or made where its name is bound."""
    owner = ev.type_of(node, scope)
    if isinstance(owner, Pending) and owner.call == "iterable":
        return True
    home = home_of(node.id, scope) if isinstance(node, ast.Name) and owner is UNKNOWN else None
    if home is None or not isinstance(node, ast.Name):
        return False
    return all(one.kind in ("assign", "annotated") and _is_written(ev, one, home) for one in home.bindings[node.id])


def _is_written(ev: Evaluator, binding: Binding, scope: Scope) -> bool:
    """Whether a name is bound to a collection as a whole that is written there, or made there: ``list(names)``."""
    return binding.index < 0 and (isinstance(binding.value, _DISPLAYS) or _is_new(ev, binding.value, scope))


def _is_of_plain_field(ev: Evaluator, callee: object, call: ast.Call, argument: ast.expr) -> bool:
    """Whether an argument is for a field of an object, as dataclasses and models have them, that is declared to be a number or a
    text. Who writes a constructor may mean something else."""
    if not isinstance(callee, ClassObject) or not isinstance(callee.cls, Scope):
        return False
    family = lineage(ev, callee)
    if any("__init__" in one.bindings for one in family):
        return False
    given = ev.derived(Places).for_fields(callee.cls, call)
    field = next((name for name, value in given.items() if value is argument), "")
    home = next((one for one in family if field in one.bindings), None)
    return home is not None and _is_plain_in(home, field)


def _is_plain_in(scope: Scope, name: str) -> bool:
    """Whether a field is declared as one of Python's own plain classes, or ``None``."""
    declared = next((one.annotation for one in scope.bindings.get(name, ()) if one.annotation is not None), None)
    waiting = [declared] if declared is not None else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.BinOp) and isinstance(one.op, ast.BitOr):
            waiting += [one.left, one.right]
        elif isinstance(one, ast.Subscript) and last_name(one.value) == "Optional":
            waiting.append(one.slice)
        elif isinstance(one, ast.Name):
            if one.id not in standard.SCALAR_CLASSES or nearest(one.id, scope):
                return False
        elif not (isinstance(one, ast.Constant) and one.value is None):
            return False
    return declared is not None


def _awaits_nothing(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether what is called is of a library, and known to use values as they are: ``print``, ``json.dumps``, loggers."""
    callees = callees_of(ev, call, scope)
    if callees == (UNKNOWN,):
        path = path_to(ev, call.func, scope)
        names = [".".join(step.name for step in path)] if path else _inherited(ev, call, scope)
        return any(ev.models.ends("awaits-nothing", one) for one in names)
    return all(isinstance(one, LibraryName) and ev.models.ends("awaits-nothing", one.name) for one in callees)


def _inherited(ev: Evaluator, call: ast.Call, scope: Scope) -> Iterator[str]:
    """What a call of a method, which no class of the project writes, may be by the library's classes that its class is derived
    from."""
    if not isinstance(call.func, ast.Attribute):
        return
    for one in alternatives(ev.type_of(call.func.value, scope)):
        for cls in lineage(ev, one) if isinstance(one, (ClassObject, Instance)) else ():
            for base in cls.node.bases if isinstance(cls.node, ast.ClassDef) else ():
                yield f"{ev.qualified_name(ev.type_of(base, cls.parent or cls))}.{call.func.attr}"


def _is_value_of(
    ev: Evaluator, callee: object, call: ast.Call, argument: ast.expr, keyword: str | None, depth: int
) -> bool:
    if isinstance(callee, LibraryName):
        return ev.models.ends("awaits-nothing", callee.name)
    if not isinstance(callee, Function) or depth <= 0 or callee.scope.is_generator:
        return False
    name = parameter_for(callee, call, argument, keyword)
    if name is None or len(callee.scope.bindings.get(name, ())) != 1:
        return False
    found = [_end(ev, load, inner, depth - 1) for inner, load in reads_of(name, callee.scope)]
    return any(one is not None and one.use in _USED for one in found) and None not in found


def _of_record(ev: Evaluator, record: ast.Tuple, place: int, scope: Scope) -> Usage | None:
    """What becomes of a part of a tuple, which may be an item of a collection: ``calls.append((name, call))``."""
    around = parent_of(record)
    put = put_by(around) if isinstance(around, ast.Call) else None
    if put is not None and put[1] is record:
        return _of_collection(ev, put[0], scope, place) if isinstance(put[0], ast.Name) else None
    return _of_display(ev, around, scope, place) if isinstance(around, _COLLECTIONS) else _of_display(ev, record, scope)


def _of_display(ev: Evaluator, display: ast.AST, scope: Scope, place: int | None = None) -> Usage | None:
    """What becomes of what stands in a list, tuple, set or dictionary as it is written, maybe one that others are added to;
    of the part of each item at a ``place``, where they are tuples."""
    parent = parent_of(display)
    while isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):
        parent = parent_of(parent)
    if isinstance(parent, ast.Return):
        return _returned(parent, scope)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            return _of_collection(ev, targets[0], scope, place)
    # Others may await what they take out of it.
    taking = call_taking(display) if isinstance(display, ast.expr) else None
    return Usage(Use.CONSUMED, taking[0]) if taking is not None and _awaits_nothing(ev, taking[0], scope) else None


def _returned(statement: ast.Return, scope: Scope) -> Usage | None:
    """A collection that is returned where its items are declared to be something that nobody awaits."""
    declared = getattr(scope.node, "returns", None)
    if not isinstance(declared, ast.Subscript) or may_be_awaitable(declared):
        return None
    return Usage(Use.CONSUMED, statement)


def _of_collection(ev: Evaluator, name: ast.Name, scope: Scope, place: int | None = None) -> Usage | None:
    """What becomes of the items of a collection that a name of this function alone holds, or of the part of each at a place."""
    bindings = scope.bindings.get(name.id, ())
    if scope.kind != "function" or len(bindings) != 1 or bindings[0].kind not in ("assign", "annotated"):
        return None
    if not any(isinstance(one, _DISPLAYS) or _is_new(ev, one, scope) for one in _added(bindings[0].value)):
        return None
    found: Usage | None = Usage(Use.DROPPED, name)
    for inner, load in reads_of(name.id, scope):
        parent = parent_of(load)
        if inner is not scope:
            return None
        if isinstance(parent, ast.Return):
            found = _returned(parent, scope)
            if found is None:
                return None
        elif isinstance(parent, ast.Attribute):
            call = parent_of(parent)
            if not (isinstance(call, ast.Call) and put_by(call) and isinstance(parent_of(call), ast.Expr)):
                return None
        elif isinstance(parent, ast.Subscript) and parent.value is load and isinstance(parent.ctx, ast.Store):
            continue
        elif isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is load:
            if not _leaves_alone(parent, place, scope):
                return None
        elif not (isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "len"):
            return None
    return found


def _leaves_alone(loop: ast.For | ast.comprehension, place: int | None, scope: Scope) -> bool:
    """Whether nobody reads what a loop calls the items of a collection, or their parts at a place: ``for name, _ in calls``."""
    target: ast.expr = loop.target
    if place is not None:
        parts = target.elts if isinstance(target, ast.Tuple) else []
        if place >= len(parts) or any(isinstance(one, ast.Starred) for one in parts):
            return False
        target = parts[place]
    if not isinstance(target, ast.Name) or target.id in scope.declared:
        return False
    if isinstance(loop, ast.For):
        return next(reads_of(target.id, scope), None) is None
    return not any(  # its own names end with it
        isinstance(one, ast.Name) and one.id == target.id and isinstance(one.ctx, ast.Load)
        for one in ast.walk(parent_of(loop) or loop)
    )


def _added(value: ast.expr | None) -> Iterator[ast.expr | None]:
    """The parts of a sum: of a list of which one is written there, none else has the items."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from _added(value.left)
        yield from _added(value.right)
    else:
        yield value


def _is_new(ev: Evaluator, value: ast.expr | None, scope: Scope) -> bool:
    """Whether a value is a container that the function makes: ``list()``."""
    if not isinstance(value, ast.Call):
        return False
    made = ev.type_of(value.func, scope)
    return isinstance(made, LibraryName) and ("container", made.name) in ev.models.passed
