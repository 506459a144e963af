"""Whether a call inside a function is made at all, and each time: for these arguments, on a server, more than once."""

from __future__ import annotations

import ast
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from poolint.syntax.scopes import parent_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope

Known = tuple[tuple[str, object], ...]
"""The values of parameters that a call fixes: constants, and the defaults of those that it does not pass."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ELSEWHERE = frozenset({"nt", "win32", "cygwin", "darwin", "windows", "java", "microsoft"})
"""What the standard library calls systems that servers seldom run on; the kernel of a WSL says its maker's name."""

_TESTED_IN = (ast.If, ast.IfExp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword)
"""Where a parameter stands whose value decides about something, here or in a function that is called."""

_UNKNOWN: Final = object()


# Once


def happens_once(node: ast.Call, scope: Scope) -> bool:
    """Whether a call is part of a lazy initialisation (``if self._x is None: self._x = load()``; ``if key not in
    _ready: prepare(key); _ready.add(key)``), or on no server.

    It happens once in the life of a process, or never: no steady effect of the functions that reach it.
    """
    current: ast.AST | None = node
    while current is not None and current is not scope.node:
        parent = parent_of(current)
        if isinstance(parent, ast.If) and current in parent.body and _is_passed_once(parent, scope):
            return True
        current = parent
    return node.lineno >= _first_guard(scope.node, scope.declared)


def forget() -> None:
    """Let go of what was asked last: it would keep the trees of those files alive."""
    _is_passed_once.cache_clear()
    _first_guard.cache_clear()


@lru_cache(maxsize=4096)
def _is_passed_once(statement: ast.If, scope: Scope) -> bool:
    """Whether what stands under a condition happens once, or never."""
    missing = _missing(statement.test, scope.declared)
    if missing and any(missing == ast.dump(one) for one in _assigned(statement.body)):
        return True
    if any(_remembers(one, statement.body, scope) for one in _conjuncts(statement.test)):
        return True
    return _is_elsewhere(statement.test, scope)


@lru_cache(maxsize=4096)
def _first_guard(function: ast.AST, declared: frozenset[str]) -> float:
    """The first row of a function at which it returns what it has made before; infinite where it never does."""
    body = getattr(function, "body", None)
    if not isinstance(body, list):
        return math.inf
    assigned: set[str] | None = None
    for statement in body:
        if isinstance(statement, ast.If) and statement.body and isinstance(statement.body[-1], ast.Return):
            present = _present(statement.test, declared)
            if present and assigned is None:
                assigned = {ast.dump(one) for one in _assigned(body)}
            if present and assigned is not None and present in assigned:
                return float(statement.lineno)
    return math.inf


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
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == known_ones.id
        and [ast.dump(one) for one in node.args] == [wanted]
        for statement in body
        for node in ast.walk(statement)
    )


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


