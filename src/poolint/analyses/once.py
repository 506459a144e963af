"""Whether a call inside a function happens once in the life of a process, or on no server at all."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from poolint.syntax.expressions import asked_by_name, is_none
from poolint.syntax.indexes import index_of
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of, statement_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ELSEWHERE = frozenset({"nt", "win32", "cygwin", "darwin", "windows", "java", "microsoft"})
"""What the standard library calls systems that servers seldom run on; the kernel of a WSL says its maker's name."""


def happens_once(node: ast.Call, scope: Scope) -> bool:
    """Whether a call is part of a lazy initialisation (``if self._x is None: self._x = load()``; ``if key not in
    _ready: prepare(key); _ready.add(key)``), or on no server.

    It happens once in the life of a process, or never: no steady effect of the functions that reach it.
    """
    statement = statement_of(node)
    if isinstance(statement, ast.If) and _is_asked_while_missing(node, statement, scope):
        return True
    return _is_in_passed_once(statement, scope) or node.lineno >= _first_guard(scope)


def _is_asked_while_missing(node: ast.Call, statement: ast.If, scope: Scope) -> bool:
    """Whether a call is asked by a condition only while something is missing that its block sets: ``if self._x is None and
    can_load(): self._x = load()``."""
    tests = _conjuncts(statement.test)
    for index, test in enumerate(tests[:-1]):
        missing = _set_while_missing(test, statement, scope)
        if missing:
            behind = any(node is inner for one in tests[index + 1 :] for inner in walk(one))
            return behind and not _is_reset(missing, statement.body, scope)
    return False


def _is_in_passed_once(statement: ast.stmt, scope: Scope) -> bool:
    """Whether a condition around a statement says so: found out once for each, from the outermost in."""
    known = index_of(scope).passed_once
    if (of_statement := known.get(statement)) is not None:
        return of_statement  # several calls stand in one
    waiting: list[tuple[ast.stmt, ast.AST | None]] = []
    current: ast.AST | None = statement
    while isinstance(current, ast.stmt) and current is not scope.node and current not in known:
        parent = parent_of(current)
        waiting.append((current, parent))
        while parent is not None and not isinstance(parent, ast.stmt):
            parent = parent_of(parent)
        current = parent
    found = known.get(current, False) if isinstance(current, ast.stmt) else False
    for one, parent in reversed(waiting):
        found = found or (isinstance(parent, ast.If) and one in parent.body and _is_passed_once(parent, scope))
        known[one] = found
    return found


def _is_passed_once(statement: ast.If, scope: Scope) -> bool:
    """Whether what stands under a condition happens once, or never: found out once for all that stands there."""
    known = index_of(scope).once
    if statement not in known:
        known[statement] = _holds_once(statement, scope)
    return known[statement]


def _holds_once(statement: ast.If, scope: Scope) -> bool:
    for test in _conjuncts(statement.test):
        missing = _set_while_missing(test, statement, scope)
        if missing:
            return not _is_reset(missing, statement.body, scope)
    if any(_remembers(one, statement.body, scope) for one in _conjuncts(statement.test)):
        return True
    return _is_elsewhere(statement.test, scope)


def _first_guard(scope: Scope) -> float:
    """The first row of a function at which it returns what it has made before; infinite where it never does."""
    known = index_of(scope)
    if known.first_guard is None:
        known.first_guard = _guard_of(scope)
    return known.first_guard


def _guard_of(scope: Scope) -> float:
    body = getattr(scope.node, "body", None)
    if not isinstance(body, list):
        return math.inf
    assigned: set[str] | None = None
    for statement in body:
        if isinstance(statement, ast.If) and statement.body and isinstance(statement.body[-1], ast.Return):
            for present in filter(None, (_present(one, scope) for one in _alternatives(statement.test))):
                if assigned is None:
                    assigned = {ast.dump(one) for one in _assigned(body)}
                if present in assigned:
                    return math.inf if _is_reset(present, body, scope) else float(statement.lineno)
    return math.inf


def _is_reset(target: str, body: list[ast.stmt], scope: Scope) -> bool:
    """Whether what a block sets is emptied again before it is left, here or by what it calls: a guard against being
    entered twice at a time, and not for good. What a handler empties has not come to be.

    ``target`` is the dump of a name or attribute as a target.
    """
    filled = [node.lineno for node, value in _values_of(target, body) if not _is_empty(value)]
    first = min(filled, default=math.inf)
    if any(
        _is_empty(value) and node.lineno > first and not _is_handling(node) for node, value in _values_of(target, body)
    ):
        return True
    called = (node for statement in body for node in walk(statement) if isinstance(node, ast.Call))
    return any(
        _is_empty(value)
        for call in called
        if call.lineno > first and not _is_handling(call)
        for inner in _named_beside(call, scope)
        for _, value in _values_of(target, getattr(inner.node, "body", []))
    )


