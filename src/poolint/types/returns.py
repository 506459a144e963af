"""What a call gives: library calls by the models, the project's functions by their annotations or bodies."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal

from poolint.models import schema, standard
from poolint.models.schema import HANDLES
from poolint.screen import UNTOLD
from poolint.syntax.expressions import is_none, item_asked, last_name
from poolint.syntax.nodes import walk
from poolint.syntax.scopes import parent_of
from poolint.types import (
    annotated,
    application_state,
    by_use,
    chosen,
    entities,
    evidence,
    generics,
    loading,
    makers,
    modelled,
    own_variables,
    wrapped,
)
from poolint.types.values import (
    FOREIGN,
    NEVER,
    NOTHING,
    UNKNOWN,
    CallableValue,
    ClassObject,
    Either,
    Function,
    Instance,
    LibraryFunction,
    LibraryMethod,
    LibraryName,
    Pending,
    TupleOf,
    Type,
    alternatives,
    known,
    union,
    without_none,
)

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


_UNTOLD = frozenset(one.decode() for one in UNTOLD)


def result(ev: Evaluator, callee: Type, node: ast.Call, scope: Scope) -> Type:
    """What the call ``node`` of ``callee`` gives, before any ``await``."""
    found = UNKNOWN if callee is UNKNOWN else union([_result(ev, one, node, scope) for one in alternatives(callee)])
    if found is UNKNOWN and isinstance(node.func, ast.Attribute) and node.args:
        entering = standard.ENTERING.get(node.func.attr)
        if entering is not None:
            inner = ev.entered(ev.type_of(node.args[0], scope), asynchronous=entering == "coroutine")
            return Pending("coroutine", awaited=inner) if entering == "coroutine" else inner
        if node.func.attr in ev.models.words("drives", "drives-given"):
            given = ev.type_of(node.args[0], scope)  # a loop that nobody knows runs it to its end
            return given.awaited if isinstance(given, Pending) and given.call == "coroutine" else UNKNOWN
    if found is UNKNOWN and (item := item_asked(node)) is not None:
        from poolint.types import containers  # which asks for what objects have

        found = containers.asked(ev, item, scope)
    if callee is UNKNOWN and isinstance(node.func, ast.Attribute) and node.func.attr in ev.models.words("makes-object"):
        return makers.made_by_library(ev, node.func, scope)
    if found is UNKNOWN and type(parent_of(node)) is ast.Attribute:
        return by_use.owner(ev, node, scope)
    return found


def _result(ev: Evaluator, callee: Type, node: ast.Call, scope: Scope) -> Type:
    if callee is FOREIGN:
        return FOREIGN
    if isinstance(callee, ClassObject):
        return modelled.constructed(ev, callee, node, scope)
    if isinstance(callee, LibraryName):
        found = _well_known(ev, callee.name, node, scope)
        return found if found is not UNKNOWN else by_use.given(ev, node, scope)
    if isinstance(callee, (LibraryFunction, LibraryMethod)) and callee.row.objects:
        return _of_objects(ev, callee, node, scope)
    found = called(ev, callee)
    if isinstance(callee, LibraryFunction) and callee.row.given:
        return modelled.given_by_name(ev, callee.row, node, scope) or found
    if not isinstance(callee, Function):
        return found
    told = own_variables.given_for(ev, callee, node, scope)
    if told is not UNKNOWN:
        return _wrapped(ev, callee.scope, told)
    return loading.loaded(ev, callee, node, scope) if found is UNKNOWN else chosen.of_call(ev, callee, node, found)


def _of_objects(ev: Evaluator, callee: LibraryFunction | LibraryMethod, node: ast.Call, scope: Scope) -> Type:
    row = callee.row
    receiver = callee.receiver if isinstance(callee, LibraryMethod) and isinstance(callee.receiver, Instance) else None
    if row.objects in entities.OF_ARGUMENT:
        of = entities.of_argument if row.objects == "named" else entities.of_arguments
        entity = of(ev, node, scope)
    elif row.objects == "own":
        owner = callee.receiver if isinstance(callee, LibraryMethod) else None
        entity = owner.instance() if isinstance(owner, ClassObject) else UNKNOWN
    else:
        entity = UNKNOWN if row.objects in entities.BY_PLACE and node.args else entities.of_receiver(receiver)
    return row_value(ev, row, receiver, entity)


def called(ev: Evaluator, callee: Type) -> Type:
    """What calling ``callee`` gives, whatever the arguments."""
    if isinstance(callee, LibraryFunction):
        return row_value(ev, callee.row, None)
    if isinstance(callee, LibraryMethod):
        receiver = callee.receiver
        return row_value(ev, callee.row, receiver.instance() if isinstance(receiver, ClassObject) else receiver)
    if isinstance(callee, Function):
        return returned(ev, callee.scope, callee.receiver)
    if isinstance(callee, CallableValue):
        return callee.gives
    if isinstance(callee, ClassObject):
        return callee.instance()
    if isinstance(callee, Instance):
        from poolint.types import members

        inner = members.of_instance(ev, callee, "__call__")
        if isinstance(inner, (Function, LibraryMethod)):
            return called(ev, inner)
    return UNKNOWN


def row_value(
    ev: Evaluator, row: schema.Method | schema.Function, receiver: Instance | None, entity: Type = UNKNOWN
) -> Type:
    """What a call of a modelled function gives, before any ``await``; ``entity`` is what objects it has to do with."""
    gives = entities.given(row, modelled.type_expression(ev, row.returns, receiver), entity)
    if row.call == "sync":
        return gives
    entered = modelled.type_expression(ev, row.enters, receiver) if row.enters else gives
    if row.call in ("generator", "async-generator"):
        return Pending(row.call, item=gives)
    if row.call in ("coroutine", "awaitable"):
        return Pending(row.call, awaited=gives)
    return Pending(row.call, awaited=gives if row.call == "awaitable-cm" else UNKNOWN, entered=entered)


def _cast(ev: Evaluator, declared: Type, value: ast.expr, scope: Scope) -> Type:
    """What a value is that is said to be of a type: itself where that says nothing, or only which methods somebody needs."""
    from poolint.types.overrides import is_of_protocol

    is_open = is_of_protocol(declared)
    if declared is not UNKNOWN and not is_open:
        return declared
    one = without_none(ev.type_of(value, scope)) if is_open else ev.type_of(value, scope)
    return one if not is_open or (isinstance(one, Instance) and one.base is not None) else declared


def _well_known(ev: Evaluator, name: str, node: ast.Call, scope: Scope) -> Type:
    passed = ev.models.passed
    if ("type", name) in passed and len(node.args) > 1:
        return _cast(ev, annotated.annotation(ev, node.args[0], scope), node.args[1], scope)
    same = passed.get(("same", name))
    if same is not None and same.argument < len(node.args):
        return ev.type_of(node.args[same.argument], scope)
    threaded = ev.models.threaded.get(name.rpartition(".")[2])
    if threaded is not None and name in threaded.names and not threaded.wraps and threaded.argument < len(node.args):
        return Pending("coroutine", awaited=called(ev, ev.type_of(node.args[threaded.argument], scope)))
    if ("module", name) in passed:
        return loading.module_loaded(ev, node, scope)
    if ("container", name) in passed and (not node.args or name.endswith("defaultdict")):
        return Pending("iterable")
    if name == "builtins.dict" and len(node.args) == 1:
        copied = ev.type_of(node.args[0], scope)
        return copied if isinstance(copied, Pending) and copied.call == "iterable" else UNKNOWN
    if not node.args:
        return _parent_of_self(ev, scope) if name == "builtins.super" else UNKNOWN
    manager = next((one for one in ("cm", "async-cm", "both") if (one, name) in passed), None)
    if manager is not None:
        inner = ev.type_of(node.args[0], scope)
        if manager == "both":
            return union([Pending("async-cm", entered=inner), Pending("cm", entered=inner)])
        return Pending("async-cm" if manager == "async-cm" else "cm", entered=inner)
    manages = wrapped.wrapped(ev, name, node.args[0], scope)
    if manages is not UNKNOWN:
        return manages
    if ("item", name) in passed:
        source = ev.type_of(node.args[0], scope)
        if isinstance(source, Pending):
            if source.call == "async-generator" and name.endswith("anext"):
                return Pending("coroutine", awaited=source.item)
            if source.call == "async-generator":
                return NEVER  # it is no iterator
            return source.item if source.call in ("generator", "iterable") else UNKNOWN
    if ("items", name) in passed:
        item = ev.item(ev.type_of(node.args[0], scope), asynchronous=False)
        return UNKNOWN if item is UNKNOWN else Pending("iterable", item=item)
    if name in ("builtins.enumerate", "builtins.zip"):
        items = [ev.item(ev.type_of(one, scope), asynchronous=False) for one in node.args]
        return Pending("iterable", item=TupleOf((UNKNOWN, items[0]) if name.endswith("enumerate") else tuple(items)))
    if name == "builtins.getattr" and len(node.args) >= 2:
        attribute = node.args[1]
        if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
            from poolint.types import members

            found = members.member(ev, ev.type_of(node.args[0], scope), attribute.value, None, scope)
            found = application_state.of_state(ev, node, scope) if found is UNKNOWN else found
            default = without_none(ev.type_of(node.args[2], scope)) if len(node.args) > 2 else UNKNOWN
            return known([found, default])
    return UNKNOWN


def _parent_of_self(ev: Evaluator, scope: Scope) -> Type:
    """``super()``: an instance of the first base that is known; in a mixin, of what stands behind it in the classes that mix it
    in."""
    from poolint.types import members

    owner = scope.method_around.enclosing_class
    bases = members.bases_of(ev, owner) if owner is not None else []
    if owner is not None and all(one.base is None for one in bases):
        from poolint.types.overrides import Heirs

        behind = ev.derived(Heirs).behind(owner)
        bases += [behind] if behind is not None else []
    if not bases:
        return UNKNOWN
    first = bases[0]
    # What a mixin of the project does not have itself, the library's class behind it has.
    behind = next((one for one in bases if one.base is not None), first) if first.base is None else first
    return Instance(first.cls, behind.base, behind.arguments)


def decorators(ev: Evaluator, scope: Scope) -> frozenset[str]:
    """Qualified names of a function's decorators; of those that are called, the name of what is called."""
    node = scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.decorator_list:
        return frozenset()
    names = set()
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = ev.qualified_name(ev.type_of(target, scope.parent or scope))
        if not name and isinstance(target, ast.Attribute):
            name = f".{target.attr}"
        if name:
            names.add(name)
    return frozenset(names)