def _missing(test: ast.expr, declared: frozenset[str]) -> str:
    """The name or attribute that a test finds missing: ``x is None``, ``not x``; its dump as a target."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _as_target(test.operand, declared)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and _is_none(test.comparators[0]):
        return _as_target(test.left, declared)
    return ""


def _present(test: ast.expr, declared: frozenset[str]) -> str:
    """The name or attribute that a test finds there: ``x is not None``, ``x``."""
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot) and _is_none(test.comparators[0]):
        return _as_target(test.left, declared)
    return _as_target(test, declared)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _as_target(node: ast.expr, declared: frozenset[str]) -> str:
    """A place as a target, where it outlives the call: a local name is empty again in the next one."""
    if isinstance(node, ast.Name) and node.id in declared:
        return ast.dump(ast.Name(node.id, ast.Store()))
    if isinstance(node, ast.Attribute):
        return ast.dump(ast.Attribute(node.value, node.attr, ast.Store()))
    return ""


def _assigned(body: list[ast.stmt]) -> list[ast.expr]:
    """Attributes and names that a block assigns, also nested."""
    return [
        node
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store)
    ]


def _is_elsewhere(test: ast.expr, scope: Scope) -> bool:
    """Whether a test holds only on a desktop's system: ``sys.platform == "win32"``, also by a name that stands for it.

    Of several tests joined by ``and``, one is enough.
    """
    if isinstance(test, ast.Name):
        bindings = scope.bindings.get(test.id, [])
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
    for one in ast.walk(node):
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


# For these arguments


def tested_parameters(callee: Scope) -> frozenset[str]:
    """The parameters that a function only reads, and that its conditions look at, or those of what it passes them to."""
    node = callee.node
    if not isinstance(node, _FUNCTIONS):
        return frozenset()
    names = {one.arg for one in _all_arguments(node.args)}
    names = {name for name in names if len(callee.bindings.get(name, ())) == 1 and name not in callee.declared}
    return frozenset(
        name for name in names for load in callee.loads.get(name, ()) if isinstance(parent_of(load), _TESTED_IN)
    )


def known(call: ast.Call, callee: Scope, tested: frozenset[str], caller: Known) -> Known:
    """What a call fixes of the parameters that its callee tests; ``caller`` is what is known where the call stands."""
    node = callee.node
    if not tested or not isinstance(node, _FUNCTIONS):
        return ()
    given: dict[str, object] = {}
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return ()
    arguments = node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if callee.enclosing_class is not None and positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    passed = dict(zip(positional, call.args, strict=False))
    passed.update((one.arg, one.value) for one in call.keywords if one.arg is not None)
    defaults = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    defaults.update(
        (one.arg, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    )
    values = dict(caller)
    for name in tested:
        if name in passed:
            value = _value(passed[name], values)
        elif name in defaults:
            value = _value(defaults[name], {})
        else:
            continue
        if value is not _UNKNOWN:
            given[name] = value
    return tuple(sorted(given.items()))


def is_excluded(node: ast.AST, scope: Scope, fixed: Known) -> bool:
    """Whether a call of ``scope`` stands where its function does not come with these values of its parameters."""
    values = dict(fixed)
    current = node
    while current is not scope.node:
        parent = parent_of(current)
        if parent is None:
            return False
        if isinstance(parent, (ast.If, ast.IfExp)) and current is not parent.test:
            holds = _truth(parent.test, values)
            orelse = parent.orelse if isinstance(parent.orelse, list) else [parent.orelse]
            if holds is not None and holds is any(current is one for one in orelse):
                return True
        if isinstance(parent, ast.BoolOp):
            ends = not isinstance(parent.op, ast.And)
            before = parent.values[: next(at for at, one in enumerate(parent.values) if one is current)]
            if any(_truth(one, values) is ends for one in before):
                return True
        if isinstance(current, ast.stmt) and any(_leaves(one, values) for one in _before(current, parent)):
            return True
        current = parent
    return False


def _before(statement: ast.stmt, parent: ast.AST) -> Iterator[ast.stmt]:
    """The statements before this one in its block."""
    for block in (getattr(parent, name, ()) for name in ("body", "orelse", "finalbody")):
        if any(statement is one for one in block):
            for one in block:
                if one is statement:
                    return
                yield one


def _leaves(statement: ast.stmt, values: dict[str, object]) -> bool:
    """Whether a statement is a condition that holds, and then leaves the function."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.body[-1], (ast.Return, ast.Raise))
        and _truth(statement.test, values) is True
    )


def _truth(test: ast.expr, values: dict[str, object]) -> bool | None:
    """Whether a condition holds; None where that is not known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(test.operand, values)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        ends = not isinstance(test.op, ast.And)
        parts = [_truth(one, values) for one in test.values]
        if ends in parts:
            return ends
        return None if None in parts else not ends
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = _value(test.left, values), _value(test.comparators[0], values)
        if left is _UNKNOWN or right is _UNKNOWN:
            return None
        if isinstance(test.ops[0], (ast.Is, ast.Eq)):
            return left == right
        return left != right if isinstance(test.ops[0], (ast.IsNot, ast.NotEq)) else None
    value = _value(test, values)
    return None if value is _UNKNOWN else bool(value)


def _value(node: ast.expr, values: dict[str, object]) -> object:
    if isinstance(node, ast.Constant):
        return node.value if _is_plain(node.value) else _UNKNOWN
    return values.get(node.id, _UNKNOWN) if isinstance(node, ast.Name) else _UNKNOWN


def _is_plain(value: object) -> bool:
    """Whether a constant can be stored and sent: no ellipsis, and no number that takes more than 64 bits."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, (str, bytes, float))


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
