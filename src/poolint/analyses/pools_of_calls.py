"""Pools that a function makes for itself: with each call it is another one, and nobody else takes from it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.lent_pools import is_kept_here
from poolint.flow.flags import name_of
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_inside
from poolint.types.call_sites import callees_of
from poolint.types.values import CallableValue, ClassObject, Function, LibraryFunction, LibraryMethod

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.pools import Pool
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


_MAKING = (ClassObject, Function, LibraryFunction, LibraryMethod)
"""What may make something when it is called, whatever it is called."""

_LOOKING_UP = frozenset(("get", "setdefault", "pop"))
"""The methods of Python's mappings that give what is kept under a key."""


def is_of_each_call(ev: Evaluator, pool: Pool, scope: Scope) -> bool:
    """Whether a pool is that of an engine which a function that ``scope`` calls makes in a variable of its own: with
    each call it is another one."""
    maker, made = _made_by(ev, pool) or (None, None)
    if maker is None or made is None or is_inside(scope.node, maker.node):
        return False
    return _is_own(made, maker) and (_is_handed_out(ev, made, maker) or not _is_handed_down(ev, made, maker))


def is_made_on_the_way(ev: Evaluator, pool: Pool, functions: Iterable[Scope]) -> bool:
    """Whether one of some functions that run is the one that makes the engine of a pool in a variable of its own: there it
    makes another."""
    maker, made = _made_by(ev, pool) or (None, None)
    return maker is not None and made is not None and maker in set(functions) and _is_own(made, maker)


def _is_own(made: ast.Call, maker: Scope) -> bool:
    return is_kept_here(made, maker) and not any(is_stored(load) for _, load in _loads_of(made, maker))


def maker_of(ev: Evaluator, pool: Pool) -> Scope | None:
    """The function in which the engine of a pool is made."""
    found = _made_by(ev, pool)
    return found[0] if found is not None else None


def owner_of_each(ev: Evaluator, pool: Pool) -> Scope | None:
    """The class each of whose objects makes a pool and keeps it as its own, in a method."""
    maker, made = _made_by(ev, pool) or (None, None)
    owner = maker.enclosing_class if maker is not None else None
    if maker is None or owner is None or getattr(maker.node, "decorator_list", None):
        return None  # a method of the class may keep one for all of its objects
    kept = (one.value for bindings in owner.self_assignments.values() for one in bindings)
    is_kept = any(one is not None and without_await(one) is made for one in kept)
    return owner if is_kept or (made is not None and _is_put_into_own(made)) else None


def _is_put_into_own(made: ast.Call) -> bool:
    """Whether a method puts what it makes into a container of its object: ``self.engines[name] = create_engine(url)``."""
    around = parent_of(made)
    around = parent_of(around) if isinstance(around, ast.Await) else around
    targets = around.targets if isinstance(around, ast.Assign) else []
    return any(isinstance(one, ast.Subscript) and name_of(one.value).startswith("self.") for one in targets)


def _made_by(ev: Evaluator, pool: Pool) -> tuple[Scope, ast.Call] | None:
    """The function in which the engine of a pool is made, and the call that makes it."""
    module = ev.project.module(str(pool[1])) if pool[:1] == ("place",) else None
    functions = (one for one in module.scope.descendants() if one.kind == "function") if module is not None else ()
    found = next(((one, made) for one in functions if (made := _making(one, pool)) is not None), None)
    return found if found is not None and not _is_looked_up(ev, *found) else None


def _is_looked_up(ev: Evaluator, maker: Scope, call: ast.Call) -> bool:
    """Whether a call may make nothing, but give what is kept: a method that nobody knows, ``kept.get(key)``."""
    callees = callees_of(ev, call, maker)
    if not isinstance(call.func, ast.Attribute) or any(isinstance(one, _MAKING) for one in callees):
        return False
    return call.func.attr in _LOOKING_UP or not any(isinstance(one, CallableValue) for one in callees)


def _making(scope: Scope, pool: Pool) -> ast.Call | None:
    """The call of a function that makes the engine of a pool."""
    return next((call for call in scope.calls if (call.lineno, call.col_offset) == pool[2:4]), None)