def _values_of(target: str, body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """What a block assigns to a target, also nested."""
    for statement in body:
        for node in walk(statement):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(ast.dump(one) == target for one in targets):
                    yield node, node.value


def _is_empty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value


def _is_handling(node: ast.AST) -> bool:
    current = parent_of(node)
    while current is not None and not isinstance(current, _FUNCTIONS):
        if isinstance(current, ast.ExceptHandler):
            return True
        current = parent_of(current)
    return False


def _named_beside(call: ast.Call, scope: Scope) -> Iterator[Scope]:
    """The method of the same class, or the function of the same module, that a call is of by its name."""
    function, owner = call.func, None
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "self":
        owner = scope.enclosing_class
    elif isinstance(function, ast.Name):
        owner = scope.module.scope
    name = last_name(function)
    for one in owner.bindings.get(name, ()) if owner is not None else ():
        if one.kind == "function" and one.scope is not None:
            yield one.scope


def _remembers(test: ast.expr, body: list[ast.stmt], scope: Scope) -> bool:
    """Whether a block is for what a set of the module does not have yet, and adds it: once for each in a process."""
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn)):
        return False
    known_ones = test.comparators[0]
    if not isinstance(known_ones, ast.Name) or known_ones.id not in scope.module.scope.bindings:
        return False
    if any(known_ones.id in one.bindings for one in _functions_around(scope)):
        return False
    wanted = ast.dump(test.left)
    called = {
        node.func.attr
        for statement in body
        for node in walk(statement)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == known_ones.id
        and [ast.dump(one) for one in node.args] == [wanted]
        and not _is_handling(node)
    }
    return "add" in called and called.isdisjoint(("discard", "remove"))


def _functions_around(scope: Scope) -> Iterator[Scope]:
    current: Scope | None = scope
    while current is not None and current.kind != "module":
        yield current
        current = current.parent


def _conjuncts(test: ast.expr) -> list[ast.expr]:
    """The tests that all have to hold."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [inner for one in test.values for inner in _conjuncts(one)]
    return [test]


def _alternatives(test: ast.expr) -> list[ast.expr]:
    """The tests of which one has to hold."""
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else [test]


def cache_of(callee: Scope, models: Models) -> ast.expr | None:
    """The decorator by whose name a function's result is kept, for all its calls or for those with the same arguments."""
    node = callee.node
    if not isinstance(node, _FUNCTIONS) or not node.decorator_list or callee.enclosing_class is not None:
        return None
    return memoising(callee, models)


def memoising(function: Scope, models: Models) -> ast.expr | None:
    """The same of methods too."""
    named = (one.func if isinstance(one, ast.Call) else one for one in getattr(function.node, "decorator_list", ()))
    return next((one for one in named if last_name(one) in models.words("memoises")), None)