def made_manager(ev: Evaluator, scope: Scope) -> Literal["cm", "async-cm"] | None:
    """What kind of context manager a decorator makes of a generator; None where none does."""
    for one in decorators(ev, scope):
        if ("decorator-cm", one) in ev.models.passed:
            return "cm"
        if ("decorator-async-cm", one) in ev.models.passed:
            return "async-cm"
    return None


def returned(ev: Evaluator, scope: Scope, receiver: Type | None) -> Type:
    """What calling a function of the project gives, before any ``await``."""
    found = ev.once((scope, "returned"), _returned, ev, scope)
    if scope.enclosing_class is not None and receiver is not None and _tells_nothing(found):
        written = ev.once((scope, receiver, "written"), _written, ev, scope, receiver)
        found = found if written is UNKNOWN else written
    if isinstance(receiver, (Instance, ClassObject)) and (
        receiver.cls is not scope.enclosing_class or receiver.arguments
    ):
        own = receiver if isinstance(receiver, Instance) else receiver.instance()
        cls, declared = scope.enclosing_class, getattr(scope.node, "returns", None)
        told = generics.in_terms(ev, own, cls, declared, scope.parent or scope) if cls and declared else UNKNOWN
        if told is not UNKNOWN:
            return _wrapped(ev, scope, told)
        if isinstance(found, Pending):
            awaited = _with_self(found.awaited, own, scope)
            if awaited is not found.awaited:
                return Pending(found.call, awaited=awaited, entered=found.entered, item=found.item)
        return _with_self(found, own, scope)
    return found


