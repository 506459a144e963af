"""Decorators: whether what those of the project make of a coroutine function is one, and whether a plain function runs where it
is called."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.driven import DrivenAlone
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.scopes import parent_of, reads_of
from poolint.types.decorated import is_sent_off, wrapped
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.models.named_rows import How
    from poolint.syntax.scopes import Scope
    from poolint.types.decorated import Wrapped
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type

_MAKING = frozenset({"__new__", "__init__"})
_SETTING = frozenset({"setattr"})
_IN_PLACE: tuple[How, ...] = ("keeps-function", "memoises", "property")
"""What decorators of libraries do that have what they decorate run where it is asked for."""


def keeps_coroutines(ev: Evaluator, decorator: ast.expr, scope: Scope) -> bool:
    """Whether calling what a decorator makes of an ``async def`` gives a coroutine, which runs that function.

    ``decorator`` is the expression behind the ``@``, seen from ``scope``. All that the decorator may return counts: the
    function itself, an ``async def`` that calls it, or a function that returns what calling it gives; but for what it returns
    where it has asked whether it is given a coroutine function, and it is none. Of an object it is its ``__call__`` that is
    given the function. Of a library's decorator the models say so.
    """
    calls = [decorator.func] if isinstance(decorator, ast.Call) else []
    found = ev.type_of(calls[0] if calls else decorator, scope)
    if ev.qualified_name(found) in ev.models.manners["keeps-coroutines"]:
        return True
    made = [_maker(ev, one, len(calls)) for one in alternatives(found)]
    return bool(made) and all(one is not None and _wraps(ev, *one) for one in made)


def runs_in_place(ev: Evaluator, decorator: ast.expr, scope: Scope) -> bool:
    """Whether a decorator keeps coroutines (see :func:`keeps_coroutines`), and what it makes of a function waits for it: nobody
    else gets the function, so it is run where that is called."""
    if not keeps_coroutines(ev, decorator, scope):
        return False
    made_by = decorator.func if isinstance(decorator, ast.Call) else decorator
    return all(
        _is_used_in_place(ev, load, inner)
        for one in alternatives(ev.type_of(made_by, scope))
        for function in _innermost(ev, one, made_by is not decorator)
        for inner, load in reads_of(_first(function), function.scope)
    )


def _innermost(ev: Evaluator, one: Type, is_called: bool) -> Iterator[Function]:
    """The functions of a decorator that are given what it decorates."""
    made = _maker(ev, one, int(is_called))
    if made is None:
        return
    function, calls = made
    if not calls:
        yield function
        return
    for value in function.scope.returns:
        for inner in alternatives(ev.type_of(value, function.scope)):
            yield from _innermost(ev, inner, is_called=False)


def _is_used_in_place(ev: Evaluator, load: ast.expr, scope: Scope) -> bool:
    """Whether a decorator calls a function and waits for it, returns what it gives, asks it for something, or makes another one
    look like it."""
    parent = parent_of(load)
    if isinstance(parent, ast.Call) and parent.func is load:
        return isinstance(parent_of(parent), ast.Return) or ev.derived(DrivenAlone).is_driven(parent, scope)
    if isinstance(parent, ast.Call):
        is_asked = last_name(parent.func) in ev.models.words("asks-coroutine")
        return is_asked or ev.qualified_name(ev.type_of(parent.func, scope)) in ev.models.manners["keeps-function"]
    return isinstance(parent, (ast.Attribute, ast.Return))


def stays_in_place(ev: Evaluator, scope: Scope) -> bool:
    """Whether a plain function runs where it is called, or read, or entered, whatever decorates it: that leaves it as it is, only
    keeps what it gives or tries it again, or is one of the project whose plain wrapper calls it."""
    keeping = frozenset[str]().union(*(ev.models.manners[one] for one in _IN_PLACE))
    plain = {one.decorator for one in wrapped(ev, scope) if _calls_in_place(one)}
    for decorator in getattr(scope.node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = ev.qualified_name(ev.type_of(target, scope.parent or scope))
        row = ev.models.functions.get(name)
        is_known = (
            name in keeping or ("decorator-cm", name) in ev.models.passed or (row is not None and row.effect == "retry")
        )
        if not is_known and decorator not in plain:
            return False
    return not is_sent_off(ev, scope)


def _calls_in_place(one: Wrapped) -> bool:
    """Whether a wrapper is plain, is what its decorator gives, and does no more with what it wraps than to call it: what is
    handed on may run in a thread."""
    around, called = one.wrapper.parent, one.call.func
    if one.wrapper.is_async or around is None or not isinstance(called, ast.Name):
        return False
    if not any(isinstance(given, ast.Name) and given.id == one.wrapper.name for given in around.returns):
        return isinstance(one.wrapper.node, ast.Lambda) and one.wrapper.node in around.returns
    reads = (load for inner in one.wrapper.descendants() for load in inner.loads.get(called.id, ()))
    return all(_is_asked_or_called(load) for load in reads)


def _is_asked_or_called(load: ast.Name) -> bool:
    by = parent_of(load)
    return isinstance(by, ast.Attribute) or (isinstance(by, ast.Call) and by.func is load)


def may_be_replaced(ev: Evaluator, method: Scope) -> bool:
    """Whether a class may have something else under the name of a method of it than what is written there: its metaclass, a
    class of the project, sets attributes of the classes that it makes."""
    if method.enclosing_class is None:
        return False
    for cls in lineage(ev, ClassObject(method.enclosing_class, None)):
        for keyword in getattr(cls.node, "keywords", ()):
            made_by = ev.type_of(keyword.value, cls.parent or cls) if keyword.arg == "metaclass" else None
            if isinstance(made_by, ClassObject) and made_by.cls is not made_by.base:
                makers = (one for above in lineage(ev, made_by) for one in above.children if one.name in _MAKING)
                if any(True for one in makers for _ in one.calls_named(_SETTING)):
                    return True
    return False


def _maker(ev: Evaluator, one: Type, calls: int) -> tuple[Function, int] | None:
    """The function of the project that is called where a decorator is, and how often before it is given the function."""
    if isinstance(one, ClassObject) and one.cls is not one.base and calls:
        one, calls = one.instance(), calls - 1
    if isinstance(one, Instance) and one.cls is not one.base:
        one = ev.type_of_member(one, "__call__")
    return (one, calls) if isinstance(one, Function) else None


def _wraps(ev: Evaluator, function: Function, calls: int) -> bool:
    """The same for a function that is called ``calls`` times before it is given the function."""
    maker = function.scope
    if maker.is_async or maker.is_generator or not maker.returns:
        return False
    if calls:
        inner = [one for value in maker.returns for one in alternatives(ev.type_of(value, maker))]
        if all(isinstance(one, Function) and one.scope.parent is maker for one in inner):
            return all(isinstance(one, Function) and _wraps(ev, one, calls - 1) for one in inner)
        return False
    name = _first(function)
    returned = [one for one in maker.returns if not _is_for_others(ev, tests_before(one, maker), name, maker)]
    return bool(name and returned) and all(_is_coroutine(ev, value, name, maker) for value in returned)


def _is_for_others(ev: Evaluator, tests: Iterable[tuple[ast.expr, bool]], name: str, maker: Scope) -> bool:
    """Whether tests have come out as they do only where what is decorated is no coroutine function."""
    asking = ev.models.words("asks-coroutine")
    return len(maker.bindings.get(name, ())) == 1 and any(
        not holds
        and isinstance(test, ast.Call)
        and last_name(test.func) in asking
        and [getattr(one, "id", "") for one in test.args] == [name]
        for whole, outcome in tests
        for test, holds in parts_of(whole, outcome)
    )


def _first(function: Function) -> str:
    """The name of what a function is given first, beside the object that it is a method of: the function that is decorated."""
    arguments = getattr(function.scope.node, "args", None)
    positional = [*arguments.posonlyargs, *arguments.args] if arguments is not None else []
    given = positional[function.receiver is not None :]
    return given[0].arg if given else ""


def _is_coroutine(ev: Evaluator, value: ast.expr, name: str, maker: Scope) -> bool:
    """Whether what a decorator returns gives a coroutine when it is called; ``name`` is that of what it decorates."""
    if isinstance(value, ast.IfExp):
        ways = ((value.body, True), (value.orelse, False))
        chosen = [one for one, holds in ways if not _is_for_others(ev, [(value.test, holds)], name, maker)]
        return all(_is_coroutine(ev, one, name, maker) for one in chosen)
    if isinstance(value, ast.Name) and value.id == name:
        return True
    value = _decorated(ev, value, maker)
    if isinstance(value, ast.Call) and value.args and not isinstance(value.args[0], ast.Call):
        return False
    made = [
        one
        for one in alternatives(ev.type_of(value, maker))
        if not isinstance(one, Function) or not _is_for_others(ev, tests_before(one.scope.node, maker), name, maker)
    ]
    return bool(made) and all(isinstance(one, Function) and _runs(one.scope, name, maker) for one in made)


def _decorated(ev: Evaluator, value: ast.expr, maker: Scope) -> ast.expr:
    """What a call leaves as it is, as if it decorated that: ``functools.wraps(function)(wrapper)``; anything else itself."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Call) and len(value.args) == 1:
        found = ev.qualified_name(ev.type_of(value.func.func, maker))
        return value.args[0] if found in ev.models.manners["keeps-function"] else value
    return value


def _runs(wrapper: Scope, name: str, maker: Scope) -> bool:
    """Whether a function inside of a decorator calls what is decorated, and gives a coroutine of it or of its own."""
    if wrapper.parent is not maker or wrapper.is_generator or name in wrapper.bindings:
        return False
    own = [call for call in wrapper.calls if isinstance(call.func, ast.Name) and call.func.id == name]
    if wrapper.is_async:
        return bool(own)
    return bool(own) and bool(wrapper.returns) and all(any(one is call for call in own) for one in wrapper.returns)