def needs_arguments(callee: Scope) -> bool:
    """Whether a function cannot be called without arguments, or takes any."""
    arguments = getattr(callee.node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return False
    if len(arguments.posonlyargs) + len(arguments.args) > len(arguments.defaults) or None in arguments.kw_defaults:
        return True
    return arguments.vararg is not None or arguments.kwarg is not None


def _missing(test: ast.expr, scope: Scope) -> str:
    """The name or attribute that a test finds missing: ``x is None``, ``not x``; its dump as a target."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _as_target(test.operand, scope)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and is_none(test.comparators[0]):
        return _as_target(test.left, scope)
    return ""


def _missing_or_unfit(test: ast.expr, scope: Scope) -> str:
    """The same of a test that what is there may fail as well: ``pool is None or pool.is_closed()``. That comes seldom."""
    if not isinstance(test, ast.BoolOp) or not isinstance(test.op, ast.Or):
        return _missing(test, scope)
    missing = _missing(test.values[0], scope)
    about = ({_as_target(one, scope) for one in walk(other) if isinstance(one, ast.expr)} for other in test.values[1:])
    return missing if missing and all(missing in one for one in about) else ""


def _present(test: ast.expr, scope: Scope) -> str:
    """The name or attribute that a test finds there: ``x is not None``, ``x``."""
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot) and is_none(test.comparators[0]):
        return _as_target(test.left, scope)
    return _as_target(test, scope)


def _as_target(node: ast.expr, scope: Scope) -> str:
    """A place as a target, where it outlives the call: a local name is empty again in the next one, and what a function is
    passed, or has looked up, may be another object, one of many rows."""
    node = _read_from(node, scope)
    if isinstance(node, ast.Name) and node.id in scope.declared:
        return ast.dump(ast.Name(node.id, ast.Store()))
    if isinstance(node, ast.Attribute) and not _is_of_any(node.value, scope):
        return ast.dump(ast.Attribute(node.value, node.attr, ast.Store()))
    return ""


def _read_from(node: ast.expr, scope: Scope) -> ast.expr:
    """The attribute that a value is read from: by ``getattr``, or right before, as what a local name stands for."""
    read = node.value if isinstance(node, ast.NamedExpr) else node
    if isinstance(read, ast.Name) and read.id in scope.bindings and read.id not in scope.declared:
        before = [one for one in scope.bindings[read.id] if one.position < (read.lineno, read.col_offset)]
        is_whole = len(before) == 1 and before[0].kind == "assign" and before[0].index < 0
        value = before[0].value if is_whole else None
        read = value if value is not None else read
    name = asked_by_name(read)
    return ast.Attribute(read.args[0], name, ast.Load()) if name and isinstance(read, ast.Call) else read


def _is_of_any(owner: ast.expr, scope: Scope) -> bool:
    """Whether an object is at hand in this call only: by a local name, or a parameter that is not the method's own object."""
    if not isinstance(owner, ast.Name) or owner.id in scope.declared or owner.id not in scope.bindings:
        return False
    first = scope.first_parameter if scope.enclosing_class is not None else None
    return first is None or first.arg != owner.id


def _set_while_missing(test: ast.expr, statement: ast.If, scope: Scope) -> str:
    """What a test of a condition finds missing, where the block of that sets it; else empty. A flag that the class of an
    object declares by a call, as columns are, is one of many rows: for each of them it is set once."""
    missing = _missing_or_unfit(test, scope)
    if not missing or not any(missing == ast.dump(one) for one in _assigned(statement.body)):
        return ""
    of_rows = isinstance(test, ast.UnaryOp) and _is_declared_by_a_call(test.operand, scope)
    flags = (isinstance(value, ast.Constant) for _, value in _values_of(missing, statement.body))
    return "" if of_rows and all(flags) else missing


def _is_declared_by_a_call(node: ast.expr, scope: Scope) -> bool:
    """Whether the class of a method declares an attribute of its objects by a call: ``paused = Column(Boolean)``. What
    begins with an underscore is no column: it is an object's own, ``_is_ready: bool = PrivateAttr(default=False)``."""
    cls = scope.enclosing_class
    if cls is None or not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    is_own = node.value.id == "self" and not node.attr.startswith("_")
    return is_own and any(isinstance(one.value, ast.Call) for one in cls.bindings.get(node.attr, ()))


def _assigned(body: list[ast.stmt]) -> list[ast.expr]:
    """Attributes and names that a block assigns, also nested."""
    return [
        node
        for statement in body
        for node in walk(statement)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store)
    ]


def _is_elsewhere(test: ast.expr, scope: Scope) -> bool:
    """Whether a test holds only on a desktop's system: ``sys.platform == "win32"``, also by a name that stands for it.

    Of several tests joined by ``and``, one is enough.
    """
    if isinstance(test, ast.Name):
        bindings = scope.bindings.get(test.id, ())
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
        return value is not None and not isinstance(value, ast.Name) and _is_elsewhere(value, scope)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_is_elsewhere(one, scope) for one in test.values)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Eq, ast.In)):
        said = [test.left, *test.comparators]
        return any(map(_names_system, said)) and any(_asks_system(one, scope) for one in said)
    return (
        isinstance(test, ast.Call)
        and last_name(test.func) == "startswith"
        and (any(map(_names_system, test.args)) and _asks_system(test.func, scope))
    )


def _names_system(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in _ELSEWHERE


def _asks_system(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression asks the standard library for the system: ``platform.system()``, ``os.name``."""
    for one in walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            if one.value.id == "platform" or (one.value.id, one.attr) in (("sys", "platform"), ("os", "name")):
                return True
        elif isinstance(one, ast.Name) and one is not node:
            continue
        elif isinstance(one, ast.Name):
            values = [binding.value for binding in scope.bindings.get(one.id, ())]
            if any(
                value is not None and not isinstance(value, ast.Name) and _asks_system(value, scope) for value in values
            ):
                return True
    return False