def _tells_nothing(given: Type) -> bool:
    """Whether nobody knows what a function gives, awaited or not."""
    if isinstance(given, Pending):
        return given.awaited is UNKNOWN and given.entered is UNKNOWN and given.item is UNKNOWN
    return given is UNKNOWN


def _written(ev: Evaluator, scope: Scope, receiver: Type) -> Type:
    """What those give who write an abstract method that declares nothing, or a parameter of its class, where all of it is
    sessions and connections: of other objects each class has its own, and what one does says nothing of the rest."""
    from poolint.types.overrides import Heirs

    written = ev.derived(Heirs).written(Function(scope, receiver))
    found = [ev.once((one, "returned"), _returned, ev, one) for one in written]
    return union(found) if found and all(map(_gives_handle, found)) else UNKNOWN


def _gives_handle(one: Type) -> bool:
    """Whether a value is a session or a connection, or gives one when it is awaited, entered or gone over."""
    if isinstance(one, Pending):
        one = next((each for each in (one.awaited, one.entered, one.item) if each is not UNKNOWN), UNKNOWN)
    return all(
        isinstance(each, Instance) and each.base is not None and each.base.kind in HANDLES for each in alternatives(one)
    )


def _with_self(given: Type, own: Instance, scope: Scope) -> Type:
    """The same, where a method of a base gives the object at hand, or makes one of its class, also where that is derived."""
    found = given.members if isinstance(given, Either) else (given,)
    if not any(isinstance(one, Instance) and one.cls is scope.enclosing_class for one in found):
        return given
    declared = getattr(scope.node, "returns", None)
    if declared is None:
        made = [one.func if isinstance(one, ast.Call) else one for one in scope.returns]
        is_self = all(isinstance(one, ast.Name) and one.id in ("self", "cls") for one in made)
    else:
        is_self = any(isinstance(one, (ast.Name, ast.Attribute)) and last_name(one) == "Self" for one in walk(declared))
    if not is_self:
        return given
    return union([own if isinstance(one, Instance) and one.cls is scope.enclosing_class else one for one in found])