def is_of_this_call(ev: Evaluator, pool: Pool, scope: Scope) -> bool:
    """Whether a pool is that of an engine which a function, or one around it, has made for itself: all that it does with
    it is to connect, or to bind sessions to it."""
    current: Scope | None = scope if pool[:2] == ("place", scope.module.path) else None
    while current is not None and current.kind == "function":
        made = _making(current, pool)
        if made is not None:
            return is_kept_here(made, current) and all(
                _binds(ev, load, inner) for inner, load in _loads_of(made, current)
            )
        current = current.parent
    return False


def _binds(ev: Evaluator, load: ast.Name, scope: Scope) -> bool:
    """Whether an engine is only connected by at a place where its name is read, or given to a session or a factory."""
    around = _passed_to(load)
    if not isinstance(around, ast.Call):
        return isinstance(around, ast.Attribute)
    found = callees_of(ev, around, scope)
    return bool(found) and all(isinstance(one, ClassObject) and one.base is not None for one in found)


def _passed_to(load: ast.Name) -> ast.AST | None:
    """The call that is passed what a name stands for, by place or by name; else what is around it."""
    around = parent_of(load)
    return parent_of(around) if isinstance(around, ast.keyword) else around


def is_of_new_object(pool: Pool, scope: Scope) -> bool:
    """Whether a pool is that of an engine which a constructor makes: what it takes there it takes from a new one."""
    if scope.name != "__init__" or pool[:2] != ("place", scope.module.path):
        return False
    return _making(scope, pool) is not None


def _is_handed_out(ev: Evaluator, made: ast.Call, maker: Scope) -> bool:
    """Whether a function gives what it makes to who calls it, or what it makes of that: a session, a factory."""
    given = (*maker.returns, *(one.value for one in maker.yields if one.value is not None))
    parts = {id(part) for one in given for part in ast.walk(one)}
    return any(
        id(one) in parts or any(id(load) in parts for _, load in _loads_of(one, maker))
        for one in _made_of(ev, made, maker)
    )


def _made_of(ev: Evaluator, made: ast.Call, maker: Scope) -> set[ast.Call]:
    """What a function makes of a thing, and that itself: what a library or a class gives that it is passed to, or a method of
    it. Functions of the project work with it."""
    found, waiting = {made}, [made]
    while waiting:
        for inner, load in _loads_of(waiting.pop(), maker):
            around = parent_of(load)
            call = parent_of(around) if isinstance(around, (ast.keyword, ast.Attribute)) else around
            if not isinstance(call, ast.Call) or call.func is load or call in found:
                continue
            if not any(isinstance(one, Function) for one in callees_of(ev, call, inner)):
                found.add(call)
                waiting.append(call)
    return found


def _is_handed_down(ev: Evaluator, made: ast.Call, maker: Scope) -> bool:
    """Whether a function passes what it makes to others of the project, for which it is one and the same."""
    for one in _made_of(ev, made, maker):  # `async_sessionmaker(engine)`: that may be passed on in its place
        for inner, load in _loads_of(one, maker):
            call = _passed_to(load)
            if not isinstance(call, ast.Call) or call.func is load:
                continue
            if any(
                isinstance(each, (Function, ClassObject)) and _is_ours(each) for each in callees_of(ev, call, inner)
            ):
                return True
    return False


def _is_ours(callee: Function | ClassObject) -> bool:
    return isinstance(callee, Function) or callee.cls is not callee.base


def is_stored(load: ast.Name) -> bool:
    """Whether a variable is put where others find it: ``app.db = pool``."""
    around = parent_of(load)
    targets = around.targets if isinstance(around, ast.Assign) and around.value is load else []
    return any(not isinstance(one, ast.Name) for one in targets)


def _loads_of(made: ast.Call, scope: Scope) -> Iterator[tuple[Scope, ast.Name]]:
    """Where the variables are read that what a call makes is bound to, in its function and in those inside it."""
    names = [
        name
        for name, bindings in scope.bindings.items()
        if any(one.value is made or (isinstance(one.value, ast.Await) and one.value.value is made) for one in bindings)
    ]
    for inner in scope.descendants():
        for name in names:
            for load in inner.loads.get(name, ()):
                yield inner, load
