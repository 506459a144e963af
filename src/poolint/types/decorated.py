"""What decorators pass to the functions that they wrap: ``return function(session, *args, **kwargs)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import is_parameter, parent_of
from poolint.types import modelled, returns
from poolint.types.definitions import Definitions
from poolint.types.values import (
    UNKNOWN,
    ClassObject,
    Function,
    Holder,
    Instance,
    LibraryFunction,
    LibraryMethod,
    Type,
    alternatives,
    is_of_library,
    known,
    without_none,
)
from poolint.types.vocabulary import last_name
from poolint.types.wrapped import handing_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.framework_rows import Bound
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


_OF_LIBRARY = (LibraryFunction, LibraryMethod)


def is_plainly_made(ev: Evaluator, cls: Scope) -> bool:
    """Whether nothing that a class is made by may take its methods for something, or give it others than it writes: no metaclass,
    no decorator but such as ``dataclass``."""
    node = cls.node
    assert isinstance(node, ast.ClassDef)
    if node.keywords:
        return False
    given = [each.arg for one in node.decorator_list if isinstance(one, ast.Call) for each in one.keywords]
    if None in given or "these" in given:
        return False  # `attr.s(these=…)`
    targets = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    names = [ev.qualified_name(ev.type_of(one, cls.parent or cls)) for one in targets]
    return not names or {one.partition(".")[0] for one in names} <= ev.models.words("registers-nothing")


class Wrapped(NamedTuple):
    """Where a wrapper calls the function that its decorator has been given, and the decorator as it is written there."""

    decorator: ast.expr
    call: ast.Call
    wrapper: Scope


def wrapped(ev: Evaluator, scope: Scope) -> Iterator[Wrapped]:
    """The calls by which decorators of the project run a function."""
    for found in _wrapping(ev, scope):
        yield from [one for one in found if one.wrapper.is_async is scope.is_async] or found


def is_awaited_by_decorators(ev: Evaluator, scope: Scope) -> bool:
    """Whether a decorator of the project has nothing but coroutines to run a function by, whatever that is itself."""
    return any(found and all(one.wrapper.is_async for one in found) for found in _wrapping(ev, scope))


def _wrapping(ev: Evaluator, scope: Scope) -> Iterator[list[Wrapped]]:
    """For each of the decorators of the project, the calls by which it runs a function."""
    for decorator in getattr(scope.node, "decorator_list", ()):
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(made) not in ev.derived(Definitions).of(scope.module):
            continue  # none of the project's
        yield [
            Wrapped(decorator, call, inner)
            for one in alternatives(ev.type_of(made, scope.parent or scope))
            for inner, call in ev.derived(_Runs).of(_called(ev, one))
        ]


def is_sent_off(ev: Evaluator, scope: Scope) -> bool:
    """Whether a decorator of the project has a thread run a function, and calls it nowhere itself: who calls the function goes
    on at once, unless something waits for that thread."""
    for decorator in getattr(scope.node, "decorator_list", ()):
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(made) in ev.derived(Definitions).of(scope.module):
            found = alternatives(ev.type_of(made, scope.parent or scope))
            if found and all(isinstance(one, Function) and ev.derived(_Runs).sends_off(one) for one in found):
                return True
    return False


def as_bound(ev: Evaluator, scope: Scope) -> Type:
    """What a ``def`` binds its name to: a function, or what a library's decorator has made of it that does something else when
    it is called, as a task does that is put into a queue, or a context manager."""
    for decorator in getattr(scope.node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(target) not in ev.vocabulary.replaces:
            continue
        maker = ev.type_of(target, scope.parent or scope)
        if isinstance(maker, (LibraryFunction, LibraryMethod)):
            found = modelled.type_expression(ev, maker.row.returns, None)
            if is_of_library(found) and found.base is not None and ev.models.method(found.base, "__call__") is not None:
                return found
    made = handing_on(ev, scope) if getattr(scope.node, "decorator_list", None) else UNKNOWN
    return Function(scope) if made is UNKNOWN else made


class _Runs:
    """The calls by which functions inside of a decorator run what it has been given. One for each evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._found: dict[Scope, list[tuple[Scope, ast.Call]]] = {}
        self._sending: dict[Scope, bool] = {}

    def sends_off(self, decorator: Function) -> bool:
        """Whether a decorator hands what it has been given to a thread that nobody waits for, and does no more with it."""
        found = self._sending.get(decorator.scope)
        if found is None:
            found = self._sending[decorator.scope] = not self.of(decorator) and self._sends_off(decorator.scope)
        return found

    def _sends_off(self, decorator: Scope) -> bool:
        starting, waiting = self.ev.models.words("starts-thread"), self.ev.models.words("waits-for-thread")
        inner = [one for one in decorator.descendants() if one.kind == "function" and one is not decorator]
        if any(one.is_async or not waiting.isdisjoint(one.called) for one in inner):
            return False
        return any(self._hands(call, one) for one in inner for call in one.calls_named(starting))

    def _hands(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call is passed what the decorator around its function has been given."""
        given = call_arguments(call)
        names = (part.id for one in given for part in ast.walk(one) if isinstance(part, ast.Name))
        return any(_is_given(name, scope) for name in names)

    def of(self, decorator: Type) -> list[tuple[Scope, ast.Call]]:
        """Those of one decorator, each with the function that it stands in."""
        if not isinstance(decorator, Function):
            return []
        found = self._found.get(decorator.scope)
        if found is None:
            found = self._found[decorator.scope] = [
                (inner, call)
                for inner in decorator.scope.descendants()
                for call in (inner.calls if inner.kind == "function" else ())
                if isinstance(call.func, ast.Name) and _is_given(call.func.id, inner)
            ]
        return found


def _called(ev: Evaluator, one: Type) -> Type:
    """What a decorator runs that is an object, or makes one: its ``__call__``."""
    made = one.instance() if isinstance(one, ClassObject) and one.cls is not one.base else one
    return ev.type_of_member(made, "__call__") if isinstance(made, Instance) and made.cls is not made.base else one


def passed(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """What decorators of the project pass for a parameter of a function that they wrap."""
    if not isinstance(binding.node, ast.arg):
        return UNKNOWN
    return known([_argument(ev, one, binding.node, scope) for one in wrapped(ev, scope)])


def bound(ev: Evaluator, parameter: ast.arg, scope: Scope) -> Type:
    """The object that a decorator of a library passes first, of the class that it is given there."""
    if parameter is not scope.first_parameter:
        return UNKNOWN
    for one in getattr(scope.node, "decorator_list", ()):
        row = _bound_by(ev, one, scope) if isinstance(one, ast.Call) else None
        if row is None:
            continue
        if any(each.arg == row.when and _is_true(each.value) for each in one.keywords):
            return _made(ev, one, row, scope)
    return UNKNOWN


def member_of(ev: Evaluator, function: Function, attribute: str) -> Type:
    """A member of what a library's decorator has made of a function: ``delay`` of a task, which may be of a class of the
    project, ``@app.task(base=SentAfterCommit)``."""
    from poolint.types.members import member, of_instance

    scope = function.scope
    for decorator in getattr(scope.node, "decorator_list", ()):
        row = _bound_by(ev, decorator, scope) if isinstance(decorator, ast.Call) else None
        own = _made(ev, decorator, row, scope) if row is not None else UNKNOWN
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        maker = ev.type_of(target, scope.parent or scope)
        made = modelled.type_expression(ev, maker.row.returns, None) if isinstance(maker, _OF_LIBRARY) else UNKNOWN
        known_as = of_instance(ev, made, attribute) if isinstance(made, Instance) else UNKNOWN
        calls = known_as.row.calls if isinstance(known_as, LibraryMethod) else ""
        for name in filter(None, (attribute, calls)) if own is not UNKNOWN else ():
            found = member(ev, own, name, None, None)
            if isinstance(found, Function):
                return found
        if isinstance(made, Instance):
            return known_as
    if scope.enclosing_class is None or not getattr(scope.node, "decorator_list", ()):
        return UNKNOWN
    # A function has no such members, so a decorator has made a property of the method: ``@lazy_property``.
    given = without_none(returns.returned(ev, scope, function.receiver))
    return member(ev, given, attribute, None, None) if isinstance(given, Instance) else UNKNOWN


def _made(ev: Evaluator, decorator: ast.Call, row: Bound, scope: Scope) -> Type:
    """The object that a decorator makes of the class that it is given."""
    given = next((one.value for one in decorator.keywords if one.arg == row.cls), None)
    found = alternatives(ev.type_of(given, scope.parent or scope)) if given is not None else ()
    classes = [one for one in found if isinstance(one, ClassObject)]
    return known([one.instance() for one in classes]) if len(classes) == len(found) and classes else UNKNOWN


def lent(ev: Evaluator, parameter: ast.arg, scope: Scope) -> Type:
    """What a parameter has while its function runs, where an object of a library decorates that: ``context.session``."""
    arguments = getattr(scope.node, "args", None)
    first = [*arguments.posonlyargs, *arguments.args][:2] if arguments is not None else []
    if first and scope.enclosing_class is not None:
        first = first[1:]
    if not first or parameter is not first[0]:
        return UNKNOWN
    for one in getattr(scope.node, "decorator_list", ()):
        made = ev.type_of(one, scope.parent or scope)
        if is_of_library(made) and made.base is not None and made.base.lends:
            return Holder(
                tuple((name, modelled.type_expression(ev, given, made)) for name, given in made.base.lends.items())
            )
    return UNKNOWN


def _bound_by(ev: Evaluator, decorator: ast.Call, scope: Scope) -> Bound | None:
    """The row of the models for what is called there: no type is asked for where no name is alike."""
    table = ev.models.bound
    if all(name.rpartition(".")[2] != last_name(decorator.func) for name in table):
        return None
    made = ev.type_of(decorator.func, scope.parent or scope)
    base = made.receiver.base if isinstance(made, LibraryMethod) else None
    return table.get(f"{base.name}.{last_name(decorator.func)}" if base is not None else ev.qualified_name(made))


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _argument(ev: Evaluator, one: Wrapped, parameter: ast.arg, scope: Scope) -> Type:
    value = argument(one, parameter, scope)
    if value is not None:
        return ev.type_of(value, one.wrapper)
    several = [each.value for each in one.call.keywords if each.arg is None and isinstance(each.value, ast.Name)]
    return known([_stored(ev, each.id, parameter.arg, one.wrapper) for each in several])


def argument(one: Wrapped, parameter: ast.arg, scope: Scope) -> ast.expr | None:
    """What a wrapper writes for a parameter of the function with this scope, where it calls that."""
    arguments = getattr(scope.node, "args", None)
    by_order = [*arguments.posonlyargs, *arguments.args] if arguments is not None else []
    for node, value in zip(by_order, one.call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        if node is parameter:
            return value
    return next((each.value for each in one.call.keywords if each.arg == parameter.arg), None)


def _stored(ev: Evaluator, name: str, key: str, wrapper: Scope) -> Type:
    """What a wrapper puts under a key into the keyword arguments that it passes on: ``kwargs["session"] = session``."""
    found = []
    for stored in wrapper.module.stored_in(name):
        target = parent_of(stored.node)
        written = target.slice if isinstance(target, ast.Subscript) else None
        if stored.scope is wrapper and isinstance(written, ast.Constant) and written.value == key:
            found.append(ev.binding(stored, wrapper))
    return known(found)


def _is_given(name: str, wrapper: Scope) -> bool:
    """Whether a name is a parameter of the function around a wrapper: of the decorator, which gets the function."""
    around = wrapper.parent
    while around is not None and name not in around.bindings:
        around = around.parent
    return (
        name not in wrapper.bindings and around is not None and around.kind == "function" and is_parameter(name, around)
    )