def _returned(ev: Evaluator, scope: Scope) -> Type:
    if scope.kind == "lambda":
        assert isinstance(scope.node, ast.Lambda)
        return ev.type_of(scope.node.body, scope)
    node = scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return _wrapped(
        ev, scope, annotated.annotation(ev, node.returns, scope.parent or scope) if node.returns else UNKNOWN
    )


def _wrapped(ev: Evaluator, scope: Scope, declared: Type) -> Type:
    """What a function gives whose return annotation says that, as a coroutine, a generator or a context manager."""
    node = scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    manager = made_manager(ev, scope)
    if manager is not None:
        return Pending(manager, entered=_yielded(ev, scope, declared))
    if scope.is_generator:
        kind = "async-generator" if scope.is_async else "generator"
        return Pending(kind, item=_yielded(ev, scope, declared))  # type: ignore[arg-type]
    # Which function or maker of sessions a ``Callable[[], Session]`` is, only the body knows.
    is_told = node.returns is not None and tells(node.returns) and not isinstance(declared, CallableValue)
    is_told = is_told and not (is_none(node.returns) and not all(map(is_none, scope.returns)))
    value = (
        _inferred(ev, scope, declared)
        if not is_told
        else makers.asked(declared, lambda: _inferred(ev, scope, declared))
    )
    if is_told and isinstance(declared, Instance) and declared.base is not None and declared.base.kind in HANDLES:
        # Whoever makes sessions of either mode often declares the synchronous one, and who gives what has to be awaited or
        # entered for a connection often declares the connection.
        found = _inferred(ev, scope, declared)
        is_otherwise = any(evidence.is_twin(ev, declared, one) for one in alternatives(found))
        value = found if is_otherwise or (isinstance(found, Pending) and _gives_handle(found)) else value
    return Pending("coroutine", awaited=value) if scope.is_async else value


def tells(returns: ast.expr) -> bool:
    """Whether a return annotation says what is returned, so that the body need not be asked."""
    if type(returns) is ast.Name:
        return returns.id not in _UNTOLD  # most of them
    words = {getattr(one, "id", None) or getattr(one, "attr", None) for one in walk(returns)}
    if isinstance(returns, ast.Constant) and isinstance(returns.value, str):
        words.update(re.findall(r"\w+", returns.value))
    return words.isdisjoint(_UNTOLD)


def _inferred(ev: Evaluator, scope: Scope, declared: Type) -> Type:
    """The return type, where none is declared or what is declared says little."""
    types = [ev.type_of(value, scope) for value in scope.returns]
    found = known([one for one in types if one is not NOTHING]) if types else UNKNOWN
    return declared if found is UNKNOWN else found


def _yielded(ev: Evaluator, scope: Scope, declared: Type) -> Type:
    if isinstance(declared, Pending) and declared.item is not UNKNOWN:
        return declared.item
    if isinstance(declared, Instance) and not (declared.base is not None and declared.base.twin):
        return declared  # wrong, but often written: the type of the item instead of the iterator
    types: list[Type] = []
    for one in scope.yields:
        if isinstance(one, ast.YieldFrom):
            types.append(ev.item(ev.type_of(one.value, scope), asynchronous=False))
        elif one.value is not None:
            types.append(without_none(ev.type_of(one.value, scope)))
    found = known(types)
    return declared if isinstance(declared, Instance) and not evidence.is_twin(ev, declared, found) else found
